// What-if against the full answer, on generated companies: differences are exact, unchanged
// deals unchanged, and common draws save most of the noise.

#include "services/forecasting/domain/what_if.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/testing/matchers.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

using test::FailsOn;
using test::IsOk;

const DayRange kQuarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};
const DayRange kNext = {absl::CivilDay(2025, 4, 1), absl::CivilDay(2025, 7, 1)};
const DayNumber kCut = NumberOf(absl::CivilDay(2025, 1, 31));

class WhatIfTest : public ::testing::Test {
 protected:
  WhatIfTest() : table_(GeneratedCompany(Shape(), 4).AtEndOf(kCut)), model_(LearnModel(table_)) {
    for (size_t i = 0; i < table_.deals.size(); ++i) table_.deals[i].owner_seller_id = Owner(i);
    model_ = LearnModel(table_);
  }
  static CompanyShape Shape() {
    CompanyShape shape;
    shape.arrivals_per_day = 2;
    shape.cycle_days = 60;
    return shape;
  }
  static std::string Owner(size_t i) { return "seller" + std::to_string(i % 5); }
  WhatIf Ask(const DayRange& days = kQuarter, std::optional<int64_t> target = {}) const {
    return WhatIf(table_, model_, days, {}, target);
  }
  // The open deal that brings most.
  DealChance Biggest(const WhatIf& what_if) const {
    const auto& chances = what_if.baseline().chances;
    return *std::max_element(chances.begin(), chances.end(), [](const auto& a, const auto& b) {
      return a.expected_micros < b.expected_micros;
    });
  }
  std::string IdOf(const DealChance& chance) const { return table_.deals[chance.deal].id; }

  DealTable table_;
  Model model_;
};

TEST_F(WhatIfTest, NothingChangedIsTheForecast) {
  const WhatIf what_if = Ask();
  const auto answer = what_if.Ask({});
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->mean_micros, what_if.baseline().mean_micros());
  EXPECT_EQ(answer->bookings.p10, what_if.baseline_bookings().p10);
  EXPECT_EQ(answer->difference.standard_deviation, 0);
  EXPECT_EQ(answer->difference_mean_micros, 0);
  const PeriodForecast full = ForecastPeriod(table_, model_, kQuarter, {});
  EXPECT_EQ(what_if.baseline().open_draws, full.open_draws);
}

TEST_F(WhatIfTest, LosingTheBiggestDealLowersTheMeanByWhatItWasExpectedToBring) {
  const WhatIf what_if = Ask();
  const DealChance biggest = Biggest(what_if);
  Scenario scenario;
  scenario.lose_biggest = true;
  const auto answer = what_if.Ask(scenario);
  ASSERT_THAT(answer, IsOk());
  EXPECT_NEAR(static_cast<double>(answer->difference_mean_micros),
              static_cast<double>(-biggest.expected_micros), 2);
  ASSERT_EQ(answer->deals.size(), 1u);
  EXPECT_EQ(answer->deals[0].id, IdOf(biggest));
  EXPECT_EQ(answer->deals[0].before_micros, biggest.expected_micros);
  EXPECT_EQ(answer->deals[0].after_micros, 0);
  EXPECT_LE(answer->difference.p95, 0) << "a loss never helps";
}

// The full answer about a table without the deal, under the same learned model.
TEST_F(WhatIfTest, UnchangedDealsAreUnchangedDrawByDraw) {
  const WhatIf what_if = Ask();
  const DealChance biggest = Biggest(what_if);
  const auto answer = what_if.Ask({.lose = {IdOf(biggest)}});
  ASSERT_THAT(answer, IsOk());
  DealTable without = table_;
  without.deals[biggest.deal].outcome = Outcome::kLost;
  without.deals[biggest.deal].closed_day = table_.today;
  const PeriodForecast full = ForecastPeriod(without, model_, kQuarter, {});
  const auto near = [](int64_t a, int64_t b) {
    EXPECT_NEAR(static_cast<double>(a), static_cast<double>(b), 1e-4 * static_cast<double>(b));
  };
  near(answer->bookings.p10, full.bookings.p10);
  near(answer->bookings.p50, full.bookings.p50);
  near(answer->bookings.p90, full.bookings.p90);
  near(answer->mean_micros, full.mean_micros());
  // Bit for bit: what the difference leaves is the other deals' draws.
  const ForecastState state(table_, model_, kQuarter, {});
  const DealChange gone{state.Find(IdOf(biggest)), std::nullopt};
  const auto difference = state.With({&gone, 1}).draw_differences;
  ASSERT_EQ(difference.size(), full.open_draws.size());
  for (size_t i = 0; i < difference.size(); ++i) {
    ASSERT_EQ(state.forecast().open_draws[i] + difference[i], full.open_draws[i]) << i;
    ASSERT_EQ(state.forecast().new_draws[i], full.new_draws[i]) << i;
  }
}

