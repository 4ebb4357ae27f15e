#include "services/targeting/domain/triggers.h"

#include <algorithm>
#include <cmath>

#include "common/criteria/criteria.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::TriggerEvent;

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

// Judges the triggers of one account.
class Judge {
 public:
  Judge(const UrgencyRules& rules, const FiscalCalendar& calendar, absl::Time as_of)
      : rules_(rules), calendar_(calendar), as_of_(as_of), today_(calendar.DayOf(as_of)) {}

  std::optional<TriggerAssessment> Start(const TriggerEvent& event) const {
    if (TimeOf(event.occur_time()) > as_of_) return std::nullopt;
    TriggerAssessment out;
    out.event_id = event.id();
    out.type = static_cast<TriggerType>(event.type());
    out.subtype = event.subtype();
    out.contact_id = event.contact_id();
    out.start_time = TimeOf(event.occur_time());
    if (event.has_deadline_date()) out.deadline = DayOf(event.deadline_date());
    SetPhase(event, &out);
    return out;
  }

  // Of the account record: nobody has asked about it.
  std::optional<TriggerAssessment> Start(absl::CivilDay leadership_change) const {
    if (leadership_change > today_) return std::nullopt;
    TriggerAssessment out;
    out.type = TriggerType::kAuthorityShift;
    out.start_time = calendar_.StartOf(leadership_change);
    return out;
  }

  static bool IsOpenMerger(const TriggerAssessment& trigger) {
    return trigger.phase == TriggerEvent::PHASE_ANNOUNCED ||
           trigger.phase == TriggerEvent::PHASE_CLOSED;
  }

  void Weigh(TriggerAssessment* out) const {
    int32_t points = 0;
    double halvings = 0;
    switch (out->type) {
      case TriggerType::kMandate:
        points = rules_.mandate_points;
        if (out->deadline) {
          halvings = static_cast<double>(*out->deadline - today_) / rules_.mandate_half_life_days;
          if (halvings < 0) out->reason = TriggerReason::kDeadlineOver;
        }
        break;
      case TriggerType::kPersonalDrive:
        points = rules_.personal_drive_points;
        halvings = Age(*out, rules_.personal_drive_half_life_days);
        break;
      default:
        points = rules_.authority_shift_points;
        halvings = Age(*out, rules_.authority_shift_half_life_days);
    }
    out->base_micropoints = points * criteria::kMicropointsPerPoint;
    if (out->type != TriggerType::kMandate && halvings > kHalfLivesMax) {
      out->reason = TriggerReason::kFaded;
    }
    if (out->reason != TriggerReason::kNone) return;
    out->strength_micropoints =
        std::llround(static_cast<double>(out->base_micropoints) * std::exp2(-halvings));
  }

  // The test of UR-07 and what is in its way. `event` is null for a leadership change.
  static void Test(const TriggerEvent* event, bool merger_open, TriggerAssessment* out) {
    const bool over =
        out->reason == TriggerReason::kDeadlineOver || out->reason == TriggerReason::kFaded;
    if (IsOpenMerger(*out)) {
      Set(TriggerVerdict::kFalse, TriggerReason::kMergerOpen, out);
      out->questions.push_back(UrgencyQuestion::kMergerSettled);
    } else if (over) {
      out->verdict = TriggerVerdict::kExpired;
    } else if (event != nullptr && event->has_has_authority() && !event->has_authority()) {
      Set(TriggerVerdict::kFalse, TriggerReason::kNoAuthority, out);
    } else if (event != nullptr && event->has_solves_problem() && !event->solves_problem()) {
      Set(TriggerVerdict::kFalse, TriggerReason::kProblemNotSolved, out);
    } else if (merger_open) {
      Set(TriggerVerdict::kFalse, TriggerReason::kMergerOpen, out);
    } else {
      AskWhatIsMissing(event, out);
    }
  }

 private:
  static void Set(TriggerVerdict verdict, TriggerReason reason, TriggerAssessment* out) {
    out->verdict = verdict;
    out->reason = reason;
  }

  double Age(const TriggerAssessment& trigger, int32_t half_life_days) const {
    const absl::CivilDay since = calendar_.DayOf(trigger.start_time);
    return std::max(0.0, static_cast<double>(today_ - since) / half_life_days);
  }

