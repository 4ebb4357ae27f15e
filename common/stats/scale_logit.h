#pragma once
// Told log odds (or any score) put on the scale of what happened.

#include <cstdint>
#include <span>

namespace gtm::stats {

// ln(p / (1 - p)) = shift + factor * score (Platt, 1999: logistic regression on one score).
struct LogitScale {
  double shift = 0;
  double factor = 1;
  // Covariance of the two.
  double shift_variance = 0, covariance = 0, factor_variance = 0;

  double Chance(double score) const;
  // Standard error of the log odds at a score.
  double Deviation(double score) const;
};

// Maximum likelihood by Newton's method. Where the scores are all alike, or the outcomes are,
// the factor is 0 and the shift the log odds of (wins + 1/2) / (cases + 1). As many scores as
// outcomes, at least one; both finite.
LogitScale FitLogitScale(std::span<const double> scores, std::span<const uint8_t> outcomes);

}  // namespace gtm::stats