TEST_F(WhatIfTest, CommonDrawsSaveMostOfTheNoise) {
  const auto answer = Ask().Ask({.lose_biggest = true});
  ASSERT_THAT(answer, IsOk());
  const double common = std::pow(static_cast<double>(answer->difference.standard_deviation), 2);
  const double apart = std::pow(static_cast<double>(answer->independent_deviation_micros), 2);
  EXPECT_LT(common, apart / 10);
  const auto rate = Ask().Ask({.close_rate_factor = 1.05});
  EXPECT_LT(std::pow(static_cast<double>(rate->difference.standard_deviation), 2),
            std::pow(static_cast<double>(rate->independent_deviation_micros), 2) / 10);
}

TEST_F(WhatIfTest, SlippingMovesADealIntoTheNextPeriod) {
  const WhatIf now = Ask(), next = Ask(kNext);
  const std::string id = IdOf(Biggest(now));
  const auto gone = now.Ask({.slip = {{id, std::nullopt}}});
  const auto days_left = static_cast<int32_t>(NumberOf(kQuarter.end) - 1 - kCut);
  const auto by_days = now.Ask({.slip = {{id, days_left}}});
  ASSERT_THAT(gone, IsOk());
  ASSERT_THAT(by_days, IsOk());
  EXPECT_EQ(gone->mean_micros, by_days->mean_micros) << "not a day is left";
  EXPECT_LT(gone->difference_mean_micros, 0);
  const auto later = next.Ask({.slip = {{id, days_left}}});
  ASSERT_THAT(later, IsOk());
  EXPECT_GT(later->difference_mean_micros, 0) << "it is in the next period now";
  // A short delay takes less than a long one.
  const auto week = now.Ask({.slip = {{id, 7}}});
  EXPECT_LT(week->difference_mean_micros, 0);
  EXPECT_GT(week->difference_mean_micros, gone->difference_mean_micros);
}

TEST_F(WhatIfTest, WinningBringsTheRestOfTheAmount) {
  const WhatIf what_if = Ask();
  const DealChance biggest = Biggest(what_if);
  const auto answer = what_if.Ask({.win = {IdOf(biggest)}});
  ASSERT_THAT(answer, IsOk());
  EXPECT_NEAR(static_cast<double>(answer->difference_mean_micros),
              static_cast<double>(biggest.amount_micros - biggest.expected_micros),
              1e-6 * static_cast<double>(biggest.amount_micros) + 2);
  EXPECT_GE(answer->difference.p05, 0);
}

