#pragma once
// Where a short series leads.

#include <optional>
#include <vector>

namespace gtm::forecasting::domain {

// Fewest values that a trend is told of: with four no order is beyond chance at 5 %.
inline constexpr size_t kTrendValuesMin = 5;
inline constexpr size_t kTrendValuesMax = 60;

struct Trend {
  double change_per_step = 0;  // as a share: exp of the slope of logarithms, less 1
  double p_value = 1;          // two-sided, exact for series without ties
};

// Theil and Sen's slope over the logarithms of positive values, and Mann and Kendall's test.
// Steps without a value are left out, their distance counts. Absent with fewer than
// kTrendValuesMin values, or more than kTrendValuesMax steps.
std::optional<Trend> FindTrend(const std::vector<std::optional<double>>& values);

}  // namespace gtm::forecasting::domain
