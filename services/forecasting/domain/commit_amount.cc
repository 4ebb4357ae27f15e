#include "services/forecasting/domain/commit_amount.h"

#include <algorithm>

namespace gtm::forecasting::domain {

double CommitLevel(const ErrorCosts& costs) {
  // By ratios, so that costs near the largest double are no trouble.
  return costs.under >= costs.over ? 1 / (1 + costs.over / costs.under)
                                   : costs.under / costs.over / (1 + costs.under / costs.over);
}

int64_t QuantileAt(const PeriodForecast& forecast, double level) {
  if (forecast.distribution == nullptr) return forecast.won_micros;
  // The distribution has no smallest or largest amount to commit to.
  constexpr double kLevelMin = 1e-6;
  return AddClamped(
      forecast.won_micros,
      RoundClamped(forecast.distribution->Quantile(std::clamp(level, kLevelMin, 1 - kLevelMin))));
}

}  // namespace gtm::forecasting::domain
