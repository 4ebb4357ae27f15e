#include "services/forecasting/domain/regime_change.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

constexpr DayNumber kToday = 20'088;  // 2024-12-31

TEST(FindLevelBreaks, RarelyCriesWolf) {
  int alarms = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    CompanyShape shape{.arrivals_per_day = 0.5 + static_cast<double>(seed % 5)};
    shape.shock = 0;
    shape.growth_per_quarter = seed % 3 == 0 ? 0.08 : 0;
    shape.quarter_end_pull = seed % 2 == 0 ? 0.2 : 0;
    const GeneratedCompany company(shape, seed);
    // The first cycle fills the pipeline: wins rise from none, which is a break indeed.
    for (const auto& found : FindLevelBreaks(History(company.AtEndOf(kToday)))) {
      alarms += found.first_day > company.first_day() + 300;
    }
  }
  // 1.5 are allowed on average; 5 or more would come up once in 50.
  EXPECT_LE(alarms, 4);
}

TEST(FindLevelBreaks, SaysWhenAndByHowMuch) {
  CompanyShape shape{.arrivals_per_day = 3};
  shape.arrival_step = 2;  // in the last 150 days
  const GeneratedCompany company(shape, 7);
  const auto breaks = FindLevelBreaks(History(company.AtEndOf(kToday)));
  ASSERT_FALSE(breaks.empty());
  EXPECT_FALSE(breaks[0].of_wins);
  EXPECT_NEAR(breaks[0].first_day, kToday - 150, 21);
  EXPECT_NEAR(breaks[0].after / breaks[0].before, 2, 0.4);
  EXPECT_LT(breaks[0].p_value, 0.01);
  const auto warnings =
      FindWarnings(company.AtEndOf(kToday), LearnModel(company.AtEndOf(kToday)), {}, true);
  EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(), [](const Warning& warning) {
    return warning.type == WarningType::kRegimeChange;
  }));
}

TEST(FindLevelBreaks, FewDealsSayNothing) {
  DealTable table;
  table.today = kToday;
  EXPECT_TRUE(FindLevelBreaks(History(table)).empty());
  for (int i = 0; i < 12; ++i) {
    table.deals.push_back({});
    table.deals.back().qualified_day = kToday - i * 40;
  }
  EXPECT_TRUE(FindLevelBreaks(History(table)).empty());
}

DayNumber ParseDay(const std::string& text) {
  return NumberOf(absl::CivilDay(std::stoi(text.substr(0, 4)), std::stoi(text.substr(5, 2)),
                                 std::stoi(text.substr(8, 2))));
}

// Contacts of a marketplace and those that joined, each with the amount 1.
DealTable OlistAt(const std::string& folder, DayNumber day) {
  std::map<std::string, Deal> deals;
  std::string line;
  std::ifstream contacts(folder + "/olist_marketing_qualified_leads_dataset.csv");
  std::getline(contacts, line);
  while (std::getline(contacts, line)) {
    std::stringstream cells(line);
    std::string id, date;
    std::getline(cells, id, ',');
    std::getline(cells, date, ',');
    Deal deal;
    deal.id = id;
    deal.qualified_day = deal.clock_day = deal.stage_day = ParseDay(date);
    deal.amount_micros = kMicrosPerUnit;
    if (deal.qualified_day <= day) deals[id] = deal;
  }
  std::ifstream won(folder + "/olist_closed_deals_dataset.csv");
  std::getline(won, line);
  while (std::getline(won, line)) {
    std::stringstream cells(line);
    std::string id, skipped, date;
    std::getline(cells, id, ',');
    for (int i = 0; i < 3; ++i) std::getline(cells, skipped, ',');
    std::getline(cells, date, ',');
    const auto deal = deals.find(id);
    if (deal == deals.end() || ParseDay(date) > day) continue;
    deal->second.outcome = Outcome::kWon;
    deal->second.closed_day = std::max(ParseDay(date), deal->second.qualified_day);
  }
  DealTable table;
  table.as_of = table.calendar.StartOf(DayAt(day) + 1) - absl::Microseconds(1);
  SetToday(&table);
  for (auto& [id, deal] : deals) table.deals.push_back(deal);
  return table;
}

// Before December 2017 contacts could not be won. The forecast counts wins, and says so.
TEST(Olist, ReportsTheRegimeChange) {
  const char* data = std::getenv("GTM_TEST_DATA");
  const std::string folder =
      std::string(data != nullptr ? data : "../shared/data") + "/olist_funnel";
  if (!std::filesystem::exists(folder + "/olist_closed_deals_dataset.csv")) {
    GTEST_SKIP() << "the olist_funnel sample is not there: set GTM_TEST_DATA to its folder";
  }
  const FiscalPeriod quarter = {PeriodUnit::kQuarter, 2018, 2};
  const DayRange days = {absl::CivilDay(2018, 4, 1), absl::CivilDay(2018, 7, 1)};
  double actual = 0;
  for (const Deal& deal : OlistAt(folder, NumberOf(days.end)).deals) {
    actual += deal.outcome == Outcome::kWon && days.contains(DayAt(deal.closed_day));
  }
  for (const int cut_day : {0, 30, 60}) {
    const DealTable table = OlistAt(folder, NumberOf(days.start) - 1 + cut_day);
    const Model model = LearnModel(table);
    const PeriodForecast forecast = ForecastPeriod(table, Blend(table, model, quarter), days, {});
    const DrawSummary& told = forecast.bookings;
    fmt::print("day {}: {:.0f} wins [{:.0f}, {:.0f}], came {}\n", cut_day,
               static_cast<double>(forecast.mean_micros()) / 1e6,
               static_cast<double>(told.p10) / 1e6, static_cast<double>(told.p90) / 1e6, actual);
    bool reported = false;
    for (const Warning& warning : FindWarnings(table, model, {}, true)) {
      if (warning.type != WarningType::kRegimeChange) continue;
      fmt::print("  {}\n", warning.message);
      reported = true;
    }
    EXPECT_TRUE(reported) << cut_day;
    EXPECT_NEAR(static_cast<double>(forecast.mean_micros()) / 1e6, actual, actual * 0.4) << cut_day;
  }
}

}  // namespace
}  // namespace gtm::forecasting::domain
