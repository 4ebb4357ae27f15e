#include "services/forecasting/domain/forecast_period.h"

#include <numeric>

#include "common/core/random.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int64_t kMillion = 1'000'000 * kMicrosPerUnit;
const DayRange kQuarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};

DealTable EmptyTable(absl::CivilDay today) {
  DealTable table;
  table.as_of = table.calendar.StartOf(today + 1) - absl::Microseconds(1);
  SetToday(&table);
  return table;
}

Deal MakeDeal(const std::string& id, absl::CivilDay qualified, int64_t micros) {
  Deal deal;
  deal.id = id;
  deal.qualified_day = deal.clock_day = deal.stage_day = NumberOf(qualified);
  deal.amount_micros = micros;
  return deal;
}

void Close(Deal* deal, Outcome outcome, absl::CivilDay day) {
  deal->outcome = outcome;
  deal->closed_day = NumberOf(day);
}

PeriodForecast ForecastOf(const DealTable& table, const DayRange& days = kQuarter,
                          const Selection& selection = {}) {
  return ForecastPeriod(table, LearnModel(table), days, selection);
}

DrawSummary SummaryOf(const PeriodForecast& forecast) { return forecast.bookings; }

double MeanOf(const std::vector<int64_t>& draws) {
  return std::accumulate(draws.begin(), draws.end(), 0.0) / static_cast<double>(draws.size());
}

TEST(ForecastPeriod, AnswersATenantWithoutAnyDeal) {
  const PeriodForecast forecast = ForecastOf(EmptyTable(absl::CivilDay(2025, 2, 1)));
  EXPECT_EQ(forecast.mean_micros(), 0);
  EXPECT_EQ(SummaryOf(forecast).p90, 0);
}

TEST(ForecastPeriod, OneDealIsWideAndNeverCertain) {
  DealTable table = EmptyTable(absl::CivilDay(2025, 1, 31));
  table.deals.push_back(MakeDeal("a", absl::CivilDay(2025, 1, 10), kMillion));
  const PeriodForecast forecast = ForecastOf(table);
  ASSERT_EQ(forecast.chances.size(), 1u);
  EXPECT_GT(forecast.chances[0].win_probability, 0.02);
  EXPECT_LT(forecast.chances[0].win_probability, 0.6);
  EXPECT_GT(ReachProbability(forecast, kMillion / 2), 0);
  EXPECT_LT(ReachProbability(forecast, kMillion / 2), 1);
  EXPECT_GT(ReachProbability(forecast, 1000 * kMillion), 0);
  EXPECT_GT(SummaryOf(forecast).p95, SummaryOf(forecast).p05);
}

TEST(ForecastPeriod, TwelveDealsGiveASensibleWideAnswer) {
  DealTable table = EmptyTable(absl::CivilDay(2025, 1, 31));
  for (int i = 0; i < 12; ++i) {
    Deal deal = MakeDeal("d" + std::to_string(100 + i), absl::CivilDay(2024, 9, 1) + 12 * i,
                         kMillion / 100 * (i + 1));
    if (i < 3) Close(&deal, Outcome::kWon, absl::CivilDay(2024, 11, 20) + 8 * i);
    if (i >= 3 && i < 6) Close(&deal, Outcome::kLost, absl::CivilDay(2024, 12, 10) + 5 * i);
    table.deals.push_back(deal);
  }
  const Model model = LearnModel(table);
  EXPECT_FALSE(HasEnoughHistory(model.close));
  const PeriodForecast forecast = ForecastPeriod(table, model, kQuarter, {});
  const DrawSummary summary = SummaryOf(forecast);
  EXPECT_GT(forecast.mean_micros(), 0);
  EXPECT_LT(forecast.mean_micros(), kMillion);
  EXPECT_GT(summary.p90 - summary.p10, forecast.mean_micros() / 2);
  EXPECT_LT(summary.p10, summary.p90);
}

// One deal of 60 % of the quarter: the distribution has two hills, and the swing says so.
TEST(ForecastPeriod, ShowsTheSwingOfOneLargeDeal) {
  const GeneratedCompany company(CompanyShape{.amount_spread = 0.2}, 5);
  const DayNumber day = NumberOf(absl::CivilDay(2025, 2, 14));
  DealTable table = company.AtEndOf(day);
  const int64_t usual = ForecastOf(table).mean_micros();
  table.deals.push_back(MakeDeal("zz", absl::CivilDay(2025, 1, 1), usual * 3 / 2));
  const PeriodForecast with = ForecastOf(table);
  const auto largest = std::max_element(
      with.chances.begin(), with.chances.end(),
      [](const auto& a, const auto& b) { return a.swing_micros < b.swing_micros; });
  EXPECT_EQ(table.deals[largest->deal].id, "zz");
  EXPECT_GT(largest->swing_micros, usual / 4);
  const DrawSummary summary = SummaryOf(with);
  EXPECT_GT(summary.p95 - summary.p05, usual / 2);
}

