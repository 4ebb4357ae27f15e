#include "services/targeting/domain/journey.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/ascii.h"
#include "services/targeting/domain/engagement.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::CallSummary;
using crm::v1::Engagement;

// Stages of an opportunity as evidence, up to as_of.
void AddStages(const book::OpportunityFacts& facts, absl::Time as_of,
               std::vector<JourneyEvidence>* out) {
  const auto changes = facts.stage_changes;
  for (size_t i = 0; i < changes.size() && changes[i].time <= as_of; ++i) {
    JourneyEvidence evidence;
    evidence.time = changes[i].time;
    evidence.until = i + 1 < changes.size() ? changes[i + 1].time : absl::InfiniteFuture();
    evidence.kind = EvidenceKind::kOpportunity;
    evidence.record_id = facts.id;
    switch (changes[i].role) {
      case book::StageRole::kStageZero:
        evidence.step = JourneyStep::kIdentifyProblem;
        break;
      case book::StageRole::kOpen:
        evidence.step = JourneyStep::kExamine;
        break;
      case book::StageRole::kContract:
        evidence.step = JourneyStep::kDecision;
        break;
      case book::StageRole::kWon:
        evidence.step = JourneyStep::kDecision;
        evidence.won = true;
        evidence.until = std::min(evidence.until, evidence.time + kActDuration);
        break;
      case book::StageRole::kLost:
        if (!IsNotAFit(facts.loss_reason)) continue;
        evidence.step = JourneyStep::kNotAFit;
        evidence.statement = true;
        break;
    }
    out->push_back(evidence);
  }
}

void AddCalls(const CallList& calls, const book::BookView& view, absl::Time as_of,
              std::optional<book::ContactRow> only, std::vector<JourneyEvidence>* out) {
  for (const CallSummary* call : calls) {
    const absl::Time time = TimeOf(call->occur_time());
    if (time > as_of || call->journey_step() == crm::v1::JOURNEY_STEP_UNSPECIFIED) continue;
    JourneyEvidence evidence;
    evidence.time = time;
    evidence.until = absl::InfiniteFuture();
    evidence.step = static_cast<JourneyStep>(call->journey_step());
    evidence.kind = EvidenceKind::kCallSummary;
    evidence.statement = true;
    evidence.record_id = call->id();
    if (const auto contact = view.FindContact(call->contact_id())) evidence.contact = *contact;
    if (!only || evidence.contact == *only) out->push_back(evidence);
  }
}

// The fields of BE-14 that no call has answered.
std::vector<std::string> Unanswered(const std::vector<const CallSummary*>& calls) {
  static constexpr std::array<const char*, 6> kFields = {
      "why_took_call", "why_problem", "urgency", "stakeholders", "current_state", "next_steps"};
  std::array<bool, 6> answered{};
  for (const CallSummary* call : calls) {
    const std::array<bool, 6> says = {
        !call->why_took_call().empty(), !call->why_problem().empty(),
        !call->urgency().empty(),       call->stakeholder_contact_ids_size() > 0,
        !call->current_state().empty(), call->next_steps_size() > 0};
    for (size_t i = 0; i < says.size(); ++i) answered[i] = answered[i] || says[i];
  }
  std::vector<std::string> out;
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (!answered[i]) out.emplace_back(kFields[i]);
  }
  return out;
}

// The latest closed opportunity was won.
bool Bought(const book::BookView& view, book::AccountRow account, absl::Time as_of) {
  absl::Time last = absl::InfinitePast();
  bool won = false;
  for (const book::OpportunityRow row : view.opportunities_of(account)) {
    const book::OpportunityFacts facts = view.opportunity(row);
    const auto won_time = book::WonTime(facts, as_of);
    const auto closed = won_time ? won_time : book::LostTime(facts, as_of);
    if (!closed || *closed < last) continue;
    won = won_time.has_value() || (*closed == last && won);
    last = *closed;
  }
  return won;
}

void CountPeople(const book::BookView& view, book::AccountRow account, absl::Time as_of,
                 std::optional<book::ContactRow> only, BuyerJourney* out) {
  std::set<book::ContactRow> active;
  for (const book::EngagementEvent& event : view.engagements_of(account)) {
    if (event.time() > as_of) break;  // events come by rising time
    if (event.time() <= as_of - kActDuration || !IsBuyerTouch(event)) continue;
    if (only && event.contact != *only) continue;
    if (book::IsRow(event.contact) && view.is_live(event.contact)) active.insert(event.contact);
    if (event.type == Engagement::TYPE_INTERNAL_SHARE) out->internal_share_count += event.count;
  }
  out->person_count = only ? 1 : static_cast<int64_t>(view.contacts_of(account).size());
  out->active_person_count = std::min(static_cast<int64_t>(active.size()), out->person_count);
}

}  // namespace

