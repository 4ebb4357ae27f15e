#include "services/targeting/domain/stage_gate.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "gtm/crm/v1/account.pb.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/engagement.h"
#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {
namespace {

constexpr size_t kRecordIdsMax = 20;
constexpr int kConditionsMin = 3;

std::vector<std::string> FirstIds(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > kRecordIdsMax) ids.resize(kRecordIdsMax);
  return ids;
}

bool MayBuy(book::BuyingRole role) {
  return role == crm::v1::BUYING_ROLE_ECONOMIC_BUYER || role == crm::v1::BUYING_ROLE_DECISION_MAKER;
}

// Members of the buying group known by `as_of`.
std::vector<book::BuyingGroupMember> MembersAt(const book::OpportunityFacts& deal,
                                               absl::Time as_of) {
  std::vector<book::BuyingGroupMember> members;
  for (const book::BuyingGroupMember& member : deal.buying_group) {
    if (member.since <= as_of) members.push_back(member);
  }
  return members;
}

bool OnePersonBuys(const book::OpportunityFacts& deal, const GateQuestion& question) {
  if (question.one_person_buys) return *question.one_person_buys;
  const auto members = MembersAt(deal, question.as_of);
  return members.size() == 1 && MayBuy(members[0].role) && deal.has_authority.value_or(false);
}

// The signed questions that have no answer that is met.
std::vector<std::string> UnmetQuestions(const std::vector<std::string>& questions,
                                        const Handover& handover) {
  std::vector<std::string> unmet;
  for (const std::string& question : questions) {
    const bool met = std::any_of(
        handover.rubric_answers().begin(), handover.rubric_answers().end(),
        [&](const auto& a) { return a.met() && criteria::SameWord(a.question(), question); });
    if (!met) unmet.push_back(question);
  }
  return unmet;
}

// The hand-over that opened the deal, and its rubric (TG-16): the questions that the definition
// has signed, where it has any, and all that were judged.
Evidence Rubric(const Definition* definition, const book::BookView& view,
                const book::OpportunityFacts& deal, absl::Time as_of) {
  const std::string_view deal_id = deal.id;
  Evidence out{EvidenceKind::kRubric, false, false, "", "", {}};
  const Handover* latest = nullptr;
  for (const auto& handover : view.handovers()) {
    if (handover->opportunity_id() != deal_id || TimeOf(handover->handover_time()) > as_of)
      continue;
    if (latest == nullptr || TimeOf(latest->handover_time()) < TimeOf(handover->handover_time())) {
      latest = handover.get();
    }
  }
  if (latest == nullptr) {
    out.observed = "no hand-over of this opportunity is recorded";
    out.needed = "record the hand-over with the answers of the agreed rubric";
    return out;
  }
  int judged = 0;
  int met = 0;
  for (const Handover::RubricAnswer& answer : latest->rubric_answers()) {
    judged += answer.has_met();
    met += answer.met();
  }
  out.record_ids = {latest->id()};
  if (!latest->conversation_engagement_id().empty()) {
    out.record_ids.push_back(latest->conversation_engagement_id());
  }
  const std::vector<std::string> unmet =
      definition == nullptr ? std::vector<std::string>()
                            : UnmetQuestions(definition->spec().rubric_questions, *latest);
  out.met = judged > 0 && met == judged && unmet.empty();
  out.observed = fmt::format("{} of {} judged answers of the rubric are met; the hand-over is {}",
                             met, judged, StateText(StateAt(*latest, as_of)));
  if (latest->conversation_engagement_id().empty()) out.observed += "; it names no conversation";
  // The clock starts with the first stage (TG-18).
  const absl::Duration apart = TimeOf(latest->handover_time()) - deal.stage_changes.front().time;
  if (absl::AbsDuration(apart) > absl::Hours(24)) {
    out.observed +=
        fmt::format("; the clock started {} days {} it", absl::AbsDuration(apart) / absl::Hours(24),
                    apart > absl::ZeroDuration() ? "before" : "after");
  }
  if (!unmet.empty()) {
    out.needed = fmt::format("meet what is signed: \"{}\"", fmt::join(unmet, "\", \""));
  } else if (!out.met) {
    out.needed = judged == 0 ? "judge the answers of the rubric" : "meet the rest of the rubric";
  }
  return out;
}

// People who acted since shortly before the clock started: of the buying group where one is
// known, else of the account.
Evidence BuyingTeam(const book::BookView& view, const book::OpportunityFacts& deal,
                    const GateQuestion& question, bool one_person) {
  Evidence out{EvidenceKind::kBuyingTeam, true, false, "", "", {}};
  const auto members = MembersAt(deal, question.as_of);
  const auto belongs = [&](book::ContactRow contact) {
    return members.empty() || std::any_of(members.begin(), members.end(), [&](const auto& member) {
             return member.contact == contact;
           });
  };
  if (book::IsRow(deal.account)) {
    const int64_t begin_s = BeginOf(deal) - int64_t{kTeamDaysBefore} * 86'400;
    const TimeSpan span{begin_s, absl::ToUnixSeconds(question.as_of) + 1};
    for (const auto& event : TouchesIn(view.engagements_of(deal.account), span)) {
      if (!IsBuyerTouch(event) || !book::IsRow(event.contact) || !view.is_live(event.contact)) {
        continue;
      }
      const std::string id(view.contact(event.contact).id);
      const bool is_new =
          std::find(out.record_ids.begin(), out.record_ids.end(), id) == out.record_ids.end();
      if (is_new && belongs(event.contact)) out.record_ids.push_back(id);
    }
  }
  const auto engaged = static_cast<int>(out.record_ids.size());
  const int wanted = one_person ? 1 : question.team_min;
  out.met = engaged >= wanted;
  out.observed =
      members.empty()
          ? fmt::format("{} people of the account acted; no buying group is recorded", engaged)
          : fmt::format("{} of {} people of the buying group acted", engaged, members.size());
  if (one_person) out.observed += "; one person can buy";
  if (!out.met) {
    out.needed = fmt::format("engage {} more {}{}", wanted - engaged,
                             wanted - engaged == 1 ? "person" : "people",
                             one_person ? "" : " of the buying team, or show that one can buy");
  }
  out.record_ids = FirstIds(std::move(out.record_ids));
  return out;
}

