#include "services/forecasting/domain/close_rates.h"

#include <cmath>

#include "common/core/random.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/arrivals.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/remainder.h"
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

// A table at the end of day 30 of a quarter, with three years behind it.
struct Running {
  explicit Running(uint64_t seed) : company(DrawShape(seed), seed) {
    days = company.quarter_days();
    table = company.AtEndOf(NumberOf(days.start) + 29);
  }
  GeneratedCompany company;
  DayRange days;
  DealTable table;
};

TEST(LearnWeights, FavorTheModelWithoutAPast) {
  Remainders now;
  now.can.fill(true);
  const auto weights = LearnWeights({}, now);
  EXPECT_GT(weights[Remainders::kModel], weights[Remainders::kRunRate]);
  EXPECT_GT(weights[Remainders::kRunRate], weights[Remainders::kPreviousQuarter]);
  EXPECT_NEAR(weights[0] + weights[1] + weights[2], 1, 1e-12);
  now.can[Remainders::kPreviousQuarter] = false;
  EXPECT_EQ(LearnWeights({}, now)[Remainders::kPreviousQuarter], 0);
}

TEST(LearnWeights, FollowWhoWasRight) {
  Remainders now;
  now.can.fill(true);
  PastCut cut;
  cut.told = {{60, 100, 150}, {true, true, true}, 100};
  cut.came = 100;
  const auto weights = LearnWeights({cut, cut, cut, cut}, now);
  EXPECT_GT(weights[Remainders::kRunRate], 0.7);
}

TEST(LearnWidth, IsTheRootOfTheMeanSquareShrunken) {
  const std::array<double, Remainders::kMethodCount> weights = {1, 0, 0};
  PastCut cut;
  cut.told = {{100, 0, 0}, {true, false, false}, 25};
  cut.came = 110;  // two standard deviations
  EXPECT_NEAR(LearnWidth({cut, cut}, weights), std::sqrt((4 * 1.25 + 2 * 4) / 6), 1e-12);
  cut.came = 100;
  EXPECT_GE(LearnWidth(std::vector<PastCut>(5, cut), weights), 0.9);
}

TEST(Blend, ExpectsTheWeightedMean) {
  for (uint64_t seed = 8; seed < 14; ++seed) {
    const Running now(seed);
    const FiscalPeriod period = now.company.quarter();
    const History history(now.table);
    const Model model = LearnModel(now.table);
    const Remainders told = ForecastRemainders(history, model, now.days);
    const auto past = LookBack(history, period, {true, model.close.truncated_before});
    const auto weights = LearnWeights(past, told);
    double wanted = 0;
    for (size_t m = 0; m < weights.size(); ++m) wanted += weights[m] * told.told[m];
    wanted = std::clamp(wanted, told.told[0] / 2, told.told[0] * 2);
    const double blended = ExpectedRemainder(now.table, Blend(now.table, model, period), now.days);
    EXPECT_NEAR(blended / wanted, 1, 0.06) << seed;
    // Years, and periods that are not running, are left to the model.
    const Model year = Blend(now.table, model, {PeriodUnit::kYear, 2025, 1});
    EXPECT_EQ(year.close.won_rate, model.close.won_rate);
    const Model next = Blend(now.table, model, now.table.calendar.Shift(period, 1));
    EXPECT_EQ(next.close.won_rate, model.close.won_rate);
  }
}

TEST(History, LooksBackAsTheTableWas) {
  for (uint64_t seed = 3; seed < 8; ++seed) {
    const Running now(seed);
    const DayNumber day = now.table.today - 100;
    const History past = History(now.table).AtEndOf(day);
    const History direct(now.company.AtEndOf(day));
    ASSERT_EQ(past.rows().size(), direct.rows().size());
    for (size_t i = 0; i < past.rows().size(); ++i) {
      EXPECT_EQ(past.is_open(past.rows()[i]), direct.is_open(direct.rows()[i]));
      EXPECT_EQ(past.is_won(past.rows()[i]), direct.is_won(direct.rows()[i]));
    }
    EXPECT_DOUBLE_EQ(past.BookedIn(day - 90, day + 1), direct.BookedIn(day - 90, day + 1));
    EXPECT_EQ(past.BookedIn(day + 1, day + 50), 0);
    const Model a = LearnModel(past), b = LearnModel(direct);
    EXPECT_EQ(a.close.won_count, b.close.won_count);
    EXPECT_NEAR(RemainderOf(past, a, now.days).mean / RemainderOf(direct, b, now.days).mean, 1,
                1e-6);
  }
}

TEST(ShrunkenFactors, AreOneWhereDifferencesAreChance) {
  EXPECT_EQ(ShrunkenFactors({98, 104, 51}, {100, 100, 50}), std::vector<double>(3, 1));
  const auto factors = ShrunkenFactors({200, 100, 2}, {100, 200, 2});
  EXPECT_NEAR(factors[0], 2, 0.1);
  EXPECT_NEAR(factors[1], 0.5, 0.05);
  EXPECT_NEAR(factors[2], 1, 0.35);  // two events say little
}

// A segment that wins twice as often is believed after enough deals; the parts add to the
// whole either way.
TEST(LearnCloseRates, TellsSegmentsApart) {
  CompanyShape shape{.arrivals_per_day = 4, .win_share = 0.25};
  shape.large_win_tilt = 0.7;
  const GeneratedCompany company(shape, 4);
  const DealTable table = company.AtEndOf(kToday);
  const CloseRates rates = LearnCloseRates(table);
  EXPECT_GT(rates.effects.OfSegment("large").won, rates.effects.OfSegment("small").won + 0.3);
  const Model model = LearnModel(table);
  const DayRange days = company.quarter_days();
  const PeriodForecast whole = ForecastPeriod(table, model, days, {});
  const PeriodForecast large = ForecastPeriod(table, model, days, {"", "large"});
  const PeriodForecast small = ForecastPeriod(table, model, days, {"", "small"});
  EXPECT_EQ(whole.open_mean_micros, large.open_mean_micros + small.open_mean_micros);
  EXPECT_NEAR(static_cast<double>(whole.new_mean_micros),
              static_cast<double>(large.new_mean_micros + small.new_mean_micros), 3);
}

TEST(ExpectedRemainder, IsTheMeanOfTheForecast) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const DealTable table = company.AtEndOf(kToday + 20);
    const DayRange days = company.quarter_days();
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
