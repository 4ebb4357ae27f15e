// What was learned of the targets, with fixed content, as the text that people see.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "services/gtm/cli/learn_view.h"

namespace gtm::cli {
namespace {

using targeting::v1::LearnTargetDefinitionResponse;
using testing::HasSubstr;
using testing::Not;

std::string Printed(const std::string& text, OutputFormat format = OutputFormat::kTable) {
  LearnTargetDefinitionResponse answer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &answer));
  std::ostringstream out;
  Console console;
  console.out = &out;
  console.err = &out;
  Printer printer(console, format);
  PrintLearnedDefinition(answer, &printer);
  return out.str();
}

std::string Interval(const std::string& name, double value, double low, double high) {
  return name + " { value: " + std::to_string(value) + " low: " + std::to_string(low) +
         " high: " + std::to_string(high) + " } ";
}

std::string Skill(double auc) {
  return Interval("auc", auc, auc - 0.05, auc + 0.05) + Interval("log_loss", 0.55, 0.5, 0.6) +
         Interval("log_loss_gain", 0.1, 0.05, 0.15) + Interval("calibration_slope", 0.9, 0.6, 1.2) +
         Interval("top_lift", 1.8, 1.2, 2.4) +
         "calibration_error: 0.04 bands { count: 30 mean_chance: 0.8 lift: 1.8 " +
         Interval("won_share", 0.7, 0.52, 0.83) +
         "} bands { count: 31 mean_chance: 0.1 lift: 0.2 " +
         Interval("won_share", 0.08, 0.02, 0.23) + "} ";
}

const char kCases[] =
    "learned_from { count: 1412 won_count: 564 first_start_time { seconds: 1704067200 } "
    "last_start_time { seconds: 1735603200 } } held_back { count: 61 won_count: 24 "
    "first_start_time { seconds: 1735689600 } last_start_time { seconds: 1748736000 } } ";

std::string Level(const std::string& label, int count, int won, double log_odds, double points) {
  return "levels { label: \"" + label + "\" count: " + std::to_string(count) +
         " won_count: " + std::to_string(won) + " points: " + std::to_string(points) + " " +
         Interval("log_odds", log_odds, log_odds - 0.3, log_odds + 0.3) + "} ";
}

TEST(LearnView, ShowsWhatTwoAttributesTellTogether) {
  const std::string text = Printed(
      "verdict: VERDICT_LEARNED skill { " + Skill(0.7) + "} " +
      Interval("pair_gain", 0.021, 0.011, 0.031) +
      "pairs { first_attribute: \"account.technologies\" first_word: \"Zoho\" second_attribute: "
      "\"account.industry\" cells { first_label: \"yes\" second_label: \"retail\" count: 40 "
      "won_count: 30 log_odds: 0.8 points: 12 } cells { count: 8 won_count: 2 log_odds: -0.1 } }");
  EXPECT_THAT(text, HasSubstr("LOG LOSS LOWER BY 0.021 (0.011 to 0.031)"));
  EXPECT_THAT(text, HasSubstr("account.technologies Zoho with account.industry"));
  EXPECT_THAT(text, HasSubstr("yes with retail"));
  EXPECT_THAT(text, HasSubstr("one is missing"));
  EXPECT_THAT(text, HasSubstr("75.0 %"));
}

TEST(LearnView, ShowsSkillEffectsAndWhatToDoNext) {
  const std::string answer =
      "verdict: VERDICT_LEARNED explanation: \"learned: ranks a won one first\" " +
      std::string(kCases) + "skill { " + Skill(0.731) + "} agreed { definition_id: \"d1\" " +
      "priority { " + Skill(0.612) + "} fit { " + Skill(0.6) + "} " +
      Interval("auc_gain", 0.119, 0.02, 0.218) + Interval("log_loss_gain", 0.05, 0.01, 0.09) +
      "} effects { attribute: \"account.industry\" range_log_odds: 2 " +
      Level("software", 700, 420, 1.0, 60) + Level("retail", 612, 100, -1.0, 0) +
      Level("missing", 100, 44, 0.1, 0) +
      "} effects { attribute: \"account.technologies\" word: \"Snowflake\" " +
      Level("yes", 300, 200, 0.5, 20) + Level("no", 1112, 364, -0.1, 0) +
      "} leaky_attributes { attribute: \"account.contact_count\" reason: REASON_GROWS_WITH_WORK "
      "explanation: \"account.contact_count grows while a deal is worked\" left_out: true } "
      "chances { points: 0 " +
      Interval("chance", 0.05, 0.02, 0.1) + "} chances { points: 20 " +
      Interval("chance", 0.15, 0.1, 0.2) +
      "} proposed_definition { target_min_fit_points: 55 fit_priority_weight: 700 "
      "engagement_priority_weight: 300 }";
  const std::string text = Printed(answer);
  EXPECT_THAT(text, HasSubstr("learned: ranks a won one first"));
  EXPECT_THAT(text, HasSubstr("1,412 opportunities, 564 won (39.9 %), began 2024-01-01 to"));
  EXPECT_THAT(text, HasSubstr("0.731 (0.681 to 0.781)"));
  EXPECT_THAT(text, HasSubstr("0.119 (0.020 to 0.218)"));
  EXPECT_THAT(text, HasSubstr("account.technologies Snowflake"));
  EXPECT_THAT(text, HasSubstr("        │████████  ")) << "for";
  EXPECT_THAT(text, HasSubstr("████████│")) << "against";
  EXPECT_THAT(text, HasSubstr("left out: account.contact_count grows"));
  EXPECT_THAT(text, HasSubstr("20 points 15.0 % (10.0 to 20.0)"));
  EXPECT_THAT(text, HasSubstr("a target from 55 points of fit; priority: fit 700, engagement 300"));
  EXPECT_THAT(text, HasSubstr("gtm definition create --file draft.json"));
  const std::string csv = Printed(answer, OutputFormat::kCsv);
  EXPECT_THAT(csv, HasSubstr("attribute,level,count,won_share,log_odds,log_odds_low"));
  EXPECT_THAT(csv, HasSubstr("account.industry,retail,612,"));
}

TEST(LearnView, ShowsTheLevelsThatTellMost) {
  std::string effect = "effects { attribute: \"account.country\" ";
  for (int i = 0; i < 12; ++i) {
    effect += Level("c" + std::to_string(i), 100, 40, i == 11 ? 2.0 : 0.01 * i, i);
  }
  const std::string answer = "verdict: VERDICT_NO_SIGNAL explanation: \"no signal\" " +
                             std::string(kCases) + "skill { " + Skill(0.5) + "} " + effect + "}";
  const std::string text = Printed(answer);
  EXPECT_THAT(text, HasSubstr("c11"));
  EXPECT_THAT(text, Not(HasSubstr("c3 ")));
  EXPECT_THAT(text, HasSubstr("and 4 more: -o json"));
  EXPECT_THAT(text, Not(HasSubstr("next:")));
  EXPECT_THAT(Printed(answer, OutputFormat::kCsv), HasSubstr("account.country,c3,"));
}

TEST(LearnView, SaysWhatIsNeededWithoutEnoughData) {
  const std::string text =
      Printed("verdict: VERDICT_NOT_ENOUGH_DATA explanation: \"not enough data: of 12\"");
  EXPECT_THAT(text, HasSubstr("not enough data: of 12"));
  EXPECT_THAT(text, HasSubstr("learned from  none"));
  EXPECT_THAT(text, Not(HasSubstr("AUC")));
}

}  // namespace
}  // namespace gtm::cli
