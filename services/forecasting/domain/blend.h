#pragma once
// Several ways to forecast what is left of a period, weighed by how they did on the
// tenant's own past; and how wide the distribution must be for what came to have been in it.

#include <array>
#include <cstdint>
#include <vector>

#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// What is left to happen in the days of a period, told in several ways, in micros. The
// simple ones are carried forward by the trend of arrivals, as far as there is one.
struct Remainders {
  enum Method {
    kModel,
    kRunRate,          // daily bookings of the last 91 days
    kPreviousQuarter,  // the same days of the quarter before
  };
  static constexpr int kMethodCount = 3;
  std::array<double, kMethodCount> told{};
  // Whether there is history enough for the method.
  std::array<bool, kMethodCount> can{};
  double model_variance = 0;
};
Remainders ForecastRemainders(const History& history, const Model& model, const DayRange& days);

// The same point of an earlier period: what the methods told, and what came.
struct PastCut {
  Remainders told;
  double came = 0;
};
// The latest first; only cuts with enough history.
std::vector<PastCut> LookBack(const History& history, const FiscalPeriod& period,
                              const KnownGaps& gaps);

// The weights that each method has earned, by the inverse of its mean squared error, which
// begins at a prior worth some periods that favors the model. Sums to 1.
std::array<double, Remainders::kMethodCount> LearnWeights(const std::vector<PastCut>& past,
                                                          const Remainders& now);

// How many times as wide as stated the past errors of the weighted methods were, shrunken
// toward 1: the root of the mean square of standardized errors.
double LearnWidth(const std::vector<PastCut>& past,
                  const std::array<double, Remainders::kMethodCount>& weights);

// The model, its close rates scaled so that it expects what the weighted methods expect,
// and its common shock such that past errors fit the width. Unchanged for periods that are
// not running, and for years.
Model Blend(const DealTable& table, const Model& model, const FiscalPeriod& period);
Model Blend(const History& history, const Model& model, const FiscalPeriod& period);

// The table as it stood at the end of an earlier day, from what the table still knows:
// won deals get back the amount that was expected of them.
DealTable TableAtEndOf(const DealTable& table, DayNumber day);

}  // namespace gtm::forecasting::domain
