#include "common/stats/scale_logit.h"

#include <cmath>
#include <vector>

#include "common/core/random.h"
#include "gtest/gtest.h"

namespace gtm::stats {
namespace {

TEST(LogitScale, FindsThePlantedLine) {
  Random random(1);
  std::vector<double> scores;
  std::vector<uint8_t> won;
  for (int i = 0; i < 20'000; ++i) {
    scores.push_back(100 * random.Uniform());
    won.push_back(random.Uniform() < 1 / (1 + std::exp(3 - 0.05 * scores.back())) ? 1 : 0);
  }
  const LogitScale scale = FitLogitScale(scores, won);
  EXPECT_NEAR(scale.shift, -3, 4 * std::sqrt(scale.shift_variance));
  EXPECT_NEAR(scale.factor, 0.05, 4 * std::sqrt(scale.factor_variance));
  EXPECT_NEAR(scale.Chance(60), 0.5, 0.02);
  // Where most cases are, the line is known best.
  EXPECT_LT(scale.Deviation(60), scale.Deviation(100));
  EXPECT_LT(scale.Deviation(60), scale.Deviation(0));
}

TEST(LogitScale, KnowsOnlyTheRateWhereScoresAreAlike) {
  const std::vector<double> scores(10, 7.0);
  const std::vector<uint8_t> won = {1, 1, 1, 0, 0, 0, 0, 0, 0, 0};
  const LogitScale scale = FitLogitScale(scores, won);
  EXPECT_EQ(scale.factor, 0);
  EXPECT_NEAR(scale.Chance(7), 3.5 / 11, 1e-12);
}

TEST(LogitScale, IsFiniteWhereAllWonOrScoresSeparate) {
  const std::vector<double> scores = {1, 2, 3, 4};
  EXPECT_NEAR(FitLogitScale(scores, std::vector<uint8_t>{1, 1, 1, 1}).Chance(2), 0.9, 1e-12);
  const LogitScale parted = FitLogitScale(scores, std::vector<uint8_t>{0, 0, 1, 1});
  EXPECT_TRUE(std::isfinite(parted.shift));
  EXPECT_GE(parted.factor, 0);
}

}  // namespace
}  // namespace gtm::stats
