#include "common/stats/level.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace gtm::stats {
namespace {

constexpr double kHalfLives[] = {2, 4, 8, 16, 32, 104};
constexpr double kGrowthHalfLife = 26;
constexpr double kTrendHalfLifeMin = 16;

// log P(count) of the negative binomial that a Gamma(shape, rate) level predicts, but for
// terms that are the same for every belief.
double LogPredictive(double count, double exposure, double shape, double rate) {
  double log_rising;  // of shape (shape + 1) ... (shape + count - 1)
  if (count <= 8 && count == std::floor(count)) {
    double product = 1;
    for (double i = 0; i < count; ++i) product *= shape + i;
    log_rising = std::log(product);
  } else {
    log_rising = std::lgamma(count + shape) - std::lgamma(shape);
  }
  return log_rising + shape * std::log(rate) - (shape + count) * std::log(rate + exposure);
}

struct Belief {
  double shape;
  double rate;
  double log_likelihood = 0;
};

Belief Run(const std::vector<double>& counts, const std::vector<double>& exposures,
           double prior_mean, double prior_shape, double half_life, double trend) {
  const double keep = std::exp2(-1 / half_life), growth = std::exp(trend);
  Belief belief{prior_shape, prior_shape / prior_mean};
  for (size_t i = 0; i < counts.size(); ++i) {
    // Discounting spreads the level around its mean.
    const double mean = belief.shape / belief.rate * growth;
    belief.shape = std::max(prior_shape, belief.shape * keep);
    belief.rate = belief.shape / mean;
    if (exposures[i] <= 0) continue;
    belief.log_likelihood += LogPredictive(counts[i], exposures[i], belief.shape, belief.rate);
    belief.shape += counts[i];
    belief.rate += exposures[i];
  }
  return belief;
}

// Steps of growth that are left in so many steps, as it fades.
double FadedSteps(double steps) {
  constexpr double kLogTwo = 0.69314718055994531;
  const double rate = kLogTwo / kGrowthHalfLife;
  return (1 - std::exp(-rate * std::max(0.0, steps))) / rate;
}

}  // namespace

double Level::GrowthAt(double steps_ahead) const {
  return std::exp(trend * FadedSteps(steps_ahead));
}

double Level::SpreadOver(double step_count) const {
  // The average of a random walk over a span has a third of its variance at the end.
  const double growing = FadedSteps(step_count / 2);
  return std::sqrt(1 / shape + drift_variance * std::max(0.0, step_count) / 3 +
                   trend_variance * growing * growing);
}

Level FollowLevel(const std::vector<double>& counts, const std::vector<double>& exposures,
                  double prior_mean, double prior_shape, const TrendPrior& trends) {
  assert(counts.size() == exposures.size() && prior_mean > 0 && prior_shape > 0);
  const std::pair<double, double> tried[] = {
      {0, trends.none},       {0.005, trends.slow}, {-0.005, trends.slow}, {0.01, trends.medium},
      {-0.01, trends.medium}, {0.02, trends.fast},  {-0.02, trends.fast}};
  struct Candidate {
    Belief belief;
    double half_life, trend, prior;
  };
  std::vector<Candidate> candidates;
  double best = -INFINITY;
  for (const double half_life : kHalfLives) {
    for (const auto& [trend, prior] : tried) {
      // A level that moves fast needs no trend to follow anything.
      if (prior <= 0 || (trend != 0 && half_life < kTrendHalfLifeMin)) continue;
      candidates.push_back({Run(counts, exposures, prior_mean, prior_shape, half_life, trend),
                            half_life, trend, prior});
      best = std::max(best, candidates.back().belief.log_likelihood);
    }
  }
  double weights = 0, mean = 0, variance = 0, drift = 0, log_mean = 0, log_square = 0;
  double trend_mean = 0, trend_square = 0;
  for (const auto& [belief, half_life, trend, prior] : candidates) {
    const double weight = prior * std::exp(belief.log_likelihood - best);
    const double level = belief.shape / belief.rate;
    weights += weight;
    mean += weight * level;
    log_mean += weight * std::log(level);
    log_square += weight * std::log(level) * std::log(level);
    variance += weight / belief.shape;
    drift += weight * (std::exp2(1 / half_life) - 1) / belief.shape;
    trend_mean += weight * trend;
    trend_square += weight * trend * trend;
  }
  log_mean /= weights;
  trend_mean /= weights;
  const double between = std::max(0.0, log_square / weights - log_mean * log_mean);
  return {mean / weights, 1 / (variance / weights + between), drift / weights, trend_mean,
          std::max(0.0, trend_square / weights - trend_mean * trend_mean)};
}

}  // namespace gtm::stats
