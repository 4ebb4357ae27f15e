#include "common/stats/level_break.h"

#include <vector>

#include "common/core/random.h"
#include "gtest/gtest.h"

namespace gtm::stats {
namespace {

TEST(LevelBreak, FindsTheStepOfAChange) {
  Random random(1);
  std::vector<double> counts;
  for (int week = 0; week < 52; ++week) {
    counts.push_back(static_cast<double>(random.Poisson(week < 30 ? 5 : 15)));
  }
  const auto found = StrongestLevelBreak(counts, {}, {});
  ASSERT_TRUE(found);
  EXPECT_NEAR(static_cast<double>(found->at), 30, 2);
  EXPECT_NEAR(found->before, 5, 1.5);
  EXPECT_NEAR(found->after, 15, 2);
}

TEST(LevelBreak, SharesAllowForHowManyWereTried) {
  // Twice as many trials from the middle on, at the same rate: successes double, the rate not.
  Random random(2);
  std::vector<double> won, tried;
  for (int week = 0; week < 52; ++week) {
    tried.push_back(week < 26 ? 20 : 40);
    won.push_back(0);
    for (int i = 0; i < static_cast<int>(tried.back()); ++i) {
      won.back() += random.Uniform() < 0.3 ? 1 : 0;
    }
  }
  EXPECT_TRUE(StrongestLevelBreak(won, {}, {}));
  EXPECT_FALSE(StrongestLevelBreak(won, tried, {.is_binomial = true}));
}

TEST(LevelBreak, IsSilentOnShortOrEmptySeries) {
  EXPECT_FALSE(StrongestLevelBreak({}, {}, {}));
  EXPECT_FALSE(StrongestLevelBreak(std::vector<double>(25, 9), {}, {}));
  EXPECT_FALSE(StrongestLevelBreak(std::vector<double>(60, 0), {}, {}));
}

}  // namespace
}  // namespace gtm::stats
