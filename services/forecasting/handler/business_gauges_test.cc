#include "services/forecasting/handler/business_gauges.h"

#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"

namespace gtm::forecasting::handler {
namespace {

using test::IsOk;

std::string DayText(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

class ForecastGaugesTest : public ::testing::Test {
 protected:
  // One deal a day; a third won and a third lost after 20 to 69 days.
  void PutDeals(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::CivilDay start = absl::CivilDay(2026, 5, 1) - count + i;
      test::Opportunity deal(fmt::format("d{:03}", i), "acme");
      deal.Stage(DayText(start), "open").Amount(DayText(start), 10'000 + 100 * (i % 30));
      deal.Set([&](auto& o) { o.set_segment(fmt::format("s{}", i % 7)); });
      const absl::CivilDay end = start + 20 + i * 7 % 50;
      if (i % 3 != 0) deal.Stage(DayText(end), i % 3 == 1 ? "won" : "lost");
      fake_.Put(deal);
    }
  }
  // By metric and labels: "gtm_pipeline_coverage_ratio acme this_quarter".
  std::map<std::string, double> Gauges() {
    const auto question = fake_.Ask(test::MakeCall("2026-05-10T12:00:00Z"), {});
    EXPECT_THAT(question, IsOk());
    telemetry::GaugeSheet sheet;
    EXPECT_THAT(gauges_.Add(*question, "acme", &sheet), IsOk());
    std::map<std::string, double> gauges;
    for (const auto& row : sheet.rows()) {
      std::string name(row.def->name);
      for (const std::string& value : row.values) name += " " + value;
      gauges[name] = row.number;
    }
    return gauges;
  }

  test::FakeRecords fake_{"forecasting"};
  ForecastGauges gauges_;
};

TEST_F(ForecastGaugesTest, SayNothingWithoutDeals) {
  fake_.Put(test::Account("acme"));
  EXPECT_TRUE(Gauges().empty());
}

TEST_F(ForecastGaugesTest, ForecastNothingFromTooFewDeals) {
  PutDeals(20);
  const auto gauges = Gauges();
  for (const auto& [name, number] : gauges) {
    EXPECT_FALSE(name.starts_with("gtm_forecast_amount")) << name;
    EXPECT_FALSE(name.starts_with("gtm_forecast_calibration")) << name;
    EXPECT_FALSE(name.starts_with("gtm_forecast_attainment")) << name << ": there is no target";
    EXPECT_FALSE(name.starts_with("gtm_pipeline_coverage")) << name;
  }
  EXPECT_TRUE(gauges.contains("gtm_forecast_won_amount acme this_quarter all USD"));
}

TEST_F(ForecastGaugesTest, CountEveryOpenDealUnderItsGravestWarning) {
  PutDeals(60);                                                           // a third of them open
  fake_.Put(test::Opportunity("x", "acme").Stage("2026-04-20", "open"));  // without an amount
  const auto gauges = Gauges();
  double sum = 0;
  for (const char* severity : {"none", "low", "medium", "high"}) {
    sum += gauges.at(std::string("gtm_pipeline_warned_deals acme ") + severity);
  }
  EXPECT_GE(sum, 21);
  EXPECT_EQ(gauges.at("gtm_pipeline_warned_deals acme low"), 1);
  EXPECT_EQ(gauges.at("gtm_pipeline_warned_deals acme high"), 0);
}

TEST_F(ForecastGaugesTest, TellQuantilesTargetAndLargestSegments) {
  PutDeals(700);
  fake_.Put(test::Seller("ada").Set([](auto& seller) {
    auto* quota = seller.add_quotas();
    *quota->mutable_start_date() = test::Date("2026-04-01");
    *quota->mutable_end_date() = test::Date("2026-07-01");
    *quota->mutable_amount() = test::MoneyOf(4'000'000);
  }));
  const auto gauges = Gauges();
  const auto amount = [&](const std::string& quantile, const std::string& period) {
    return gauges.at("gtm_forecast_amount acme " + quantile + " " + period + " all USD");
  };
  EXPECT_LT(amount("0.1", "this_quarter"), amount("0.5", "this_quarter"));
  EXPECT_LT(amount("0.5", "this_quarter"), amount("0.9", "this_quarter"));
  EXPECT_GT(amount("0.5", "next_quarter"), 0);
  EXPECT_EQ(gauges.at("gtm_forecast_target_amount acme this_quarter all USD"), 4'000'000);
  const double won = gauges.at("gtm_forecast_won_amount acme this_quarter all USD");
  EXPECT_DOUBLE_EQ(gauges.at("gtm_forecast_attainment_ratio acme this_quarter"), won / 4e6);
  const double calibration = gauges.at("gtm_forecast_calibration_ratio acme");
  EXPECT_GT(calibration, 0);
  EXPECT_LE(calibration, 1);
  int segment_count = 0;
  for (const auto& [name, number] : gauges) {
    segment_count += name.starts_with("gtm_forecast_amount acme 0.5 this_quarter s");
  }
  EXPECT_EQ(segment_count, 4) << "of seven, so that the series stay few";
}

}  // namespace
}  // namespace gtm::forecasting::handler
