#include "services/forecasting/handler/render_interrogation.h"

#include <algorithm>

#include "common/stats/estimate_proto.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;

type::v1::Date ToDate(domain::DayNumber number) {
  const absl::CivilDay day = domain::DayAt(number);
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

type::v1::Money ToMoney(int64_t micros, Currency currency) {
  return ToProto(Money{micros, currency});
}

void RenderClearing(const domain::Clearing& clearing, v1::ClearCondition* result) {
  result->set_type(static_cast<v1::ClearCondition::Type>(clearing.type));
  result->set_text(clearing.text);
  result->set_count(clearing.count);
  result->set_count_max(clearing.count_max);
  if (clearing.day) *result->mutable_since_date() = ToDate(*clearing.day);
  result->set_role(static_cast<crm::v1::BuyingRole>(clearing.role));
  if (!clearing.evidence) return;
  result->set_evidence_kind(static_cast<v1::EvidenceKind>(*clearing.evidence));
  result->set_engagement_type(
      static_cast<crm::v1::Engagement::Type>(domain::TouchTypeOf(*clearing.evidence)));
}

void RenderWarning(const domain::DealWarning& warning, const std::string& owner,
                   v1::DealWarning* result) {
  result->set_type(static_cast<v1::DealWarning::Type>(warning.type));
  result->set_severity(static_cast<v1::DealWarning::Severity>(warning.severity));
  result->set_message(warning.message);
  result->set_action(warning.action);
  result->set_owner_seller_id(owner);
  *result->mutable_due_date() = ToDate(warning.due_day);
  RenderClearing(warning.clears, result->mutable_clears());
  for (const domain::EvidenceKind kind : warning.rests_on) {
    result->add_rests_on(static_cast<v1::EvidenceKind>(kind));
  }
  result->set_rule(warning.rule);
}

void RenderEvidence(const DealTable& table, const domain::PipelineFacts& facts,
                    const domain::DealEvidence& evidence, v1::InterrogatedDeal* result) {
  for (const domain::EvidenceItem& item : evidence.items) {
    v1::EvidenceItem* shown = result->add_evidence();
    shown->set_kind(static_cast<v1::EvidenceKind>(item.kind));
    shown->set_state(static_cast<v1::EvidenceItem::State>(item.state));
    shown->set_count(item.count);
    if (item.last_day) *shown->mutable_last_date() = ToDate(*item.last_day);
  }
  const size_t count = std::min(evidence.contacts.size(), kEngagedContactsMax);
  for (size_t i = 0; i < count; ++i) {
    const domain::EngagedContact& contact = evidence.contacts[i];
    v1::EngagedContact* shown = result->add_engaged_contacts();
    shown->set_contact_id(facts.contact_ids.at(contact.contact));
    shown->set_role(static_cast<crm::v1::BuyingRole>(contact.role));
    shown->set_touch_count(contact.touch_count);
    shown->set_share_count(contact.share_count);
    *shown->mutable_last_date() = ToDate(domain::NumberOf(table.calendar.DayOf(contact.last_time)));
  }
  result->set_engaged_contact_count(static_cast<int32_t>(evidence.contacts.size()));
  result->set_buyer_touch_count(evidence.buyer_touch_count);
  result->set_our_touch_count(evidence.our_touch_count);
  result->set_seen_channel_count(evidence.channels_seen);
  result->set_completeness(evidence.completeness);
}

void RenderTrend(const domain::AccountWeeks& weeks, const domain::AccountTrend& trend,
                 v1::EngagementTrend* result) {
  result->set_verdict(static_cast<v1::EngagementTrend::Verdict>(trend.verdict));
  for (const int32_t count : weeks.touches) result->add_weekly_counts(count);
  result->set_recent_count(trend.recent_count);
  result->set_earlier_count(trend.earlier_count);
  result->set_earlier_week_count(trend.earlier_weeks);
  result->set_expected_count(trend.expected_count);
  result->set_band_low_count(trend.band_low);
  result->set_band_high_count(trend.band_high);
}

void RenderTrust(const domain::Trust& trust, v1::Trust* result) {
  result->set_weight(trust.weight);
  for (const domain::Doubt& doubt : trust.doubts) {
    v1::TrustReason* reason = result->add_reasons();
    reason->set_type(static_cast<v1::TrustReason::Type>(doubt.type));
    reason->set_weight(doubt.weight);
    reason->set_message(doubt.message);
  }
  for (const domain::DoubtType type : trust.unjudged) {
    result->add_not_enough_data_types(static_cast<v1::TrustReason::Type>(type));
  }
}

void RenderLength(const domain::StuckJudgement& judgement, int32_t days,
                  v1::LengthJudgement* result) {
  result->set_days(days);
  result->set_longest_won_days(judgement.longest_days);
  result->set_stuck(judgement.verdict == domain::StuckVerdict::kStuck);
  if (judgement.won_count == 0) {
    *result->mutable_won_share() = stats::NoDataEstimate();
    return;
  }
  const double share =
      static_cast<double>(judgement.as_long_count) / static_cast<double>(judgement.won_count);
  *result->mutable_won_share() = stats::IntervalEstimate(
      share, {0, judgement.share_high}, domain::kStuckConfidence, "clopper-pearson-upper",
      judgement.won_count, judgement.verdict != domain::StuckVerdict::kNotEnoughData);
  result->mutable_won_share()->set_success_count(judgement.as_long_count);
}

}  // namespace

