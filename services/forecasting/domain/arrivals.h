#pragma once
// How many deals enter the pipeline: a level that moves, times the position in the
// fiscal quarter.

#include <array>

#include "common/stats/level.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

struct Arrivals {
  // Deals a day at an average position, now, and where that is going. Its steps are weeks.
  stats::Level level;
  std::array<double, kPositionCount> factor{};  // by position; 1 is average
  int64_t count = 0;                            // arrivals that it rests on

  // Expected arrivals on a day at a position, so many days from now.
  double RateOn(int position, double days_ahead) const;
  // Standard deviation of the logarithm of the mean rate over the next days.
  double SpreadOver(double days) const;
};

// Learns from the days of pipeline entry in the history; from `complete_from` on, where
// deals that entered earlier are missing (CloseRates::truncated_before).
Arrivals LearnArrivals(const History& history, DayNumber complete_from);
Arrivals LearnArrivals(const DealTable& table, DayNumber complete_from);

}  // namespace gtm::forecasting::domain
