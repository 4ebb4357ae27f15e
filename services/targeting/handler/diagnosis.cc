// What the hand-over says about the target, and the gate to Stage 1.

#include <cmath>

#include "common/core/money.h"
#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/handover_diagnosis.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/stage_gate.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using domain::Finding;
using domain::FindingStatus;
using v1::HandoverFinding;

constexpr int kReasonRulesMax = 100;
constexpr size_t kWordsBytesMax = 127;
constexpr int kTeamMin = 2;
constexpr int kTeamMax = 100;

std::vector<domain::ReasonRule> RulesOf(const v1::DiagnoseHandoversRequest& request,
                                        Violations* violations) {
  std::vector<domain::ReasonRule> rules;
  if (request.reason_rules_size() > kReasonRulesMax) {
    violations->Add("reason_rules", fmt::format("more than {}", kReasonRulesMax));
    return rules;
  }
  for (int i = 0; i < request.reason_rules_size(); ++i) {
    const auto& rule = request.reason_rules(i);
    const std::string field = fmt::format("reason_rules[{}]", i);
    if (rule.words().empty() || rule.words().size() > kWordsBytesMax) {
      violations->Add(field + ".words", fmt::format("required: 1 to {} bytes", kWordsBytesMax));
    }
    if (rule.reason_class() < v1::REASON_CLASS_OTHER ||
        rule.reason_class() > v1::REASON_CLASS_WILL_NOT_SPEND) {
      violations->Add(field + ".reason_class", "required: a class of reasons");
    }
    rules.push_back({rule.words(), static_cast<domain::ReasonClass>(rule.reason_class())});
  }
  const auto& ours = domain::DefaultReasonRules();
  rules.insert(rules.end(), ours.begin(), ours.end());
  return rules;
}

// The period asked about and the one before it.
Result<std::pair<DayRange, DayRange>> PeriodsOf(const v1::DiagnoseHandoversRequest& request,
                                                const MarketQuestion& asked) {
  const FiscalCalendar& calendar = asked.calendar();
  if (request.has_days()) {
    GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, calendar, {}));
    return std::pair{days, DayRange{days.start - days.day_count(), days.start}};
  }
  const absl::CivilDay today = calendar.DayOf(asked.question.as_of);
  FiscalPeriod period = calendar.Shift(calendar.PeriodOf(today, PeriodUnit::kQuarter), -1);
  if (request.has_period()) {
    GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(request.period(), calendar));
    period = calendar.PeriodOf(days.start, static_cast<PeriodUnit>(request.period().unit()));
  }
  return std::pair{calendar.DaysOf(period), calendar.DaysOf(calendar.Shift(period, -1))};
}

void Render(const domain::PeriodFacts& facts, const DayRange& days, Currency currency,
            v1::HandoverPeriod* out) {
  const domain::Handshake& handshake = facts.handshake;
  *out->mutable_days() = RenderDays(days);
  out->set_handover_count(handshake.handover_count);
  out->set_pending_count(handshake.pending_count);
  *out->mutable_acceptance() = stats::RateEstimate(
      handshake.accepted_count, handshake.accepted_count + handshake.rejected_count);
  *out->mutable_qualification() = stats::RateEstimate(
      handshake.qualified_count, handshake.qualified_count + handshake.disqualified_count);
  *out->mutable_target_acceptance() = RenderRate(facts.accepted_targets);
  *out->mutable_other_acceptance() = RenderRate(facts.accepted_others);
  out->set_undecided_handover_count(facts.undecided_handovers);
  *out->mutable_target_win_rate() = RenderRate(facts.target_wins);
  *out->mutable_other_win_rate() = RenderRate(facts.other_wins);
  for (int c = 1; c < domain::kReasonClasses; ++c) {
    auto* count = out->add_loss_classes();
    count->set_reason_class(static_cast<v1::ReasonClass>(c));
    count->set_loss_count(facts.target_losses[static_cast<size_t>(c)]);
  }
  out->set_loss_without_reason_count(facts.losses_without_reason);
  out->set_won_count(facts.won_count);
  if (facts.has_leads) out->set_lead_count(facts.lead_count);
  if (!facts.spend_micros) return;
  *out->mutable_spend() = RenderMoney(*facts.spend_micros, currency);
  if (facts.won_count == 0) return;
  const auto each = MulDivRoundHalfEven(*facts.spend_micros, 1, facts.won_count);
  if (each.ok()) *out->mutable_cost_per_won() = RenderMoney(*each, currency);
}

void Render(const std::vector<domain::ReasonCount>& reasons, int64_t turned_away,
            const std::vector<domain::ReasonRule>& rules,
            google::protobuf::RepeatedPtrField<v1::DiagnoseHandoversResponse::RankedReason>* out) {
  for (const domain::ReasonCount& reason : reasons) {
    auto* message = out->Add();
    message->set_reason(reason.reason);
    message->set_handover_count(reason.count);
    *message->mutable_share() = stats::RateEstimate(reason.count, turned_away);
    message->set_reason_class(static_cast<v1::ReasonClass>(domain::ClassOf(reason.reason, rules)));
  }
}

