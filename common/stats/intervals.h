#pragma once
// Intervals of rates and counts, and the quantiles that they are made of. Pure
// functions, thread-safe; every argument outside its range is a programmer bug
// (asserted), every answer is finite.

#include <cstdint>
#include <span>

namespace gtm::stats {

// A closed interval.
struct Interval {
  double low = 0;
  double high = 0;
  bool contains(double x) const { return low <= x && x <= high; }
  double half_width() const { return (high - low) / 2; }
};

// Confidence of every interval unless the caller says otherwise.
inline constexpr double kConfidence = 0.95;

// The share of successes among trials. 0 <= successes <= trials, 0 < confidence < 1.
// Without trials nothing is known: [0, 1].
//
// Wilson's score interval (1927): near its nominal coverage on average, never leaves
// [0, 1], never of width zero. The default for a rate that is shown to people.
Interval WilsonInterval(int64_t successes, int64_t trials, double confidence = kConfidence);
// Equal-tailed credible interval under the prior Beta(1/2, 1/2), with the end at 0 (1)
// where there was no success (only successes), after Brown, Cai and DasGupta (2001).
Interval JeffreysInterval(int64_t successes, int64_t trials, double confidence = kConfidence);
// Clopper and Pearson (1934): at least its nominal coverage, hence wide.
Interval ClopperPearsonInterval(int64_t successes, int64_t trials, double confidence = kConfidence);

// The difference a - b of two independent shares, by the hybrid score interval of Newcombe (1998,
// method 10): from the Wilson intervals (l, u) of both,
//   d - sqrt((a - la)^2 + (ub - b)^2)  to  d + sqrt((ua - a)^2 + (b - lb)^2).
// Trials > 0. His example: 56 of 70 less 48 of 80 is 0.2, 0.0524 to 0.3339.
Interval ShareGapInterval(int64_t a_successes, int64_t a_trials, int64_t b_successes,
                          int64_t b_trials, double confidence = kConfidence);

// The ratio a / b of two independent shares, with the interval that Donner and Zou (2012, MOVER-R)
// make from Wilson's: it leaves 1 out exactly where ShareGapInterval leaves 0 out. Trials > 0;
// b_successes > 0, else there is no ratio.
struct ShareRatio {
  double value = 0;
  Interval interval;
};
ShareRatio ShareRatioOf(int64_t a_successes, int64_t a_trials, int64_t b_successes,
                        int64_t b_trials, double confidence = kConfidence);

// The median of a sample and its interval by order statistics, distribution-free: the narrowest
// symmetric pair of ranks whose coverage by the binomial is at least `confidence`, the whole
// sample, which covers less, where it has too few for that. `sorted` rises and is not empty.
struct Median {
  double value = 0;
  Interval interval;
  double confidence = 0;  // that was asked for, or less: 1 - 2^(1 - n) of fewer than 6 numbers
};
Median MedianOf(std::span<const double> sorted, double confidence = kConfidence);

// The rate per unit of exposure behind `count` events, after Garwood (1936): at least
// its nominal coverage. count >= 0, exposure > 0.
Interval PoissonExactInterval(int64_t count, double exposure, double confidence = kConfidence);

// The ratio a / b of two Poisson rates from their counts and exposures, by the exact
// binomial split of the total (Przyborowski and Wilenski, 1940). `high` is infinite
// where b has no event. exposures > 0.
Interval PoissonRatioInterval(int64_t count_a, double exposure_a, int64_t count_b,
                              double exposure_b, double confidence = kConfidence);

// On which side of a gate an interval lies. A verdict needs kBelow or kAtLeast (C27).
enum class Side { kBelow, kCrossing, kAtLeast };
// kAtLeast where low >= gate, kBelow where high < gate.
Side SideOf(const Interval& interval, double gate);

// Quantiles: the x with P(X <= x) = p, for 0 < p < 1.
double NormalQuantile(double p);
double StudentQuantile(double p, double degrees_of_freedom);
double BetaQuantile(double p, double alpha, double beta);
double GammaQuantile(double p, double shape, double scale);
// Distribution functions: P(X <= x).
double NormalCdf(double x);
double BetaCdf(double x, double alpha, double beta);
double GammaCdf(double x, double shape, double scale);

// Two-sided exact p-value of `successes` of `trials` under the rate 1/2 (sign test).
double SignTestPValue(int64_t successes, int64_t trials);

}  // namespace gtm::stats
