#pragma once
// The exact distribution of what few independent deals bring: every sum that they can make.

#include <cstddef>
#include <vector>

#include "services/forecasting/domain/atoms.h"

namespace gtm::forecasting::domain {

struct StepDeal {
  double amount = 0;            // mean of what it brings if it is won, in micros
  std::vector<double> chances;  // to be won, by node of the common factor
};

// Thread-safe once built.
class StepSum {
 public:
  // Sums are kept up to so many; each deal multiplies them by one more than it has ratios.
  static constexpr size_t kSumsMax = 4096;
  static bool Fits(size_t deal_count, size_t ratio_count);

  // Everything at 0.
  StepSum() = default;
  // A deal that is won brings its amount times one of the ratios, whose weights sum to 1. Given
  // a node, deals are independent; the nodes' weights sum to 1.
  StepSum(const std::vector<StepDeal>& deals, const std::vector<Atom>& ratios,
          const std::vector<Atom>& nodes);

  // P(sum <= x).
  double ChanceUpTo(double x) const;
  // The smallest sum with P(sum <= it) >= p, 0 < p < 1.
  double Quantile(double p) const;

 private:
  std::vector<double> sums_ = {0};   // rising
  std::vector<double> up_to_ = {1};  // P(sum <= it); the last is 1
};

}  // namespace gtm::forecasting::domain