int ConditionsAsked(const book::OpportunityFacts& deal) {
  return deal.has_budget.has_value() + deal.has_authority.has_value() +
         deal.has_confidence.has_value() + deal.has_consensus.has_value() +
         deal.has_urgent_need.has_value();
}

// A call of this deal whose summary says what the problem is, or at least three of the five
// conditions to buy that were asked.
Evidence Discovery(const book::BookView& view, const book::OpportunityFacts& deal,
                   absl::Time as_of) {
  Evidence out{EvidenceKind::kDiscovery, true, false, "", "", {}};
  const absl::Time begin = deal.stage_changes.front().time;
  int calls = 0;
  for (const auto& call : view.call_summaries()) {
    const absl::Time time = TimeOf(call->occur_time());
    const bool of_deal = call->opportunity_id() == deal.id ||
                         (call->opportunity_id().empty() && !deal.account_id.empty() &&
                          call->account_id() == deal.account_id && time >= begin);
    if (!of_deal || time > as_of) continue;
    ++calls;
    if (!call->why_problem().empty()) out.record_ids.push_back(call->id());
  }
  const int asked = ConditionsAsked(deal);
  out.met = !out.record_ids.empty() || asked >= kConditionsMin;
  out.observed = fmt::format(
      "{} call summaries, of which {} say what the problem is; {} of 5 conditions to buy asked",
      calls, out.record_ids.size(), asked);
  if (!out.met) {
    out.needed = fmt::format(
        "record a call summary with the problem, or ask {} more of the conditions to buy",
        kConditionsMin - asked);
  }
  out.record_ids = FirstIds(std::move(out.record_ids));
  return out;
}

Evidence MeasuredInterest(const Definition* definition, const book::BookView& view,
                          const book::OpportunityFacts& deal, absl::Time as_of) {
  Evidence out{EvidenceKind::kMeasuredInterest, true, false, "", "", {}};
  if (definition == nullptr || definition->engagement() == nullptr) {
    out.observed = "no definition in force measures engagement";
    out.needed = "bring a target definition with engagement criteria into force";
    return out;
  }
  if (!book::IsRow(deal.account) || !view.is_live(deal.account)) {
    out.observed = "the account is not recorded";
    out.needed = "record the account of the opportunity";
    return out;
  }
  const AccountScore score =
      AccountScorer(*definition, view, as_of, deal.account).Score(deal.account);
  const int64_t engagement = score.engagement ? score.engagement->micropoints : 0;
  const int64_t wanted = definition->prospect_min_micropoints();
  const auto points = [](int64_t micropoints) {
    return static_cast<double>(micropoints) / static_cast<double>(criteria::kMicropointsPerPoint);
  };
  out.met = engagement > 0 && engagement >= wanted;
  out.record_ids = {std::string(deal.account_id)};
  out.observed = fmt::format("engagement is {:.1f} points", points(engagement));
  if (!out.met) {
    out.needed = wanted > 0 ? fmt::format("engagement of {:.1f} points", points(wanted))
                            : "any engagement of the buyer";
  }
  return out;
}

}  // namespace

Result<StageGate> CheckStageGate(const Definition* definition, const book::BookView& view,
                                 book::OpportunityRow row, const GateQuestion& question) {
  const book::OpportunityFacts deal = view.opportunity(row);
  const book::StageChange* stage = book::StageAt(deal, question.as_of);
  if (stage == nullptr) {
    return Error(Reason::RECORD_NOT_FOUND,
                 fmt::format("opportunity {}: had not begun by then; ask as of a later time",
                             deal.id))
        .With("kind", "opportunity")
        .With("id", std::string(deal.id));
  }
  StageGate gate;
  gate.stage_id = std::string(stage->stage_id);
  gate.clock_start = deal.stage_changes.front().time;
  gate.qualified_time = book::QualifiedTime(deal, question.as_of);
  gate.one_person_buys = OnePersonBuys(deal, question);
  gate.evidence.push_back(Rubric(definition, view, deal, question.as_of));
  gate.evidence.push_back(BuyingTeam(view, deal, question, gate.one_person_buys));
  gate.evidence.push_back(Discovery(view, deal, question.as_of));
  gate.evidence.push_back(MeasuredInterest(definition, view, deal, question.as_of));
  const bool complete =
      std::all_of(gate.evidence.begin(), gate.evidence.end(),
                  [](const Evidence& evidence) { return evidence.met || !evidence.required; });
  switch (stage->role) {
    case book::StageRole::kStageZero:
      gate.status = complete ? GateStatus::kReady : GateStatus::kMissing;
      break;
    case book::StageRole::kWon:
    case book::StageRole::kLost:
      gate.status = GateStatus::kClosed;
      break;
    default:
      gate.status = complete ? GateStatus::kPassed : GateStatus::kPassedWithout;
  }
  return gate;
}

}  // namespace gtm::targeting::domain