void Render(const std::vector<domain::WinsBy>& all,
            google::protobuf::RepeatedPtrField<v1::DiagnoseHandoversResponse::WinsBy>* out) {
  for (const domain::WinsBy& one : all) {
    auto* message = out->Add();
    message->set_name(one.name);
    *message->mutable_win_rate() = RenderRate(one.wins);
    *message->mutable_difference() = RenderDifference(one.wins, one.others);
  }
}

// What a finding says where it is so, and where it is not.
struct Words {
  HandoverFinding::Kind kind;
  double line;
  const char* method;
  const char* yes;
  const char* no;
};
constexpr Words kWords[] = {
    {HandoverFinding::KIND_WRONG_REASONS, 0.5, "wilson",
     "most losses of targets say that there is no problem, no value or no money",
     "most losses of targets have other reasons than no problem, no value or no money"},
    {HandoverFinding::KIND_TARGETS_WIN_NO_MORE, 0, "newcombe",
     "targets are won less often than other accounts",
     "targets are won more often than other accounts"},
    {HandoverFinding::KIND_MONEY_WINS_LESS, 1, "poisson-ratio-exact",
     "the same money wins fewer deals than before", "the same money wins more deals than before"},
    {HandoverFinding::KIND_MORE_LEADS, 1, "poisson-ratio-exact", "more leads come in than before",
     "fewer leads come in than before"},
    {HandoverFinding::KIND_FEWER_WON, 1, "poisson-ratio-exact", "fewer deals are won than before",
     "more deals are won than before"},
    {HandoverFinding::KIND_SALES_REFUSES_OTHERS, 0, "newcombe",
     "sales accepts targets more often than other accounts",
     "sales accepts other accounts more often than targets: the definition is not what sales "
     "goes by"},
};

void Render(const Finding& finding, const Words& words, int64_t sample_count,
            HandoverFinding* out) {
  out->set_kind(words.kind);
  out->set_status(static_cast<HandoverFinding::Status>(finding.status));
  out->set_line(words.line);
  const bool decided =
      finding.status == FindingStatus::kYes || finding.status == FindingStatus::kNo;
  if (finding.status == FindingStatus::kNoData) {
    *out->mutable_value() = stats::NoDataEstimate();
    out->set_explanation("nothing is recorded that would tell");
    return;
  }
  *out->mutable_value() =
      stats::IntervalEstimate(finding.value.value_or(0), finding.interval, stats::kConfidence,
                              words.method, sample_count, decided);
  if (!finding.value) out->mutable_value()->clear_value();
  if (!std::isfinite(finding.interval.high)) out->mutable_value()->clear_high();
  out->set_explanation(finding.status == FindingStatus::kYes  ? words.yes
                       : finding.status == FindingStatus::kNo ? words.no
                                                              : "may be chance: the interval "
                                                                "crosses the line");
}

void RenderFindings(const domain::HandoverDiagnosis& diagnosis,
                    v1::DiagnoseHandoversResponse* response) {
  const domain::PeriodFacts& now = diagnosis.now;
  const domain::PeriodFacts& before = diagnosis.before;
  int64_t reasons = 0;
  for (const int64_t count : now.target_losses) reasons += count;
  const int64_t leads = now.has_leads && before.has_leads
                            ? now.lead_count + before.lead_count
                            : now.handshake.handover_count + before.handshake.handover_count;
  const int64_t won = now.won_count + before.won_count;
  const std::pair<const Finding*, int64_t> findings[] = {
      {&diagnosis.wrong_reasons, reasons},
      {&diagnosis.targets_win_no_more, now.target_wins.trials + now.other_wins.trials},
      {&diagnosis.money_wins_less, won},
      {&diagnosis.more_leads, leads},
      {&diagnosis.fewer_won, won},
      {&diagnosis.sales_refuses_others, now.accepted_targets.trials + now.accepted_others.trials}};
  for (size_t i = 0; i < std::size(kWords); ++i) {
    Render(*findings[i].first, kWords[i], findings[i].second, response->add_findings());
  }
}

const char* WrongTargetText(FindingStatus status) {
  switch (status) {
    case FindingStatus::kYes:
      return "The target is wrong (TG-25): sign off another definition, or sell something else to "
             "these accounts.";
    case FindingStatus::kNo:
      return "The target is right: it is won more often than others, and not lost for want of a "
             "problem, value or money (TG-25).";
    case FindingStatus::kNotSure:
      return "Whether the target is right cannot be told yet (TG-25): more closed deals with a "
             "reason would.";
    default:
      return "Nothing tells whether the target is right (TG-25): record reasons of losses.";
  }
}

const char* TrashInText(FindingStatus status) {
  switch (status) {
    case FindingStatus::kYes:
      return "Trash comes in (TG-32): more spend and more leads, and fewer won deals. Stop what "
             "brings accounts that are no targets (GetChannelEfficacy).";
    case FindingStatus::kNo:
      return "No trash comes in (TG-32): not more spend, more leads and fewer won deals at once.";
    case FindingStatus::kNotSure:
      return "It looks like trash in (TG-32), more spend and more leads and fewer won deals, but "
             "the change may be chance.";
    default:
      return "Nothing tells whether trash comes in (TG-32): record spend, leads and closed deals "
             "of both periods.";
  }
}

