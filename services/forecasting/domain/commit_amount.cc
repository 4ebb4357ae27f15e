#include "services/forecasting/domain/commit_amount.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gtm::forecasting::domain {

double CommitLevel(const ErrorCosts& costs) {
  // By ratios, so that costs near the largest double are no trouble.
  return costs.under >= costs.over ? 1 / (1 + costs.over / costs.under)
                                   : costs.under / costs.over / (1 + costs.under / costs.over);
}

int64_t QuantileAt(const PeriodForecast& forecast, double level) {
  std::vector<int64_t> totals(std::max(forecast.open_draws.size(), size_t{1}), forecast.won_micros);
  for (size_t i = 0; i < forecast.open_draws.size(); ++i) {
    totals[i] = AddClamped(totals[i], AddClamped(forecast.open_draws[i], forecast.new_draws[i]));
  }
  std::sort(totals.begin(), totals.end());
  // Between two ranks, linearly, as the quantiles that are told.
  const double at = std::clamp(level, 0.0, 1.0) * static_cast<double>(totals.size() - 1);
  const auto rank = static_cast<size_t>(at);
  const int64_t low = totals[rank], high = totals[std::min(rank + 1, totals.size() - 1)];
  return AddClamped(low, RoundClamped((static_cast<double>(high) - static_cast<double>(low)) *
                                      (at - std::floor(at))));
}

}  // namespace gtm::forecasting::domain
