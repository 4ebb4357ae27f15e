#pragma once
// From points to the chance to win: a logistic curve with its uncertainty.

#include <cstdint>
#include <span>

#include "common/stats/intervals.h"

namespace gtm::targeting::domain {

// Chance at x points: 1 / (1 + exp(-(level + slope * (x - center)))).
struct ChanceCurve {
  double center = 0;
  double level = 0;
  double slope = 0;
  double level_variance = 0;
  double slope_variance = 0;
  double covariance = 0;

  double At(double points) const;
  // The interval of the log odds (Wald), as chances.
  stats::Interval IntervalAt(double points, double confidence = stats::kConfidence) const;
};

// The curve of highest likelihood, with a weak prior on the slope (standard deviation 5 over
// the standard deviation of the points), so that it is finite where points part the outcomes
// cleanly. Both outcomes occur.
ChanceCurve FitChanceCurve(std::span<const double> points, std::span<const uint8_t> won);

}  // namespace gtm::targeting::domain
