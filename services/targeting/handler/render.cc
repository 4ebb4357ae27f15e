#include "services/targeting/handler/render.h"

#include <algorithm>

#include "common/core/money.h"
#include "common/criteria/criteria_proto.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/attributes.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::handler {
namespace {

using criteria::ExplainedScore;
using domain::SetTime;

type::v1::Date DateOf(absl::CivilDay day) {
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

void AddReasons(const std::vector<domain::ReasonCount>& reasons,
                google::protobuf::RepeatedPtrField<v1::GetHandshakeResponse::ReasonCount>* out) {
  for (const domain::ReasonCount& reason : reasons) {
    auto* message = out->Add();
    message->set_reason(reason.reason);
    message->set_handover_count(reason.count);
  }
}

void Frame(const std::string& account_id, const domain::AccountScore& score,
           v1::AccountScore* out) {
  out->set_account_id(account_id);
  out->set_verdict(static_cast<v1::TargetVerdict>(score.verdict));
  out->set_prospect(score.prospect);
}

}  // namespace

void Render(const std::string& account_id, const domain::AccountScore& score,
            v1::AccountScore* out) {
  Frame(account_id, score, out);
  criteria::ToProto(ExplainedScore{score.fit, {}}, out->mutable_fit());
  if (score.engagement) {
    criteria::ToProto(ExplainedScore{*score.engagement, {}}, out->mutable_engagement());
  }
  if (score.urgency) {
    criteria::ToProto(ExplainedScore{*score.urgency, {}}, out->mutable_urgency());
  }
  criteria::ToProto(ExplainedScore{score.priority, {}}, out->mutable_priority());
}

void Render(const std::string& account_id, const domain::ExplainedAccountScore& explained,
            v1::AccountScore* out) {
  Frame(account_id, explained.score, out);
  criteria::ToProto(explained.fit, out->mutable_fit());
  if (explained.engagement) criteria::ToProto(*explained.engagement, out->mutable_engagement());
  if (explained.urgency) criteria::ToProto(*explained.urgency, out->mutable_urgency());
  criteria::ToProto(explained.priority, out->mutable_priority());
  for (const std::string& id : explained.deciding_criterion_ids) {
    out->add_deciding_criterion_ids(id);
  }
}

void Render(const domain::ScoreGap& gap, v1::GetScoreGapResponse::Gap* out) {
  out->set_threshold_micropoints(gap.threshold_micropoints);
  out->set_gap_micropoints(gap.gap_micropoints);
  out->set_reachable(gap.reachable);
  for (const domain::ScoreLever& lever : gap.levers) {
    auto* item = out->add_levers();
    item->set_criterion_id(lever.criterion_id);
    item->set_micropoints(lever.micropoints);
    item->set_best_micropoints(lever.best_micropoints);
    item->set_known(lever.known);
    item->set_observed(lever.observed);
    item->set_best_outcome(lever.best_outcome);
    item->set_sufficient_outcome(lever.sufficient_outcome);
  }
  for (const std::string& id : gap.fewest_criterion_ids) out->add_fewest_criterion_ids(id);
}

v1::ContactScore Render(const std::string& contact_id, const domain::ContactScore& score) {
  v1::ContactScore out;
  out.set_contact_id(contact_id);
  *out.mutable_fit() = criteria::ToProto(score.fit);
  out.set_role_factor_bps(score.role_factor_bps);
  out.set_weighted_micropoints(score.weighted_micropoints);
  out.set_weighted_low_micropoints(score.weighted_low_micropoints);
  out.set_weighted_high_micropoints(score.weighted_high_micropoints);
  return out;
}

v1::DefinitionReview Render(const domain::ReviewState& review, bool early_change) {
  v1::DefinitionReview out;
  SetTime(review.due_time, out.mutable_due_time());
  out.set_overdue(review.overdue);
  out.set_age_days(review.age_days);
  out.set_early_change(early_change);
  for (const std::string& warning : review.warnings) out.add_warnings(warning);
  return out;
}

v1::ListAttributesResponse RenderAttributes() {
  using Attribute = v1::ListAttributesResponse::Attribute;
  v1::ListAttributesResponse out;
  for (const auto& table : {domain::AccountAttributes(), domain::ContactAttributes()}) {
    for (const criteria::Attribute& attribute : table) {
      const bool listed =
          std::any_of(out.attributes().begin(), out.attributes().end(),
                      [&](const Attribute& before) { return before.name() == attribute.name; });
      if (listed) continue;
      Attribute* message = out.add_attributes();
      message->set_name(std::string(attribute.name));
      message->set_value_type(
          static_cast<Attribute::ValueType>(static_cast<int>(attribute.type) + 1));
      message->set_meaning(std::string(attribute.meaning));
    }
  }
  std::sort(out.mutable_attributes()->begin(), out.mutable_attributes()->end(),
            [](const Attribute& a, const Attribute& b) { return a.name() < b.name(); });
  return out;
}

void Render(const domain::Handshake& handshake, const DayRange& days,
            v1::GetHandshakeResponse* response) {
  const int64_t decided = handshake.accepted_count + handshake.rejected_count;
  const domain::HandshakeVerdict verdict =
      domain::JudgeHandshake(handshake.accepted_count, decided);
  *response->mutable_days() = RenderDays(days);
  response->set_handover_count(handshake.handover_count);
  response->set_pending_count(handshake.pending_count);
  *response->mutable_acceptance() = stats::RateEstimate(
      handshake.accepted_count, decided, {.half_width_max = domain::kHandshakeHalfWidthMax});
  response->set_status(static_cast<v1::HandshakeStatus>(verdict.status));
  response->set_verdict_could_turn(verdict.could_turn);
  response->set_gate_bps(domain::kHandshakeGateBps);
  response->set_healthy_to_bps(domain::kHandshakeHealthyToBps);
  AddReasons(handshake.rejection_reasons, response->mutable_rejection_reasons());
  *response->mutable_qualification() = stats::RateEstimate(
      handshake.qualified_count, handshake.qualified_count + handshake.disqualified_count,
      {.half_width_max = domain::kHandshakeHalfWidthMax});
  AddReasons(handshake.disqualification_reasons, response->mutable_disqualification_reasons());
}

type::v1::Estimate RenderRate(const domain::Rate& rate) {
  return stats::RateEstimate(rate.successes, rate.trials);
}

type::v1::Estimate RenderDifference(const domain::Rate& a, const domain::Rate& b) {
  if (a.trials == 0 || b.trials == 0) return stats::NoDataEstimate();
  return stats::IntervalEstimate(a.value() - b.value(), domain::NewcombeInterval(a, b),
                                 stats::kConfidence, "newcombe", a.trials + b.trials,
                                 domain::Judge(a, b) != domain::RateFinding::kNotEnoughData);
}

type::v1::DateRange RenderDays(const DayRange& days) {
  type::v1::DateRange out;
  *out.mutable_start_date() = DateOf(days.start);
  *out.mutable_end_date() = DateOf(days.end);
  return out;
}

type::v1::Money RenderMoney(int64_t micros, Currency currency) {
  constexpr int64_t kNanosPerMicro = 1'000;
  type::v1::Money out;
  out.set_currency_code(std::string(currency.code()));
  out.set_units(micros / kMicrosPerUnit);
  out.set_nanos(static_cast<int32_t>(micros % kMicrosPerUnit * kNanosPerMicro));
  return out;
}

v1::DefinitionUsed RenderUsed(const v1::TargetDefinition& definition, bool review_overdue) {
  v1::DefinitionUsed out;
  out.set_definition_id(definition.id());
  out.set_version_number(definition.version_number());
  out.set_review_overdue(review_overdue);
  return out;
}

absl::Time ReviewDueTime(const v1::TargetDefinition& definition, const FiscalCalendar& calendar) {
  if (!definition.has_activate_time()) return absl::InfiniteFuture();
  return domain::ReviewDueTime(calendar, domain::TimeOf(definition.activate_time()));
}

std::string RulesVersion(const v1::TargetDefinition& definition) {
  return fmt::format("target_definition {} version {}", definition.id(),
                     definition.version_number());
}

type::v1::Provenance RenderProvenance(const records_client::Question& question,
                                      const v1::TargetDefinition* definition,
                                      std::string input_sha256) {
  type::v1::Provenance out;
  SetTime(question.as_of, out.mutable_as_of());
  out.set_revision(question.view.revision());
  out.set_input_sha256(std::move(input_sha256));
  if (definition != nullptr) out.set_rules_version(RulesVersion(*definition));
  return out;
}

}  // namespace gtm::targeting::handler