TEST(ForecastPeriod, StaleDealsCountAsAlmostNothingByThemselves) {
  CompanyShape shape;
  shape.never_decided_share = 0;
  shape.arrivals_per_day = 4;
  const GeneratedCompany company(shape, 3);
  DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 31)));
  const int64_t before = ForecastOf(table).open_mean_micros;
  int64_t stale_amount = 0;
  for (int i = 0; i < 200; ++i) {
    table.deals.push_back(
        MakeDeal("z" + std::to_string(i), absl::CivilDay(2023, 2, 1) + i % 20, kMillion / 10));
    stale_amount += kMillion / 10;
  }
  const PeriodForecast after = ForecastOf(table);
  EXPECT_LT(after.open_mean_micros - before, stale_amount / 50);
  const auto warnings = FindWarnings(table, LearnModel(table), {}, true);
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings.front().type, WarningType::kStalePipeline);
  EXPECT_GE(warnings.front().count, 200);
}

TEST(ForecastPeriod, SameInputsGiveTheSameBytes) {
  const GeneratedCompany company(DrawShape(1), 1);
  const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20)));
  const PeriodForecast a = ForecastOf(table), b = ForecastOf(table);
  EXPECT_EQ(a.open_draws, b.open_draws);
  EXPECT_EQ(a.new_draws, b.new_draws);
  EXPECT_EQ(a.mean_micros(), b.mean_micros());
  EXPECT_EQ(HashOf(table), HashOf(company.AtEndOf(table.today)));
}

// C13: draws of the parts add up to those of the whole, draw by draw.
TEST(ForecastPeriod, PartsAddUpDrawByDraw) {
  const GeneratedCompany company(DrawShape(2), 2);
  const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20)));
  const PeriodForecast whole = ForecastOf(table);
  std::vector<int64_t> open(kDrawCount, 0), fresh(kDrawCount, 0);
  int64_t open_mean = 0, new_mean = 0, won = 0;
  for (const char* owner : {"s0", "s1", "s2", "s3", "s4"}) {
    const PeriodForecast part = ForecastOf(table, kQuarter, {owner, ""});
    for (size_t i = 0; i < kDrawCount; ++i) {
      open[i] += part.open_draws[i];
      fresh[i] += part.new_draws[i];
    }
    open_mean += part.open_mean_micros;
    new_mean += part.new_mean_micros;
    won += part.won_micros;
  }
  EXPECT_EQ(open, whole.open_draws);
  EXPECT_EQ(fresh, whole.new_draws);
  EXPECT_EQ(open_mean, whole.open_mean_micros);
  EXPECT_NEAR(static_cast<double>(new_mean), static_cast<double>(whole.new_mean_micros), 5);
  EXPECT_EQ(won, whole.won_micros);
}

TEST(ForecastPeriod, DrawsAgreeWithTheirMeans) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const PeriodForecast forecast =
        ForecastOf(company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20))));
    const DrawSummary summary = SummaryOf(forecast);
    const double error = 5.0 * static_cast<double>(summary.standard_deviation) / 45;
    EXPECT_NEAR(MeanOf(forecast.open_draws) + MeanOf(forecast.new_draws),
                static_cast<double>(forecast.open_mean_micros + forecast.new_mean_micros), error)
        << seed;
    EXPECT_LE(summary.p05, summary.p10);
    EXPECT_LE(summary.p10, summary.p50);
    EXPECT_LE(summary.p50, summary.p90);
    EXPECT_LE(summary.p90, summary.p95);
  }
}

TEST(ForecastPeriod, APastPeriodIsExact) {
  const GeneratedCompany company(DrawShape(4), 4);
  const DayRange past = {absl::CivilDay(2024, 10, 1), absl::CivilDay(2025, 1, 1)};
  const PeriodForecast forecast =
      ForecastOf(company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20))), past);
  EXPECT_EQ(forecast.won_micros, company.BookingsOf(past));
  EXPECT_EQ(SummaryOf(forecast).p05, SummaryOf(forecast).p95);
  EXPECT_EQ(ReachProbability(forecast, forecast.won_micros), 1);
  EXPECT_EQ(ReachProbability(forecast, forecast.won_micros + 1), 0);
}

