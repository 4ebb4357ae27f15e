#pragma once
// The quarterly rhythm of a definition (TG-03): revisit it every quarter, not weekly, not
// fortnightly, not monthly; what changes more often was never agreed.

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"

namespace gtm::targeting::domain {

// A definition replaced within so many days was not revisited quarterly.
inline constexpr int kEarlyChangeDays = 61;

// Three civil months after it came into force, in the tenant's time zone; the last day of
// the month where the month is shorter. Example: 30 November -> 28 February.
absl::Time ReviewDueTime(const FiscalCalendar& calendar, absl::Time activate_time);

// A change at `now` of what came into force at `activate_time` is early: it happens in
// the same fiscal quarter, or within two months (61 days). A quarterly review in the last
// month before it is due, or later, is not early where the fiscal quarter is another.
bool IsEarlyChange(const FiscalCalendar& calendar, absl::Time activate_time, absl::Time now);

struct ReviewState {
  absl::Time due_time;
  bool overdue = false;  // as_of is at or after due_time
  int age_days = 0;
  std::vector<std::string> warnings;  // sentences that say what to do
};
ReviewState ReviewOf(const FiscalCalendar& calendar, absl::Time activate_time, bool early_change,
                     absl::Time as_of);

}  // namespace gtm::targeting::domain
