#include "services/targeting/handler/render_urgency.h"

#include <algorithm>

#include "common/criteria/criteria_proto.h"
#include "common/stats/estimate_proto.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/handler/render.h"

namespace gtm::targeting::handler {
namespace {

void SetDate(absl::CivilDay day, type::v1::Date* out) {
  out->set_year(static_cast<int32_t>(day.year()));
  out->set_month(day.month());
  out->set_day(day.day());
}

template <class Questions>
void AddQuestions(const std::vector<domain::UrgencyQuestion>& questions, Questions* out) {
  for (const auto question : questions) out->Add(static_cast<int>(question));
}

void Render(const domain::WakeUpRule& rule, v1::WakeUpRule* out) {
  out->set_kind(static_cast<v1::WakeUpRule::Kind>(rule.kind));
  SetDate(rule.due_day, out->mutable_due_date());
  out->set_trigger_event_id(rule.event_id);
}

void Render(const domain::TriggerAssessment& trigger, v1::TriggerAssessment* out) {
  out->set_trigger_event_id(trigger.event_id);
  out->set_type(static_cast<crm::v1::TriggerEvent::Type>(trigger.type));
  out->set_subtype(trigger.subtype);
  out->set_contact_id(trigger.contact_id);
  domain::SetTime(trigger.start_time, out->mutable_start_time());
  if (trigger.deadline) SetDate(*trigger.deadline, out->mutable_deadline_date());
  out->set_phase(static_cast<crm::v1::TriggerEvent::Phase>(trigger.phase));
  out->set_verdict(static_cast<v1::TriggerVerdict>(trigger.verdict));
  out->set_reason(static_cast<v1::TriggerReason>(trigger.reason));
  out->set_strength_micropoints(trigger.strength_micropoints);
  AddQuestions(trigger.questions, out->mutable_questions());
}

}  // namespace

void Render(const DayRange& days, type::v1::DateRange* out) {
  SetDate(days.start, out->mutable_start_date());
  SetDate(days.end, out->mutable_end_date());
}

void Render(const domain::UrgencyRules& rules, v1::UrgencyRules* out) {
  out->set_mandate_points(rules.mandate_points);
  out->set_authority_shift_points(rules.authority_shift_points);
  out->set_personal_drive_points(rules.personal_drive_points);
  out->set_mandate_half_life_days(rules.mandate_half_life_days);
  out->set_authority_shift_half_life_days(rules.authority_shift_half_life_days);
  out->set_personal_drive_half_life_days(rules.personal_drive_half_life_days);
  out->set_merger_settle_days(rules.merger_settle_days);
  out->set_review_days(rules.review_days);
}

void Render(const domain::AccountUrgency& urgency, v1::GetUrgencyResponse* out) {
  *out->mutable_urgency() = criteria::ToProto({urgency.range, urgency.parts});
  out->set_state(static_cast<v1::UrgencyState>(urgency.state));
  for (const auto& trigger : urgency.triggers) Render(trigger, out->add_triggers());
  out->set_why_now_asked(urgency.why_now_asked);
  out->set_not_now_reason(urgency.not_now_reason);
  AddQuestions(urgency.questions, out->mutable_questions());
  for (const auto& rule : urgency.wake_up_rules) Render(rule, out->add_wake_up_rules());
}

void Render(const book::BookView& view, const domain::BuyingConditions& conditions,
            v1::OpportunityConditions* out) {
  const book::OpportunityFacts facts = view.opportunity(conditions.row);
  out->set_opportunity_id(std::string(facts.id));
  out->set_owner_seller_id(std::string(facts.owner_seller_id));
  for (size_t i = 0; i < conditions.met.size(); ++i) {
    v1::BuyingCondition* condition = out->add_conditions();
    condition->set_kind(static_cast<v1::BuyingCondition::Kind>(i + 1));
    if (conditions.met[i]) condition->set_met(*conditions.met[i]);
    condition->set_from_trigger(conditions.from_trigger[i]);
  }
  out->set_met_count(conditions.met_count);
  AddQuestions(conditions.questions, out->mutable_questions());
  out->set_need_without_trigger(conditions.need_without_trigger);
}

void Render(const book::BookView& view, const domain::AccountUrgency& urgency,
            const domain::Simmering& account, v1::SimmeringAccount* out) {
  out->set_account_id(std::string(view.account(account.row).id));
  Render(urgency.wake_up_rules.front(), out->mutable_wake_up_rule());
  out->set_due(account.due);
  out->set_state(static_cast<v1::UrgencyState>(urgency.state));
  if (!urgency.triggers.empty()) {
    out->set_reason(static_cast<v1::TriggerReason>(urgency.triggers.front().reason));
  }
  AddQuestions(urgency.questions, out->mutable_questions());
  out->set_open_opportunity_count(account.open_opportunity_count);
  out->set_high_micropoints(urgency.range.high_micropoints);
  out->set_not_now_reason(urgency.not_now_reason);
}

void Render(const domain::SegmentTriggers& segment, v1::SegmentTriggers* out) {
  out->set_segment(segment.segment);
  out->set_account_count(segment.account_count);
  int64_t events = 0;
  for (const auto& type : segment.types) events += type.event_count;
  for (size_t i = 1; i < segment.types.size(); ++i) {
    const domain::TypeTally& tally = segment.types[i];
    v1::SegmentTriggers::TypeCount* type = out->add_types();
    type->set_type(static_cast<crm::v1::TriggerEvent::Type>(i));
    type->set_event_count(tally.event_count);
    type->set_false_count(tally.false_count);
    *type->mutable_share() = stats::RateEstimate(tally.event_count, events);
    *type->mutable_win_rate() = RenderRate(tally.deals);
  }
  *out->mutable_win_rate_with() = RenderRate(segment.with);
  *out->mutable_win_rate_without() = RenderRate(segment.without);
  *out->mutable_difference() = RenderDifference(segment.with, segment.without);
  out->set_effect(static_cast<v1::TriggerEffect>(domain::Judge(segment.with, segment.without)));
  out->set_undecided_deal_count(segment.undecided_deal_count);
}

void Render(const domain::SubtypeTally& tally, v1::TriggerSubtype* out) {
  out->set_type(static_cast<crm::v1::TriggerEvent::Type>(tally.type));
  out->set_subtype(tally.subtype);
  out->set_event_count(tally.event_count);
  out->set_false_count(tally.false_count);
  *out->mutable_win_rate() = RenderRate(tally.deals);
}

void Render(const domain::InterviewAnswer& answer, v1::InterviewAnswer* out) {
  out->set_question(answer.question);
  out->set_answer(answer.answer);
  out->set_customer_count(answer.customer_count);
  out->set_lost_count(answer.lost_count);
  out->set_other_count(answer.other_count);
  out->set_subtype_known(answer.is_subtype);
}

void Render(const domain::MeetingCounts& counts, const std::vector<domain::SellerYield>& curve,
            v1::GetMeetingYieldResponse* out) {
  domain::MeetingTally all;
  for (const auto& [id, tally] : counts.sellers) {
    all.meeting_count += tally.meeting_count;
    all.opportunity_count += tally.opportunity_count;
  }
  for (const domain::SellerYield& entry : curve) {
    v1::SellerMeetings* seller = out->add_sellers();
    seller->set_seller_id(entry.seller_id);
    seller->set_meeting_count(entry.tally.meeting_count);
    seller->set_opportunity_count(entry.tally.opportunity_count);
    *seller->mutable_average_yield() =
        stats::RateEstimate(entry.tally.opportunity_count, entry.tally.meeting_count);
    seller->set_compared_seller_count(entry.compared_seller_count);
    seller->set_extra_meetings(entry.extra_meetings);
    seller->set_extra_opportunities(entry.extra_opportunities);
    *seller->mutable_marginal_yield() =
        entry.compared_seller_count == 0
            ? stats::NoDataEstimate()
            : stats::IntervalEstimate(entry.marginal, entry.marginal_interval, stats::kConfidence,
                                      "mover-wilson",
                                      entry.tally.meeting_count + entry.compared.meeting_count,
                                      entry.advice != domain::MeetingAdvice::kNotEnoughData);
    seller->set_advice(static_cast<v1::MeetingAdvice>(entry.advice));
    seller->set_avoidable_meeting_count(entry.avoidable_meeting_count);
    seller->set_week_meetings(entry.week_meetings);
    seller->set_overloaded(entry.overloaded);
  }
  *out->mutable_average_yield() = stats::RateEstimate(all.opportunity_count, all.meeting_count);
  Render(counts.days, out->mutable_days());
  out->set_owner_attributed_count(counts.owner_attributed_count);
  out->set_unattributed_count(counts.unattributed_count);
}

}  // namespace gtm::targeting::handler
