#include "common/stats/intervals.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <limits>

namespace gtm::stats {
namespace {

void CheckRate(int64_t successes, int64_t trials, double confidence) {
  assert(0 <= successes && successes <= trials);
  assert(0 < confidence && confidence < 1);
  (void)successes, (void)trials, (void)confidence;
}

}  // namespace

Interval WilsonInterval(int64_t successes, int64_t trials, double confidence) {
  CheckRate(successes, trials, confidence);
  if (trials == 0) return {0, 1};
  const double n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z = NormalQuantile(0.5 + confidence / 2);
  const double scale = 1 + z * z / n;
  const double center = (p + z * z / (2 * n)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  // The exact ends at the edges, where rounding would leave 1e-17.
  const double low = successes == 0 ? 0 : std::max(0.0, center - half);
  const double high = successes == trials ? 1 : std::min(1.0, center + half);
  return {low, high};
}

Interval JeffreysInterval(int64_t successes, int64_t trials, double confidence) {
  CheckRate(successes, trials, confidence);
  if (trials == 0) return {0, 1};
  const double a = static_cast<double>(successes) + 0.5;
  const double b = static_cast<double>(trials - successes) + 0.5;
  const double tail = (1 - confidence) / 2;
  return {successes == 0 ? 0 : BetaQuantile(tail, a, b),
          successes == trials ? 1 : BetaQuantile(1 - tail, a, b)};
}

Interval ClopperPearsonInterval(int64_t successes, int64_t trials, double confidence) {
  CheckRate(successes, trials, confidence);
  if (trials == 0) return {0, 1};
  const double s = static_cast<double>(successes);
  const double f = static_cast<double>(trials - successes);
  const double tail = (1 - confidence) / 2;
  return {successes == 0 ? 0 : BetaQuantile(tail, s, f + 1),
          successes == trials ? 1 : BetaQuantile(1 - tail, s + 1, f)};
}

Interval ShareGapInterval(int64_t a_successes, int64_t a_trials, int64_t b_successes,
                          int64_t b_trials, double confidence) {
  const double a = static_cast<double>(a_successes) / static_cast<double>(a_trials);
  const double b = static_cast<double>(b_successes) / static_cast<double>(b_trials);
  const Interval of_a = WilsonInterval(a_successes, a_trials, confidence);
  const Interval of_b = WilsonInterval(b_successes, b_trials, confidence);
  return {a - b - std::hypot(a - of_a.low, of_b.high - b),
          a - b + std::hypot(of_a.high - a, b - of_b.low)};
}

ShareRatio ShareRatioOf(int64_t a_successes, int64_t a_trials, int64_t b_successes,
                        int64_t b_trials, double confidence) {
  assert(a_trials > 0 && b_trials > 0 && b_successes > 0);
  const double a = static_cast<double>(a_successes) / static_cast<double>(a_trials);
  const double b = static_cast<double>(b_successes) / static_cast<double>(b_trials);
  const Interval of_a = WilsonInterval(a_successes, a_trials, confidence);
  const Interval of_b = WilsonInterval(b_successes, b_trials, confidence);
  // The ratios r at which the interval of a - r b, made as ShareGapInterval is, ends at 0:
  //   (a - r b)^2 = (a - la)^2 + r^2 (ub - b)^2   and   (ua - a)^2 + r^2 (b - lb)^2.
  const auto root = [&](double of_square, double constant) {
    return std::sqrt(std::max(0.0, a * a * b * b - of_square * constant));
  };
  ShareRatio ratio{a / b, {}};
  const double low_constant = of_a.low * (2 * a - of_a.low);
  const double low_root = root(of_b.high * (2 * b - of_b.high), low_constant);
  ratio.interval.low = a_successes == 0 ? 0 : low_constant / (a * b + low_root);
  const double of_square = of_b.low * (2 * b - of_b.low);
  ratio.interval.high = (a * b + root(of_square, of_a.high * (2 * a - of_a.high))) / of_square;
  return ratio;
}

Median MedianOf(std::span<const double> sorted, double confidence) {
  assert(!sorted.empty());
  const size_t n = sorted.size();
  const double value = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  // The ranks r and n - 1 - r (from 0) hold the median but where r or fewer lie on one side of it:
  // twice the binomial sum to r at 1/2, which the beta function gives, and which rises with r.
  size_t rank = 0, too_high = (n + 1) / 2;
  while (rank + 1 < too_high) {
    const size_t middle = rank + (too_high - rank) / 2;
    const auto r = static_cast<double>(middle);
    const double outside = 2 * BetaCdf(0.5, static_cast<double>(n) - r, r + 1);
    (1 - outside >= confidence ? rank : too_high) = middle;
  }
  const double of_all = 1 - std::exp2(1 - static_cast<double>(n));
  return {value, {sorted[rank], sorted[n - 1 - rank]}, std::min(confidence, of_all)};
}

Interval PoissonExactInterval(int64_t count, double exposure, double confidence) {
  assert(count >= 0 && exposure > 0 && 0 < confidence && confidence < 1);
  const double tail = (1 - confidence) / 2;
  const double n = static_cast<double>(count);
  return {count == 0 ? 0 : GammaQuantile(tail, n, 1 / exposure),
          GammaQuantile(1 - tail, n + 1, 1 / exposure)};
}

Interval PoissonRatioInterval(int64_t count_a, double exposure_a, int64_t count_b,
                              double exposure_b, double confidence) {
  assert(count_a >= 0 && count_b >= 0 && exposure_a > 0 && exposure_b > 0);
  const Interval share = ClopperPearsonInterval(count_a, count_a + count_b, confidence);
  const auto ratio = [&](double p) {
    if (p >= 1) return std::numeric_limits<double>::infinity();
    return p / (1 - p) * exposure_b / exposure_a;
  };
  return {ratio(share.low), ratio(share.high)};
}

Side SideOf(const Interval& interval, double gate) {
  if (interval.low >= gate) return Side::kAtLeast;
  if (interval.high < gate) return Side::kBelow;
  return Side::kCrossing;
}

double NormalQuantile(double p) {
  assert(0 < p && p < 1);
  return boost::math::quantile(boost::math::normal_distribution<double>(), p);
}

double StudentQuantile(double p, double degrees_of_freedom) {
  assert(0 < p && p < 1 && degrees_of_freedom > 0);
  return boost::math::quantile(boost::math::students_t_distribution<double>(degrees_of_freedom), p);
}

double BetaQuantile(double p, double alpha, double beta) {
  assert(0 < p && p < 1 && alpha > 0 && beta > 0);
  return boost::math::quantile(boost::math::beta_distribution<double>(alpha, beta), p);
}

double GammaQuantile(double p, double shape, double scale) {
  assert(0 < p && p < 1 && shape > 0 && scale > 0);
  return boost::math::quantile(boost::math::gamma_distribution<double>(shape, scale), p);
}

double NormalCdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double BetaCdf(double x, double alpha, double beta) {
  assert(alpha > 0 && beta > 0);
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return boost::math::cdf(boost::math::beta_distribution<double>(alpha, beta), x);
}

double GammaCdf(double x, double shape, double scale) {
  assert(shape > 0 && scale > 0);
  if (x <= 0) return 0;
  return boost::math::cdf(boost::math::gamma_distribution<double>(shape, scale), x);
}

double SignTestPValue(int64_t successes, int64_t trials) {
  assert(0 <= successes && successes <= trials);
  if (trials == 0) return 1;
  // P(X >= k) of Binomial(n, 1/2) is the Beta(k, n - k + 1) distribution function at 1/2.
  const int64_t extreme = std::max(successes, trials - successes);
  const double upper =
      BetaCdf(0.5, static_cast<double>(extreme), static_cast<double>(trials - extreme) + 1);
  return std::min(1.0, 2 * upper);
}

}  // namespace gtm::stats
