#include "services/targeting/domain/urgency.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

using criteria::kFullScoreMicropoints;

// Points by taking each strength's share of what is left.
class Stack {
 public:
  int64_t Add(int64_t strength) {
    const int64_t part = (kFullScoreMicropoints - sum_) * strength / kFullScoreMicropoints;
    sum_ += part;
    return part;
  }
  int64_t sum() const { return sum_; }

 private:
  int64_t sum_ = 0;
};

const char* TypeText(TriggerType type) {
  switch (type) {
    case TriggerType::kAuthorityShift:
      return "authority shift";
    case TriggerType::kMandate:
      return "mandate";
    case TriggerType::kPersonalDrive:
      return "personal drive";
    default:
      return "unknown";
  }
}

const char* ReasonText(TriggerReason reason) {
  switch (reason) {
    case TriggerReason::kTestPassed:
      return "counts";
    case TriggerReason::kMergerOpen:
      return "merger not settled";
    case TriggerReason::kNoAuthority:
      return "no authority";
    case TriggerReason::kProblemNotSolved:
      return "problem not solved";
    case TriggerReason::kNotAsked:
      return "not asked";
    case TriggerReason::kDeadlineOver:
      return "deadline over";
    case TriggerReason::kFaded:
      return "too long ago";
    default:
      return "";
  }
}

void AddQuestions(const std::vector<UrgencyQuestion>& more, std::vector<UrgencyQuestion>* all) {
  for (const UrgencyQuestion question : more) {
    if (std::find(all->begin(), all->end(), question) == all->end()) all->push_back(question);
  }
}

bool HasOpenQuestion(const AccountUrgency& urgency) {
  return std::any_of(
      urgency.triggers.begin(), urgency.triggers.end(),
      [](const TriggerAssessment& t) { return t.verdict == TriggerVerdict::kUndecided; });
}

// The last of the calls until `as_of` that said "not now", or when to ask again; null where
// none did.
const crm::v1::CallSummary* LastNotNow(const TriggerIndex::Known* known, absl::Time as_of) {
  const crm::v1::CallSummary* last = nullptr;
  if (known == nullptr) return last;
  for (const auto* call : known->calls) {
    const bool says = call->has_recheck_date() || !call->not_now_reason().empty();
    if (!says || TimeOf(call->occur_time()) > as_of) continue;
    if (last == nullptr || TimeOf(last->occur_time()) <= TimeOf(call->occur_time())) last = call;
  }
  return last;
}

// Every simmering account gets at least one rule (C06). `recheck`: when the buyer said to ask
// again.
std::vector<WakeUpRule> WakeUpRules(const AccountUrgency& urgency, const UrgencyRules& rules,
                                    std::optional<absl::Time> last_look,
                                    const std::optional<absl::CivilDay>& recheck,
                                    const FiscalCalendar& calendar, absl::Time as_of) {
  std::vector<WakeUpRule> out;
  for (const TriggerAssessment& trigger : urgency.triggers) {
    if (trigger.verdict == TriggerVerdict::kUndecided) {
      out.push_back(
          {WakeUpKind::kAnswerQuestions, calendar.DayOf(trigger.start_time), trigger.event_id});
    } else if (trigger.wake_day) {
      const bool announced = trigger.phase == crm::v1::TriggerEvent::PHASE_ANNOUNCED;
      out.push_back({announced ? WakeUpKind::kMergerSettles : WakeUpKind::kSettleDate,
                     *trigger.wake_day, trigger.event_id});
    }
  }
  if (recheck) {
    out.push_back({WakeUpKind::kReview, *recheck, ""});
  } else if (!urgency.why_now_asked && urgency.triggers.empty()) {
    out.push_back({WakeUpKind::kAskWhyNow, calendar.DayOf(as_of), ""});
  } else if (out.empty()) {
    const absl::CivilDay day = calendar.DayOf(last_look.value_or(as_of));
    out.push_back({WakeUpKind::kReview, day + rules.review_days, ""});
  }
  std::sort(out.begin(), out.end(), [](const WakeUpRule& a, const WakeUpRule& b) {
    return std::tie(a.due_day, a.kind, a.event_id) < std::tie(b.due_day, b.kind, b.event_id);
  });
  return out;
}

}  // namespace

