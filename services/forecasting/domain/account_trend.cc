#include "services/forecasting/domain/account_trend.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gtm::forecasting::domain {
namespace {

constexpr double kShapePrior = 1;
// The prior counts as an account with a mean of one touch a week.
constexpr double kPriorWeight = 25;
constexpr double kShapeMin = 0.3, kShapeMax = 1000;
// Touches of the rest of the tenant that count as much as an even spread over the weeks.
constexpr double kEvenTouches = 200;

int64_t Sum(const WeeklyTouches& weeks, int begin, int end) {
  return std::accumulate(weeks.begin() + begin, weeks.begin() + end, int64_t{0});
}

// Ranks of a beta-binomial variable of n trials: the largest `low` with P(X < low) and the
// smallest `high` with P(X > high) at most `tail`.
struct Band {
  int64_t low = 0;
  int64_t high = 0;
};
Band BetaBinomialBand(int64_t n, double alpha, double beta, double tail) {
  const auto log_beta = [](double a, double b) {
    return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  };
  const auto trials = static_cast<double>(n);
  double log_p = log_beta(alpha, beta + trials) - log_beta(alpha, beta);
  double below = 0;  // P(X < x)
  Band band{0, n};
  bool has_high = false;
  for (int64_t x = 0; x <= n; ++x) {
    if (below <= tail) band.low = x;
    below += std::exp(log_p);
    if (!has_high && 1 - below <= tail) {
      band.high = x;
      has_high = true;
    }
    if (has_high && below > tail) break;
    const auto k = static_cast<double>(x);
    log_p += std::log((trials - k) / (k + 1)) + std::log((alpha + k) / (beta + trials - k - 1));
  }
  return band;
}

}  // namespace

TrendBaseline LearnTrendBaseline(const std::vector<AccountWeeks>& accounts) {
  TrendBaseline baseline;
  double squares = kPriorWeight, excess = kPriorWeight / kShapePrior;
  for (const AccountWeeks& account : accounts) {
    for (int week = 0; week < kTrendWeeks; ++week) {
      baseline.tenant_touches[static_cast<size_t>(week)] +=
          account.touches[static_cast<size_t>(week)];
    }
    const int weeks = account.known_weeks;
    if (weeks < kRecentWeeks + kEarlierWeeksMin) continue;
    const double mean =
        static_cast<double>(Sum(account.touches, kTrendWeeks - weeks, kTrendWeeks)) / weeks;
    double scatter = 0;
    for (int week = kTrendWeeks - weeks; week < kTrendWeeks; ++week) {
      scatter += std::pow(account.touches[static_cast<size_t>(week)] - mean, 2);
    }
    const double variance = scatter / (weeks - 1);
    // The square of a mean of few weeks is too large by its own variance.
    squares += std::max(0.0, mean * mean - variance / weeks);
    excess += variance - mean;
  }
  baseline.shape = excess <= squares / kShapeMax
                       ? kShapeMax
                       : std::clamp(squares / excess, kShapeMin, kShapeMax);
  return baseline;
}

AccountTrend TrendOf(const AccountWeeks& account, const TrendBaseline& baseline) {
  AccountTrend trend;
  const int weeks = account.known_weeks;
  const int split = kTrendWeeks - kRecentWeeks, first = kTrendWeeks - weeks;
  trend.recent_count = Sum(account.touches, split, kTrendWeeks);
  trend.earlier_weeks = std::max(0, weeks - kRecentWeeks);
  if (trend.earlier_weeks < kEarlierWeeksMin) return trend;
  trend.earlier_count = Sum(account.touches, first, split);
  const int64_t total = trend.recent_count + trend.earlier_count;
  const double even = static_cast<double>(kRecentWeeks) / weeks;
  const int64_t others_recent =
      Sum(baseline.tenant_touches, split, kTrendWeeks) - trend.recent_count;
  const int64_t others = Sum(baseline.tenant_touches, first, kTrendWeeks) - total;
  const double share = (static_cast<double>(others_recent) + kEvenTouches * even) /
                       (static_cast<double>(others) + kEvenTouches);
  const double size = baseline.shape * weeks;
  const Band band = BetaBinomialBand(total, size * share, size * (1 - share), kFalseAlarmMax / 2);
  trend.expected_count = static_cast<double>(total) * share;
  trend.band_low = band.low;
  trend.band_high = band.high;
  if (trend.recent_count > band.high) {
    trend.verdict = TrendVerdict::kAccelerating;
  } else if (band.low > 0) {  // else not even silence would stand out
    trend.verdict =
        trend.recent_count < band.low ? TrendVerdict::kDecelerating : TrendVerdict::kSteady;
  }
  return trend;
}

}  // namespace gtm::forecasting::domain
