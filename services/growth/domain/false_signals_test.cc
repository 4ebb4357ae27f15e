#include "services/growth/domain/false_signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "common/core/random.h"

namespace gtm::growth::domain {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kUnit = kMicrosPerUnit;

WinRateNumbers WinRate(WinRatePeriod period, WinRatePeriod comparison) {
  return {.period = period, .comparison = comparison, .comparison_is_whole = true};
}

// D9: created 100 -> 60, won 20 -> 15: win rate 20 % -> 25 %, net worse: false signal.
TEST(JudgeWinRate, D9SeesThroughAShrinkingDenominator) {
  const Signal signal = JudgeWinRate(WinRate({60, 15, 0}, {100, 20, 0}));
  EXPECT_EQ(signal.status, SignalStatus::kAct);
  EXPECT_DOUBLE_EQ(*signal.value.value, 0.25);
  EXPECT_DOUBLE_EQ(*signal.comparison->value, 0.20);
}

// D10: net customers up, ARR up, win rate up: not false (GS-12).
TEST(JudgeWinRate, D10HonorsTheException) {
  WinRateNumbers numbers = WinRate({60, 15, 0}, {100, 20, 0});
  numbers.net_customers_up = true;
  numbers.arr_up = true;
  const Signal real = JudgeWinRate(numbers);
  EXPECT_EQ(real.status, SignalStatus::kOk);
  EXPECT_THAT(real.explanation, HasSubstr("GS-12"));
  numbers.arr_up = false;
  EXPECT_EQ(JudgeWinRate(numbers).status, SignalStatus::kAct);
  numbers.arr_up = std::nullopt;
  EXPECT_EQ(JudgeWinRate(numbers).status, SignalStatus::kAct);
}

TEST(JudgeWinRate, FollowsItsTruthTable) {
  struct Case {
    WinRatePeriod period, comparison;
    SignalStatus expected;
  };
  const Case cases[] = {
      {{100, 30, 0}, {100, 20, 0}, SignalStatus::kOk},    // as many created
      {{150, 40, 0}, {100, 20, 0}, SignalStatus::kOk},    // more created
      {{60, 10, 0}, {100, 20, 0}, SignalStatus::kOk},     // the rate fell: nobody boasts
      {{95, 25, 0}, {100, 20, 0}, SignalStatus::kWatch},  // fewer, within noise
      {{6, 3, 0}, {10, 2, 0}, SignalStatus::kUnknown},    // too few
      {{0, 3, 0}, {100, 20, 0}, SignalStatus::kUnknown},  // no rate
  };
  for (const Case& c : cases) {
    EXPECT_EQ(JudgeWinRate(WinRate(c.period, c.comparison)).status, c.expected)
        << c.period.created << " " << c.period.won;
  }
  WinRateNumbers partial = WinRate({60, 15, 0}, {100, 20, 0});
  partial.comparison_is_whole = false;
  EXPECT_EQ(JudgeWinRate(partial).status, SignalStatus::kUnknown);
}

MqlNumbers Mql(MqlPeriod period, MqlPeriod comparison) {
  return {.period = period, .comparison = comparison, .has_leads = true, .has_spend = true};
}

TEST(JudgeMql, SeesLeadsThatWereBought) {
  struct Case {
    MqlPeriod period, comparison;
    SignalStatus expected;
  };
  const Case cases[] = {
      {{2000, 200 * kUnit, 100}, {1000, 100 * kUnit, 100}, SignalStatus::kAct},
      {{2000, 200 * kUnit, 190}, {1000, 100 * kUnit, 100}, SignalStatus::kOk},   // in step
      {{2000, 100 * kUnit, 100}, {1000, 100 * kUnit, 100}, SignalStatus::kOk},   // no spend
      {{1010, 200 * kUnit, 100}, {1000, 100 * kUnit, 100}, SignalStatus::kOk},   // noise
      {{1200, 200 * kUnit, 10}, {1000, 100 * kUnit, 10}, SignalStatus::kWatch},  // too few SQOs
      {{5, 200 * kUnit, 10}, {3, 100 * kUnit, 10}, SignalStatus::kUnknown},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(JudgeMql(Mql(c.period, c.comparison)).status, c.expected)
        << c.period.mql << " " << c.period.qualified;
  }
  MqlNumbers no_spend = Mql(cases[0].period, cases[0].comparison);
  no_spend.has_spend = false;
  EXPECT_EQ(JudgeMql(no_spend).status, SignalStatus::kUnknown);
}

HeadcountNumbers Headcount(int64_t now, int64_t before, int64_t revenue, int64_t revenue_before) {
  return {.employees = now,
          .employees_before = before,
          .revenue_micros = revenue * kUnit,
          .revenue_before_micros = revenue_before * kUnit};
}

// D11: +100 % staff, +60 % revenue: revenue per employee 0.80: false signal.
TEST(JudgeHeadcount, D11WantsRevenuePerEmployeeLevel) {
  const Signal signal = JudgeHeadcount(Headcount(200, 100, 160, 100));
  EXPECT_EQ(signal.status, SignalStatus::kAct);
  EXPECT_DOUBLE_EQ(*signal.value.value, 0.80);
  EXPECT_EQ(JudgeHeadcount(Headcount(200, 100, 200, 100)).status, SignalStatus::kOk);
  EXPECT_EQ(JudgeHeadcount(Headcount(100, 100, 60, 100)).status, SignalStatus::kOk);
  EXPECT_EQ(JudgeHeadcount(Headcount(101, 100, 100, 100)).status, SignalStatus::kWatch);
  EXPECT_EQ(JudgeHeadcount(Headcount(200, 100, 160, 0)).status, SignalStatus::kUnknown);
  EXPECT_EQ(JudgeHeadcount({}).status, SignalStatus::kUnknown);
}

// In a world where nothing changes, ACT must be rare: at most 5 % of 200 seeds of 20
// periods each.
TEST(FalseAlarms, OfFalseSignalsAreRareWhereNothingChanges) {
  constexpr int kSeeds = 200, kPeriods = 20, kMax = kSeeds * kPeriods / 20;
  int win_rate = 0, mql = 0;
  for (int run = 0; run < kSeeds * kPeriods; ++run) {
    Random random(static_cast<uint64_t>(run / kPeriods) * 1'000 + run % kPeriods);
    const auto quarter = [&random] {
      return WinRatePeriod{random.Poisson(80), random.Poisson(20), random.Poisson(20)};
    };
    const WinRatePeriod now = quarter();
    win_rate += JudgeWinRate(WinRate(now, quarter())).status == SignalStatus::kAct;
    const auto leads = [&random] {
      return MqlPeriod{random.Poisson(900), static_cast<int64_t>(random.Below(1000)) * kUnit,
                       random.Poisson(80)};
    };
    const MqlPeriod month = leads();
    mql += JudgeMql(Mql(month, leads())).status == SignalStatus::kAct;
  }
  std::cout << "ACT of " << kSeeds * kPeriods << ": win rate " << win_rate << ", MQL " << mql
            << "\n";
  EXPECT_LE(win_rate, kMax);
  EXPECT_LE(mql, kMax);
}

}  // namespace
}  // namespace gtm::growth::domain