criteria::ScoreRange ScoreTriggers(std::span<const TriggerAssessment> triggers, bool why_now_asked,
                                   const UrgencyRules& rules) {
  Stack counted;
  Stack possible;
  int64_t known = 0;
  int64_t live = 0;
  for (const TriggerAssessment& trigger : triggers) {
    const bool counts = trigger.verdict == TriggerVerdict::kActive;
    const bool open = trigger.verdict == TriggerVerdict::kUndecided;
    if (counts) counted.Add(trigger.strength_micropoints);
    if (counts || open) possible.Add(trigger.strength_micropoints);
    if (trigger.verdict == TriggerVerdict::kExpired) continue;
    live += trigger.strength_micropoints;
    if (!open) known += trigger.strength_micropoints;
  }
  criteria::ScoreRange range;
  range.micropoints = counted.sum();
  range.low_micropoints = counted.sum();
  // Shares are rounded down one by one, so the sums may differ by a millionth.
  range.high_micropoints = std::max(counted.sum(), possible.sum());
  range.known_weight_bps = live == 0 ? 10'000 : static_cast<int32_t>(known * 10'000 / live);
  if (triggers.empty() && !why_now_asked) {
    // Nobody has asked: there may be any number of triggers.
    range.high_micropoints = kFullScoreMicropoints;
    range.known_weight_bps = 0;
  }
  return range;
}

std::vector<criteria::Part> TriggerParts(std::span<const TriggerAssessment> triggers) {
  std::vector<criteria::Part> parts;
  parts.reserve(triggers.size());
  Stack counted;
  for (const TriggerAssessment& trigger : triggers) {
    criteria::Part& part = parts.emplace_back();
    part.criterion_id = trigger.event_id.empty() ? "leadership_change" : trigger.event_id;
    part.max_micropoints = trigger.base_micropoints;
    part.known = trigger.verdict != TriggerVerdict::kUndecided;
    part.observed = TypeText(trigger.type);
    part.matched = ReasonText(trigger.reason);
    if (trigger.verdict == TriggerVerdict::kActive) {
      part.micropoints = counted.Add(trigger.strength_micropoints);
    }
  }
  return parts;
}

TriggerIndex::TriggerIndex(const book::BookView& view, std::optional<book::AccountRow> only) {
  const std::string_view only_id = only ? view.account(*only).id : std::string_view();
  const auto keep = [&](const auto& all, auto* kept) {
    if (!only) {
      *kept = all;
      return;
    }
    std::copy_if(all.begin(), all.end(), std::back_inserter(*kept),
                 [&](const auto& message) { return message->account_id() == only_id; });
  };
  keep(view.trigger_events(), &events_);
  keep(view.call_summaries(), &calls_);
  const auto known_of = [&](const std::string& account_id) -> Known* {
    const auto row = only ? only : view.FindAccount(account_id);
    return row ? &known_[static_cast<uint32_t>(*row)] : nullptr;
  };
  for (const auto& event : events_) {
    if (Known* known = known_of(event->account_id())) known->triggers.push_back(event.get());
  }
  for (const auto& call : calls_) {
    if (Known* known = known_of(call->account_id())) known->calls.push_back(call.get());
  }
}

bool TriggerIndex::Holds(const book::BookView& view) const {
  return events_ == view.trigger_events() && calls_ == view.call_summaries();
}

const TriggerIndex::Known* TriggerIndex::Find(book::AccountRow account) const {
  const auto found = known_.find(static_cast<uint32_t>(account));
  return found == known_.end() ? nullptr : &found->second;
}

UrgencyReader::UrgencyReader(const book::BookView& view, const UrgencyRules& rules,
                             std::optional<book::AccountRow> only)
    : UrgencyReader(view, rules, std::make_shared<const TriggerIndex>(view, only)) {}

UrgencyReader::UrgencyReader(const book::BookView& view, const UrgencyRules& rules,
                             std::shared_ptr<const TriggerIndex> index)
    : view_(view), rules_(rules), index_(std::move(index)) {}

bool UrgencyReader::IsOpen(const book::OpportunityFacts& opportunity, absl::Time as_of) {
  const book::StageChange* stage = book::StageAt(opportunity, as_of);
  return stage != nullptr && stage->role != book::StageRole::kWon &&
         stage->role != book::StageRole::kLost;
}

std::optional<absl::Time> UrgencyReader::LastLook(book::AccountRow account, const Known* known,
                                                  absl::Time as_of) const {
  std::optional<absl::Time> last;
  const auto see = [&](absl::Time time) {
    if (time <= as_of && (!last || time > *last)) last = time;
  };
  for (const book::OpportunityRow row : view_.opportunities_of(account)) {
    const book::OpportunityFacts facts = view_.opportunity(row);
    const book::StageChange* stage = book::StageAt(facts, as_of);
    if (facts.urgency_answered && stage != nullptr) see(stage->time);
  }
  if (known == nullptr) return last;
  for (const auto* event : known->triggers) see(TimeOf(event->occur_time()));
  for (const auto* call : known->calls) see(TimeOf(call->occur_time()));
  return last;
}

bool UrgencyReader::WhyNowAsked(book::AccountRow account, const Known* known,
                                absl::Time as_of) const {
  if (known != nullptr) {
    for (const auto* event : known->triggers) {
      if (TimeOf(event->occur_time()) <= as_of) return true;
    }
    for (const auto* call : known->calls) {
      const bool answers = !call->urgency().empty() || !call->not_now_reason().empty();
      if (answers && TimeOf(call->occur_time()) <= as_of) return true;
    }
  }
  return view_.WhyNowAnswered(account, as_of);
}

