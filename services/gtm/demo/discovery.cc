// What was found out round the deals of an account: triggers, and what calls brought to light.
#include <fmt/format.h>

#include <array>

#include "services/gtm/demo/build.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {
namespace {

using crm::v1::CallSummary;
using crm::v1::TriggerEvent;
using records::v1::Record;

constexpr int kMorning = 9 * 3600;

// Truth: regulated industries have mandates, small companies personal drive, large ones
// authority shifts (UR-13).
TriggerEvent::Type PickType(const AccountFacts& account, Random& own) {
  const double usual = own.Uniform();
  if (usual < 0.6 && account.regulated) return TriggerEvent::TYPE_MANDATE;
  if (usual < 0.6 && account.segment == 0) return TriggerEvent::TYPE_PERSONAL_DRIVE;
  if (usual < 0.6) return TriggerEvent::TYPE_AUTHORITY_SHIFT;
  return static_cast<TriggerEvent::Type>(1 + own.Below(3));
}

void EmitTrigger(const Context& context, const AccountFacts& account, const DealFacts& deal,
                 Random& own) {
  Record record;
  TriggerEvent* trigger = record.mutable_trigger_event();
  trigger->set_id(deal.id + "-trigger");
  trigger->set_account_id(account.id);
  trigger->set_contact_id(account.contact_ids[own.Below(account.contact_ids.size())]);
  trigger->set_type(PickType(account, own));
  const absl::CivilDay day = deal.qualified - 2 - static_cast<int>(own.Below(30));
  SetTime(trigger->mutable_occur_time(), day, kMorning);
  if (trigger->type() == TriggerEvent::TYPE_MANDATE) {
    SetDate(trigger->mutable_deadline_date(), day + 60 + static_cast<int>(own.Below(300)));
    trigger->set_subtype(account.regulated ? "regulation" : "ship date");
  }
  trigger->set_has_authority(own.Uniform() < 0.9);
  trigger->set_solves_problem(own.Uniform() < 0.9);
  context.sink(std::move(record));
}

void EmitCall(const Context& context, const AccountFacts& account, const DealFacts& deal,
              bool triggered, Random& own) {
  static constexpr std::array<const char*, 3> kProblems = {
      "Customers leave before the second year.", "New business takes too long to find.",
      "The month-end report takes nine days of work."};
  Record record;
  CallSummary* call = record.mutable_call_summary();
  call->set_id(deal.id + "-call");
  call->set_account_id(account.id);
  call->set_opportunity_id(deal.id);
  call->set_contact_id(account.contact_ids[own.Below(account.contact_ids.size())]);
  SetTime(call->mutable_occur_time(), deal.created + 1 + static_cast<int>(own.Below(2)), kMorning);
  const uint64_t problem = own.Below(kProblems.size());
  call->set_problem_class(static_cast<crm::v1::ProblemClass>(problem + 1));
  call->set_why_problem(kProblems[problem]);
  call->set_why_took_call("They had read the guide for their role.");
  call->set_urgency(triggered ? "It has to be done by a date." : "Nice to have, no date.");
  call->set_journey_step(own.Uniform() < 0.6 ? crm::v1::JOURNEY_STEP_IDENTIFY_PROBLEM
                                             : crm::v1::JOURNEY_STEP_EXAMINE_SOLUTIONS);
  if (own.Uniform() < 0.7) call->add_stakeholder_contact_ids(account.contact_ids.front());
  if (own.Uniform() < 0.8) call->add_next_steps("A working session with the people concerned.");
  context.sink(std::move(record));
}

// What people said some weeks after their deal had closed (BE-12): customers what made it a
// priority, the others what outranked it (UR-08).
void EmitInterview(const Context& context, const AccountFacts& account, const DealFacts& deal,
                   Random& own) {
  static constexpr std::array<const char*, 4> kPriorities = {
      "A rule with a date", "A new leader with a plan", "The month-end report took too long",
      "Customers left before the second year"};
  static constexpr std::array<const char*, 4> kOutranked = {
      "A hiring freeze", "Another project came first", "We stayed with what we had",
      "A merger that is not settled"};
  const bool won = deal.outcome == DealFacts::Outcome::kWon;
  const double usual = own.Uniform();
  size_t said = own.Below(kPriorities.size());
  if (won && usual < 0.5) said = account.regulated ? 0 : 1;
  const absl::CivilDay day = deal.closed + 20 + static_cast<int>(own.Below(20));
  if (day > context.options.today) return;
  Record record;
  crm::v1::SurveyResponse* interview = record.mutable_survey_response();
  interview->set_id(deal.id + "-interview");
  interview->set_account_id(account.id);
  interview->set_contact_id(account.contact_ids[own.Below(account.contact_ids.size())]);
  interview->set_survey("win_loss");
  SetTime(interview->mutable_occur_time(), day, kMorning);
  (*interview->mutable_answers())[won ? "made_it_a_priority" : "outranked_by"] =
      won ? kPriorities[said] : kOutranked[said];
  context.sink(std::move(record));
}

}  // namespace

void GenerateDiscovery(const Context& context, const AccountFacts& account, Random& own) {
  for (const DealFacts& deal : account.deals) {
    const bool known = deal.was_qualified && deal.qualified <= context.options.today;
    if (!known) continue;
    const double share = deal.outcome == DealFacts::Outcome::kWon
                             ? context.truth.trigger_share_won
                             : context.truth.trigger_share_other;
    const bool triggered = own.Uniform() < share;
    if (triggered) EmitTrigger(context, account, deal, own);
    if (own.Uniform() < 0.6) EmitCall(context, account, deal, triggered, own);
  }
  constexpr double kInterviewedShare = 0.3;
  for (const DealFacts& deal : account.deals) {
    if (deal.outcome == DealFacts::Outcome::kOpen) continue;
    if (own.Uniform() < kInterviewedShare) EmitInterview(context, account, deal, own);
  }
}

}  // namespace gtm::demo
