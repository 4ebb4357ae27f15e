// Plans, scenarios, velocity and correlations with fixed content as the text that people see.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"
#include "services/gtm/cli/funnel_view.h"
#include "services/gtm/cli/velocity_view.h"
#include "services/gtm/cli/what_if_view.h"

namespace gtm::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// What a view prints.
template <class Print>
std::string Printed(Print print, OutputFormat format = OutputFormat::kTable) {
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.err = &out;
  Printer printer(console, format);
  print(&printer);
  return out.str();
}

std::string Usd(const std::string& name, int64_t units) {
  return name + " { currency_code: \"USD\" units: " + std::to_string(units) + " } ";
}

constexpr char kProvenance[] =
    "provenance { as_of { seconds: 1510704000 } revision: \"1:9400\" rules_version: \"r-1\" } ";

TEST(FunnelView, ShowsThePlanTheLimitsAndTheMends) {
  const auto answer = Parse<forecasting::v1::PlanFunnelResponse>(
      "verdict: VERDICT_REFUSED summary: \"13,750 people are needed for qualified leads and the "
      "market has "
      "7,500; the smallest change that is enough: let 36.7108 % of qualified leads go on\" "
      "algebra { solved: VARIABLE_LEADS " +
      Usd("revenue_amount", 10'000'000) + Usd("price_amount", 40'000) +
      "close_rate_ppm: 200000 lead_count: 1250 deal_count: 250 close_rate_estimate { value: 0.2 "
      "low: 0.18 high: 0.22 } } "
      "steps { name: \"qualified leads\" unit: STEP_UNIT_ACCOUNTS count: 1250 rate: 0.2 "
      "market_share: 1.8333 } steps { name: \"deals\" unit: STEP_UNIT_ACCOUNTS count: 250 "
      "market_share: 0.36667 } "
      "limits { type: TYPE_PEOPLE step: \"qualified leads\" need: 13750 available: 7500 ratio: "
      "1.8333 violated: true } limits { type: TYPE_PEOPLE step: \"deals\" need: 2750 available: "
      "7500 ratio: 0.36667 } limits { type: TYPE_TOUCHES need: 178750 } limits { type: "
      "TYPE_SELLER_MINUTES need: 75000 available: 60000 ratio: 1.25 violated: true } limits { "
      "type: TYPE_MONEY need: 150000000000 available: 200000000000 ratio: 0.75 } "
      "mends { variable: VARIABLE_RATE step: \"qualified leads\" from_value: 200000 to_value: "
      "367108 change_factor: 1.83554 steps { name: \"qualified leads\" unit: STEP_UNIT_ACCOUNTS "
      "count: 681 rate: 0.367108 market_share: 0.9988 } steps { name: \"deals\" unit: "
      "STEP_UNIT_ACCOUNTS count: 250 market_share: 0.36667 } } mends { variable: VARIABLE_REVENUE "
      "from_value: 10000000000000 to_value: 5440000000000 change_factor: 1.8382 } "
      "market { people_count: 7500 accounts_held_min: 681 accounts_held_max: 1071 "
      "touches_per_account_min: 77 touches_per_account_max: 143 } unit_economics { " +
      Usd("acquisition_cost", 600) + Usd("revenue_per_customer", 40'000) +
      "may_spend_more: true } " + kProvenance);
  test::ExpectGolden("services/gtm/cli/golden/funnel_plan.txt",
                     Printed([&](Printer* printer) { PrintFunnelPlan(answer, printer); }));
  EXPECT_THAT(
      Printed([&](Printer* printer) { PrintFunnelPlan(answer, printer); }, OutputFormat::kCsv),
      HasSubstr("qualified leads,1250,accounts,0.2,1.8333"));
}

std::string Outlook(int64_t p10, int64_t p50, int64_t p90, const char* reach) {
  return "{ bookings { " + Usd("mean", p50) + Usd("p10", p10) + Usd("p50", p50) + Usd("p90", p90) +
         "} reach_probability: " + reach + " } ";
}

forecasting::v1::WhatIfResponse AnAnswer(const std::string& name, int64_t by) {
  return Parse<forecasting::v1::WhatIfResponse>(
      "name: \"" + name + "\" before " + Outlook(2'400'000, 2'900'000, 3'500'000, "0.42") +
      "after " + Outlook(2'400'000 + by, 2'900'000 + by, 3'500'000 + by, "0.21") + "difference { " +
      Usd("mean", by) + Usd("p10", 2 * by) + Usd("p50", by) + Usd("p90", 0) +
      Usd("standard_deviation", 80'000) + "} " + Usd("independent_deviation", 610'000) +
      "period { unit: UNIT_QUARTER fiscal_year: 2017 index: 4 } days { start_date { year: 2017 "
      "month: 10 day: 1 } end_date { year: 2018 month: 1 day: 1 } } target { source: "
      "SOURCE_REQUEST " +
      Usd("amount", 3'000'000) +
      "} sufficiency: SUFFICIENCY_ENOUGH remaining_days: 46 deals { "
      "opportunity_id: \"9Q\" " +
      Usd("before_amount", 120'000) + Usd("after_amount", 0) +
      "} hires { seller_count: 30 deals_a_year: 96.2 created_count: 24.5 win_count: 2.25 " +
      Usd("amount", 41'000) +
      "first_cycle_days: 12 first_close_date { year: 2017 month: 12 day: 2 } } " + kProvenance);
}

TEST(WhatIfView, ShowsBeforeAfterAndEveryChange) {
  const std::vector<forecasting::v1::WhatIfResponse> answers = {
      AnAnswer("lose 9Q", -120'000), AnAnswer("hire 3", 41'000), AnAnswer("all together", -79'000)};
  test::ExpectGolden("services/gtm/cli/golden/what_if.txt",
                     Printed([&](Printer* printer) { PrintWhatIf(answers, printer); }));
}

TEST(VelocityView, ShowsAgesStagesAndQuarters) {
  const std::string bucket =
      "reached_count: 900 won_count: 120 lost_count: 80 open_count: 40 " +
      Usd("open_amount", 400'000) +
      "win_share { value: 0.6 low: 0.53 high: 0.67 sufficiency: SUFFICIENCY_ENOUGH } ";
  const std::string share = " { value: 0.6 low: 0.55 high: 0.65 sufficiency: SUFFICIENCY_ENOUGH } ";
  const auto answer = Parse<forecasting::v1::GetVelocityResponse>(
      "groups { all: true opportunity_count: 900 time_to_close { median_days { value: 57 low: 54 "
      "high: 60 } p90_days { sample_count: 200 } } win_share" +
      share + "by_pipeline_age { from_days: 0 to_days: 30 " + bucket +
      "} by_pipeline_age { from_days: 545 " + bucket +
      "} } stages { stage_id: \"demo\" display_name: \"Demo\" visit_count: 500 open_count: 60 "
      "forward_share" +
      share +
      "lost_share { value: 0.3 } back_share { value: 0.1 } time_in_stage { median_days { "
      "value: 12 low: 11 high: 14 } p90_days { value: 40 low: 35 } } } quarters { period { unit: "
      "UNIT_QUARTER fiscal_year: 2017 index: 3 } created_count: 300 won_count: 90 " +
      Usd("won_amount", 900'000) + Usd("average_amount", 10'000) +
      "median_cycle_days: 45 } quarters { period { unit: UNIT_QUARTER fiscal_year: 2017 index: 4 } "
      "created_count: 30 } trends { measure: MEASURE_CREATED_COUNT direction: DIRECTION_RISING "
      "change_per_quarter: 0.05 p_value: 0.017 quarter_count: 8 } trends { measure: "
      "MEASURE_CYCLE_DAYS direction: DIRECTION_NOT_ENOUGH_DATA quarter_count: 3 } " +
      kProvenance);
  test::ExpectGolden("services/gtm/cli/golden/velocity.txt",
                     Printed([&](Printer* printer) { PrintVelocity(answer, false, printer); }));
}

forecasting::v1::CorrelateContentResponse Correlations() {
  return Parse<forecasting::v1::CorrelateContentResponse>(
      std::string(
          "correlations { kind: KIND_CAMPAIGN key: \"c-1\" display_name: \"Spring\" "
          "deal_count: 300 tests { measure: MEASURE_WIN_RATE verdict: "
          "VERDICT_CORRELATES_BETTER touched_count: 280 account_count: 260 untouched_value: 0.38 "
          "touched_value: 0.45 correlation { value: 0.07 low: 0.021 high: 0.119 } p_value: "
          "0.002 q_value: 0.012 } tests { measure: MEASURE_CYCLE verdict: "
          "VERDICT_NO_CORRELATION touched_count: 120 touched_value: 40 untouched_value: 44 "
          "correlation { value: 0.91 low: 0.8 high: 1.03 } p_value: 0.1 q_value: 0.3 } "
          "tests { measure: MEASURE_PRICE verdict: VERDICT_NOT_ENOUGH_DATA } } "
          "correlations { kind: KIND_CONTENT key: \"guide-7\" display_name: \"guide-7\" "
          "engagement_type: TYPE_CONTENT_READ tests { measure: MEASURE_WIN_RATE verdict: "
          "VERDICT_CORRELATES_BETTER touched_count: 90 account_count: 74 touched_value: 0.5 "
          "untouched_value: 0.3 correlation { value: 0.2 low: 0.1 high: 0.3 } p_value: "
          "0.001 q_value: 0.009 } } account_count: 1500 left_out_count: 12 "
          "test_count: 3 closed_count: 2000 touched_count: 700 sufficiency: "
          "SUFFICIENCY_ENOUGH note: \"A correlation says what goes together.\" ") +
      kProvenance);
}

TEST(CorrelationView, SaysCorrelationAndNeverCause) {
  const std::string text =
      Printed([](Printer* printer) { PrintCorrelations(Correlations(), false, printer); });
  test::ExpectGolden("services/gtm/cli/golden/correlations.txt", text);
  EXPECT_THAT(text, HasSubstr("Correlation"));
  EXPECT_THAT(text, Not(HasSubstr("cause")));
  forecasting::v1::CorrelateContentResponse none;
  none.set_sufficiency(type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_THAT(Printed([&](Printer* printer) { PrintCorrelations(none, false, printer); }),
              HasSubstr("no data: a correlation needs closed deals"));
}

TEST(CorrelationView, WritesEveryTestAsCsv) {
  const std::string text =
      Printed([](Printer* printer) { PrintCorrelations(Correlations(), false, printer); },
              OutputFormat::kCsv);
  EXPECT_THAT(text, HasSubstr("c-1,win rate,0.45,0.38,0.07,0.012,280,260,correlates_better\n"));
  EXPECT_THAT(text, HasSubstr("c-1,price,,,,,0,0,not_enough_data\n"));
}

}  // namespace
}  // namespace gtm::cli
