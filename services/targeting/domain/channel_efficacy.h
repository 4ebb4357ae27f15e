#pragma once
// How many target prospects each channel or program reached, and at what expense (TG-14,
// TG-23, TG-32). A touch of a target counts for every activity that made one: the numbers
// tell what each reached, and attribute no deal to any (TG-28).

#include <cstdint>
#include <optional>
#include <vector>

#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/stats/intervals.h"
#include "services/targeting/domain/activity.h"
#include "services/targeting/domain/audience.h"

namespace gtm::targeting::domain {

struct ChannelEfficacy {
  uint32_t activity = kNoActivity;  // kNoActivity: touches and money of no activity
  ByVerdict accounts;               // reached: touched in the window
  int64_t target_people = 0;        // known people of targets, each once
  int64_t touch_count = 0;
  // Targets whose very first act ever falls in the window and belongs to this activity.
  int64_t first_responses = 0;
  // Opportunities of targets that it touched in the window, which began in the window after
  // such a touch; and what they were worth at as_of.
  int64_t begun_count = 0;
  int64_t begun_micros = 0;
  // Opportunities in pipeline at as_of of the targets that it touched in the window.
  int64_t open_count = 0;
  int64_t open_micros = 0;
  // Absent where no spend is recorded on any day of the window: not known is not nothing.
  std::optional<int64_t> spend_micros;
  // Days of the window on which any spend is recorded: fewer than it has means that the cost
  // may not be complete.
  int64_t spend_day_count = 0;
};

// Cost of one target account reached; what each reached is taken as a Poisson count of what
// the same money brings (Garwood 1936): cost / high to cost / low. `high` is absent where
// nothing was reached, and then `value` is, too.
struct CostPerTarget {
  std::optional<int64_t> value_micros;
  int64_t low_micros = 0;
  std::optional<int64_t> high_micros;
};
// spend_micros >= 0, target_count >= 0.
CostPerTarget CostOf(int64_t spend_micros, int64_t target_count);

// One entry an activity that touched anybody or cost anything, most targets reached first,
// then by key; last what belongs to no activity, where there is any. Amounts in the reporting
// currency with the rate of the day of as_of. `days` and `window` are the same span.
// Errors: EXCHANGE_RATE_MISSING; those of `check_alive`.
Result<std::vector<ChannelEfficacy>> MeasureChannels(const Audience& audience,
                                                     const book::BookView& view,
                                                     Activities* activities, const DayRange& days,
                                                     const TimeSpan& window,
                                                     const CheckAlive& check_alive);

}  // namespace gtm::targeting::domain
