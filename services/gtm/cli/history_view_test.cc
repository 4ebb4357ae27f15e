// Back-tests, changes, editions and calls on a terminal.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "common/testing/golden.h"
#include "gmock/gmock.h"
#include "services/gtm/cli/backtest_view.h"
#include "services/gtm/cli/calls_view.h"
#include "services/gtm/cli/change_view.h"

namespace gtm::cli {
namespace {

using testing::HasSubstr;

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// What a view prints, 100 columns wide and without color.
template <class Message>
std::string Printed(void (*print)(const Message&, Printer*), const Message& message,
                    OutputFormat format = OutputFormat::kTable) {
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.width = 100;
  Printer printer(console, format);
  print(message, &printer);
  return out.str();
}

std::string Usd(const std::string& name, int64_t units) {
  return name + " { currency_code: \"USD\" units: " + std::to_string(units) + " } ";
}

std::string Told(int64_t p10, int64_t p50, int64_t p90) {
  return "bookings { " + Usd("mean", p50) + Usd("p10", p10) + Usd("p50", p50) + Usd("p90", p90) +
         "} ";
}

std::string Quarter(int index) {
  return "period { unit: UNIT_QUARTER fiscal_year: 2017 index: " + std::to_string(index) + " } ";
}

std::string Rate(const std::string& name, int successes, int trials) {
  const double share = static_cast<double>(successes) / trials;
  return name + " { value: " + std::to_string(share) + " low: " + std::to_string(share * 0.8) +
         " high: " + std::to_string(share * 0.8 + 0.2) +
         " success_count: " + std::to_string(successes) +
         " sample_count: " + std::to_string(trials) + " sufficiency: SUFFICIENCY_ENOUGH } ";
}

std::string Skill(const std::string& field, const std::string& method, double error, double bias,
                  const std::string& gain = "") {
  return field + " { method: \"" + method +
         "\" cut_count: 4 absolute_error_share: " + std::to_string(error) +
         " bias_share: " + std::to_string(bias) + " crps_share: " + std::to_string(error * 0.7) +
         " pinball_mean_share: " + std::to_string(error * 0.3) +
         (gain.empty() ? "" : " model_gain: " + gain) + " } ";
}

forecasting::v1::BacktestResponse ABacktest() {
  std::string text;
  for (const int quarter : {2, 3}) {
    for (const int day : {0, 45}) {
      text += "cuts { " + Quarter(quarter) + " cut_day: " + std::to_string(day) + " " +
              Usd("actual", 2'800'000 + 200'000 * quarter) +
              Told(2'600'000, 3'050'000 + 1'000 * day, 3'300'000) + Usd("run_rate", 2'900'000) +
              Usd("previous_quarter", 2'500'000) + Usd("weighted_pipeline", 5'000'000) +
              "input_sha256: \"ab12\" } ";
    }
  }
  for (const int day : {0, 45}) {
    text += "days { cut_day: " + std::to_string(day) + " cut_count: 2 " +
            Rate("interval_coverage", 1, 2) + Skill("skills", "model", 0.06 - day * 1e-3, -0.02) +
            Skill("skills", "weighted_pipeline", 0.4, 0.4) + "} ";
  }
  text += Skill("methods", "model", 0.045, -0.012) +
          Skill("methods", "weighted_pipeline", 0.41, 0.41, "0.89") +
          Skill("methods", "last_year", 0.04, 0, "-0.125");
  for (const int level : {10, 50, 90}) {
    text += "calibration { level: " + std::to_string(level / 100.0) + " " +
            Rate("below", level == 10 ? 0 : level / 25 + 1, 4) + "} ";
  }
  text += Rate("interval_coverage", 2, 4) + Rate("wide_interval_coverage", 3, 4) +
          "chances { deal_count: 400 brier_score: 0.121 base_brier_score: 0.18 "
          "calibration_error: 0.021 bins { low: 0.1 high: 0.2 deal_count: 400 mean_chance: 0.17 " +
          Rate("won", 76, 400) +
          "} } quarter_count: 2 result_sha256: \"0123456789abcdef0123\" provenance { as_of { "
          "seconds: 1510704000 } revision: \"1:9400\" rules_version: \"bookings-1\" }";
  return Parse<forecasting::v1::BacktestResponse>(text);
}

TEST(BacktestView, ShowsCutsSkillAndCalibration) {
  test::ExpectGolden("services/gtm/cli/golden/backtest.txt", Printed(&PrintBacktest, ABacktest()));
}

TEST(BacktestView, GivesProgramsEveryCut) {
  const std::string csv = Printed(&PrintBacktest, ABacktest(), OutputFormat::kCsv);
  EXPECT_THAT(csv, HasSubstr("period,cut_day,actual,p10,p50,p90,inside,run_rate,previous_quarter,"
                             "mean,weighted_pipeline,last_year,input_sha256\n"));
  EXPECT_THAT(csv, HasSubstr("FY2017-Q2,45,3200000.00,2600000.00,3095000.00,3300000.00,yes,"
                             "2900000.00,2500000.00,3095000.00,5000000.00,,ab12\n"));
}

TEST(BacktestView, SaysThatThereIsNothingToCompare) {
  EXPECT_THAT(Printed(&PrintBacktest, forecasting::v1::BacktestResponse()),
              HasSubstr("no finished quarter"));
  forecasting::v1::BacktestResponse nothing_known;
  nothing_known.set_omitted_cut_count(48);
  EXPECT_THAT(Printed(&PrintBacktest, nothing_known), HasSubstr("recorded by any of 48 cuts"));
}

std::string Step(const std::string& kind, int64_t units, int deals, const std::string& deal = "") {
  std::string text = "steps { kind: KIND_" + kind + " " + Usd("amount", units) +
                     "deal_count: " + std::to_string(deals) + " ";
  if (!deal.empty()) {
    const int64_t then = std::max<int64_t>(8'200, -units / 2);
    text += "deals { opportunity_id: \"" + deal + "\" owner_seller_id: \"ada\" " +
            Usd("older_amount", then) + Usd("newer_amount", then + units / 2) +
            Usd("change_amount", units / 2) + "} ";
  }
  return text + "} ";
}

forecasting::v1::ExplainForecastChangeResponse AChange() {
  return Parse<forecasting::v1::ExplainForecastChangeResponse>(
      Quarter(4) + "older { edition_id: \"0190-first\" as_of { seconds: 1508025600 } " +
      Told(2'400'000, 2'900'000, 3'500'000) + "reproduced: true } newer { as_of { seconds: " +
      "1510704000 } " + Told(2'600'000, 3'050'000, 3'400'000) + "reproduced: true } " +
      Step("CREATED", 310'000, 321, "c-1") + Step("WON", 285'000, 141, "w-1") +
      Step("LOST", -190'000, 88, "l-1") + Step("PULLED_IN", 12'000, 4) +
      Step("SLIPPED", -45'000, 19, "s-1") + Step("AMOUNT_UP", 20'000, 7) +
      Step("AMOUNT_DOWN", -800, 3) + Step("STILL_OPEN", -60'000, 1'020) +
      Step("NEW_BUSINESS", -230'000, 0) + Step("MODEL", 48'800, 1'043) + Step("RECORDS", 0, 0) +
      Usd("change_amount", 150'000) +
      "provenance { as_of { seconds: 1510704000 } revision: \"1:9400\" rules_version: "
      "\"bookings-1\" }");
}

TEST(ChangeView, DrawsAWaterfall) {
  test::ExpectGolden("services/gtm/cli/golden/forecast_change.txt",
                     Printed(&PrintForecastChange, AChange()));
}

TEST(ChangeView, SaysWhereATellingCannotBeRepeated) {
  auto change = AChange();
  change.mutable_older()->set_reproduced(false);
  EXPECT_THAT(Printed(&PrintForecastChange, change), HasSubstr("do not give the number of"));
  EXPECT_THAT(Printed(&PrintForecastChange, change, OutputFormat::kCsv),
              HasSubstr("step,deal_count,amount\ncreated,321,310000.00\nwon,141,285000.00\n"));
}

TEST(ChangeView, ListsEditions) {
  const auto editions = Parse<forecasting::v1::ListForecastEditionsResponse>(
      "editions { id: \"0190a5b0-1111-7000-8000-000000000001\" note: \"board meeting\" "
      "committed_by: \"user:ada\" forecast { " +
      Quarter(4) + Told(2'400'000, 2'900'000, 3'500'000) +
      "provenance { as_of { seconds: 1508025600 } input_sha256: \"ab\" } } }");
  test::ExpectGolden("services/gtm/cli/golden/editions.txt", Printed(&PrintEditions, editions));
  EXPECT_THAT(Printed(&PrintEditions, forecasting::v1::ListForecastEditionsResponse()),
              HasSubstr("gtm forecast commit"));
}

TEST(CallsView, StandBesideTheModel) {
  const auto comparison = Parse<forecasting::v1::CompareForecastCallsResponse>(
      Quarter(4) + "rows { display_name: \"company\" team_count: 3 " +
      Usd("rolled_up_commit", 2'600'000) + "missing_call_count: 1 model { " +
      Usd("mean", 2'900'000) + Usd("p10", 2'400'000) + Usd("p90", 3'500'000) + "} " +
      Usd("won_amount", 1'200'000) +
      "} rows { owner_seller_id: \"s-1\" display_name: \"Ada Lovelace\" call { " +
      Usd("commit_amount", 2'600'000) + Usd("best_case_amount", 3'000'000) + "} model { " +
      Usd("mean", 2'500'000) + Usd("p10", 2'100'000) + Usd("p90", 2'900'000) + "} " +
      Usd("won_amount", 1'000'000) + Usd("override_amount", 100'000) +
      "commit_reach_probability: 0.38 best_case_reach_probability: 0.06 } rows { owner_seller_id: "
      "\"s-2\" display_name: \"Bob\" depth: 1 model { " +
      Usd("mean", 400'000) + Usd("p10", 300'000) + Usd("p90", 600'000) + "} " +
      Usd("won_amount", 200'000) +
      "} provenance { as_of { seconds: 1510704000 } revision: \"1:9400\" }");
  test::ExpectGolden("services/gtm/cli/golden/calls.txt",
                     Printed(&PrintCallComparison, comparison));
}

TEST(CallsView, TellHowGoodCallsWere) {
  const auto measured = Parse<forecasting::v1::MeasureForecastCallsResponse>(
      "periods { unit: UNIT_QUARTER fiscal_year: 2016 index: 1 } periods { unit: UNIT_QUARTER "
      "fiscal_year: 2017 index: 4 } skills { owner_seller_id: \"s-1\" display_name: \"Ada "
      "Lovelace\" days_before_end: 30 period_count: 8 commit { absolute_error_share: 0.12 bias { "
      "value: 0.08 low: 0.01 high: 0.15 sufficiency: SUFFICIENCY_ENOUGH } " +
      Rate("reached", 2, 8) + "} best_case { " + Rate("reached", 0, 5) +
      "} best_case_period_count: 5 model { absolute_error_share: 0.07 bias { value: -0.02 low: "
      "-0.06 high: 0.02 sufficiency: SUFFICIENCY_ENOUGH } } } skills { owner_seller_id: \"s-2\" "
      "display_name: \"Bob\" days_before_end: 7 period_count: 1 commit { absolute_error_share: "
      "0.3 bias { value: -0.3 sufficiency: SUFFICIENCY_NOT_ENOUGH_DATA } " +
      Rate("reached", 1, 1) + "} model { absolute_error_share: 0.1 } } provenance { as_of { " +
      "seconds: 1510704000 } revision: \"1:9400\" }");
  test::ExpectGolden("services/gtm/cli/golden/call_skill.txt", Printed(&PrintCallSkills, measured));
}

}  // namespace
}  // namespace gtm::cli
