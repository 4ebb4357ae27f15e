#pragma once
// Several ways to forecast what is left of a period, weighed by how they did on the
// tenant's own past.

#include <array>
#include <cstdint>

#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// The table as it stood at the end of an earlier day, from what the table still knows:
// won deals get back the amount that was expected of them.
DealTable TableAtEndOf(const DealTable& table, DayNumber day);

// What is left to happen in `days`, by three methods, in micros: the model, the daily
// bookings of the last 91 days, and the same days of the previous quarter.
struct Remainders {
  static constexpr int kMethodCount = 3;
  std::array<double, kMethodCount> told{};
};
Remainders ForecastRemainders(const DealTable& table, const Model& model, const DayRange& days);

// The weights that each method has earned at the same point of the (up to five) periods
// before, by the inverse of its mean squared error, which begins at a prior worth two
// periods and favors the model.
std::array<double, Remainders::kMethodCount> LearnWeights(const DealTable& table,
                                                          const FiscalPeriod& period);

// The model, its close rates scaled so that it expects what the weighted methods expect;
// where the methods disagree, the common shock grows. Unchanged for periods that are not
// running, and for years.
Model Blend(const DealTable& table, const Model& model, const FiscalPeriod& period);

}  // namespace gtm::forecasting::domain
