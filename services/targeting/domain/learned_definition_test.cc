#include "services/targeting/domain/learned_definition.h"

#include <gmock/gmock.h>

#include <limits>

namespace gtm::targeting::domain {
namespace {

using criteria::Evaluator;
using criteria::Value;

// A column with the levels and effects that are given.
void AddNumber(const std::string& attribute, std::vector<double> edges,
               std::vector<double> log_odds, Scorecard* card, LearningCases* cases) {
  ColumnEffect effect;
  effect.bins.is_number = true;
  effect.bins.value_level_count = static_cast<uint16_t>(edges.size() + 1);
  effect.bins.edges = std::move(edges);
  effect.log_odds = std::move(log_odds);
  effect.parameters = 2;
  card->columns.push_back(effect);
  LearnColumn& column = cases->table.columns.emplace_back();
  column.name = attribute;
  column.numbers = {0.0};
  cases->attributes.push_back({attribute, "", attribute.starts_with("engagement.")});
}

void AddWords(const LearnedAttribute& attribute, std::vector<std::string> words,
              std::vector<double> log_odds, Scorecard* card, LearningCases* cases) {
  ColumnEffect effect;
  for (size_t i = 0; i < words.size(); ++i) {
    effect.bins.level_of_code.push_back(static_cast<uint16_t>(i));
  }
  effect.bins.value_level_count = static_cast<uint16_t>(words.size());
  effect.log_odds = std::move(log_odds);
  effect.parameters = 1;
  card->columns.push_back(effect);
  LearnColumn& column = cases->table.columns.emplace_back();
  column.name = attribute.attribute;
  column.codes = {0};
  column.words = std::move(words);
  cases->attributes.push_back(attribute);
}

Evaluator FitOf(const LearnedDefinition& learned) {
  return Evaluator::Compile(learned.spec.account_criteria, "criteria").value();
}

// Distances of 3 and 1 in log odds are 75 and 25 points; a level earns its distance from the
// worst.
TEST(LearnedDefinition, MakesOnePointWorthTheSameEverywhere) {
  Scorecard card;
  LearningCases cases;
  AddWords({"account.industry"}, {"software", "retail"}, {0.5, -0.5, 9.0}, &card, &cases);
  AddNumber("account.employee_count", {100, 1000}, {-1, 0.5, 2, 9.0}, &card, &cases);
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  EXPECT_DOUBLE_EQ(learned.range_log_odds, 4) << "what is missing does not count";
  ASSERT_EQ(learned.spec.account_criteria.size(), 2u);
  EXPECT_EQ(learned.spec.account_criteria[0].id, "employee_count") << "the strongest first";
  EXPECT_EQ(learned.spec.account_criteria[0].weight, 3'000);
  const Evaluator fit = FitOf(learned);
  const auto points = [&](double employees, const char* industry) {
    const Value values[] = {Value::Number(employees), Value::Word(industry)};
    return static_cast<double>(fit.Score(values)) / 1e6;
  };
  EXPECT_NEAR(points(5'000, "Software"), 100, 1e-6);
  EXPECT_NEAR(points(100, "retail"), 37.5, 1e-6);
  EXPECT_NEAR(points(99, "retail"), 0, 1e-6);
  EXPECT_NEAR(points(99, "mining"), 12.5, 1e-6) << "an unknown word has the mean";
  EXPECT_NEAR(learned.points[1][1], 37.5, 1e-9);
  EXPECT_EQ(learned.points[1][3], 0) << "a gap, not a level";
}

TEST(LearnedDefinition, JoinsBandsOfEqualShare) {
  Scorecard card;
  LearningCases cases;
  AddNumber("account.employee_count", {10, 20, 30}, {-1, -0.999, 1, 1, 0}, &card, &cases);
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  const auto& bands = std::get<criteria::Bands>(learned.spec.account_criteria[0].rule).bands;
  ASSERT_EQ(bands.size(), 2u);
  EXPECT_EQ(bands[0].min, std::nullopt);
  EXPECT_EQ(bands[0].max, 20);
  EXPECT_EQ(bands[1].min, 20);
  EXPECT_EQ(bands[1].max, std::nullopt);
}

// TG-05. What speaks against an account counts too, whatever else is in the list.
TEST(LearnedDefinition, ReadsListsOfTechnologies) {
  Scorecard card;
  LearningCases cases;
  AddWords({"account.technologies", "Snowflake"}, {"no", "yes"}, {-0.5, 0.5, 0}, &card, &cases);
  AddWords({"account.technologies", "Zoho"}, {"yes", "no"}, {-1, 1, 0}, &card, &cases);
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  EXPECT_EQ(learned.spec.account_criteria[0].id, "technology_zoho");
  const Evaluator fit = FitOf(learned);
  const auto points = [&](std::vector<std::string_view> technologies) {
    const Value values[] = {Value::Words(technologies), Value::Words(technologies)};
    return fit.Score(values) / 1e6;
  };
  EXPECT_NEAR(points({"Snowflake"}), 100, 1e-4);
  EXPECT_NEAR(points({"snowflake", "zoho"}), 33.3333, 1e-3);
  EXPECT_NEAR(points({"Slack"}), 66.6667, 1e-3);
  EXPECT_NEAR(points({}), 66.6667, 1e-3);
  EXPECT_NEAR(points({"Zoho", "Slack"}), 0, 1e-6);
}

// The priority adds fit and engagement as the card does.
TEST(LearnedDefinition, WeighsFitAndEngagementByWhatTheyTell) {
  Scorecard card;
  LearningCases cases;
  AddWords({"account.industry"}, {"software", "retail"}, {1.5, -1.5, 0}, &card, &cases);
  AddNumber("engagement.touch_count", {1}, {-0.5, 0.5, 0}, &card, &cases);
  AddNumber("account.founded_year", {2000}, {0.01, -0.01, 0}, &card, &cases);
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  EXPECT_EQ(learned.spec.account_criteria.size(), 1u) << "0.02 is not worth a criterion";
  EXPECT_EQ(learned.spec.engagement_criteria.size(), 1u);
  EXPECT_EQ(learned.spec.fit_priority_weight, 750);
  EXPECT_EQ(learned.spec.engagement_priority_weight, 250);
  EXPECT_THAT(CheckDefinition(learned.spec, true, "definition"), testing::IsEmpty());
}

TEST(LearnedDefinition, IsEmptyWhereNothingTells) {
  EXPECT_TRUE(DefinitionOf({}, {}, {}).spec.account_criteria.empty());
}

}  // namespace
}  // namespace gtm::targeting::domain
