// Survival curves against hand-made ones and closed forms, age buckets, trends.

#include "services/forecasting/domain/velocity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/core/random.h"

namespace gtm::forecasting::domain {
namespace {

using stats::LifeSpan;

// Leaves at 2 (cause 0), 4 (cause 1), still there at 3 and 5, leaves at 6 (cause 0).
TEST(Survival, AgreesWithTheHandComputedCurve) {
  const Survival survival({{0, 0, 2, 0}, {0, 0, 3, -1}, {0, 0, 4, 1}, {0, 0, 5, -1}, {0, 0, 6, 0}},
                          2);
  EXPECT_EQ(survival.event_count(), 3);
  // S: 4/5 at 2, 4/5 * 2/3 = 0.533 at 4, 0 at 6.
  EXPECT_EQ(survival.QuantileOfLeaving(0.2).value, 2);
  EXPECT_EQ(survival.QuantileOfLeaving(0.4).value, 4);
  EXPECT_EQ(survival.QuantileOfLeaving(0.5).value, 6);
  // Cause 0: 1/5 + 8/15; cause 1: 4/5 / 3.
  EXPECT_NEAR(survival.ShareOf(0)->value, 0.2 + 8.0 / 15, 1e-12);
  EXPECT_NEAR(survival.ShareOf(1)->value, 4.0 / 15, 1e-12);
}

TEST(Survival, WithoutCensoringSharesAreBinomial) {
  std::vector<LifeSpan> spans;
  for (int i = 0; i < 100; ++i) spans.push_back({0, 0, i, static_cast<int8_t>(i % 4 == 0 ? 0 : 1)});
  const auto share = Survival(spans, 2).ShareOf(0);
  ASSERT_TRUE(share);
  EXPECT_NEAR(share->value, 0.25, 1e-12);
  const stats::Interval wilson = stats::WilsonInterval(25, 100);
  EXPECT_NEAR(share->interval.low, wilson.low, 0.01);
  EXPECT_NEAR(share->interval.high, wilson.high, 0.01);
}

TEST(Survival, SaysNothingOfNothing) {
  const Survival none({}, 2);
  EXPECT_FALSE(none.ShareOf(0));
  EXPECT_FALSE(none.QuantileOfLeaving(0.5).value);
  // One that is still there.
  const Survival still({{0, 0, 100, -1}}, 2);
  EXPECT_FALSE(still.ShareOf(0));
  EXPECT_FALSE(still.QuantileOfLeaving(0.5).value);
}

// Exponential lives, watched late and cut off: the naive median of those that closed is far
// too low, the estimate holds the truth in about 95 % of worlds.
TEST(Survival, AllowsForDelayedEntryAndCensoring) {
  constexpr double kMean = 80;
  const double median = kMean * std::log(2.0);
  int covered = 0, share_covered = 0;
  double naive = 0;
  constexpr int kWorlds = 300;
  for (uint64_t seed = 0; seed < kWorlds; ++seed) {
    Random random(seed);
    std::vector<LifeSpan> spans;
    std::vector<double> closed;
    for (int i = 0; i < 400; ++i) {
      const auto birth = static_cast<int32_t>(random.Below(400));
      const double life = random.Exponential() * kMean;
      const bool won = random.Uniform() < 0.3;
      const auto end = birth + static_cast<int32_t>(life);
      LifeSpan span{birth, std::max(birth, 150), std::min(end, 400),
                    static_cast<int8_t>(end <= 400 ? (won ? 0 : 1) : -1)};
      if (span.first_day > span.last_day) continue;
      if (end <= 400) closed.push_back(life);
      spans.push_back(span);
    }
    std::sort(closed.begin(), closed.end());
    naive += closed[closed.size() / 2] / kWorlds;
    const Survival survival(spans, 2);
    const AgeQuantile quantile = survival.QuantileOfLeaving(0.5);
    ASSERT_TRUE(quantile.value && quantile.low && quantile.high);
    covered += *quantile.low <= median && median <= *quantile.high + 1;
    share_covered += survival.ShareOf(0)->interval.contains(0.3);
  }
  EXPECT_LT(naive, 0.96 * median);
  EXPECT_GE(covered, kWorlds * 0.92);
  EXPECT_GE(share_covered, kWorlds * 0.92);
}

TEST(FindTrend, IsExact) {
  // Five rising values: 2 of 120 orders are as extreme.
  const auto rising = FindTrend({10.0, 20.0, 40.0, 80.0, 160.0});
  ASSERT_TRUE(rising);
  EXPECT_NEAR(rising->change_per_step, 1, 1e-12);
  EXPECT_NEAR(rising->p_value, 2.0 / 120, 1e-12);
  EXPECT_FALSE(FindTrend({10.0, 20.0, 40.0, 80.0}));
  // A gap counts as a step; zero is no value.
  const auto gap = FindTrend({10.0, {}, 40.0, 80.0, 0.0, 320.0, 640.0});
  ASSERT_TRUE(gap);
  EXPECT_NEAR(gap->change_per_step, 1, 1e-12);
  const auto flat = FindTrend({5.0, 5.0, 5.0, 5.0, 5.0});
  EXPECT_DOUBLE_EQ(flat->change_per_step, 0);
  EXPECT_DOUBLE_EQ(flat->p_value, 1);
}

TEST(FindTrend, HoldsItsLevelWithoutATrend) {
  int told = 0;
  constexpr int kWorlds = 4'000;
  for (uint64_t seed = 0; seed < kWorlds; ++seed) {
    Random random(seed);
    std::vector<std::optional<double>> values;
    for (int i = 0; i < 8; ++i) values.emplace_back(std::exp(random.Normal()));
    told += FindTrend(values)->p_value < 0.05;
  }
  EXPECT_LE(told, kWorlds * 0.06);
  EXPECT_GE(told, kWorlds * 0.02);
}

DealTable TableOf(std::vector<Deal> deals) {
  DealTable table;
  table.as_of = table.calendar.StartOf(absl::CivilDay(2026, 7, 1)) - absl::Microseconds(1);
  SetToday(&table);
  table.deals = std::move(deals);
  return table;
}

Deal DealOf(const char* id, int clock_age, int age, Outcome outcome, int closed_ago) {
  const DealTable table = TableOf({});
  Deal deal;
  deal.id = id;
  deal.segment = "large";
  deal.clock_day = table.today - clock_age;
  deal.qualified_day = table.today - age;
  deal.outcome = outcome;
  deal.closed_day = table.today - closed_ago;
  deal.amount_micros = 10'000'000;
  return deal;
}

TEST(MeasureVelocity, CountsByPipelineAgeAndByClockAge) {
  const DealTable table = TableOf({DealOf("a", 100, 70, Outcome::kWon, 20),  // 50 days, clock 80
                                   DealOf("b", 40, 20, Outcome::kOpen, 0),
                                   DealOf("c", 35, 35, Outcome::kLost, 30)});  // 5 days
  const auto groups = MeasureVelocity(table, 0, {}, VelocityGrouping::kSegment);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_TRUE(groups[0].all);
  EXPECT_EQ(groups[1].key, "large");
  const auto& by_age = groups[0].by_pipeline_age;
  EXPECT_EQ(by_age[0].reached_count, 3);
  EXPECT_EQ(by_age[0].lost_count, 1);
  EXPECT_EQ(by_age[0].open_count, 1);
  EXPECT_EQ(by_age[0].open_micros, 10'000'000);
  EXPECT_EQ(by_age[1].reached_count, 1);
  EXPECT_EQ(by_age[1].won_count, 1);
  const auto& by_clock = groups[0].by_clock_age;
  EXPECT_EQ(by_clock[1].open_count, 1);
  EXPECT_EQ(by_clock[2].won_count, 1);
  EXPECT_EQ(by_clock[2].reached_count, 1);
}

TEST(MeasureVelocity, WhatClosedBeforeTheWatchDoesNotCount) {
  const DealTable table =
      TableOf({DealOf("a", 100, 70, Outcome::kWon, 60), DealOf("b", 100, 70, Outcome::kWon, 20)});
  const auto groups = MeasureVelocity(table, table.today - 40, {}, VelocityGrouping::kNone);
  EXPECT_EQ(groups[0].count, 1);
  // It came under watch at 30 days.
  EXPECT_EQ(groups[0].by_pipeline_age[0].reached_count, 0);
  EXPECT_EQ(groups[0].by_pipeline_age[1].reached_count, 1);
}

TEST(MeasureStages, TellsWhereVisitsLead) {
  using Next = StageVisit::Next;
  const auto stages = MeasureStages({{"demo", 0, 10, Next::kForward},
                                     {"demo", 0, 10, Next::kForward},
                                     {"demo", 0, 10, Next::kLost},
                                     {"demo", 0, 10, Next::kBack},
                                     {"offer", 0, 30, Next::kStill}},
                                    0);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_NEAR(stages[0].forward->value, 0.5, 1e-12);
  EXPECT_NEAR(stages[0].lost->value, 0.25, 1e-12);
  EXPECT_NEAR(stages[0].back->value, 0.25, 1e-12);
  EXPECT_EQ(stages[0].median_days.value, 10);
  EXPECT_EQ(stages[1].open_count, 1);
  EXPECT_FALSE(stages[1].forward);
}

TEST(MeasureQuarters, SumsUpMoreBiggerFaster) {
  const DealTable table =
      TableOf({DealOf("a", 100, 70, Outcome::kWon, 20), DealOf("b", 40, 20, Outcome::kOpen, 0)});
  const auto quarters = MeasureQuarters(table, {});
  ASSERT_EQ(quarters.size(), 9u);
  const QuarterVelocity& running = quarters.back();
  EXPECT_EQ(running.created_count, 2);
  EXPECT_EQ(running.won_count, 1);
  EXPECT_EQ(running.won_micros, 10'000'000);
  EXPECT_EQ(running.median_cycle_days, 50);
  const QuarterTrends trends = FindTrends(table, quarters, 0);
  EXPECT_FALSE(trends.created);
}

}  // namespace
}  // namespace gtm::forecasting::domain
