#include "common/stats/level.h"

#include <cmath>

#include "common/core/random.h"
#include "gtest/gtest.h"

namespace gtm::stats {
namespace {

TEST(FollowLevel, KeepsThePriorWithoutData) {
  const Level level = FollowLevel({}, {}, 2.0, 0.5);
  EXPECT_DOUBLE_EQ(level.mean, 2.0);
  EXPECT_NEAR(level.shape, 0.5, 1e-9);
}

TEST(FollowLevel, AveragesASteadyLevelOverALongTime) {
  Random random(3);
  std::vector<double> counts, exposures;
  for (int i = 0; i < 150; ++i) {
    counts.push_back(static_cast<double>(random.Poisson(20)));
    exposures.push_back(7);
  }
  const Level level = FollowLevel(counts, exposures, 1, 0.5);
  EXPECT_NEAR(level.mean, 20.0 / 7, 0.15);
  EXPECT_LT(level.SpreadOver(13), 0.08);
}

TEST(FollowLevel, FollowsAStepAndSaysThatItMoves) {
  Random random(4);
  std::vector<double> counts, exposures(120, 1.0);
  for (int i = 0; i < 120; ++i) {
    counts.push_back(static_cast<double>(random.Poisson(i < 110 ? 50 : 20)));
  }
  const Level level = FollowLevel(counts, exposures, 1, 0.5);
  EXPECT_NEAR(level.mean, 20, 5);
  EXPECT_GT(level.SpreadOver(13), 0.1);
}

TEST(FollowLevel, BelievesATrendAsFarAsItPredicted) {
  constexpr TrendPrior kPrior = {.none = 1, .slow = 0.15, .medium = 0.05, .fast = 0};
  const auto follow = [&](double trend) {
    Random random(5);
    std::vector<double> counts, exposures(150, 1.0);
    for (int i = 0; i < 150; ++i) {
      counts.push_back(static_cast<double>(random.Poisson(40 * std::exp(trend * (i - 150)))));
    }
    return FollowLevel(counts, exposures, 1, 0.5, kPrior);
  };
  EXPECT_GT(follow(0.01).trend, 0.005);
  EXPECT_GT(follow(0.01).GrowthAt(13), 1.05);
  EXPECT_NEAR(follow(0).trend, 0, 0.002);
  EXPECT_GT(follow(0.01).SpreadOver(13), 0);
  // Growth fades: it is never more than what 38 weeks of it bring.
  EXPECT_LT(follow(0.01).GrowthAt(1000), std::exp(0.4));
}

// The level lies within two spreads in about 95 % of generated companies.
TEST(FollowLevel, KnowsItsUncertainty) {
  int held = 0;
  constexpr int kRuns = 400;
  for (uint64_t seed = 0; seed < kRuns; ++seed) {
    Random random(seed);
    double log_level = std::log(0.5 + 20 * random.Uniform());
    std::vector<double> counts, exposures(80, 1.0);
    const double drift = 0.05 * random.Uniform();
    for (int i = 0; i < 80; ++i) {
      log_level += drift * random.Normal();
      counts.push_back(static_cast<double>(random.Poisson(std::exp(log_level))));
    }
    const Level level = FollowLevel(counts, exposures, 1, 0.5);
    held += std::abs(std::log(level.mean) - log_level) < 2 / std::sqrt(level.shape);
  }
  EXPECT_GE(held, kRuns * 0.90);
  EXPECT_LE(held, kRuns * 0.99);
}

}  // namespace
}  // namespace gtm::stats
