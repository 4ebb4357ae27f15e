// What holds of every scorecard, on generated cases with a known truth.

#include <cmath>

#include "common/core/random.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/targeting/domain/rate_change.h"
#include "services/targeting/domain/test_scorecard_learn.h"

namespace gtm::targeting::domain {
namespace {

// Two columns that matter (a rising number, a word), one that does not, each sometimes
// missing; `strength` 0: nothing matters.
LearnTable Generate(uint64_t seed, size_t row_count, double strength) {
  Random random(seed);
  LearnTable table;
  table.columns.resize(3);
  table.columns[0].name = "account.employee_count";
  table.columns[1].name = "account.industry";
  table.columns[1].words = {"software", "retail", "mining"};
  table.columns[2].name = "account.region";
  table.columns[2].words = {"north", "south", "east", "west"};
  const double by_word[] = {1, 0, -1};
  for (size_t i = 0; i < row_count; ++i) {
    const double size = std::floor(1'000 * random.Uniform());
    const auto word = static_cast<uint32_t>(random.Below(3));
    const double eta = strength * (3 * size / 1'000 - 1.5 + by_word[word]);
    table.columns[0].numbers.push_back(random.Uniform() < 0.1 ? NAN : size);
    table.columns[1].codes.push_back(random.Uniform() < 0.1 ? kMissingWord : word);
    table.columns[2].codes.push_back(static_cast<uint32_t>(random.Below(4)));
    table.won.push_back(random.Uniform() < 1 / (1 + std::exp(-eta)) ? 1 : 0);
    table.start_day.push_back(static_cast<int32_t>(i / 4));
    table.outcome_day.push_back(static_cast<int32_t>(i / 4 + random.Below(60)));
  }
  return table;
}

std::vector<uint32_t> AllRows(const LearnTable& table) {
  std::vector<uint32_t> rows(table.row_count());
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return rows;
}

TEST(Scorecard, FindsPlantedEffects) {
  const LearnTable table = Generate(1, 4'000, 1);
  const Learned learned = LearnScorecard(table);
  ASSERT_EQ(learned.verdict, LearnVerdict::kLearned);
  EXPECT_GT(learned.card.auc.value, 0.72);
  EXPECT_NEAR(learned.card.calibration_slope.value, 1, 0.15);
  const auto& card = learned.selection->card;
  const ColumnEffect& word = card.columns[1];
  EXPECT_NEAR(word.log_odds[word.bins.level_of_code[0]] - word.log_odds[word.bins.level_of_code[2]],
              2, 0.35);
  // 3 log odds for the size, 2 for the word, nothing for the region.
  ASSERT_GE(learned.points.columns.size(), 2U);
  EXPECT_EQ(learned.points.columns[0].column, 0U);
  EXPECT_NEAR(learned.points.columns[0].weight, 58, 10);
  EXPECT_EQ(learned.points.columns[1].column, 1U);
  for (const PointColumn& column : learned.points.columns) {
    EXPECT_LE(column.column == 2 ? column.weight : 0, 6);
  }
}

TEST(Scorecard, IntervalsOfEffectsHoldTheTruth) {
  // The difference of two words, 20 companies: 95 % intervals miss once, as a rule.
  int held = 0;
  constexpr int kCompanies = 20;
  for (uint64_t seed = 1; seed <= kCompanies; ++seed) {
    const LearnTable table = Generate(seed, 1'500, 1);
    const Scorecard card = FitScorecard(table, AllRows(table));
    const ColumnEffect& word = card.columns[1];
    const size_t level = word.bins.level_of_code[0];
    // Against the mean of the column: 1 - mean of (1, 0, -1 and the missing, which are mixed).
    held += std::abs(word.log_odds[level] - 0.9) < 3 * word.deviation[level] ? 1 : 0;
  }
  EXPECT_GE(held, kCompanies - 2);
}

TEST(Scorecard, NothingIsSaidToBeNothing) {
  // 1 false alarm in 100 is meant: of 60, 3 or more would have a chance below 3 %.
  int alarms = 0;
  constexpr int kCompanies = 60;
  for (uint64_t seed = 1; seed <= kCompanies; ++seed) {
    alarms += LearnScorecard(Generate(seed, 400, 0)).verdict == LearnVerdict::kLearned ? 1 : 0;
  }
  fmt::print("false alarms: {} of {}\n", alarms, kCompanies);
  EXPECT_LE(alarms, 2);
}

TEST(Scorecard, FewOutcomesAreNotEnough) {
  EXPECT_EQ(LearnScorecard(Generate(1, 60, 1)).verdict, LearnVerdict::kNotEnoughData);
  EXPECT_EQ(LearnScorecard({}).verdict, LearnVerdict::kNotEnoughData);
}

TEST(Scorecard, KeepsTheTrendThatWasAskedFor) {
  for (const Trend trend : {Trend::kRising, Trend::kFalling}) {
    LearnTable table = Generate(2, 600, 1);
    table.columns[0].trend = trend;
    const Scorecard card = FitScorecard(table, AllRows(table));
    const ColumnEffect& size = card.columns[0];
    for (size_t l = 0; l + 1 < size.bins.value_level_count; ++l) {
      const double step = size.log_odds[l + 1] - size.log_odds[l];
      EXPECT_GE(trend == Trend::kRising ? step : -step, -1e-12);
    }
  }
}

TEST(Scorecard, CriteriaGiveThePointsOfTheCard) {
  const LearnTable table = Generate(3, 2'000, 1);
  const Learned learned = LearnScorecard(table);
  ASSERT_TRUE(learned.selection);
  int32_t weights = 0;
  for (const PointColumn& column : learned.points.columns) weights += column.weight;
  EXPECT_EQ(weights, 100);
  const auto criteria = MakeCriteria(learned.points, table);
  auto evaluator = criteria::Evaluator::Compile(criteria, "account_criteria");
  ASSERT_TRUE(evaluator.ok());
  for (size_t row = 0; row < 200; ++row) {
    std::vector<criteria::Value> values;
    for (const PointColumn& column : learned.points.columns) {
      const LearnColumn& cells = table.columns[column.column];
      if (cells.is_missing(row)) {
        values.emplace_back();
      } else if (cells.is_number()) {
        values.push_back(criteria::Value::Number(cells.numbers[row]));
      } else {
        values.push_back(criteria::Value::Word(cells.words[cells.codes[row]]));
      }
    }
    const auto explained = evaluator->Explain(values);
    EXPECT_NEAR(static_cast<double>(explained.range.micropoints) / 1e6,
                learned.points.Points(table, row), 1e-6);
    int64_t parts = 0;
    for (const auto& part : explained.parts) parts += part.micropoints;
    EXPECT_EQ(parts, explained.range.micropoints);
  }
}

TEST(Scorecard, PartsSumToTheLogOdds) {
  const LearnTable table = Generate(4, 800, 1);
  const Scorecard card = FitScorecard(table, AllRows(table));
  double mean = 0, won = 0;
  for (size_t row = 0; row < table.row_count(); ++row) {
    double sum = card.intercept;
    for (size_t c = 0; c < card.columns.size(); ++c) {
      sum += card.columns[c].log_odds[card.columns[c].bins.LevelOf(table.columns[c], row)];
    }
    EXPECT_DOUBLE_EQ(sum, card.LogOdds(table, row));
    mean += card.Chance(table, row);
    won += table.won[row];
  }
  // The intercept is not shrunken: chances sum to what was won.
  EXPECT_NEAR(mean, won, 0.01 * won);
}

TEST(Scorecard, SameSeedSameBytes) {
  const LearnTable table = Generate(5, 1'000, 1);
  const Learned a = LearnScorecard(table), b = LearnScorecard(table);
  EXPECT_EQ(a.card.auc.value, b.card.auc.value);
  EXPECT_EQ(a.selection->card.intercept, b.selection->card.intercept);
  EXPECT_TRUE(MakeCriteria(a.points, table) == MakeCriteria(b.points, table));
}

TEST(Scorecard, BetterThanAnAgreedDefinitionThatKnowsNothing) {
  const LearnTable table = Generate(6, 3'000, 1);
  LearnOptions options;
  Random random(7);
  for (size_t i = 0; i < table.row_count(); ++i) {
    options.agreed_scores.push_back(random.Uniform());
  }
  const Learned learned = LearnScorecard(table, options);
  ASSERT_TRUE(learned.draft_against_agreed);
  EXPECT_GT(learned.draft_against_agreed->auc.low(3), 0);
  EXPECT_LT(learned.draft_against_agreed->log_loss.high(3), 0);
}

TEST(ColumnLeaks, AreRefusedByWhatTheyTell) {
  LearnTable table = Generate(8, 1'000, 1);
  Random random(9);
  LearnColumn copy, status, late;
  copy.name = "account.custom_number.score";
  status.name = "account.custom_label.last_step";
  status.words = {"call", "demo"};
  late.name = "account.custom_label.competitor";
  late.words = {"x"};
  for (const uint8_t won : table.won) {
    copy.numbers.push_back(won + random.Uniform() / 2);
    status.codes.push_back(random.Uniform() < 0.3 ? 1 - won : won);
    late.codes.push_back(0);
  }
  table.columns.push_back(copy);
  table.columns.push_back(status);
  table.columns.push_back(late);
  const auto leaks = FindColumnLeaks(table, {100, {10, 10, 0, 0, 0, 60}});
  ASSERT_EQ(leaks.size(), 3U);
  EXPECT_EQ(leaks[0].column, 3U);
  EXPECT_EQ(leaks[0].reason, LeakReason::kTooGood);
  EXPECT_EQ(leaks[1].column, 4U);
  EXPECT_EQ(leaks[1].reason, LeakReason::kLatestState);
  EXPECT_EQ(leaks[2].column, 5U);
  EXPECT_EQ(leaks[2].reason, LeakReason::kFilledAtClosing);
  const Learned learned = LearnScorecard(table, {.open_blanks = {100, {10, 10, 0, 0, 0, 60}}});
  for (const PointColumn& column : learned.points.columns) EXPECT_LT(column.column, 3U);
}

TEST(ColumnLeaks, AreNamedByWords) {
  EXPECT_TRUE(IsNamedAfterLatestState("Last Notable Activity"));
  EXPECT_TRUE(IsNamedAfterLatestState("account.custom_label.loss_reason"));
  EXPECT_FALSE(IsNamedAfterLatestState("What is your current occupation"));
  EXPECT_FALSE(IsNamedAfterLatestState("windows"));
}

TEST(RateChange, NoneWhereTheRateStays) {
  int breaks = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const LearnTable table = Generate(seed, 1'000, 0);
    const int32_t end = *std::max_element(table.outcome_day.begin(), table.outcome_day.end()) + 1;
    breaks += FindRateChange(table, end).has_value() ? 1 : 0;
  }
  EXPECT_LE(breaks, 2);
}

TEST(Bins, EdgesAreTheRoundestNumbersBetween) {
  EXPECT_EQ(RoundestBetween(93, 112), 100);
  EXPECT_EQ(RoundestBetween(0, 1), 1);
  EXPECT_EQ(RoundestBetween(1.4, 1.6), 1.5);
  EXPECT_EQ(RoundestBetween(-3, 2), 0);
  EXPECT_GT(RoundestBetween(1, 1.0000001), 1);
}

}  // namespace
}  // namespace gtm::targeting::domain