TEST(ForecastPeriod, AFuturePeriodHasNothingWonAndMoreNew) {
  const GeneratedCompany company(CompanyShape{}, 6);
  const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20)));
  const PeriodForecast now = ForecastOf(table);
  const PeriodForecast next =
      ForecastOf(table, {absl::CivilDay(2025, 4, 1), absl::CivilDay(2025, 7, 1)});
  EXPECT_EQ(next.won_micros, 0);
  EXPECT_LT(next.open_mean_micros, now.open_mean_micros);
  EXPECT_GT(next.new_mean_micros, now.new_mean_micros);
}

// Whatever the records say, the answer is a number: rising quantiles, nothing negative,
// chances between 0 and 1.
TEST(ForecastPeriod, SurvivesAnyTable) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Random random(seed);
    DealTable table = EmptyTable(absl::CivilDay(2025, 1, 1) + static_cast<int>(seed % 100));
    table.today_left = seed % 3 == 0 ? random.Uniform() : 0;
    const int64_t amount_max = seed % 5 == 0 ? INT64_MAX : kMillion;
    for (uint64_t i = random.Below(60); i > 0; --i) {
      Deal deal = MakeDeal(std::to_string(i),
                           DayAt(table.today) - static_cast<int>(random.Below(seed % 2 ? 3 : 2000)),
                           static_cast<int64_t>(random.Below(static_cast<uint64_t>(amount_max))));
      const uint64_t fate = random.Below(5);
      if (fate == 0) deal.amount_micros.reset();
      if (fate >= 3) {
        Close(&deal, fate == 3 ? Outcome::kWon : Outcome::kLost,
              DayAt(deal.qualified_day +
                    static_cast<DayNumber>(random.Below(
                        static_cast<uint64_t>(table.today - deal.qualified_day) + 1))));
        if (fate == 3) deal.amount_ratio = random.Uniform() * 1000;
      }
      table.deals.push_back(deal);
    }
    const Model model = Blend(table, LearnModel(table), {PeriodUnit::kQuarter, 2025, 1});
    const PeriodForecast forecast =
        ForecastPeriod(table, model, kQuarter, {}, seed % 4 ? Detail::kBookings : Detail::kParts);
    const DrawSummary summary = SummaryOf(forecast);
    EXPECT_GE(summary.p05, 0) << seed;
    EXPECT_LE(summary.p05, summary.p50) << seed;
    EXPECT_LE(summary.p50, summary.p95) << seed;
    EXPECT_GE(forecast.mean_micros(), 0) << seed;
    for (const DealChance& chance : forecast.chances) {
      if (forecast.remaining_days <= 0) break;
      EXPECT_GT(chance.win_probability, 0) << seed;
      EXPECT_LT(chance.win_probability, 1) << seed;
    }
  }
}

// The 80 % interval holds what came in 70 to 90 % of very different companies.
TEST(ForecastPeriod, IntervalsHoldOnGeneratedCompanies) {
  int covered = 0, low = 0, high = 0;
  double error = 0, naive_error = 0, actual_sum = 0;
  constexpr int kCompanies = 120;
  for (uint64_t seed = 0; seed < kCompanies; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed + 1000);
    const DayNumber day = NumberOf(kQuarter.start) - 1 + static_cast<DayNumber>(seed % 5) * 18;
    const DealTable table = company.AtEndOf(day);
    const PeriodForecast forecast =
        ForecastPeriod(table, LearnModel(table), kQuarter, {}, Detail::kBookings);
    const DrawSummary summary = SummaryOf(forecast);
    const int64_t actual = company.BookingsOf(kQuarter);
    covered += summary.p10 <= actual && actual <= summary.p90;
    low += actual < summary.p10;
    high += actual > summary.p90;
    const double scale = 1 / std::max<double>(1, static_cast<double>(actual));
    error += std::min(3.0, std::abs(static_cast<double>(forecast.mean_micros() - actual)) * scale);
    naive_error += std::min(
        3.0, std::abs(static_cast<double>(WeightedPipeline(table, kQuarter) - actual)) * scale);
    actual_sum += 1;
  }
  RecordProperty("covered", covered);
  RecordProperty("below", low);
  RecordProperty("above", high);
  std::printf("covered %d of %d, below %d, above %d; mean error %.1f %%, weighted %.1f %%\n",
              covered, kCompanies, low, high, 100 * error / actual_sum,
              100 * naive_error / actual_sum);
  EXPECT_GE(covered, kCompanies * 0.70);
  EXPECT_LE(covered, kCompanies * 0.90);
  EXPECT_LT(error, naive_error);
}

}  // namespace
}  // namespace gtm::forecasting::domain
