// Columns of one criterion, where the number of its outcomes decides how they are computed.

#include "common/criteria/rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/core/random.h"
#include "common/criteria/criteria.h"

namespace gtm::criteria {
namespace {

Evaluator Compile(std::vector<Criterion> criteria) {
  return Evaluator::Compile(std::move(criteria), "criteria").value();
}

// One criterion over all forms of its column, with so many outcomes as are allowed.
class ManyOutcomes : public testing::TestWithParam<int> {};

TEST_P(ManyOutcomes, OfBandsAsColumnsAndAsRows) {
  Bands bands;
  for (int i = 0; i < GetParam(); ++i) {
    // Every other band has a gap after it.
    bands.bands.push_back({10.0 * i, 10.0 * i + (i % 2 == 0 ? 10 : 5), (i * 7919) % 10'001, ""});
  }
  Criterion criterion{"size", "", "account.employee_count", 3, bands};
  criterion.missing_share_bps = 4'000;
  const Evaluator evaluator =
      Compile({criterion, {"other", "", "account.revenue", 7, Bands{{{1.0, 2.0, 10'000, ""}}}}});
  Random random(7);
  constexpr size_t kRows = 3'001;
  std::vector<int32_t> integers;
  std::vector<double> numbers;
  for (size_t row = 0; row < kRows; ++row) {
    const auto number = static_cast<int32_t>(random.Below(10 * 64 + 20)) - 10;
    const bool missing = random.Below(9) == 0;
    integers.push_back(missing ? kMissingInteger : number);
    numbers.push_back(missing ? std::nan("") : number);
  }
  for (const Column& column : {Column{.numbers = numbers}, Column{.integers = integers}}) {
    const std::vector<Column> columns = {column, Column()};
    std::vector<int64_t> scores(kRows), explained(kRows);
    std::vector<uint8_t> outcomes(2 * kRows);
    evaluator.ScoreRows(columns, scores);
    ASSERT_TRUE(evaluator.ExplainRows(columns, explained, outcomes).ok());
    EXPECT_EQ(scores, explained);
    for (size_t row = 0; row < kRows; ++row) {
      const std::vector<Value> values = {Value::Number(numbers[row]), Value()};
      std::vector<uint32_t> expected(2);
      ASSERT_EQ(explained[row], evaluator.Evaluate(values, expected).micropoints);
      ASSERT_EQ(outcomes[row], static_cast<uint8_t>(expected[0]));
      ASSERT_EQ(outcomes[kRows + row], kMissingSmallOutcome);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Evaluator, ManyOutcomes,
                         testing::Values(1, 2, 5, 9, 20, 21, 22, kBandsMax));

// Edges that no integer of a column reaches, and integers at the ends of their type.
TEST(Evaluator, IntegerColumnsHoldEdgesOutsideTheirType) {
  Bands bands;
  bands.bands = {{{}, -3e9, 1'000, ""},           {-3e9, -2147483646.5, 2'000, ""},
                 {-2147483646.5, 0.5, 3'000, ""}, {0.5, 2147483647.0, 4'000, ""},
                 {2147483647.0, 3e9, 5'000, ""},  {3e9, {}, 6'000, ""}};
  const Evaluator evaluator = Compile({{"n", "", "account.employee_count", 1, bands}});
  const std::vector<int32_t> integers = {kMissingInteger, INT32_MIN + 1, INT32_MIN + 2, -1, 0, 1,
                                         INT32_MAX - 1,   INT32_MAX};
  const std::vector<Column> columns = {{.integers = integers}};
  std::vector<int64_t> scores(integers.size()), explained(integers.size());
  std::vector<uint8_t> outcomes(integers.size());
  evaluator.ScoreRows(columns, scores);
  ASSERT_TRUE(evaluator.ExplainRows(columns, explained, outcomes).ok());
  for (size_t row = 0; row < integers.size(); ++row) {
    const Value value =
        integers[row] == kMissingInteger ? Value() : Value::Number(double{1} * integers[row]);
    std::vector<uint32_t> expected(1);
    const ScoreRange range = evaluator.Evaluate(std::span(&value, 1), std::span(expected));
    EXPECT_EQ(scores[row], range.micropoints) << integers[row];
    EXPECT_EQ(explained[row], range.micropoints) << integers[row];
    EXPECT_EQ(outcomes[row], static_cast<uint8_t>(expected[0])) << integers[row];
  }
}

TEST(Evaluator, ExplainsRowsOfAsManyWordsAsAByteTells) {
  Random random(8);
  std::vector<std::string> names;
  for (int i = 0; i < kChoicesMax; ++i) names.push_back(std::string("w") + std::to_string(i));
  const std::vector<std::string_view> words(names.begin(), names.end());
  for (const size_t count : {30, 31, 254, 255}) {
    Choices choices;
    for (size_t i = 0; i < count; ++i) {
      choices.choices.push_back({names[i], static_cast<int32_t>(random.Below(10'001))});
    }
    const Evaluator evaluator = Compile({{"who", "", "account.industry", 1, choices}});
    constexpr size_t kRows = 2'500;
    std::vector<uint8_t> codes;
    for (size_t i = 0; i < kRows; ++i) codes.push_back(static_cast<uint8_t>(random.Below(256)));
    const std::vector<Column> columns = {
        {.small_codes = codes, .dictionary = std::span(words).first(255)}};
    std::vector<int64_t> scores(kRows);
    std::vector<uint8_t> outcomes(kRows);
    const Status explained = evaluator.ExplainRows(columns, scores, outcomes);
    ASSERT_EQ(explained.ok(), count < 255);
    if (!explained.ok()) {
      EXPECT_EQ(explained.error().violations().front().field, "criteria[0]");
      continue;
    }
    for (size_t row = 0; row < kRows; ++row) {
      const Value value =
          codes[row] == kMissingSmallCode ? Value() : Value::Word(words[codes[row]]);
      std::vector<uint32_t> expected(1);
      ASSERT_EQ(scores[row],
                evaluator.Evaluate(std::span(&value, 1), std::span(expected)).micropoints);
      ASSERT_EQ(outcomes[row], static_cast<uint8_t>(expected[0]));
    }
  }
}

// What a processor does with wide registers is what any processor does.
template <class T>
void ExpectSplitIsSplitAny(Random& random, size_t steps, T missing) {
  internal::StepTable<T> table;
  table.base = internal::Pack(static_cast<int64_t>(random.Below(1'000)), kMissingOutcome);
  for (uint32_t k = 0; k < steps; ++k) {
    table.edges.push_back(static_cast<T>(20 * k));
    table.steps.push_back(static_cast<uint32_t>(random.Below(5'000)) + internal::Pack(0, 0));
  }
  for (const size_t count : {1, 31, 32, 33, 100, 2'048}) {
    std::vector<T> numbers;
    for (size_t i = 0; i < count; ++i) {
      const auto number = static_cast<T>(random.Below(20 * steps + 40)) - 20;
      numbers.push_back(random.Below(8) == 0 ? missing : number);
    }
    std::vector<int32_t> sums(count, 7), any_sums(count, 7);
    std::vector<uint8_t> outcomes(count), any_outcomes(count);
    internal::Split(table, numbers.data(), sums, outcomes.data());
    internal::SplitAny(table, numbers.data(), any_sums, any_outcomes.data());
    ASSERT_EQ(sums, any_sums) << steps << " steps, " << count << " rows";
    ASSERT_EQ(outcomes, any_outcomes) << steps << " steps, " << count << " rows";
  }
}

TEST(RowsProperty, WideRegistersGiveTheBytesOfAnyProcessor) {
  Random random(9);
  for (size_t steps = 0; steps <= internal::kPackedOutcomesMax; ++steps) {
    ExpectSplitIsSplitAny<double>(random, steps, std::nan(""));
    ExpectSplitIsSplitAny<int32_t>(random, steps, kMissingInteger);
  }
}

}  // namespace
}  // namespace gtm::criteria
