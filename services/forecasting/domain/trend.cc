#include "services/forecasting/domain/trend.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace gtm::forecasting::domain {
namespace {

// P(|S| >= |score|) for n values in random order: the number of inversions of a random
// permutation, value by value.
double KendallPValue(size_t n, int64_t score) {
  const auto pairs = static_cast<int64_t>(n * (n - 1) / 2);
  std::vector<double> chance(static_cast<size_t>(pairs) + 1, 0);
  chance[0] = 1;
  for (size_t k = 2; k <= n; ++k) {
    std::vector<double> next(chance.size(), 0);
    for (size_t inversions = 0; inversions < chance.size(); ++inversions) {
      for (size_t more = 0; more < k && inversions + more < next.size(); ++more) {
        next[inversions + more] += chance[inversions] / static_cast<double>(k);
      }
    }
    chance = std::move(next);
  }
  double p = 0;
  for (int64_t inversions = 0; inversions <= pairs; ++inversions) {
    if (std::abs(pairs - 2 * inversions) >= std::abs(score)) {
      p += chance[static_cast<size_t>(inversions)];
    }
  }
  return std::min(1.0, p);
}

}  // namespace

std::optional<Trend> FindTrend(const std::vector<std::optional<double>>& values) {
  if (values.size() > kTrendValuesMax) return std::nullopt;
  std::vector<double> slopes;
  int64_t score = 0;
  size_t count = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i] || *values[i] <= 0) continue;
    ++count;
    for (size_t j = i + 1; j < values.size(); ++j) {
      if (!values[j] || *values[j] <= 0) continue;
      score += (*values[j] > *values[i]) - (*values[j] < *values[i]);
      slopes.push_back(std::log(*values[j] / *values[i]) / static_cast<double>(j - i));
    }
  }
  if (count < kTrendValuesMin) return std::nullopt;
  std::sort(slopes.begin(), slopes.end());
  const size_t middle = slopes.size() / 2;
  const double slope =
      slopes.size() % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
  return Trend{std::expm1(slope), KendallPValue(count, score)};
}

}  // namespace gtm::forecasting::domain
