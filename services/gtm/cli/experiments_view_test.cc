// Activities and experiments with fixed content as the text that people see.

#include "services/gtm/cli/experiments_view.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "common/testing/golden.h"

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

targeting::v1::RankActivitiesResponse Activities() {
  return Parse<targeting::v1::RankActivitiesResponse>(
      "activities { key: \"c-6\" display_name: \"executive dinners\" touched_target_count: 41 "
      "tests { measure: MEASURE_CREATION touched_count: 120 effect { value: 0.09 low: 0.04 high: "
      "0.14 } p_value: 0.0004 q_value: 0.003 significant: true } "
      "tests { measure: MEASURE_WIN_RATE touched_count: 22 effect { value: 0.12 low: -0.05 high: "
      "0.29 } p_value: 0.17 q_value: 0.3 } "
      "tests { measure: MEASURE_CYCLE touched_count: 14 effect { value: 0.7 low: 0.55 high: 0.9 } "
      "p_value: 0.005 q_value: 0.02 significant: true } "
      "tests { measure: MEASURE_PRICE touched_count: 4 effect { sufficiency: "
      "SUFFICIENCY_NOT_ENOUGH_DATA } } "
      "extra_opportunities { value: 10.8 low: 4.8 high: 16.8 } open_opportunity_count: 5 " +
      Usd("open_amount", 61'000) +
      "sourced_opportunity_count: 1 } "
      "activities { key: \"c-1\" display_name: \"paid search\" touched_target_count: 3 tests { "
      "measure: MEASURE_CREATION effect { sufficiency: SUFFICIENCY_NO_DATA } } " +
      Usd("open_amount", 0) +
      "} total_count: 7 grouping: ACTIVITY_GROUPING_CAMPAIGN days { start_date { year: 2025 month: "
      "8 day: 21 } end_date { year: 2026 month: 8 day: 21 } } provenance { as_of { seconds: "
      "1787270400 } revision: \"1:7\" rules_version: \"target_definition d version 1\" }");
}

std::string Arm(const std::string& name, int accounts, double rate, int64_t cost) {
  return "arms { name: \"" + name + "\" account_count: " + std::to_string(accounts) +
         " target_count: 40 pending_count: 3 contaminated_count: 2 rate { value: " +
         std::to_string(rate) + " low: 0.05 high: 0.3 } " +
         (cost > 0 ? Usd("cost", cost) + Usd("cost_per_success", cost / 10) : "") + "} ";
}

targeting::v1::ListExperimentsResponse Experiments() {
  return Parse<targeting::v1::ListExperimentsResponse>(
      "rules { outcome: EXPERIMENT_OUTCOME_RESPONDED horizon_days: 30 alpha_bps: 500 "
      "worth_difference_bps: 500 } "
      "experiments { name: \"form\" control_arm: \"text\" " +
      Arm("text", 80, 0.11, 0) + Arm("video", 84, 0.13, 0) +
      "comparisons { arm: \"video\" verdict: VERDICT_KEEP_GOING difference { value: 0.02 low: "
      "-0.14 high: 0.18 } p_value: 1 remaining_account_count: 1400 remaining_days: 310 scale_up: "
      "SCALE_UP_NO } } "
      "experiments { name: \"offer\" control_arm: \"guide\" " +
      Arm("benchmark", 150, 0.3, 2'000) + Arm("guide", 150, 0.1, 2'000) +
      "comparisons { arm: \"benchmark\" verdict: VERDICT_BETTER difference { value: 0.2 low: 0.03 "
      "high: 0.37 } p_value: 0.003 decided_account_count: 214 remaining_account_count: 0 "
      "scale_up: SCALE_UP_YES } } provenance { as_of { seconds: 1787270400 } revision: \"1:7\" }");
}

TEST(ExperimentsView, RanksActivitiesAndMarksWhatMayBeTold) {
  const auto answer = Activities();
  test::ExpectGolden("services/gtm/cli/golden/activities.txt",
                     Printed([&](Printer* printer) { PrintActivities(answer, printer); }));
}

TEST(ExperimentsView, WritesActivitiesAsCsv) {
  const auto answer = Activities();
  const std::string text =
      Printed([&](Printer* printer) { PrintActivities(answer, printer); }, OutputFormat::kCsv);
  EXPECT_THAT(text,
              HasSubstr("c-6,executive dinners,41,10.8,4.8,16.8,0.003,0.12,0.7,,5,61000.00,1"));
  EXPECT_THAT(text, Not(HasSubstr("correlation")));
}

TEST(ExperimentsView, TellsArmsVerdictsAndWhatToDo) {
  const auto answer = Experiments();
  test::ExpectGolden("services/gtm/cli/golden/experiments.txt",
                     Printed([&](Printer* printer) { PrintExperiments(answer, printer); }));
}

TEST(ExperimentsView, TellsWhatStoppedEarly) {
  auto answer = Experiments();
  answer.mutable_experiments(0)->set_state(targeting::v1::Experiment::STATE_STOPPED_EARLY);
  answer.mutable_experiments(1)->set_state(targeting::v1::Experiment::STATE_DECIDED);
  const auto print = [&](Printer* printer) { PrintExperiments(answer, printer); };
  EXPECT_THAT(Printed(print), HasSubstr("form: stopped early: no account came in"));
  EXPECT_THAT(Printed(print), Not(HasSubstr("offer: stopped")));
  EXPECT_THAT(Printed(print, OutputFormat::kCsv), HasSubstr(",stopped early"));
}

TEST(ExperimentsView, HasWordsForEveryVerdict) {
  auto experiment = Experiments().experiments(1);
  auto* comparison = experiment.mutable_comparisons(0);
  using targeting::v1::ArmComparison;
  const std::pair<ArmComparison::ScaleUp, const char*> scales[] = {
      {ArmComparison::SCALE_UP_COST_NOT_SURE, "not sure"},
      {ArmComparison::SCALE_UP_COSTS_MORE, "costs more"},
      {ArmComparison::SCALE_UP_COST_UNKNOWN, "not recorded"}};
  for (const auto& [scale, words] : scales) {
    comparison->set_scale_up(scale);
    EXPECT_THAT(ComparisonText(experiment, *comparison), HasSubstr(words));
  }
  const std::pair<ArmComparison::Verdict, const char*> verdicts[] = {
      {ArmComparison::VERDICT_WORSE, "stop it"},
      {ArmComparison::VERDICT_NO_WORTHWHILE_DIFFERENCE, "no difference that is worth it"},
      {ArmComparison::VERDICT_SPLIT_MISMATCH, "not split as intended"}};
  for (const auto& [verdict, words] : verdicts) {
    comparison->set_verdict(verdict);
    EXPECT_THAT(ComparisonText(experiment, *comparison), HasSubstr(words));
  }
  experiment.mutable_arms(0)->clear_rate();
  EXPECT_THAT(ComparisonText(experiment, *comparison), HasSubstr("go on"));
}

}  // namespace
}  // namespace gtm::cli