TEST_F(WhatIfTest, AddedPipelineCountsByItsAge) {
  const WhatIf what_if = Ask();
  const auto young = what_if.Ask({.add = {{10, 50'000'000'000, 0}}});
  const auto grown = what_if.Ask({.add = {{10, 50'000'000'000, 45}}});
  ASSERT_THAT(young, IsOk());
  EXPECT_GT(young->difference_mean_micros, 0);
  EXPECT_GT(grown->difference_mean_micros, young->difference_mean_micros);
  ASSERT_EQ(young->deals.size(), 1u);
  EXPECT_NEAR(static_cast<double>(young->deals[0].after_micros),
              static_cast<double>(young->difference_mean_micros),
              1e-5 * static_cast<double>(young->difference_mean_micros));
}

TEST_F(WhatIfTest, FactorsActAsTheySay) {
  const WhatIf what_if = Ask();
  const auto remainder =
      static_cast<double>(what_if.baseline().mean_micros() - what_if.baseline().won_micros);
  const auto change = [&](const Scenario& scenario) {
    const auto answer = what_if.Ask(scenario);
    EXPECT_THAT(answer, IsOk());
    return static_cast<double>(answer->difference_mean_micros) / remainder;
  };
  EXPECT_NEAR(change({.price_factor = 1.1}), 0.1, 1e-3);
  EXPECT_NEAR(change({.close_rate_factor = 1.1}), 0.1, 0.03);
  EXPECT_NEAR(change({.close_rate_factor = 0.5}), -0.5, 0.03);
  EXPECT_GT(change({.cycle_factor = 0.8}), 0.02);
  EXPECT_LT(change({.cycle_factor = 1.25}), -0.02);
}

// Of one scenario with two deals the difference is the sum of both alone.
TEST_F(WhatIfTest, DifferencesAddUp) {
  const WhatIf what_if = Ask();
  const auto& chances = what_if.baseline().chances;
  const std::string a = IdOf(chances[0]), b = IdOf(chances[1]);
  const auto one = what_if.Ask({.lose = {a}}), two = what_if.Ask({.win = {b}});
  const auto both = what_if.Ask({.lose = {a}, .win = {b}});
  EXPECT_NEAR(static_cast<double>(both->difference_mean_micros),
              static_cast<double>(one->difference_mean_micros + two->difference_mean_micros), 4);
}

TEST_F(WhatIfTest, HiredSellersBringDealsOnceTheyHaveTime) {
  const auto at = [&](DayNumber start, int32_t ramp, const DayRange& days) {
    const auto answer = Ask(days).Ask({.hires = {{3, start, ramp, 1}}});
    EXPECT_THAT(answer, IsOk());
    return *answer;
  };
  const WhatIfAnswer now = at(kCut + 1, 0, kQuarter);
  ASSERT_TRUE(now.hires);
  EXPECT_EQ(now.hires->seller_count, 5);
  EXPECT_GT(now.difference_mean_micros, 0);
  EXPECT_NEAR(static_cast<double>(now.hires->micros),
              static_cast<double>(now.difference_mean_micros),
              0.02 * static_cast<double>(now.difference_mean_micros));
  // Three of what five create in 59 days.
  EXPECT_NEAR(now.hires->created_count, 0.6 * 2 * 59, 0.25 * 0.6 * 2 * 59);
  const WhatIfAnswer ramped = at(kCut + 1, 90, kQuarter);
  EXPECT_LT(ramped.hires->created_count, 0.5 * now.hires->created_count);
  EXPECT_LT(ramped.difference_mean_micros, now.difference_mean_micros);
  // After the period's end: not a cent, in no draw.
  const WhatIfAnswer after = at(NumberOf(kQuarter.end), 0, kQuarter);
  EXPECT_EQ(after.difference_mean_micros, 0);
  EXPECT_EQ(after.difference.p95, 0);
  EXPECT_GT(at(NumberOf(kQuarter.end), 0, kNext).difference_mean_micros, 0);
}

// What hires create is like what arrived lately, not like a deal without any difference.
TEST_F(WhatIfTest, HiredSellersCreateDealsOfTheClassesThatArrive) {
  const auto brings = [&](int8_t step) {
    model_.close.arriving = {{{.win_step = step}, 0.5}, {{}, 0.5}};
    const auto answer = Ask().Ask({.hires = {{3, kCut + 1, 0, 1}}});
    EXPECT_THAT(answer, IsOk());
    return answer->hires->micros;
  };
  const int64_t plain = brings(0);
  EXPECT_GT(brings(4), plain + plain / 20);
  EXPECT_LT(brings(-4), plain - plain / 20);
}

// FC-09: where no deal was ever won in fewer days than are left, hires move nothing.
TEST_F(WhatIfTest, ANineMonthCycleCannotMoveTheQuarter) {
  CompanyShape shape;
  shape.cycle_days = 270;
  shape.cycle_spread = 0.1;
  shape.history_days = 1200;
  table_ = GeneratedCompany(shape, 9).AtEndOf(kCut);
  for (size_t i = 0; i < table_.deals.size(); ++i) table_.deals[i].owner_seller_id = Owner(i);
  model_ = LearnModel(table_);
  const auto answer = Ask().Ask({.hires = {{100, kCut + 1, 0, 1}}});
  ASSERT_THAT(answer, IsOk());
  EXPECT_GT(answer->hires->first_cycle_days, 100);
  EXPECT_GT(answer->hires->created_count, 1000);
  EXPECT_EQ(answer->hires->micros, 0);
  EXPECT_EQ(answer->difference_mean_micros, 0);
  EXPECT_GT(answer->hires->first_close_day, NumberOf(kQuarter.end));
}

TEST_F(WhatIfTest, RefusesWhatItCannotDo) {
  const WhatIf what_if = Ask();
  const std::string id = IdOf(what_if.baseline().chances[0]);
  EXPECT_THAT(what_if.Ask({.lose = {"nobody"}}), FailsOn("scenario.lost_opportunity_ids[0]"));
  EXPECT_THAT(what_if.Ask({.lose = {id}, .win = {id}}), FailsOn("scenario.won_opportunity_ids[0]"));
  EXPECT_THAT(what_if.Ask({.add = {{501, 1, 0}}}), FailsOn("scenario"));
  const WhatIf one(table_, model_, kQuarter, {.owner_seller_id = "seller1"}, {});
  EXPECT_THAT(one.Ask({.hires = {{1, kCut, 0, 1}}}), FailsOn("scenario.hires"));
  for (Deal& deal : table_.deals) deal.owner_seller_id.clear();
  EXPECT_THAT(Ask().Ask({.hires = {{1, kCut, 0, 1}}}), FailsOn("scenario.hires"));
}

TEST_F(WhatIfTest, TargetIsReachedMoreOrLessLikely) {
  const int64_t target = Ask().baseline().mean_micros();
  const WhatIf what_if = Ask(kQuarter, target);
  const auto worse = what_if.Ask({.lose_biggest = true});
  const auto better = what_if.Ask({.close_rate_factor = 1.2});
  ASSERT_TRUE(worse->reach_probability && better->reach_probability);
  EXPECT_LT(*worse->reach_probability, *what_if.baseline_reach());
  EXPECT_GT(*better->reach_probability, *what_if.baseline_reach());
}

}  // namespace
}  // namespace gtm::forecasting::domain
