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
  const auto& criteria = learned.definition.spec.account_criteria;
  ASSERT_GE(criteria.size(), 2U);
  EXPECT_EQ(criteria[0].attribute, "account.employee_count");
  EXPECT_NEAR(criteria[0].weight, 2'800, 500);
  EXPECT_EQ(criteria[1].attribute, "account.industry");
  for (size_t i = 2; i < criteria.size(); ++i) EXPECT_LE(criteria[i].weight, 300);
  EXPECT_EQ(learned.selection->pair_count, 0) << "the two effects are additive";
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

// What a pair adds is planted: small companies of one industry, large ones of another.
LearnTable GenerateWithPair(uint64_t seed, size_t row_count, double strength) {
  LearnTable table = Generate(seed, row_count, 0.5);
  Random random(seed + 1'000);
  for (size_t row = 0; row < row_count; ++row) {
    const LearnColumn& size = table.columns[0];
    const LearnColumn& word = table.columns[1];
    if (size.is_missing(row) || word.is_missing(row) || word.codes[row] == 2) continue;
    const bool fits = (size.numbers[row] < 500) == (word.codes[row] == 0);
    const double eta = strength * (fits ? 1 : -1);
    table.won[row] = random.Uniform() < 1 / (1 + std::exp(-eta)) ? 1 : 0;
  }
  return table;
}

// The definition ranks as the card does: the points of its criteria, grids and gaps included,
// are the log odds on another scale, but for their rounding to whole hundredths of a weight.
TEST(Scorecard, CriteriaGiveThePointsOfTheCard) {
  for (const bool has_pair : {false, true}) {
    const LearnTable table = has_pair ? GenerateWithPair(3, 4'000, 1.5) : Generate(3, 4'000, 1);
    const Learned learned = LearnScorecard(table);
    ASSERT_TRUE(learned.selection);
    EXPECT_EQ(learned.selection->pair_count > 0, has_pair);
    const LearnedDefinition& definition = learned.definition;
    const bool has_grid = std::any_of(
        definition.spec.account_criteria.begin(), definition.spec.account_criteria.end(),
        [](const auto& c) { return std::holds_alternative<criteria::Grid>(c.rule); });
    EXPECT_EQ(has_grid, has_pair);
    const std::vector<double> points = PointsOf(definition, table);
    const double unit = definition.range_log_odds / 100;
    double most = 0;
    for (size_t row = 1; row < table.row_count(); ++row) {
      const double told = (points[row] - points[0]) * unit;
      const double is =
          learned.selection->card.LogOdds(table, row) - learned.selection->card.LogOdds(table, 0);
      most = std::max(most, std::abs(told - is));
    }
    EXPECT_LT(most, 0.15) << "log odds; columns below 0.05 have no criterion";
  }
}

TEST(Scorecard, PairsAreProposedOnlyWhereTheyPay) {
  int alarms = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const LearnTable table = Generate(seed, 2'000, 1);
    alarms += SelectScorecard(table, AllRows(table), {1, true}).pair_count > 0 ? 1 : 0;
  }
  EXPECT_LE(alarms, 2) << "of 20 companies without a pair";
  LearnTable table = GenerateWithPair(1, 2'000, 1);
  EXPECT_GT(SelectScorecard(table, AllRows(table), {1, true}).pair_count, 0);
  table.columns[0].trend = Trend::kRising;
  for (const PairEffect& pair : SelectScorecard(table, AllRows(table), {1, true}).card.pairs) {
    EXPECT_NE(pair.first, 0) << "a pair could break the trend that was asked for";
  }
}

// Two columns that matter a little beside many that do not, as companies have them.
LearnTable GenerateAmongNoise(uint64_t seed, size_t row_count) {
  LearnTable table = Generate(seed, row_count, 0.4);
  Random random(seed + 2'000);
  for (int c = 0; c < 12; ++c) {
    LearnColumn column;
    column.name = fmt::format("account.custom_label.noise_{}", c);
    for (int word = 0; word < 8; ++word) column.words.push_back(fmt::format("w{}", word));
    for (size_t row = 0; row < row_count; ++row) {
      column.codes.push_back(static_cast<uint32_t>(random.Below(8)));
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

// What the first 600 cases teach, told of those that come after.
struct Taught {
  double word_range = 0;  // of log odds
  Skill skill;            // of the definition
};
Taught TeachAmongNoise(uint64_t seed) {
  constexpr uint32_t kTeach = 600;
  const LearnTable table = GenerateAmongNoise(seed, 3'600);
  std::vector<uint32_t> rows = AllRows(table);
  const std::vector<uint32_t> teach(rows.begin(), rows.begin() + kTeach);
  const Selection selection = SelectScorecard(table, teach, {seed, true});
  const std::vector<double> points =
      PointsOf(DefinitionOf(selection.card, CasesOf(table), {}), table);
  const stats::LogitScale curve = CurveOfCard(selection.card, table, teach, points);
  std::vector<Told> told;
  for (uint32_t row = kTeach; row < table.row_count(); ++row) {
    told.push_back({curve.Chance(points[row]), table.won[row], 0});
  }
  return {EffectRange(selection.card.columns[1]), MeasureSkill(told)};
}

// A factor on the shrinkage fed upon itself: of 600 cases most companies were left with no
// effect at all (13 of these 20).
TEST(Scorecard, FewCasesDoNotDrawEveryEffectToNothing) {
  int kept = 0;
  constexpr int kCompanies = 20;
  for (uint64_t seed = 1; seed <= kCompanies; ++seed) {
    kept += TeachAmongNoise(seed).word_range > 0.1 ? 1 : 0;  // 0.8 is planted
  }
  EXPECT_GE(kept, kCompanies - 8);
}

// Points were told as what became of the cases that taught them: too bold for any other.
TEST(Scorecard, PointsAreNotTakenBolderThanTheCard) {
  double slope = 0, gain = 0;
  constexpr int kCompanies = 20;
  for (uint64_t seed = 1; seed <= kCompanies; ++seed) {
    const Skill skill = TeachAmongNoise(seed).skill;
    slope += skill.calibration_slope.value / kCompanies;
    gain += skill.log_loss_gain.value / kCompanies;
  }
  fmt::print("calibration slope {:.2f}, log loss gain {:.4f}, mean of {} companies\n", slope, gain,
             kCompanies);
  EXPECT_GT(slope, 0.8);
  EXPECT_GT(gain, 0);
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
  EXPECT_EQ(a.definition.spec.account_criteria, b.definition.spec.account_criteria);
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
  for (const auto& criterion : learned.definition.spec.account_criteria) {
    EXPECT_FALSE(criterion.attribute.starts_with("account.custom_")) << criterion.attribute;
  }
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
