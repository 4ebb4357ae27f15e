#include "services/forecasting/domain/commit_amount.h"

#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

TEST(CommitLevel, IsTheCriticalRatio) {
  EXPECT_DOUBLE_EQ(CommitLevel({.over = 1, .under = 1}), 0.5);
  EXPECT_DOUBLE_EQ(CommitLevel({.over = 3, .under = 1}), 0.25);
  EXPECT_DOUBLE_EQ(CommitLevel({.over = 1, .under = 9}), 0.9);
  EXPECT_DOUBLE_EQ(CommitLevel({.over = 1e308, .under = 1e308}), 0.5);
  EXPECT_GE(CommitLevel({.over = 1e308, .under = 1e-308}), 0.0);
  EXPECT_LE(CommitLevel({.over = 1e-308, .under = 1e308}), 1.0);
}

// The told distribution as quantiles that are equally likely.
std::vector<double> LikelyBookings(const PeriodForecast& forecast) {
  constexpr int kCount = 200;
  std::vector<double> bookings;
  for (int i = 0; i < kCount; ++i) {
    bookings.push_back(static_cast<double>(QuantileAt(forecast, (i + 0.5) / kCount)));
  }
  return bookings;
}

// Expected cost of committing to an amount.
double CostOf(const std::vector<double>& bookings, const ErrorCosts& costs, double amount) {
  double cost = 0;
  for (const double came : bookings) {
    cost += came < amount ? costs.over * (amount - came) : costs.under * (came - amount);
  }
  return cost / static_cast<double>(bookings.size());
}

// C15: no neighbor is cheaper, whatever the costs and the company.
TEST(CommitLevel, HasTheLeastExpectedCost) {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20)));
    // Years begin in different months.
    const FiscalPeriod period = table.calendar.PeriodOf(DayAt(table.today), PeriodUnit::kQuarter);
    const PeriodForecast forecast = ForecastPeriod(table, Blend(table, LearnModel(table), period),
                                                   table.calendar.DaysOf(period), {});
    const std::vector<double> bookings = LikelyBookings(forecast);
    const double spread = bookings[180] - bookings[20];
    ASSERT_GT(spread, 0);
    for (const ErrorCosts& costs :
         {ErrorCosts{1, 1}, ErrorCosts{3, 1}, ErrorCosts{1, 5}, ErrorCosts{10, 1}}) {
      const auto amount = static_cast<double>(QuantileAt(forecast, CommitLevel(costs)));
      const double least = CostOf(bookings, costs, amount);
      for (const double step : {-0.5, -0.1, -0.02, 0.02, 0.1, 0.5}) {
        EXPECT_GE(CostOf(bookings, costs, amount + step * spread), least * (1 - 1e-3))
            << "seed " << seed << " costs " << costs.over << ":" << costs.under << " step " << step;
      }
    }
  }
}

TEST(CommitLevel, PutsBookingsBelowTheCommitmentAsOftenAsItSays) {
  // Over many companies, the quarter stays below the quantile of level p about p of the time.
  int below = 0, count = 0;
  const FiscalPeriod period = {PeriodUnit::kQuarter, 2025, 1};
  for (uint64_t seed = 100; seed < 130; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 30)));
    const DayRange days = table.calendar.DaysOf(period);
    const PeriodForecast forecast =
        ForecastPeriod(table, Blend(table, LearnModel(table), period), days, {});
    below += company.BookingsOf(days) < QuantileAt(forecast, CommitLevel({.over = 3, .under = 1}));
    ++count;
  }
  EXPECT_NEAR(static_cast<double>(below) / count, 0.25, 0.20);
}

}  // namespace
}  // namespace gtm::forecasting::domain
