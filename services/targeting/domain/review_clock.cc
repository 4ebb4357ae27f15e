#include "services/targeting/domain/review_clock.h"

#include <algorithm>

#include "fmt/format.h"

namespace gtm::targeting::domain {

absl::Time ReviewDueTime(const FiscalCalendar& calendar, absl::Time activate_time) {
  constexpr int kQuarterMonths = 3;
  const absl::CivilDay day = calendar.DayOf(activate_time);
  const absl::CivilMonth month = absl::CivilMonth(day) + kQuarterMonths;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  const absl::CivilDay due = absl::CivilDay(month) + (day.day() - 1);
  return calendar.StartOf(std::min(due, last));
}

bool IsEarlyChange(const FiscalCalendar& calendar, absl::Time activate_time, absl::Time now) {
  const absl::CivilDay from = calendar.DayOf(activate_time);
  const absl::CivilDay to = calendar.DayOf(now);
  if (to - from <= kEarlyChangeDays) return true;
  return calendar.PeriodOf(from, PeriodUnit::kQuarter) ==
         calendar.PeriodOf(to, PeriodUnit::kQuarter);
}

ReviewState ReviewOf(const FiscalCalendar& calendar, absl::Time activate_time, bool early_change,
                     absl::Time as_of) {
  ReviewState state;
  state.due_time = ReviewDueTime(calendar, activate_time);
  state.overdue = as_of >= state.due_time;
  state.age_days = static_cast<int>(calendar.DayOf(as_of) - calendar.DayOf(activate_time));
  if (state.overdue) {
    state.warnings.push_back(
        fmt::format("The definition is {} days old, more than a quarter. Sales, marketing and "
                    "customer success should revisit it: put it to them again as a new version, "
                    "changed or not.",
                    state.age_days));
  }
  if (early_change) {
    state.warnings.push_back(
        "The definition replaced one that had been in force for less than a quarter. What "
        "changes that often was never agreed: find out which function did not agree.");
  }
  return state;
}

}  // namespace gtm::targeting::domain
