#include "common/stats/level.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace gtm::stats {
namespace {

constexpr double kHalfLives[] = {2, 4, 8, 16, 32, 104};

// log P(count) of the negative binomial that a Gamma(shape, rate) level predicts.
double LogPredictive(double count, double exposure, double shape, double rate) {
  return std::lgamma(count + shape) - std::lgamma(shape) - std::lgamma(count + 1) +
         shape * std::log(rate / (rate + exposure)) +
         count * std::log(exposure / (rate + exposure));
}

struct Belief {
  double shape;
  double rate;
  double log_likelihood = 0;
};

Belief Run(const std::vector<double>& counts, const std::vector<double>& exposures,
           double prior_mean, double prior_shape, double half_life) {
  const double keep = std::exp2(-1 / half_life);
  Belief belief{prior_shape, prior_shape / prior_mean};
  for (size_t i = 0; i < counts.size(); ++i) {
    // Discounting spreads the level around its mean.
    const double mean = belief.shape / belief.rate;
    belief.shape = std::max(prior_shape, belief.shape * keep);
    belief.rate = belief.shape / mean;
    if (exposures[i] <= 0) continue;
    belief.log_likelihood += LogPredictive(counts[i], exposures[i], belief.shape, belief.rate);
    belief.shape += counts[i];
    belief.rate += exposures[i];
  }
  return belief;
}

}  // namespace

double Level::SpreadOver(double step_count) const {
  // The average of a random walk over a span has a third of its variance at the end.
  return std::sqrt(1 / shape + drift_variance * std::max(0.0, step_count) / 3);
}

Level FollowLevel(const std::vector<double>& counts, const std::vector<double>& exposures,
                  double prior_mean, double prior_shape) {
  assert(counts.size() == exposures.size() && prior_mean > 0 && prior_shape > 0);
  std::vector<Belief> beliefs;
  double best = -INFINITY;
  for (const double half_life : kHalfLives) {
    beliefs.push_back(Run(counts, exposures, prior_mean, prior_shape, half_life));
    best = std::max(best, beliefs.back().log_likelihood);
  }
  double weights = 0, mean = 0, variance = 0, drift = 0, log_mean = 0, log_square = 0;
  for (size_t i = 0; i < beliefs.size(); ++i) {
    const double weight = std::exp(beliefs[i].log_likelihood - best);
    const double level = beliefs[i].shape / beliefs[i].rate;
    weights += weight;
    mean += weight * level;
    log_mean += weight * std::log(level);
    log_square += weight * std::log(level) * std::log(level);
    variance += weight / beliefs[i].shape;
    drift += weight * (std::exp2(1 / kHalfLives[i]) - 1) / beliefs[i].shape;
  }
  log_mean /= weights;
  const double between = std::max(0.0, log_square / weights - log_mean * log_mean);
  return {mean / weights, 1 / (variance / weights + between), drift / weights};
}

}  // namespace gtm::stats