JourneyStep StepOfTouch(uint8_t engagement_type) {
  switch (engagement_type) {
    case Engagement::TYPE_WEB_VISIT:
    case Engagement::TYPE_CONTENT_READ:
    case Engagement::TYPE_VIDEO_WATCH:
    case Engagement::TYPE_EVENT:
    case Engagement::TYPE_WEBINAR:
    case Engagement::TYPE_AD_CLICK:
    case Engagement::TYPE_FORM:
    case Engagement::TYPE_CHAT:
      return JourneyStep::kIdentifyProblem;
    case Engagement::TYPE_MEETING:
    case Engagement::TYPE_INTERNAL_SHARE:
    case Engagement::TYPE_PRODUCT_USE:
    case Engagement::TYPE_ENABLEMENT_TOOL:
      return JourneyStep::kExamine;
    case Engagement::TYPE_NEGOTIATION:
    case Engagement::TYPE_LEGAL_REVIEW:
    case Engagement::TYPE_SECURITY_REVIEW:
    case Engagement::TYPE_PROPOSAL_VIEW:
      return JourneyStep::kDecision;
    default:
      return JourneyStep::kUnknown;
  }
}

bool IsNotAFit(std::string_view loss_reason) {
  const std::string reason = absl::AsciiStrToLower({loss_reason.data(), loss_reason.size()});
  return reason == "not a fit" || reason == "no fit" || reason == "bad fit" || reason == "poor fit";
}

CallList CallsOf(const book::BookView& view, book::AccountRow account) {
  CallList out;
  const std::string_view id = view.account(account).id;
  for (const auto& call : view.call_summaries()) {
    if (call->account_id() == id) out.push_back(call.get());
  }
  return out;
}

std::vector<JourneyEvidence> EvidenceOf(const book::BookView& view, book::AccountRow account,
                                        const CallList& calls, absl::Time as_of,
                                        std::optional<book::ContactRow> only) {
  std::vector<JourneyEvidence> out;
  for (const book::EngagementEvent& event : view.engagements_of(account)) {
    if (event.time() > as_of) break;  // events come by rising time
    if (!IsBuyerTouch(event) || (only && event.contact != *only)) continue;
    const JourneyStep step = StepOfTouch(event.type);
    if (step == JourneyStep::kUnknown) continue;
    JourneyEvidence evidence;
    evidence.time = event.time();
    evidence.until = event.time() + kActDuration;
    evidence.step = step;
    evidence.engagement_type = event.type;
    evidence.contact = event.contact;
    out.push_back(evidence);
  }
  if (!only) {
    for (const book::OpportunityRow row : view.opportunities_of(account)) {
      AddStages(view.opportunity(row), as_of, &out);
    }
  }
  AddCalls(calls, view, as_of, only, &out);
  std::stable_sort(out.begin(), out.end(), [](const JourneyEvidence& a, const JourneyEvidence& b) {
    return a.time != b.time ? a.time < b.time : a.record_id < b.record_id;
  });
  return out;
}

JourneyPosition PositionAt(const std::vector<JourneyEvidence>& evidence, absl::Time time) {
  const auto end =
      std::upper_bound(evidence.begin(), evidence.end(), time,
                       [](absl::Time t, const JourneyEvidence& e) { return t < e.time; });
  auto begin = evidence.begin();
  JourneyPosition position;
  for (auto at = end; at != evidence.begin();) {
    --at;
    if (!at->statement) continue;
    position = {at->step, at->time};
    begin = at + 1;
    break;
  }
  for (auto at = begin; at != end; ++at) {
    if (time >= at->until) continue;
    const bool begins_anew = position.step == JourneyStep::kNotAFit;
    if (begins_anew || at->step > position.step) position = {at->step, at->time};
  }
  return position;
}

BuyerJourney ReadJourney(const book::BookView& view, book::AccountRow account, absl::Time as_of,
                         std::optional<book::ContactRow> only) {
  BuyerJourney out;
  const CallList all_calls = CallsOf(view, account);
  out.evidence = EvidenceOf(view, account, all_calls, as_of, only);
  out.position = PositionAt(out.evidence, as_of);
  out.bought = Bought(view, account, as_of);
  CallList calls;
  for (const CallSummary* call : all_calls) {
    if (TimeOf(call->occur_time()) > as_of) continue;
    if (only && call->contact_id() != view.contact(*only).id) continue;
    calls.push_back(call);
  }
  std::stable_sort(calls.begin(), calls.end(), [](const CallSummary* a, const CallSummary* b) {
    return TimeOf(a->occur_time()) < TimeOf(b->occur_time());
  });
  for (const CallSummary* call : calls) {
    out.newest_call = call;
    if (call->problem_class() != 0) out.problem_class = call->problem_class();
  }
  out.unanswered_fields = Unanswered(calls);
  CountPeople(view, account, as_of, only, &out);
  return out;
}

}  // namespace gtm::targeting::domain
