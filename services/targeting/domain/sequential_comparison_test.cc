#include "services/targeting/domain/sequential_comparison.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/core/random.h"

namespace gtm::targeting::domain {
namespace {

struct Simulated {
  int told = 0;       // ever reached 1 / alpha
  int uncovered = 0;  // the sequence missed the true difference at some look
  double cases = 0;   // of both arms until decided, on average
  int run_count = 0;
  double told_share() const { return static_cast<double>(told) / run_count; }
  double uncovered_share() const { return static_cast<double>(uncovered) / run_count; }
};

// Looks after every single case, up to `per_arm` cases in each arm.
Simulated Simulate(double control, double other, int per_arm, int run_count, uint64_t seed,
                   const SequentialOptions& options = {}) {
  Random random(seed);
  Simulated out;
  out.run_count = run_count;
  for (int run = 0; run < run_count; ++run) {
    SequentialComparison test(options);
    bool missed = false;
    for (int i = 0; i < 2 * per_arm; ++i) {
      const int arm = random.Uniform() < 0.5 ? 0 : 1;
      test.Add(arm, random.Uniform() < (arm == 0 ? control : other));
      const bool enough = test.control().trials >= kArmMin && test.other().trials >= kArmMin &&
                          test.control().successes + test.other().successes >= kOutcomesMin;
      missed = missed || (enough && !test.interval().contains(other - control));
    }
    out.told += test.p_value() <= options.alpha;
    out.uncovered += missed;
    out.cases += static_cast<double>(test.decided_at().value_or(2 * per_arm)) / run_count;
  }
  return out;
}

// The point of the rule: at 2,000 looks a fixed test at 5 % tells a difference that is none in
// a third of the runs and more. The margin is three standard errors of 600 runs at 5 %.
TEST(SequentialComparison, TellsNoDifferenceMoreOftenThanAlphaHoweverOftenOneLooks) {
  constexpr double kMargin = 0.027;
  for (const double rate : {0.05, 0.1, 0.3, 0.5, 0.9}) {
    const Simulated none = Simulate(rate, rate, 1'000, 600, 11);
    EXPECT_LE(none.told_share(), 0.05 + kMargin) << rate;
    EXPECT_LE(none.uncovered_share(), 0.05 + kMargin) << rate;
  }
}

TEST(SequentialComparison, TheSequenceCoversADifferenceAtAllLooksAtOnce) {
  const Simulated some = Simulate(0.2, 0.28, 1'000, 600, 12);
  EXPECT_LE(some.uncovered_share(), 0.05 + 0.027);
}

TEST(SequentialComparison, FindsADifferenceThatIsThere) {
  // 10 % against 20 %: nearly always told within 1,000 in each arm, and mostly much earlier.
  const Simulated planted = Simulate(0.1, 0.2, 1'000, 300, 13);
  EXPECT_GE(planted.told_share(), 0.95);
  EXPECT_LE(planted.cases, 1'000);
}

TEST(SequentialComparison, WhatIsDecidedStays) {
  SequentialComparison test({});
  for (int i = 0; i < 60; ++i) {
    test.Add(0, i % 10 == 0);
    test.Add(1, i % 10 != 0);
  }
  ASSERT_EQ(test.verdict(), SequentialVerdict::kDiffers);
  const auto decided_at = test.decided_at();
  const double p_value = test.p_value();
  for (int i = 0; i < 2'000; ++i) {
    test.Add(0, i % 2 == 0);
    test.Add(1, i % 2 == 0);
  }
  EXPECT_EQ(test.verdict(), SequentialVerdict::kDiffers);
  EXPECT_EQ(test.decided_at(), decided_at);
  EXPECT_LE(test.p_value(), p_value);
  EXPECT_EQ(test.remaining_per_arm(), 0);
}

TEST(SequentialComparison, TellsWhereNothingIsWorthIt) {
  SequentialComparison test({0.05, 0.1});
  for (int i = 0; i < 3'000; ++i) {
    test.Add(0, i % 5 == 0);
    test.Add(1, i % 5 == 2);
  }
  EXPECT_EQ(test.verdict(), SequentialVerdict::kNoWorthwhileDifference);
  EXPECT_LT(test.interval().high, 0.1);
  EXPECT_GT(test.interval().low, -0.1);
}

TEST(SequentialComparison, NoLookCountsBeforeThereAreEnoughCases) {
  SequentialComparison test({});
  EXPECT_EQ(test.interval().low, -1);
  EXPECT_EQ(test.interval().high, 1);
  EXPECT_FALSE(test.remaining_per_arm().has_value());
  for (int i = 0; i < kArmMin - 1; ++i) {
    test.Add(0, false);
    test.Add(1, true);
  }
  EXPECT_EQ(test.verdict(), SequentialVerdict::kKeepGoing);
  EXPECT_EQ(test.p_value(), 1);
  // Arms that never respond decide nothing, however many they are.
  SequentialComparison silent({});
  for (int i = 0; i < 5'000; ++i) silent.Add(i % 2, false);
  EXPECT_EQ(silent.verdict(), SequentialVerdict::kKeepGoing);
}

TEST(SequentialComparison, RemainingCasesAreWhatItThenTakes) {
  SequentialComparison test({0.05, 0.1});
  const auto add = [&](int i) {
    test.Add(0, i % 10 < 2);
    test.Add(1, i % 10 < 3);
  };
  int i = 0;
  for (; i < 100; ++i) add(i);
  ASSERT_EQ(test.verdict(), SequentialVerdict::kKeepGoing);
  const int64_t remaining = test.remaining_per_arm().value();
  while (test.verdict() == SequentialVerdict::kKeepGoing && i < 10'000) add(i++);
  EXPECT_NEAR(static_cast<double>(i - 100), static_cast<double>(remaining),
              0.1 * static_cast<double>(remaining) + 10);
}

// The formulas of the header, by hand: v = 0.0016, t = 0.05.
TEST(SequenceHalfWidth, IsTheFormula) {
  const double v = 0.0016;
  const double t2 = 0.0025;
  const double expected =
      std::sqrt(2 * v * (v + t2) / t2 * std::log(std::sqrt((v + t2) / v) / 0.05));
  EXPECT_NEAR(SequenceHalfWidth(v, {}), expected, 1e-12);
  // At the edge of the sequence L is 1 / alpha.
  const double d = expected;
  const double ratio = std::sqrt(v / (v + t2)) * std::exp(t2 * d * d / (2 * v * (v + t2)));
  EXPECT_NEAR(ratio, 20, 1e-9);
}

}  // namespace
}  // namespace gtm::targeting::domain
