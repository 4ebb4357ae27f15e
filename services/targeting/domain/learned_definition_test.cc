#include "services/targeting/domain/learned_definition.h"

#include <gmock/gmock.h>

#include <limits>

namespace gtm::targeting::domain {
namespace {

using criteria::Evaluator;
using criteria::Value;

// Cases had every level, but none was missing.
template <class Effect>
void SetLogOdds(std::vector<double> log_odds, Effect* effect) {
  effect->rows.assign(log_odds.size(), 50);
  effect->rows.back() = 0;
  effect->log_odds = std::move(log_odds);
}

// A column with the levels and effects that are given.
void AddNumber(const std::string& attribute, std::vector<double> edges,
               std::vector<double> log_odds, Scorecard* card, LearningCases* cases) {
  ColumnEffect effect;
  effect.bins.is_number = true;
  effect.bins.value_level_count = static_cast<uint16_t>(edges.size() + 1);
  effect.bins.edges = std::move(edges);
  SetLogOdds(std::move(log_odds), &effect);
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
  SetLogOdds(std::move(log_odds), &effect);
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
}

// A gap counts what cases without the value were worth, even less than the worst of them: it
// stays a gap.
TEST(LearnedDefinition, SaysWhatAGapWasWorth) {
  Scorecard card;
  LearningCases cases;
  AddWords({"account.industry"}, {"software", "retail"}, {0.5, -0.5, -1.5}, &card, &cases);
  AddNumber("account.employee_count", {100}, {-1, 1, 0.5}, &card, &cases);
  AddNumber("account.founded_year", {2000}, {0, 2, 0.5}, &card, &cases);
  for (const size_t column : {0, 1}) card.columns[column].rows.back() = 50;
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  EXPECT_DOUBLE_EQ(learned.range_log_odds, 6);
  const Evaluator fit = FitOf(learned);
  const auto score = [&](Value industry, Value employees, Value founded) {
    const Value values[] = {industry, employees, founded};
    return fit.Explain(values);
  };
  const Value none;
  EXPECT_EQ(score(none, Value::Number(50), Value::Number(1990)).range.micropoints, 0);
  const auto gaps = score(none, none, none);
  EXPECT_NEAR(static_cast<double>(gaps.range.micropoints), (0 + 1.5 + 0.5) / 6 * 1e8, 2e5);
  EXPECT_EQ(gaps.range.known_weight_bps, 0);
  EXPECT_NEAR(static_cast<double>(gaps.range.low_micropoints), 1.0 / 6 * 1e8, 2e5)
      << "full data would give at least the worst industry";
  int64_t sum = 0;
  for (const auto& part : gaps.parts) {
    EXPECT_FALSE(part.known);
    sum += part.micropoints;
  }
  EXPECT_EQ(sum, gaps.range.micropoints);
}

// A pair of columns is one criterion with a grid; a cell that no case can have is the average.
TEST(LearnedDefinition, WritesPairsAsGrids) {
  Scorecard card;
  LearningCases cases;
  AddWords({"account.industry"}, {"software", "retail"}, {0.5, -0.5, 0}, &card, &cases);
  AddNumber("account.employee_count", {100}, {-1, 1, 0}, &card, &cases);
  PairEffect pair;
  pair.first = 0;
  pair.second = 1;
  pair.first_bins = card.columns[0].bins;
  pair.second_bins = card.columns[1].bins;
  SetLogOdds({1, -1, -1, 1, 0.25}, &pair);
  pair.parameters = 3;
  card.pairs = {pair};
  const LearnedDefinition learned = DefinitionOf(card, cases, {});
  EXPECT_THAT(CheckDefinition(learned.spec, false, "definition"), testing::IsEmpty());
  ASSERT_EQ(learned.spec.account_criteria.size(), 3u);
  const criteria::Criterion& made = learned.spec.account_criteria[1];
  EXPECT_EQ(made.id, "industry_and_employee_count");
  const auto& grid = std::get<criteria::Grid>(made.rule);
  EXPECT_EQ(grid.second_attribute, "account.employee_count");
  EXPECT_THAT(grid.first.words, testing::ElementsAre("software", "retail"));
  EXPECT_THAT(grid.second.edges, testing::ElementsAre(100));
  EXPECT_THAT(grid.shares_bps, testing::ElementsAre(10'000, 0, 0, 10'000, 5'000, 5'000));
  EXPECT_EQ(made.missing_share_bps, 6'300) << "0.25 is 62.5 % of the way";
  EXPECT_NEAR(learned.pair_points[0][0], 100 * 2 / learned.range_log_odds, 1e-9);
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

// One column of three words; points are what the test says.
TEST(CurveOfCard, IsTheLineThroughTheLogOdds) {
  LearnTable table;
  table.columns.resize(1);
  table.columns[0].words = {"a", "b", "c"};
  table.columns[0].codes = {0, 1, 2, 1};
  table.won = {0, 1, 1, 0};
  Scorecard card;
  card.intercept = -1;
  card.columns.resize(1);
  card.columns[0].bins.level_of_code = {0, 1, 2};
  card.columns[0].bins.value_level_count = 3;
  card.columns[0].log_odds = {-0.5, 0, 0.5, 0};
  const std::vector<uint32_t> rows = {0, 1, 2, 3};
  const stats::LogitScale curve = CurveOfCard(card, table, rows, {10, 30, 50, 30});
  EXPECT_NEAR(curve.factor, 0.025, 1e-12);
  EXPECT_NEAR(curve.shift, -1.75, 1e-12);
  const stats::LogitScale flat = CurveOfCard(card, table, rows, std::vector(4, 100.0 / 3));
  EXPECT_EQ(flat.factor, 0) << "points that are all the same tell nothing";
  EXPECT_NEAR(flat.shift, -1, 1e-12);
}

}  // namespace
}  // namespace gtm::targeting::domain
