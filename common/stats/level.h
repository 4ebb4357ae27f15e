#pragma once
// A level that moves: how many events a unit of exposure brings, now.

#include <vector>

namespace gtm::stats {

// A Gamma belief about the level, and where it is going.
struct Level {
  double mean = 1;
  // Shape of the belief: its relative variance is 1 / shape.
  double shape = 1;
  // How fast the level moves: relative variance gained a step.
  double drift_variance = 0;
  // Growth of the logarithm a step, and the variance of what is believed of it.
  double trend = 0;
  double trend_variance = 0;

  // Factor on the mean so many steps ahead: growth fades with a half-life of 26 steps.
  double GrowthAt(double steps_ahead) const;
  // Standard deviation of the logarithm of the mean level over the next steps: what is
  // not known now, a random walk averaged over the span ahead, and the trend.
  double SpreadOver(double step_count) const;
};

// Trends that are thought possible, and how likely each is before history.
struct TrendPrior {
  // Weights of no trend, and of the growths 0.005, 0.01 and 0.02 a step, up and down.
  double none = 1;
  double slow = 0, medium = 0, fast = 0;
};

// Follows counts[i] ~ Poisson(level * exposures[i]) by discounting the past (the steady
// model of Smith, 1979), and averages over half-lives of 2, 4, 8, 16, 32 and 104 steps by
// how well each would have predicted every next count; with a prior on trends, each
// half-life is tried with each of them, so that growth is believed as far as it predicted.
// `prior_mean` with weight `prior_shape` is believed first; no belief ever rests on less.
// prior values > 0; steps with exposure 0 say nothing.
Level FollowLevel(const std::vector<double>& counts, const std::vector<double>& exposures,
                  double prior_mean, double prior_shape, const TrendPrior& trends = {});

}  // namespace gtm::stats
