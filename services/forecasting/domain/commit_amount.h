#pragma once
// The number to commit to where over- and under-forecast cost differently (FC-08, C15).

#include <cstdint>

#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// What a unit of error costs, above 0: of bookings committed to that do not come, and of
// bookings that come uncommitted.
struct ErrorCosts {
  double over = 1;
  double under = 1;
};

// The level whose quantile has the least expected cost, under / (under + over): there, the
// chance that one more unit is over, times its cost, equals the chance that it is under, times
// its (the newsvendor's critical ratio). 0 to 1.
double CommitLevel(const ErrorCosts& costs);

// The quantile of the period's bookings, in micros. 0 <= level <= 1.
int64_t QuantileAt(const PeriodForecast& forecast, double level);

}  // namespace gtm::forecasting::domain