  // The phase at as_of: before phase_time, a merger that is recorded further was announced
  // only; a closed one settles by itself.
  void SetPhase(const TriggerEvent& event, TriggerAssessment* out) const {
    if (event.phase() == TriggerEvent::PHASE_UNSPECIFIED) return;
    out->type = TriggerType::kAuthorityShift;
    absl::Time since =
        event.has_phase_time() ? TimeOf(event.phase_time()) : TimeOf(event.occur_time());
    out->phase = event.phase();
    if (since > as_of_) {
      out->phase = TriggerEvent::PHASE_ANNOUNCED;
      since = TimeOf(event.occur_time());
    }
    const absl::CivilDay since_day = calendar_.DayOf(since);
    if (out->phase == TriggerEvent::PHASE_CLOSED) {
      const absl::CivilDay settled = since_day + rules_.merger_settle_days;
      if (settled <= today_) {
        out->phase = TriggerEvent::PHASE_SETTLED;
        since = calendar_.StartOf(settled);
      } else {
        out->wake_day = settled;
      }
    } else if (out->phase == TriggerEvent::PHASE_ANNOUNCED) {
      out->wake_day = since_day + kMergerReviewDays;
    }
    out->start_time = since;
  }

  static void AskWhatIsMissing(const TriggerEvent* event, TriggerAssessment* out) {
    if (event == nullptr || !event->has_has_authority()) {
      out->questions.push_back(UrgencyQuestion::kAuthority);
    }
    if (event == nullptr || !event->has_solves_problem()) {
      out->questions.push_back(UrgencyQuestion::kSolvesProblem);
    }
    if (out->type == TriggerType::kMandate && !out->deadline) {
      out->questions.push_back(UrgencyQuestion::kDeadline);
    }
    if (out->questions.empty()) {
      Set(TriggerVerdict::kActive, TriggerReason::kTestPassed, out);
    } else {
      Set(TriggerVerdict::kUndecided, TriggerReason::kNotAsked, out);
    }
  }

  const UrgencyRules& rules_;
  const FiscalCalendar& calendar_;
  const absl::Time as_of_;
  const absl::CivilDay today_;
};

bool IsSameShift(const TriggerAssessment& shift, absl::CivilDay day,
                 const FiscalCalendar& calendar) {
  return shift.type == TriggerType::kAuthorityShift && shift.phase == 0 &&
         std::abs(calendar.DayOf(shift.start_time) - day) <= kSameShiftDays;
}

}  // namespace

std::vector<TriggerAssessment> JudgeTriggers(const TriggerList& events,
                                             std::optional<absl::CivilDay> leadership_change,
                                             const UrgencyRules& rules,
                                             const FiscalCalendar& calendar, absl::Time as_of) {
  const Judge judge(rules, calendar, as_of);
  std::vector<std::pair<TriggerAssessment, const TriggerEvent*>> found;
  for (const TriggerEvent* event : events) {
    if (auto trigger = judge.Start(*event)) found.emplace_back(*std::move(trigger), event);
  }
  if (leadership_change) {
    const bool recorded = std::any_of(found.begin(), found.end(), [&](const auto& entry) {
      return IsSameShift(entry.first, *leadership_change, calendar);
    });
    auto trigger = judge.Start(*leadership_change);
    if (!recorded && trigger) found.emplace_back(*std::move(trigger), nullptr);
  }
  // An open merger is over where a later event says that one settled.
  absl::Time settled = absl::InfinitePast();
  absl::Time open = absl::InfinitePast();
  for (const auto& [trigger, event] : found) {
    if (trigger.phase == TriggerEvent::PHASE_SETTLED) {
      settled = std::max(settled, trigger.start_time);
    } else if (Judge::IsOpenMerger(trigger)) {
      open = std::max(open, trigger.start_time);
    }
  }
  std::vector<TriggerAssessment> out;
  for (auto& [trigger, event] : found) {
    if (Judge::IsOpenMerger(trigger) && trigger.start_time < settled) continue;
    judge.Weigh(&trigger);
    Judge::Test(event, open > settled, &trigger);
    out.push_back(std::move(trigger));
  }
  std::sort(out.begin(), out.end(), [](const TriggerAssessment& a, const TriggerAssessment& b) {
    if (a.strength_micropoints != b.strength_micropoints) {
      return a.strength_micropoints > b.strength_micropoints;
    }
    return a.event_id < b.event_id;
  });
  return out;
}

}  // namespace gtm::targeting::domain
