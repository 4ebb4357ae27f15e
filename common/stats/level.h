#pragma once
// A level that moves: how many events a unit of exposure brings, now.

#include <vector>

namespace gtm::stats {

// A Gamma belief about the level.
struct Level {
  double mean = 1;
  // Shape of the belief: its relative variance is 1 / shape.
  double shape = 1;
  // How fast the level moves: relative variance gained a step.
  double drift_variance = 0;

  // Standard deviation of the logarithm of the mean level over the next steps: what is
  // not known now, and a random walk averaged over the span ahead.
  double SpreadOver(double step_count) const;
};

// Follows counts[i] ~ Poisson(level * exposures[i]) by discounting the past (the steady
// model of Smith, 1979), and averages over half-lives of 2, 4, 8, 16, 32 and 104 steps by
// how well each would have predicted every next count. `prior_mean` with weight
// `prior_shape` is believed first; no belief ever rests on less. prior values > 0; steps
// with exposure 0 say nothing.
Level FollowLevel(const std::vector<double>& counts, const std::vector<double>& exposures,
                  double prior_mean, double prior_shape);

}  // namespace gtm::stats
