#pragma once
// What is left of a period, as mean and variance: the forecast without its draws, for
// looking at many past cuts quickly.

#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// Micros of open deals and of deals not created yet that come in within the days.
struct Remainder {
  double mean = 0;
  double variance = 0;
  // The part of the variance that the common factor on wins brings.
  double common_variance = 0;
  double win_count = 0;  // expected
};
Remainder RemainderOf(const History& history, const Model& model, const DayRange& days);

// Learns from a history; `gaps` spares finding out again what is known of a longer one.
Model LearnModel(const History& history, const KnownGaps& gaps = {});

}  // namespace gtm::forecasting::domain
