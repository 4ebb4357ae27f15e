#include "common/stats/scale_logit.h"

#include <algorithm>
#include <cmath>

namespace gtm::stats {
namespace {

constexpr int kRoundsMax = 50;
constexpr double kStepMax = 2;
constexpr double kConverged = 1e-10;

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

double LogitScale::Chance(double score) const { return Logistic(shift + factor * score); }

double LogitScale::Deviation(double score) const {
  return std::sqrt(
      std::max(0.0, shift_variance + score * (2 * covariance + score * factor_variance)));
}

LogitScale FitLogitScale(std::span<const double> scores, std::span<const uint8_t> outcomes) {
  const auto n = static_cast<double>(scores.size());
  double wins = 0, mean = 0, squares = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    wins += outcomes[i];
    mean += scores[i] / n;
  }
  for (const double score : scores) squares += (score - mean) * (score - mean);
  const double spread = std::sqrt(squares / n);
  const double p = (wins + 0.5) / (n + 1);
  LogitScale constant{std::log(p / (1 - p)), 0, 1 / (n * p * (1 - p)), 0, 0};
  if (wins == 0 || wins == n || spread < 1e-9) return constant;
  // Standardised, so that steps are of the size of log odds.
  double a = constant.shift, b = 0, h00 = 0, h01 = 0, h11 = 0;
  for (int round = 0; round < kRoundsMax; ++round) {
    double g0 = 0, g1 = 0;
    h00 = h01 = h11 = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      const double x = (scores[i] - mean) / spread, q = Logistic(a + b * x);
      const double w = std::max(1e-12, q * (1 - q)), r = outcomes[i] - q;
      g0 += r, g1 += r * x;
      h00 += w, h01 += w * x, h11 += w * x * x;
    }
    const double det = h00 * h11 - h01 * h01;
    if (det <= 1e-12 * h00 * h11) return constant;
    const double da = (h11 * g0 - h01 * g1) / det, db = (h00 * g1 - h01 * g0) / det;
    a += std::clamp(da, -kStepMax, kStepMax);
    b += std::clamp(db, -kStepMax, kStepMax);
    if (std::abs(da) + std::abs(db) < kConverged) break;
  }
  const double det = h00 * h11 - h01 * h01;
  const double va = h11 / det, vab = -h01 / det, vb = h00 / det;
  const double m = mean / spread;  // a + b (s - mean) / spread
  return {a - b * m, b / spread, va - 2 * m * vab + m * m * vb, (vab - m * vb) / spread,
          vb / (spread * spread)};
}

}  // namespace gtm::stats