void Render(const domain::StageGate& gate, const std::string& opportunity_id,
            v1::CheckStageGateResponse* out) {
  out->set_opportunity_id(opportunity_id);
  out->set_status(static_cast<v1::CheckStageGateResponse::Status>(gate.status));
  out->set_stage_id(gate.stage_id);
  domain::SetTime(gate.clock_start, out->mutable_clock_start_time());
  if (gate.qualified_time) domain::SetTime(*gate.qualified_time, out->mutable_qualified_time());
  out->set_one_person_buys(gate.one_person_buys);
  for (const domain::Evidence& evidence : gate.evidence) {
    v1::StageEvidence* message = out->add_evidence();
    message->set_kind(static_cast<v1::StageEvidence::Kind>(evidence.kind));
    message->set_required(evidence.required);
    message->set_met(evidence.met);
    message->set_observed(evidence.observed);
    message->set_needed(evidence.needed);
    for (const std::string& id : evidence.record_ids) message->add_record_ids(id);
  }
}

}  // namespace

Status TargetingHandler::DiagnoseHandovers(rpc::Call& call,
                                           const v1::DiagnoseHandoversRequest& request,
                                           v1::DiagnoseHandoversResponse* response) {
  Violations violations;
  domain::DiagnosisQuestion question;
  question.rules = RulesOf(request, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  GTM_ASSIGN_OR_RETURN(const auto periods, PeriodsOf(request, asked));
  question.now = periods.first;
  question.before = periods.second;
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  GTM_ASSIGN_OR_RETURN(
      const domain::HandoverDiagnosis diagnosis,
      domain::DiagnoseHandovers(asked.definition(), audience, asked.view(), question, alive));
  const Currency currency = asked.view().settings().reporting_currency;
  Render(diagnosis.now, question.now, currency, response->mutable_current());
  Render(diagnosis.before, question.before, currency, response->mutable_before());
  const domain::Handshake& handshake = diagnosis.now.handshake;
  Render(handshake.rejection_reasons, handshake.rejected_count, question.rules,
         response->mutable_rejection_reasons());
  Render(handshake.disqualification_reasons, handshake.disqualified_count, question.rules,
         response->mutable_disqualification_reasons());
  RenderFindings(diagnosis, response);
  response->set_wrong_target(static_cast<HandoverFinding::Status>(diagnosis.wrong_target));
  response->set_trash_in(static_cast<HandoverFinding::Status>(diagnosis.trash_in));
  if (diagnosis.spend_ratio) response->set_spend_ratio(*diagnosis.spend_ratio);
  Render(diagnosis.products, response->mutable_products());
  Render(diagnosis.competitors, response->mutable_competitors());
  response->add_conclusions(WrongTargetText(diagnosis.wrong_target));
  response->add_conclusions(TrashInText(diagnosis.trash_in));
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

Status TargetingHandler::CheckStageGate(rpc::Call& call, const v1::CheckStageGateRequest& request,
                                        v1::CheckStageGateResponse* response) {
  Violations violations;
  violations.CheckId("opportunity_id", request.opportunity_id());
  violations.CheckId("definition_id", request.definition_id(), false);
  if (request.team_min() != 0 && (request.team_min() < kTeamMin || request.team_min() > kTeamMax)) {
    violations.Add("team_min", fmt::format("{} is out of range; use {} to {}, or one_person_buys",
                                           request.team_min(), kTeamMin, kTeamMax));
  }
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const auto row = question.view.FindOpportunity(request.opportunity_id());
  if (!row || !question.view.is_live(*row))
    return NotFound("opportunity", request.opportunity_id());
  const auto chosen = ChooseDefinition(question, request.definition_id());
  if (!chosen.ok() && !request.definition_id().empty()) return chosen.error();
  std::shared_ptr<const CompiledDefinition> compiled;
  if (chosen.ok()) {
    GTM_ASSIGN_OR_RETURN(compiled, definitions_.Of(*chosen, question.view.settings().calendar));
  }
  domain::GateQuestion gate_question;
  gate_question.as_of = question.as_of;
  if (request.team_min() != 0) gate_question.team_min = request.team_min();
  if (request.has_one_person_buys()) gate_question.one_person_buys = request.one_person_buys();
  GTM_ASSIGN_OR_RETURN(const domain::StageGate gate,
                       domain::CheckStageGate(compiled ? &compiled->definition : nullptr,
                                              question.view, *row, gate_question));
  Render(gate, request.opportunity_id(), response);
  Sha256 hash;
  hash.UpdateText(CanonicalBytes(*response)).Update(absl::ToUnixNanos(question.as_of));
  hash.UpdateText(CanonicalBytes(request));
  *response->mutable_provenance() =
      RenderProvenance(question, compiled ? compiled->message.get() : nullptr, hash.HexDigest());
  if (!compiled) response->mutable_provenance()->set_rules_version("stage_gate 1");
  return {};
}

}  // namespace gtm::targeting::handler
