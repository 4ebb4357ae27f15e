#pragma once
// A baseline for companies with a season: the same quarter of last year, times growth.

#include <cstdint>
#include <optional>

#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// Won so far plus what the same days of the same quarter a year before brought after as many
// known days, times the growth of the last 91 days over the same days a year before (0.25 to
// 4). Absent where closes began later than those days, or where they brought nothing.
std::optional<int64_t> LastYearTimesGrowth(const DealTable& table, const DayRange& days);

}  // namespace gtm::forecasting::domain
