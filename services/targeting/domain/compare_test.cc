#include "services/targeting/domain/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/core/random.h"

namespace gtm::targeting::domain {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NewcombeInterval, GivesThePublishedExample) {  // Newcombe (1998), table II, method 10
  const stats::Interval interval = NewcombeInterval({56, 70}, {48, 80});
  EXPECT_NEAR(interval.low, 0.0524, 5e-5);
  EXPECT_NEAR(interval.high, 0.3339, 5e-5);
  const stats::Interval none = NewcombeInterval({0, 10}, {0, 20});
  EXPECT_NEAR(none.low, -0.1611, 5e-5);
  EXPECT_NEAR(none.high, 0.2775, 5e-5);
}

TEST(JudgeRates, SaysOnlyWhatIsShown) {
  EXPECT_EQ(Judge({30, 40}, {10, 40}), RateFinding::kAbove);
  EXPECT_EQ(Judge({1, 40}, {20, 40}), RateFinding::kBelow);
  EXPECT_EQ(Judge({6, 12}, {5, 12}), RateFinding::kNotShown);
  EXPECT_EQ(Judge({9, 9}, {0, 50}), RateFinding::kNotEnoughData);
}

TEST(NewcombeInterval, TurnsRoundWithItsArms) {
  const stats::Interval there = NewcombeInterval({9, 10}, {3, 10});
  const stats::Interval back = NewcombeInterval({3, 10}, {9, 10});
  EXPECT_DOUBLE_EQ(there.low, -back.high);
  EXPECT_DOUBLE_EQ(there.high, -back.low);
}

TEST(PooledRates, OneStratumIsThePlainDifference) {
  PooledRates pool;
  pool.AddStratum({30, 100}, {20, 200});
  const Pooled pooled = pool.Compare();
  EXPECT_NEAR(pooled.difference, 0.2, 1e-12);
  EXPECT_EQ(pooled.touched_count, 100);
  EXPECT_EQ(pooled.untouched_count, 200);
  EXPECT_TRUE(pooled.interval.contains(0.2));
  EXPECT_GT(pooled.interval.low, 0.1);
  // Mantel and Haenszel: 30 seen, 16.667 expected, variance 100 * 200 * 50 * 250 / (300^2 * 299).
  const double z = (30 - 50.0 / 3) / std::sqrt(100.0 * 200 * 50 * 250 / (300.0 * 300 * 299));
  EXPECT_NEAR(pooled.p_value, 2 * (1 - stats::NormalCdf(z)), 1e-9);
}

// Simpson: touched cases lie in the stratum where everything goes well. Pooled without strata
// they look better; within strata there is no difference.
TEST(PooledRates, ComparesOnlyWhatIsAlike) {
  PooledRates pool;
  pool.AddStratum({80, 100}, {16, 20});
  pool.AddStratum({2, 20}, {10, 100});
  const Pooled pooled = pool.Compare();
  EXPECT_NEAR(pooled.difference, 0, 1e-12);
  EXPECT_NEAR(pooled.p_value, 1, 1e-9);
}

TEST(PooledRates, IgnoresStrataWithOneSide) {
  PooledRates pool;
  pool.AddStratum({5, 5}, {0, 0});
  pool.AddStratum({0, 0}, {9, 10});
  EXPECT_FALSE(pool.Compare().is_tested());
}

// Many small strata with rates of their own: the interval covers the true difference about as
// often as it says.
TEST(PooledRates, CoversTheDifferenceOverManyStrata) {
  constexpr int kRuns = 1'000;
  constexpr double kEffect = 0.1;
  Random random(7);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    PooledRates pool;
    for (int stratum = 0; stratum < 60; ++stratum) {
      const double base = 0.05 + 0.6 * random.Uniform();
      Rate touched;
      Rate untouched;
      const auto n1 = static_cast<int>(1 + random.Below(6));
      const auto n0 = static_cast<int>(1 + random.Below(12));
      for (int i = 0; i < n1; ++i) touched.Add(random.Uniform() < base + kEffect);
      for (int i = 0; i < n0; ++i) untouched.Add(random.Uniform() < base);
      pool.AddStratum(touched, untouched);
    }
    covered += pool.Compare().interval.contains(kEffect);
  }
  EXPECT_NEAR(covered / static_cast<double>(kRuns), 0.95, 0.025);
}

TEST(PooledMeans, CoversTheDifferenceOverManyStrata) {
  constexpr int kRuns = 1'000;
  constexpr double kEffect = -0.3;
  Random random(8);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    PooledMeans pool;
    for (int stratum = 0; stratum < 40; ++stratum) {
      const double base = 4 * random.Normal();
      Moments touched;
      Moments untouched;
      const auto n1 = static_cast<int>(1 + random.Below(6));
      const auto n0 = static_cast<int>(1 + random.Below(12));
      for (int i = 0; i < n1; ++i) touched.Add(base + kEffect + random.Normal());
      for (int i = 0; i < n0; ++i) untouched.Add(base + random.Normal());
      pool.AddStratum(touched, untouched);
    }
    covered += pool.Compare().interval.contains(kEffect);
  }
  EXPECT_NEAR(covered / static_cast<double>(kRuns), 0.95, 0.025);
}

TEST(FalseDiscoveryRates, AdjustsByRank) {
  // 0.01 * 4 / 1, 0.02 * 4 / 2, 0.03 * 4 / 3 are all 0.04; 0.5 stays.
  EXPECT_THAT(FalseDiscoveryRates({0.5, 0.01, 0.03, 0.02}),
              ElementsAre(DoubleNear(0.5, 1e-12), DoubleNear(0.04, 1e-12), DoubleNear(0.04, 1e-12),
                          DoubleNear(0.04, 1e-12)));
  EXPECT_THAT(FalseDiscoveryRates({}), IsEmpty());
}

TEST(FalseDiscoveryRates, NeverFallBelowThePValueAndKeepTheOrder) {
  Random random(9);
  for (int run = 0; run < 200; ++run) {
    std::vector<double> p_values(1 + random.Below(30));
    for (double& p : p_values) p = random.Uniform();
    const std::vector<double> q_values = FalseDiscoveryRates(p_values);
    for (size_t i = 0; i < p_values.size(); ++i) {
      EXPECT_GE(q_values[i], p_values[i]);
      EXPECT_LE(q_values[i], 1);
      for (size_t j = 0; j < i; ++j) {
        if (p_values[i] < p_values[j]) {
          EXPECT_LE(q_values[i], q_values[j]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
