#include "services/forecasting/domain/close_rates.h"

#include <cmath>

#include "common/core/random.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/arrivals.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {
namespace {

const DayNumber kToday = NumberOf(absl::CivilDay(2024, 12, 31));

// Deals that are won and lost at constant rates, up to kToday.
DealTable ConstantRates(double won, double lost, int count, DayNumber watched_from = 0) {
  DealTable table;
  table.as_of = table.calendar.StartOf(DayAt(kToday) + 1) - absl::Microseconds(1);
  SetToday(&table);
  Random random(42);
  for (int i = 0; i < count; ++i) {
    Deal deal;
    deal.id = std::to_string(i);
    deal.qualified_day = kToday - 700 + static_cast<DayNumber>(random.Below(700));
    deal.amount_micros = 1'000'000;
    const auto end =
        deal.qualified_day + static_cast<DayNumber>(random.Exponential() / (won + lost));
    const bool is_won = random.Uniform() < won / (won + lost);
    if (end <= kToday) {
      deal.outcome = is_won ? Outcome::kWon : Outcome::kLost;
      deal.closed_day = end;
      if (end < watched_from) continue;
    }
    table.deals.push_back(deal);
  }
  return table;
}

double AverageWonRate(const CloseRates& rates) {
  double sum = 0;
  for (size_t k = 0; k + 1 < rates.won_rate.size(); ++k) sum += rates.won_rate[k];
  return sum / static_cast<double>(rates.won_rate.size() - 1);
}

TEST(LearnCloseRates, FindsConstantRatesAgain) {
  const CloseRates rates = LearnCloseRates(ConstantRates(0.01, 0.02, 12'000));
  EXPECT_NEAR(AverageWonRate(rates), 0.01, 0.0015);
  EXPECT_EQ(rates.truncated_before, 0);
  for (const double factor : rates.won_factor) EXPECT_NEAR(factor, 1, 0.15);
  EXPECT_LT(rates.shock, 0.2);
}

TEST(LearnCloseRates, AllowsForMissingClosesByDelayedEntry) {
  const DayNumber watched_from = kToday - 350;
  const CloseRates rates = LearnCloseRates(ConstantRates(0.01, 0.02, 6000, watched_from));
  EXPECT_NEAR(rates.truncated_before, watched_from, 1);
  EXPECT_NEAR(AverageWonRate(rates), 0.01, 0.002);
}

TEST(LearnCloseRates, LeansOnAWeakPriorWithoutHistory) {
  DealTable table = ConstantRates(0.01, 0.02, 0);
  const CloseRates rates = LearnCloseRates(table);
  EXPECT_EQ(rates.won_count, 0);
  EXPECT_GT(rates.won_rate[0], 0);
  EXPECT_GT(rates.SpreadOver(90), 0.8);
}

TEST(LearnCloseRates, SeesABusyQuarterEnd) {
  CompanyShape shape;
  shape.arrivals_per_day = 8;
  shape.quarter_end_pull = 0.5;
  shape.shock = 0;
  shape.history_days = 1000;
  const CloseRates rates = LearnCloseRates(GeneratedCompany(shape, 9).AtEndOf(kToday));
  EXPECT_GT(rates.won_factor[5], 1.3 * rates.won_factor[1]);
}

TEST(PositionOf, SplitsAQuarterInSix) {
  const FiscalCalendar calendar;
  EXPECT_EQ(PositionOf(calendar, absl::CivilDay(2025, 1, 1)), 0);
  EXPECT_EQ(PositionOf(calendar, absl::CivilDay(2025, 1, 15)), 0);
  EXPECT_EQ(PositionOf(calendar, absl::CivilDay(2025, 1, 16)), 1);
  EXPECT_EQ(PositionOf(calendar, absl::CivilDay(2025, 3, 31)), 5);
}

// Against the closed form: constant rates, a window of T whole days.
TEST(WinChances, AgreeWithTheClosedForm) {
  DealTable table = ConstantRates(0.01, 0.02, 0);
  CloseRates rates;
  rates.age_edges = {0};
  rates.won_rate = {0.01};
  rates.lost_rate = {0.02};
  rates.won_factor.fill(1);
  rates.lost_factor.fill(1);
  const WinChances chances(table, rates, {kToday + 1, kToday + 60});
  // The middle node has z = 0: the factor is exp(-spread^2 / 2).
  const double spread = rates.SpreadOver(60);
  const double won = 0.01 * std::exp(-spread * spread / 2);
  const double closed_form = won / (won + 0.02) * (1 - std::exp(-(won + 0.02) * 60));
  EXPECT_NEAR(chances.OfOpen({30})[kNodeCount / 2], closed_form, 1e-12);
  EXPECT_DOUBLE_EQ(chances.remaining_days(), 60);
}

TEST(WinChances, APartOfTodayStillCounts) {
  DealTable table = ConstantRates(0.01, 0.02, 200);
  const CloseRates rates = LearnCloseRates(table);
  const WinChances over(table, rates, {kToday - 60, kToday});
  EXPECT_TRUE(over.empty());
  table.today_left = 0.5;
  const WinChances half(table, rates, {kToday - 60, kToday});
  EXPECT_DOUBLE_EQ(half.remaining_days(), 0.5);
  EXPECT_GT(half.OfOpen({30})[4], 0);
}

TEST(LearnArrivals, FindsTheRateAndItsUncertainty) {
  const DealTable table = ConstantRates(0.01, 0.02, 2100);
  const Arrivals arrivals = LearnArrivals(table, 0);
  EXPECT_NEAR(arrivals.level.mean, 3, 0.4);
  DealTable one = ConstantRates(0.01, 0.02, 0);
  one.deals.push_back({.id = "a", .qualified_day = kToday - 1, .amount_micros = 1});
  // One deal yesterday is no deal a day.
  EXPECT_LT(LearnArrivals(one, 0).level.mean, 0.1);
}

TEST(TableAtEndOf, GivesBackWhatWasKnown) {
  const GeneratedCompany company(DrawShape(3), 3);
  const DayNumber day = kToday - 100;
  const DealTable direct = company.AtEndOf(day);
  const DealTable cut = TableAtEndOf(company.AtEndOf(kToday), day);
  ASSERT_EQ(cut.deals.size(), direct.deals.size());
  for (size_t i = 0; i < cut.deals.size(); ++i) {
    EXPECT_EQ(cut.deals[i].outcome, direct.deals[i].outcome);
    if (!cut.deals[i].amount_micros || !direct.deals[i].amount_micros) continue;
    EXPECT_NEAR(static_cast<double>(*cut.deals[i].amount_micros),
                static_cast<double>(*direct.deals[i].amount_micros), 2);
  }
}

TEST(LearnWeights, FavorTheModelWithoutAPast) {
  const auto weights = LearnWeights(ConstantRates(0.01, 0.02, 0), {PeriodUnit::kQuarter, 2024, 4});
  EXPECT_GT(weights[0], weights[1]);
  EXPECT_GT(weights[1], weights[2]);
  EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1, 1e-12);
}

TEST(Blend, ExpectsTheWeightedMean) {
  const GeneratedCompany company(DrawShape(8), 8);
  const DealTable table = company.AtEndOf(kToday + 30);
  const FiscalPeriod period = {PeriodUnit::kQuarter, 2025, 1};
  const DayRange days = table.calendar.DaysOf(period);
  const Model model = LearnModel(table);
  const Remainders told = ForecastRemainders(table, model, days);
  const auto weights = LearnWeights(table, period);
  double wanted = 0;
  for (size_t m = 0; m < weights.size(); ++m) wanted += weights[m] * told.told[m];
  const double blended = ExpectedRemainder(table, Blend(table, model, period), days);
  EXPECT_NEAR(blended / wanted, 1, 0.03);
  // Years, and periods that are not running, are left to the model.
  const Model year = Blend(table, model, {PeriodUnit::kYear, 2025, 1});
  EXPECT_EQ(year.close.won_rate, model.close.won_rate);
  const Model next = Blend(table, model, {PeriodUnit::kQuarter, 2025, 2});
  EXPECT_EQ(next.close.won_rate, model.close.won_rate);
}

TEST(ExpectedRemainder, IsTheMeanOfTheForecast) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const DealTable table = company.AtEndOf(kToday + 20);
    const DayRange days = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};
    const Model model = LearnModel(table);
    const PeriodForecast forecast = ForecastPeriod(table, model, days, {});
    const auto mean = static_cast<double>(forecast.open_mean_micros + forecast.new_mean_micros);
    EXPECT_NEAR(ExpectedRemainder(table, model, days) / mean, 1, 0.02) << seed;
  }
}

TEST(IsStale, NeedsEnoughClosedDeals) {
  DealTable table = ConstantRates(0.01, 0.02, 0);
  Deal deal{.id = "a", .qualified_day = kToday - 1000};
  EXPECT_FALSE(IsStale(table, LearnCloseRates(table), deal));
  DealTable full = ConstantRates(0.05, 0.05, 3000);
  EXPECT_TRUE(IsStale(full, LearnCloseRates(full), deal));
}

}  // namespace
}  // namespace gtm::forecasting::domain
