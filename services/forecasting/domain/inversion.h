#pragma once
// From the Laplace transform of an amount that is never negative to its distribution.

#include <functional>
#include <vector>

#include "services/forecasting/domain/frequencies.h"

namespace gtm::forecasting::domain {

// The damped Fourier series of Abate and Whitt (1992), with as many terms as it takes. The
// error in probability is about 1e-6 where the distribution is smooth. Steps that no spread
// smooths are told to about 1 / 160 of the range or better: a narrow normal kernel keeps the
// function rising. What lies beyond the range does no harm. Thread-safe once built.
class Inversion {
 public:
  static constexpr int kTermsMax = 512;
  // The transform at points, before any scaling.
  using Transform = std::function<Frequencies(const Points&)>;

  // Everything at 0.
  Inversion() = default;
  // `nothing`: the chance of exactly 0. range > 0.
  Inversion(const Transform& transform, double nothing, double range, int terms_max = kTermsMax);

  // Behind it nothing is told: near its end the range is not exact.
  double range() const { return range_; }
  double end() const { return range_ * 0.95; }
  // P(amount <= x) for x <= end(); behind, that of the end.
  double ChanceUpTo(double x) const;
  // The smallest x with P(amount <= x) >= p; at most the end. 0 < p < 1.
  double Quantile(double p) const;

 private:
  void Smooth(int terms);

  double nothing_ = 1;
  double range_ = 0;
  double first_ = 0;             // the term of frequency 0
  std::vector<double> re_, im_;  // of the terms 1, 2, ...
};

}  // namespace gtm::forecasting::domain