std::vector<TriggerAssessment> UrgencyReader::Triggers(book::AccountRow account,
                                                       absl::Time as_of) const {
  static const TriggerList kNone;
  const Known* known = index_->Find(account);
  return JudgeTriggers(known == nullptr ? kNone : known->triggers,
                       view_.account(account).leadership_change_day, rules_,
                       view_.settings().calendar, as_of);
}

AccountUrgency UrgencyReader::Read(book::AccountRow account, absl::Time as_of) const {
  AccountUrgency out;
  const Known* known = index_->Find(account);
  out.triggers = Triggers(account, as_of);
  out.why_now_asked = WhyNowAsked(account, known, as_of);
  const crm::v1::CallSummary* const not_now = LastNotNow(known, as_of);
  std::optional<absl::CivilDay> recheck;
  if (not_now != nullptr) {
    out.not_now_reason = not_now->not_now_reason();
    const type::v1::Date& date = not_now->recheck_date();
    if (not_now->has_recheck_date()) recheck.emplace(date.year(), date.month(), date.day());
  }
  out.range = ScoreTriggers(out.triggers, out.why_now_asked, rules_);
  out.parts = TriggerParts(out.triggers);
  if (!out.why_now_asked && out.triggers.empty()) {
    out.questions.push_back(UrgencyQuestion::kWhyNow);
  }
  for (const TriggerAssessment& trigger : out.triggers) {
    AddQuestions(trigger.questions, &out.questions);
  }
  const bool active =
      std::any_of(out.triggers.begin(), out.triggers.end(),
                  [](const TriggerAssessment& t) { return t.verdict == TriggerVerdict::kActive; });
  if (active) {
    out.state = UrgencyState::kActive;
    return out;
  }
  const bool never_asked = !out.why_now_asked && out.triggers.empty();
  out.state = never_asked || HasOpenQuestion(out) ? UrgencyState::kAsk : UrgencyState::kSimmer;
  std::optional<absl::Time> last_look = LastLook(account, known, as_of);
  if (!last_look && !out.triggers.empty()) last_look = out.triggers.front().start_time;
  out.wake_up_rules =
      WakeUpRules(out, rules_, last_look, recheck, view_.settings().calendar, as_of);
  return out;
}

UrgencyScore UrgencyReader::Score(book::AccountRow account, absl::Time as_of) const {
  UrgencyScore out;
  out.triggers = Triggers(account, as_of);
  if (out.triggers.empty()) {
    out.why_now_asked = WhyNowAsked(account, index_->Find(account), as_of);
  }
  out.range = ScoreTriggers(out.triggers, out.why_now_asked, rules_);
  return out;
}

std::vector<BuyingConditions> UrgencyReader::Conditions(book::AccountRow account,
                                                        const AccountUrgency& urgency,
                                                        absl::Time as_of) const {
  static constexpr std::array<UrgencyQuestion, 5> kQuestions = {
      UrgencyQuestion::kBudget, UrgencyQuestion::kAuthority, UrgencyQuestion::kConfidence,
      UrgencyQuestion::kConsensus, UrgencyQuestion::kUrgentNeed};
  constexpr size_t kAuthority = 1;
  constexpr size_t kNeed = 4;
  std::vector<BuyingConditions> out;
  for (const book::OpportunityRow row : view_.opportunities_of(account)) {
    const book::OpportunityFacts facts = view_.opportunity(row);
    if (!IsOpen(facts, as_of)) continue;
    BuyingConditions entry;
    entry.row = row;
    entry.met = {facts.has_budget, facts.has_authority, facts.has_confidence, facts.has_consensus,
                 facts.has_urgent_need};
    const bool active = urgency.state == UrgencyState::kActive;
    entry.need_without_trigger = facts.has_urgent_need.value_or(false) && !active;
    for (size_t i = 0; i < entry.met.size(); ++i) {
      // A trigger that counts has passed the test of authority and urgency (UR-07).
      if (!entry.met[i] && active && (i == kAuthority || i == kNeed)) {
        entry.met[i] = true;
        entry.from_trigger[i] = true;
      }
      if (!entry.met[i]) entry.questions.push_back(kQuestions[i]);
      entry.met_count += entry.met[i].value_or(false) ? 1 : 0;
    }
    out.push_back(std::move(entry));
  }
  std::sort(out.begin(), out.end(), [this](const BuyingConditions& a, const BuyingConditions& b) {
    return view_.opportunity(a.row).id < view_.opportunity(b.row).id;
  });
  return out;
}

}  // namespace gtm::targeting::domain