bool ShownWarnings::Shows(const domain::DealWarning& warning) const {
  return warning.severity >= severity_min &&
         (types.empty() || std::find(types.begin(), types.end(), warning.type) != types.end());
}

void RenderDeal(const DealTable& table, const domain::PipelineFacts& facts,
                const domain::InterrogatedDeal& deal, const ShownWarnings& shown,
                v1::InterrogatedDeal* result) {
  const domain::Deal& row = table.deals[deal.chance.deal];
  const domain::DealFacts& known = facts.deals[deal.facts];
  result->set_opportunity_id(row.id);
  result->set_display_name(known.display_name);
  result->set_account_id(known.account_id);
  result->set_owner_seller_id(row.owner_seller_id);
  result->set_segment(row.segment);
  result->set_stage_id(row.stage_id);
  result->set_stage_number(known.stage_number);
  if (row.amount_micros) {
    *result->mutable_amount() = ToMoney(*row.amount_micros, table.currency);
  }
  result->set_win_probability(deal.chance.win_probability);
  *result->mutable_expected_amount() = ToMoney(deal.chance.expected_micros, table.currency);
  if (row.expected_close_day) {
    *result->mutable_expected_close_date() = ToDate(*row.expected_close_day);
  }
  for (const domain::DealWarning& warning : deal.warnings) {
    if (shown.Shows(warning)) RenderWarning(warning, row.owner_seller_id, result->add_warnings());
  }
  RenderEvidence(table, facts, deal.evidence, result);
  if (deal.trend) {
    RenderTrend(facts.accounts[static_cast<size_t>(known.account)].weeks, *deal.trend,
                result->mutable_trend());
  }
  RenderTrust(deal.trust, result->mutable_trust());
  RenderLength(deal.age, table.age_days(row), result->mutable_age());
  RenderLength(deal.stage_age, table.today - row.stage_day, result->mutable_stage_age());
}

void RenderWins(const DealTable& table, const domain::PipelineFacts& facts,
                const domain::Interrogation& interrogation,
                v1::InterrogatePipelineResponse* result) {
  for (const domain::DoubtfulWin& doubtful : interrogation.doubtful_wins) {
    const domain::WinFacts& win = facts.recent_wins[doubtful.win];
    const domain::Deal& row = table.deals[win.deal];
    v1::DoubtfulWin* shown = result->add_doubtful_wins();
    shown->set_opportunity_id(row.id);
    shown->set_display_name(win.display_name);
    shown->set_owner_seller_id(row.owner_seller_id);
    if (row.amount_micros) *shown->mutable_amount() = ToMoney(*row.amount_micros, table.currency);
    *shown->mutable_won_date() = ToDate(row.closed_day);
    RenderTrust(doubtful.trust, shown->mutable_trust());
  }
  result->set_doubtful_win_count(interrogation.doubtful_win_count);
}

void RenderWhole(const domain::Interrogation& interrogation, Currency currency,
                 v1::InterrogatePipelineResponse* result) {
  for (const domain::WarningTotal& total : interrogation.totals) {
    auto* shown = result->add_totals();
    shown->set_type(static_cast<v1::DealWarning::Type>(total.type));
    shown->set_opportunity_count(total.deal_count);
    shown->set_high_count(total.high_count);
    *shown->mutable_amount() = ToMoney(total.amount_micros, currency);
    *shown->mutable_expected_amount() = ToMoney(total.expected_micros, currency);
  }
  result->set_opportunity_count(static_cast<int64_t>(interrogation.deals.size()));
  *result->mutable_expected_amount() = ToMoney(interrogation.expected_micros, currency);
  *result->mutable_amount() = ToMoney(interrogation.amount_micros, currency);
  result->set_warned_count(interrogation.warned_count);
  *result->mutable_warned_expected_amount() = ToMoney(interrogation.warned_micros, currency);
  result->set_completeness(interrogation.completeness);
  for (const domain::DataGap& gap : interrogation.gaps) {
    result->add_unrecorded_kinds(static_cast<v1::EvidenceKind>(gap.kind));
  }
  result->set_recorded_channel_count(interrogation.channels_recorded);
  for (const domain::LossCount& loss : interrogation.losses) {
    auto* shown = result->add_loss_reasons();
    shown->set_reason(loss.reason);
    shown->set_opportunity_count(loss.count);
    *shown->mutable_share() = stats::RateEstimate(loss.count, interrogation.loss_count);
  }
  result->set_loss_count(interrogation.loss_count);
}

void RenderCoaching(const std::vector<domain::CoachingEffect>& effects,
                    v1::InterrogatePipelineResponse* result) {
  for (const domain::CoachingEffect& effect : effects) {
    v1::CoachingEffect* shown = result->add_coaching();
    shown->set_type(static_cast<v1::DealWarning::Type>(effect.type));
    shown->set_cleared_count(effect.cleared_count);
    shown->set_cleared_won_count(effect.cleared_won_count);
    shown->set_kept_count(effect.kept_count);
    shown->set_kept_won_count(effect.kept_won_count);
    shown->set_matched_count(effect.matched_count);
    *shown->mutable_won_difference() =
        effect.difference ? stats::IntervalEstimate(*effect.difference, {effect.low, effect.high},
                                                    stats::kConfidence, "mantel-haenszel",
                                                    effect.matched_count, effect.is_enough)
                          : stats::NoDataEstimate();
  }
}

}  // namespace gtm::forecasting::handler
