#include "services/forecasting/domain/plan_defaults.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "services/forecasting/domain/revenue_algebra.h"

namespace gtm::forecasting::domain {

PlanDefaults LearnPlanDefaults(const DealTable& table, const Selection& selection) {
  PlanDefaults defaults;
  std::vector<double> amounts;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kOpen || !selection.Holds(deal) ||
        deal.closed_day <= table.today - kHistoryDays) {
      continue;
    }
    ++defaults.closed_count;
    if (deal.outcome != Outcome::kWon) continue;
    ++defaults.won_count;
    if (deal.amount_micros.value_or(0) > 0) {
      amounts.push_back(static_cast<double>(*deal.amount_micros));
    }
  }
  if (defaults.closed_count > 0) {
    defaults.close_rate_ppm =
        (2 * defaults.won_count * kPpm + defaults.closed_count) / (2 * defaults.closed_count);
  }
  defaults.priced_count = static_cast<int64_t>(amounts.size());
  if (amounts.empty()) return defaults;
  const auto count = static_cast<double>(amounts.size());
  double mean = 0, square = 0;
  for (const double amount : amounts) mean += amount / count;
  for (const double amount : amounts) square += (amount - mean) * (amount - mean);
  defaults.price_micros = RoundClamped(mean);
  double half = std::numeric_limits<double>::infinity();
  if (amounts.size() > 1) {
    const double quantile = stats::StudentQuantile((1 + stats::kConfidence) / 2, count - 1);
    half = quantile * std::sqrt(square / (count - 1) / count);
  }
  defaults.price_interval = {std::max(0.0, mean - half), mean + half};
  return defaults;
}

}  // namespace gtm::forecasting::domain
