#pragma once
// Comparing those that something touched with those alike that it did not: differences of
// rates and of means, pooled over strata within which cases are alike. Pure.

#include <cstdint>
#include <vector>

#include "common/stats/intervals.h"

namespace gtm::targeting::domain {

// successes of trials.
struct Rate {
  int64_t successes = 0;
  int64_t trials = 0;
  void Add(bool success) {
    ++trials;
    successes += success;
  }
  void Subtract(const Rate& part) {
    successes -= part.successes;
    trials -= part.trials;
  }
  double value() const { return static_cast<double>(successes) / static_cast<double>(trials); }
};

// a - b with Newcombe's interval (stats::ShareGapInterval). Both need trials.
stats::Interval NewcombeInterval(const Rate& a, const Rate& b,
                                 double confidence = stats::kConfidence);

// What the difference a - b of two rates shows. Numbers as in the findings of gtm.targeting.v1.
enum class RateFinding : uint8_t { kAbove = 1, kBelow = 2, kNotShown = 3, kNotEnoughData = 4 };
inline constexpr int64_t kCompareTrialsMin = 10;  // on either side, for a finding
RateFinding Judge(const Rate& a, const Rate& b);

// A pooled comparison. Values of the touched and of the untouched are weighted alike, so that
// `difference` is the one less the other.
struct Pooled {
  int64_t touched_count = 0;    // in strata that hold both
  int64_t untouched_count = 0;  // likewise
  double touched_value = 0;
  double untouched_value = 0;
  double difference = 0;
  stats::Interval interval;
  double p_value = 1;  // two-sided
  bool is_tested() const { return touched_count > 0; }
};

// Strata are added in any order, but the same order gives the same bytes; those that hold only
// one side say nothing.
//
// Rates: the risk difference of Mantel and Haenszel, weights n1 n0 / n, with the variance of
// Sato (1989), which holds for few large strata and for many small ones; p by Mantel and
// Haenszel's chi-square (1959), observed less expected under random sampling.
class PooledRates {
 public:
  void AddStratum(const Rate& touched, const Rate& untouched);
  Pooled Compare(double confidence = stats::kConfidence) const;

 private:
  Pooled sums_;  // values times weight
  double weight_ = 0;
  double p_sum_ = 0, q_sum_ = 0;  // Sato's P and Q
  double excess_ = 0, excess_variance_ = 0;
};

// Count, sum and sum of squares of values.
struct Moments {
  double count = 0;
  double sum = 0;
  double square = 0;
  void Add(double value);
  void Subtract(const Moments& part);
};

// Means of a value, with the same weights and the variance under random sampling within the
// stratum; normal p and interval.
class PooledMeans {
 public:
  void AddStratum(const Moments& touched, const Moments& untouched);
  Pooled Compare(double confidence = stats::kConfidence) const;

 private:
  Pooled sums_;  // values times weight
  double weight_ = 0;
  double variance_ = 0;
};

// Benjamini and Hochberg's (1995) adjusted p-values, in the order given: telling all that are
// at most q makes a share of at most q of what is told false, on average.
std::vector<double> FalseDiscoveryRates(const std::vector<double>& p_values);

}  // namespace gtm::targeting::domain
