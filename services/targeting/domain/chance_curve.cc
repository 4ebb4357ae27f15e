#include "services/targeting/domain/chance_curve.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gtm::targeting::domain {
namespace {

double Logistic(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace

double ChanceCurve::At(double points) const { return Logistic(level + slope * (points - center)); }

stats::Interval ChanceCurve::IntervalAt(double points, double confidence) const {
  const double x = points - center;
  const double log_odds = level + slope * x;
  const double variance = level_variance + 2 * x * covariance + x * x * slope_variance;
  const double reach =
      stats::NormalQuantile(0.5 + confidence / 2) * std::sqrt(std::max(0.0, variance));
  return {Logistic(log_odds - reach), Logistic(log_odds + reach)};
}

ChanceCurve FitChanceCurve(std::span<const double> points, std::span<const uint8_t> won) {
  constexpr int kRounds = 50;
  constexpr double kPriorDeviation = 5;
  constexpr double kStepMax = 2;
  const auto n = static_cast<double>(points.size());
  ChanceCurve curve;
  curve.center = std::accumulate(points.begin(), points.end(), 0.0) / n;
  double square = 0;
  for (const double x : points) square += (x - curve.center) * (x - curve.center);
  // In units of the spread of the points: u = (x - center) / scale.
  const double scale = square > 0 ? std::sqrt(square / n) : 1;
  const double wins = std::accumulate(won.begin(), won.end(), 0.0);
  double a = std::log(wins / (n - wins)), b = 0;
  double aa = 0, ab = 0, bb = 0;
  for (int round = 0; round < kRounds; ++round) {
    double ga = 0, gb = -b / (kPriorDeviation * kPriorDeviation);
    aa = ab = 0;
    bb = 1 / (kPriorDeviation * kPriorDeviation);
    for (size_t i = 0; i < points.size(); ++i) {
      const double u = (points[i] - curve.center) / scale;
      const double p = Logistic(a + b * u);
      const double weight = std::max(p * (1 - p), 1e-12);
      ga += won[i] - p;
      gb += (won[i] - p) * u;
      aa += weight;
      ab += weight * u;
      bb += weight * u * u;
    }
    const double determinant = aa * bb - ab * ab;
    const double step_a = (bb * ga - ab * gb) / determinant;
    const double step_b = (aa * gb - ab * ga) / determinant;
    a += std::clamp(step_a, -kStepMax, kStepMax);
    b += std::clamp(step_b, -kStepMax, kStepMax);
    if (std::abs(step_a) + std::abs(step_b) < 1e-10) break;
  }
  const double determinant = aa * bb - ab * ab;
  curve.level = a;
  curve.slope = b / scale;
  curve.level_variance = bb / determinant;
  curve.slope_variance = aa / determinant / (scale * scale);
  curve.covariance = -ab / determinant / scale;
  return curve;
}

}  // namespace gtm::targeting::domain
