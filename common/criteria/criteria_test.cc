#include "common/criteria/criteria.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "common/core/random.h"
#include "common/criteria/attributes.h"
#include "common/criteria/criteria_proto.h"
#include "fmt/format.h"

namespace gtm::criteria {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Evaluator Compile(std::vector<Criterion> criteria) {
  auto evaluator = Evaluator::Compile(std::move(criteria), "criteria");
  EXPECT_TRUE(evaluator.ok()) << (evaluator.ok() ? "" : evaluator.error().message());
  return std::move(evaluator).value();
}

Criterion Size(int32_t weight = 30) {
  return {"employees", "", "account.employee_count", weight,
          Bands{{{{}, 50, 0, "small"}, {50, 1000, 5000, "mid-market"}, {1000, {}, 10000, ""}}}};
}
Criterion Industry(int32_t weight = 20) {
  return {"industry", "", "account.industry", weight,
          Choices{{{"Software", 10000}, {"Retail", 4000}}, 1000}};
}
Criterion Warehouse(int32_t weight = 10) {
  return {"warehouse", "", "account.technologies", weight,
          TechnologyPair{"Snowflake", "Redshift", 10000, 6000, 2000, 500}};
}

// Small companies of one industry, large ones of another.
Criterion SizeByIndustry(int32_t weight = 40) {
  return {"size_by_industry",
          "",
          "account.industry",
          weight,
          Grid{"account.employee_count",
               {{}, {"Software", "Retail"}},
               {{100, 1000}, {}},
               {10000, 2000, 0, 0, 5000, 9000, 1000, 1000, 1000}},
          3000};
}

// ---- Scores

TEST(Evaluator, GivesTheShareOfTheBandThatTheNumberFallsInto) {
  const Evaluator evaluator = Compile({Size()});
  const auto score = [&](double number) {
    const Value values[] = {Value::Number(number)};
    return evaluator.Score(values);
  };
  EXPECT_EQ(score(-5), 0);
  EXPECT_EQ(score(49.999), 0);
  EXPECT_EQ(score(50), 50'000'000) << "the lower end belongs to the band";
  EXPECT_EQ(score(999), 50'000'000);
  EXPECT_EQ(score(1000), 100'000'000) << "the upper end does not";
  EXPECT_EQ(score(std::numeric_limits<double>::infinity()), 100'000'000);
}

TEST(Evaluator, GivesNothingInAGapBetweenBands) {
  const Evaluator evaluator =
      Compile({{"a", "", "x", 1, Bands{{{0, 10, 3000, ""}, {20, 30, 9000, ""}}}}});
  for (const auto& [number, points] : std::vector<std::pair<double, int64_t>>{
           {-1, 0}, {0, 30'000'000}, {10, 0}, {19, 0}, {20, 90'000'000}, {30, 0}}) {
    const Value values[] = {Value::Number(number)};
    EXPECT_EQ(evaluator.Score(values), points) << number;
    EXPECT_EQ(evaluator.Explain(values).parts[0].matched == "no band", points == 0) << number;
  }
}

TEST(Evaluator, ComparesWordsWithoutRegardToCase) {
  const Evaluator evaluator = Compile({Industry()});
  for (const auto& [word, points] : std::vector<std::pair<std::string_view, int64_t>>{
           {"software", 100'000'000}, {"RETAIL", 40'000'000}, {"Mining", 10'000'000}}) {
    const Value values[] = {Value::Word(word)};
    EXPECT_EQ(evaluator.Score(values), points) << word;
  }
}

TEST(Evaluator, CountsTheBestOfAList) {
  const Evaluator evaluator = Compile({Industry()});
  const std::string_view words[] = {"mining", "retail", "fishing"};
  const Value values[] = {Value::Words(words)};
  const ExplainedScore score = evaluator.Explain(values);
  EXPECT_EQ(score.range.micropoints, 40'000'000);
  EXPECT_EQ(score.parts[0].observed, "retail");
  EXPECT_EQ(score.parts[0].matched, "Retail");
}

// TG-05.
TEST(Evaluator, TellsTheFourCasesOfATechnologyPair) {
  const Evaluator evaluator = Compile({Warehouse()});
  const auto score = [&](std::vector<std::string_view> words) {
    const Value values[] = {Value::Words(words)};
    return evaluator.Score(values);
  };
  EXPECT_EQ(score({"Slack", "snowflake"}), 100'000'000);
  EXPECT_EQ(score({"Redshift", "Snowflake"}), 60'000'000);
  EXPECT_EQ(score({"redshift"}), 20'000'000);
  EXPECT_EQ(score({"Slack"}), 5'000'000);
  EXPECT_EQ(score({}), 5'000'000) << "known to have none";
}

TEST(Evaluator, JudgesTwoAttributesTogether) {
  const Evaluator evaluator = Compile({SizeByIndustry(50), Size(50)});
  EXPECT_EQ(evaluator.input_count(), 3u);
  EXPECT_THAT(InputsOf(evaluator.criteria()),
              ::testing::ElementsAre("account.industry", "account.employee_count",
                                     "account.employee_count"));
  EXPECT_EQ(evaluator.first_input(1), 2u);
  const auto grid = [&](const Value& industry, const Value& employees) {
    const Value values[] = {industry, employees, Value()};
    return evaluator.Explain(values).parts[0];
  };
  const Part small = grid(Value::Word("software"), Value::Number(99));
  EXPECT_EQ(small.micropoints, 50'000'000);
  EXPECT_EQ(small.observed, "software with 99");
  EXPECT_EQ(small.matched, "Software with below 100");
  EXPECT_EQ(grid(Value::Word("RETAIL"), Value::Number(100)).micropoints, 25'000'000);
  EXPECT_EQ(grid(Value::Word("mining"), Value::Number(1e9)).matched, "other with 1,000 and more");
  const std::string_view both[] = {"mining", "retail", "software"};
  const Part list = grid(Value::Words(both), Value::Number(5'000));
  EXPECT_EQ(list.micropoints, 0) << "the first level that the list has";
  EXPECT_EQ(list.observed, "software with 5000");
  // Where either is missing, the pair is: it counts what the criterion states for a gap.
  for (const Part& gap : {grid(Value(), Value::Number(5)), grid(Value::Word("retail"), Value())}) {
    EXPECT_FALSE(gap.known);
    EXPECT_EQ(gap.micropoints, 15'000'000);
    EXPECT_EQ(gap.observed + gap.matched, "");
  }
  const Value none[3] = {};
  EXPECT_EQ(evaluator.Evaluate(none), (ScoreRange{15'000'000, 0, 100'000'000, 0}));
}

TEST(Evaluator, TreatsMissingDataAsAGapAndNotAsZero) {
  const Evaluator evaluator = Compile({Size(50), Industry(30), Warehouse(20)});
  const Value values[] = {Value::Number(200), Value(), Value()};
  const ScoreRange range = evaluator.Evaluate(values);
  // Industry gives 10 % to 100 % of 30 points, the pair 5 % to 100 % of 20 points: the least of
  // both is sure.
  EXPECT_EQ(range.micropoints, 25'000'000 + 3'000'000 + 1'000'000);
  EXPECT_EQ(range.low_micropoints, 25'000'000 + 3'000'000 + 1'000'000);
  EXPECT_EQ(range.high_micropoints, 25'000'000 + 30'000'000 + 20'000'000);
  EXPECT_EQ(range.known_weight_bps, 5'000);
  const ExplainedScore score = evaluator.Explain(values);
  EXPECT_FALSE(score.parts[1].known);
  EXPECT_EQ(score.parts[1].micropoints, 3'000'000);
  EXPECT_EQ(score.parts[1].observed, "");
  // What people state for a gap comes before it, be it nothing.
  Criterion harsh = Industry(30);
  harsh.missing_share_bps = 0;
  EXPECT_EQ(Compile({Size(50), harsh, Warehouse(20)}).Score(values), 26'000'000);
}

// A number that is only known to be so much or more: what it is worth, and what more could be.
TEST(Evaluator, WidensTheRangeByWhatMoreCouldGive) {
  Criterion falling = Size(50);
  falling.id = "few";
  falling.rule = Bands{{{{}, 10, 10000, "few"}, {10, 100, 6000, "some"}, {100, {}, 0, "many"}}};
  const Evaluator evaluator = Compile({Size(50), falling});
  const auto score = [&](double size, double few) {
    const Value values[] = {Value::AtLeast(size), Value::AtLeast(few)};
    return evaluator.Explain(values);
  };
  const ExplainedScore low = score(60, 20);
  EXPECT_EQ(low.range, (ScoreRange{55'000'000, 25'000'000, 80'000'000, 10'000}));
  EXPECT_EQ(low.parts[0].observed, "60 or more");
  EXPECT_TRUE(low.parts[0].known);
  EXPECT_EQ(score(5'000, 5'000).range, (ScoreRange{50'000'000, 50'000'000, 50'000'000, 10'000}));
  // In a grid along its own axis: software with 99 or more employees.
  const Evaluator grid = Compile({SizeByIndustry(1)});
  const Value values[] = {Value::Word("software"), Value::AtLeast(99)};
  EXPECT_EQ(grid.Evaluate(values), (ScoreRange{100'000'000, 0, 100'000'000, 10'000}));
}

TEST(Evaluator, TreatsAValueOfAnotherTypeAsMissing) {
  const Evaluator evaluator = Compile({Size(), Industry(), Warehouse()});
  const Value values[] = {Value::Word("many"), Value::Number(7), Value::Number(std::nan(""))};
  EXPECT_EQ(evaluator.Evaluate(values).known_weight_bps, 0);
}

TEST(Evaluator, ExplainsWithTheObservedTextAndTheBand) {
  const Evaluator evaluator = Compile({Size(), Industry(), Warehouse()});
  const std::string_view words[] = {"Slack", "Redshift", "Snowflake"};
  const Value values[] = {Value::Number(2822), Value::Word("mining"), Value::Words(words)};
  const ExplainedScore score = evaluator.Explain(values);
  EXPECT_EQ(score.parts[0].observed, "2822");
  EXPECT_EQ(score.parts[0].matched, "1,000 and more");
  EXPECT_EQ(score.parts[1].observed, "mining");
  EXPECT_EQ(score.parts[1].matched, "other");
  EXPECT_EQ(score.parts[2].observed, "Redshift, Snowflake");
  EXPECT_EQ(score.parts[2].matched, "both Snowflake and Redshift");
}

TEST(Evaluator, SplitsTheWeightsWithoutARest) {
  const Evaluator thirds = Compile({Size(1), Industry(1), Warehouse(1)});
  // IDs are distinct; the earlier criterion gets the odd micropoint.
  EXPECT_EQ(thirds.max_micropoints(0), 33'333'334);
  EXPECT_EQ(thirds.max_micropoints(1), 33'333'333);
  EXPECT_EQ(thirds.max_micropoints(2), 33'333'333);
  // 33,333,333.3 and 66,666,666.7: the larger remainder gets the odd micropoint.
  const Evaluator parts = Compile({Size(1), Industry(2)});
  EXPECT_EQ(parts.max_micropoints(0), 33'333'333);
  EXPECT_EQ(parts.max_micropoints(1), 66'666'667);
  const Evaluator weightless = Compile({Size(7), Industry(0)});
  EXPECT_EQ(weightless.max_micropoints(0), kFullScoreMicropoints);
  EXPECT_EQ(weightless.max_micropoints(1), 0);
}

TEST(Evaluator, RoundsAPartHalfToEven) {
  // 3 criteria of weight 1: the first has 33,333,334 at most; 0.15 % of it is 50,000.001.
  std::vector<Criterion> criteria = {
      {"a", "", "x", 1, Bands{{{{}, {}, 15, ""}}}}, Industry(1), Warehouse(1)};
  EXPECT_EQ(Compile(criteria).most_micropoints(0), 50'000);
  // Two weights 1 and 199,999: 500 micropoints at most; 50 bps of it is exactly 2.5 -> 2.
  criteria = {{"a", "", "x", 1, Bands{{{{}, {}, 50, ""}}}}, Industry(199'999)};
  EXPECT_EQ(Compile(criteria).max_micropoints(0), 500);
  EXPECT_EQ(Compile(criteria).most_micropoints(0), 2);
  std::get<Bands>(criteria[0].rule).bands[0].share_bps = 70;  // 3.5 -> 4
  EXPECT_EQ(Compile(criteria).most_micropoints(0), 4);
}

// ---- Bad definitions

std::vector<std::string> FieldsOf(const std::vector<FieldViolation>& violations) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : violations) fields.push_back(violation.field);
  return fields;
}

TEST(Validate, CollectsEveryViolation) {
  Criterion bad{"", "", "", -1, Bands{{{10, 5, 20000, ""}, {4, {}, -1, ""}, {{}, {}, 0, ""}}}};
  const auto fields = FieldsOf(Validate(std::vector{bad, Size(0), Size(0)}, "criteria"));
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre(
                          "criteria[0].id", "criteria[0].attribute", "criteria[0].weight",
                          "criteria[0].bands.bands[0].share_bps", "criteria[0].bands.bands[0].max",
                          "criteria[0].bands.bands[1].share_bps", "criteria[0].bands.bands[1].min",
                          "criteria[0].bands.bands[2].min", "criteria[2].id", "criteria"));
}

TEST(Validate, RefusesRepeatedChoicesOverlapsAndMissingRules) {
  Criterion choices{"a", "", "x", 1, Choices{{{"Retail", 1}, {"retail", 2}, {"", 3}}, 0}};
  Criterion none{"b", "", "x", 1, {}};
  Criterion pair{"c", "", "x", 1, TechnologyPair{"Slack", "SLACK", 0, 0, 0, 10001}};
  Criterion empty{"d", "", "x", 1, Bands{}};
  Criterion nan{"e", "", "x", 1, Bands{{{std::nan(""), {}, 1, ""}}}};
  EXPECT_THAT(FieldsOf(Validate(std::vector{choices, none, pair, empty, nan}, "c")),
              ::testing::UnorderedElementsAre("c[0].choices.choices[1].value",
                                              "c[0].choices.choices[2].value", "c[1].rule_kind",
                                              "c[2].technology_pair.alternative",
                                              "c[2].technology_pair.neither_share_bps",
                                              "c[3].bands.bands", "c[4].bands.bands[0].min"));
  EXPECT_THAT(Validate({}, "c"), SizeIs(1));
}

TEST(Validate, NamesWhatIsWrongWithAGrid) {
  const auto check = [](const auto& change) {
    Criterion criterion = SizeByIndustry();
    change(&criterion, &std::get<Grid>(criterion.rule));
    return FieldsOf(Validate(std::vector{criterion}, "c"));
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(check([](auto*, auto*) {}), IsEmpty());
  EXPECT_THAT(check([](auto* c, auto*) { c->missing_share_bps = 10'001; }),
              ElementsAre("c[0].missing_share_bps"));
  EXPECT_THAT(check([](auto*, Grid* g) { g->second_attribute = ""; }),
              ElementsAre("c[0].grid.second_attribute"));
  EXPECT_THAT(check([](auto*, Grid* g) { g->shares_bps.pop_back(); }),
              ElementsAre("c[0].grid.shares_bps"));
  EXPECT_THAT(check([](auto*, Grid* g) { g->shares_bps[3] = -1; }),
              ElementsAre("c[0].grid.shares_bps[3]"));
  EXPECT_THAT(check([](auto*, Grid* g) {
                g->second.edges = {1000, 100};
              }),
              ElementsAre("c[0].grid.second.edges[1]"));
  EXPECT_THAT(check([](auto*, Grid* g) { g->first.words[1] = "SOFTWARE"; }),
              ElementsAre("c[0].grid.first.words[1]"));
  EXPECT_THAT(check([](auto*, Grid* g) { g->first.edges = {1}; }),
              ElementsAre("c[0].grid.first", "c[0].grid.shares_bps"));
  EXPECT_THAT(check([](auto*, Grid* g) {
                g->second.edges.assign(16, 0);
                std::iota(g->second.edges.begin(), g->second.edges.end(), 1);
              }),
              ElementsAre("c[0].grid.second.edges", "c[0].grid.shares_bps"));
  EXPECT_THAT(check([](Criterion* c, Grid* g) {
                c->attribute = "account.technologies";
                g->second_attribute = "account.technologies";
                g->second = g->first;
              }),
              ElementsAre("c[0].grid.second_attribute"));
}

TEST(CheckAttributes, LooksAtBothAttributesOfAGrid) {
  constexpr Attribute kTable[] = {{"account.employee_count", ValueType::kNumber, ""},
                                  {"account.industry", ValueType::kWord, ""}};
  EXPECT_THAT(CheckAttributes(std::vector{SizeByIndustry()}, kTable, "c"), IsEmpty());
  Criterion typo = SizeByIndustry();
  std::get<Grid>(typo.rule).second_attribute = "account.employe_count";
  Criterion turned = SizeByIndustry();
  turned.attribute = "account.employee_count";
  std::get<Grid>(turned.rule).second_attribute = "account.industry";
  const auto violations = CheckAttributes(std::vector{typo, turned}, kTable, "c");
  ASSERT_THAT(FieldsOf(violations), ::testing::ElementsAre("c[0].grid.second_attribute",
                                                           "c[1].grid.first", "c[1].grid.second"));
  EXPECT_THAT(violations[0].description, HasSubstr("did you mean \"account.employee_count\"?"));
  EXPECT_THAT(violations[1].description, HasSubstr("use edges"));
  EXPECT_THAT(violations[2].description, HasSubstr("use words"));
}

TEST(Validate, AcceptsTouchingBands) {
  EXPECT_THAT(Validate(std::vector{Size(), Industry(), Warehouse()}, "c"), IsEmpty());
}

TEST(CheckAttributes, NamesTheNearMatchAndTheRuleThatFits) {
  constexpr Attribute kTable[] = {{"account.employee_count", ValueType::kNumber, ""},
                                  {"account.custom_label.*", ValueType::kWord, ""},
                                  {"account.technologies", ValueType::kWords, ""}};
  Criterion typo = Size();
  typo.attribute = "account.employe_count";
  Criterion label = Industry();
  label.attribute = "account.custom_lable.tier";
  Criterion far = Industry();
  far.attribute = "zzz";
  Criterion wrong = Industry();
  wrong.attribute = "account.employee_count";
  Criterion good = Industry();
  good.attribute = "account.custom_label.tier";
  Criterion no_key = Industry();
  no_key.attribute = "account.custom_label.";
  const auto violations =
      CheckAttributes(std::vector{typo, label, far, wrong, good, Warehouse(), no_key}, kTable, "c");
  ASSERT_THAT(FieldsOf(violations),
              ::testing::ElementsAre("c[0].attribute", "c[1].attribute", "c[2].attribute",
                                     "c[3].rule_kind", "c[6].attribute"));
  EXPECT_THAT(violations[0].description, HasSubstr("did you mean \"account.employee_count\"?"));
  EXPECT_THAT(violations[1].description, HasSubstr("did you mean \"account.custom_label.*\"?"));
  EXPECT_THAT(violations[2].description, ::testing::Not(HasSubstr("did you mean")));
  EXPECT_THAT(violations[3].description, HasSubstr("use bands"));
}

TEST(CriteriaProto, KeepsEveryFieldBothWays) {
  Criterion named = Size();
  named.display_name = "Employees";
  const std::vector<Criterion> criteria = {
      named, Industry(), Warehouse(), SizeByIndustry(), {"none", "", "x", 1, {}}};
  google::protobuf::RepeatedPtrField<type::v1::Criterion> messages;
  for (const Criterion& criterion : criteria) *messages.Add() = ToProto(criterion);
  EXPECT_EQ(FromProto(messages), criteria);
}

// ---- Properties over generated definitions and values

constexpr std::string_view kWords[] = {"alpha", "Beta", "gamma", "Delta", "eps", "ZETA"};

Axis RandomAxis(Random& random) {
  Axis axis;
  for (uint64_t i = 1 + random.Below(3), at = 0; i > 0; --i) {
    at += 1 + random.Below(9);
    axis.edges.push_back(static_cast<double>(at) - 10);
  }
  if (random.Below(2) == 0) {
    const size_t count = axis.edges.size();
    axis.edges.clear();
    axis.words.assign(std::begin(kWords), std::begin(kWords) + count);
  }
  return axis;
}

Rule RandomRule(Random& random) {
  switch (random.Below(4)) {
    case 3: {
      Grid rule{"y", RandomAxis(random), RandomAxis(random), {}};
      for (size_t i = rule.first.level_count() * rule.second.level_count(); i > 0; --i) {
        rule.shares_bps.push_back(static_cast<int32_t>(random.Below(10'001)));
      }
      return rule;
    }
    case 0: {
      Bands rule;
      double at = static_cast<double>(random.Below(20)) - 10;
      const uint64_t count = 1 + random.Below(5);
      for (uint64_t i = 0; i < count; ++i) {
        Band band;
        if (i > 0 || random.Below(2) == 0) band.min = at;
        at += 1 + static_cast<double>(random.Below(8));
        if (i + 1 < count || random.Below(2) == 0) band.max = at;
        if (random.Below(3) == 0) at += 2;  // a gap
        band.share_bps = static_cast<int32_t>(random.Below(10'001));
        rule.bands.push_back(band);
      }
      return rule;
    }
    case 1: {
      Choices rule;
      for (std::string_view word : kWords) {
        if (random.Below(2) == 0) continue;
        rule.choices.push_back({std::string(word), static_cast<int32_t>(random.Below(10'001))});
      }
      if (rule.choices.empty()) rule.choices.push_back({"alpha", 7});
      rule.other_share_bps = static_cast<int32_t>(random.Below(10'001));
      return rule;
    }
    default: {
      const auto share = [&] { return static_cast<int32_t>(random.Below(10'001)); };
      return TechnologyPair{"alpha", "beta", share(), share(), share(), share()};
    }
  }
}

std::vector<Criterion> RandomCriteria(Random& random) {
  std::vector<Criterion> criteria(1 + random.Below(12));
  for (size_t i = 0; i < criteria.size(); ++i) {
    criteria[i].id = fmt::format("c{}", i);
    criteria[i].attribute = "x";
    criteria[i].weight = static_cast<int32_t>(random.Below(i == 0 ? 999 : 1'000) + (i == 0));
    criteria[i].rule = RandomRule(random);
    if (random.Below(3) == 0) {
      criteria[i].missing_share_bps = static_cast<int32_t>(random.Below(10'001));
    }
  }
  return criteria;
}

// For each input, whether it is a number.
std::vector<bool> NumberInputs(const Evaluator& evaluator) {
  std::vector<bool> numbers;
  for (const Criterion& criterion : evaluator.criteria()) {
    const auto* grid = std::get_if<Grid>(&criterion.rule);
    numbers.push_back(grid != nullptr ? grid->first.words.empty()
                                      : std::holds_alternative<Bands>(criterion.rule));
    if (grid != nullptr) numbers.push_back(grid->second.words.empty());
  }
  return numbers;
}

// The values of a criterion are all known.
bool IsKnown(const Evaluator& evaluator, size_t criterion, const std::vector<Value>& values) {
  const size_t first = evaluator.first_input(criterion);
  const bool is_grid = std::holds_alternative<Grid>(evaluator.criteria()[criterion].rule);
  return values[first].known() && (!is_grid || values[first + 1].known());
}

// Storage for the words of one row of values.
struct RandomValues {
  std::vector<std::vector<std::string_view>> lists;
  std::vector<Value> values;

  Value Fill(bool is_number, size_t i, Random& random) {
    if (is_number) {
      return Value::Number(static_cast<double>(random.Below(120)) / 2 - 15);
    }
    lists[i].clear();
    const uint64_t count = random.Below(4);
    for (uint64_t w = 0; w < count; ++w) lists[i].push_back(kWords[random.Below(6)]);
    return Value::Words(lists[i]);
  }
};

// 1,000,000 pairs of a definition and the values of a thing (issue "Foundation", C03).
TEST(EvaluatorProperty, PartsSumToTheScoreAndTheRangeHoldsEveryCompletion) {
  Random random(20'260);
  int64_t missing = 0;
  for (int d = 0; d < 40'000; ++d) {
    const Evaluator evaluator = Compile(RandomCriteria(random));
    const size_t n = evaluator.criterion_count();
    int64_t maxima = 0;
    for (size_t i = 0; i < n; ++i) maxima += evaluator.max_micropoints(i);
    ASSERT_EQ(maxima, kFullScoreMicropoints);
    const std::vector<bool> numbers = NumberInputs(evaluator);
    const size_t inputs = evaluator.input_count();
    ASSERT_EQ(numbers.size(), inputs);
    RandomValues row{std::vector<std::vector<std::string_view>>(inputs),
                     std::vector<Value>(inputs)};
    std::vector<int64_t> parts(n);
    std::vector<Value> full(inputs);
    for (int v = 0; v < 25; ++v) {
      for (size_t i = 0; i < inputs; ++i) {
        full[i] = row.Fill(numbers[i], i, random);
        const bool known = random.Below(3) != 0;
        missing += known ? 0 : 1;
        row.values[i] = known ? full[i] : Value();
        // Or known to be so much or more.
        if (known && numbers[i] && random.Below(4) == 0) {
          row.values[i] = Value::AtLeast(*full[i].number() - static_cast<double>(random.Below(9)));
        }
      }
      const ScoreRange range = evaluator.Evaluate(row.values, parts);
      ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), int64_t{0}), range.micropoints);
      ASSERT_EQ(evaluator.Score(row.values), range.micropoints);
      ASSERT_LE(range.low_micropoints, range.high_micropoints);
      const ScoreRange completed = evaluator.Evaluate(full);
      ASSERT_LE(range.low_micropoints, completed.micropoints);
      ASSERT_GE(range.high_micropoints, completed.micropoints);
      ASSERT_EQ(completed.low_micropoints, completed.micropoints);
      ASSERT_EQ(completed.high_micropoints, completed.micropoints);
      ASSERT_EQ(completed.known_weight_bps, 10'000);
    }
  }
  EXPECT_GT(missing, 1'000'000);
}

TEST(EvaluatorProperty, TheRangeIsReachedByAnActualCompletion) {
  Random random(3);
  for (int d = 0; d < 2'000; ++d) {
    const Evaluator evaluator = Compile(RandomCriteria(random));
    const std::vector<Value> none(evaluator.input_count());
    const ScoreRange range = evaluator.Evaluate(none);
    int64_t gaps = 0;
    int64_t low = 0;
    int64_t high = 0;
    for (size_t i = 0; i < evaluator.criterion_count(); ++i) {
      low += evaluator.least_micropoints(i);
      high += evaluator.most_micropoints(i);
      gaps += evaluator.missing_micropoints(i);
    }
    ASSERT_EQ(range, (ScoreRange{gaps, low, high, 0}));
  }
}

TEST(EvaluatorProperty, RisingSharesGiveRisingScores) {
  Random random(4);
  for (int d = 0; d < 5'000; ++d) {
    Bands rule;
    double at = 0;
    int32_t share = 0;
    const uint64_t count = 1 + random.Below(8);
    for (uint64_t i = 0; i < count; ++i) {
      share = std::min<int32_t>(10'000, share + static_cast<int32_t>(random.Below(2'000)));
      Band band{at, {}, share, ""};
      at += 1 + static_cast<double>(random.Below(5));
      if (i + 1 < count) band.max = at;
      rule.bands.push_back(band);
    }
    const Evaluator evaluator = Compile({{"a", "", "x", 5, rule}, Industry(3)});
    int64_t before = 0;
    for (double x = -2; x < at + 2; x += 0.5) {
      const Value values[] = {Value::Number(x), Value::Word("retail")};
      const int64_t score = evaluator.Score(values);
      ASSERT_GE(score, before);
      before = score;
    }
  }
}

TEST(EvaluatorProperty, ExplanationsSayTheSameAsScores) {
  Random random(5);
  for (int d = 0; d < 2'000; ++d) {
    const Evaluator evaluator = Compile(RandomCriteria(random));
    const size_t n = evaluator.criterion_count();
    const size_t inputs = evaluator.input_count();
    const std::vector<bool> numbers = NumberInputs(evaluator);
    RandomValues row{std::vector<std::vector<std::string_view>>(inputs),
                     std::vector<Value>(inputs)};
    for (size_t i = 0; i < inputs; ++i) {
      row.values[i] = random.Below(4) == 0 ? Value() : row.Fill(numbers[i], i, random);
    }
    const ExplainedScore score = evaluator.Explain(row.values);
    ASSERT_EQ(score.range, evaluator.Evaluate(row.values));
    int64_t sum = 0;
    for (size_t i = 0; i < n; ++i) {
      sum += score.parts[i].micropoints;
      ASSERT_EQ(score.parts[i].known, IsKnown(evaluator, i, row.values));
      ASSERT_EQ(score.parts[i].matched.empty(), !score.parts[i].known);
      ASSERT_EQ(score.parts[i].observed.empty(), !score.parts[i].known);
    }
    ASSERT_EQ(sum, score.range.micropoints);
  }
}

// The same rows as columns give the same scores.
TEST(EvaluatorProperty, ColumnsGiveTheScoresOfRows) {
  Random random(6);
  constexpr size_t kRows = 5'000;  // more than two blocks
  for (int d = 0; d < 20; ++d) {
    const Evaluator evaluator = Compile(RandomCriteria(random));
    const std::vector<bool> is_number = NumberInputs(evaluator);
    const size_t n = evaluator.input_count();
    std::vector<std::vector<double>> numbers(n);
    std::vector<std::vector<int32_t>> integers(n);
    std::vector<std::vector<uint32_t>> codes(n), ends(n);
    std::vector<std::vector<uint8_t>> known(n), small_codes(n);
    std::vector<Column> columns(n);
    std::vector<std::vector<Value>> rows(kRows, std::vector<Value>(n));
    std::vector<std::vector<std::vector<std::string_view>>> lists(n);
    for (size_t i = 0; i < n; ++i) {
      const bool bands = is_number[i];
      const bool single = random.Below(2) == 0;
      lists[i].resize(kRows);
      for (size_t row = 0; row < kRows; ++row) {
        const bool missing = random.Below(5) == 0;
        if (bands) {
          const auto integer = static_cast<int32_t>(random.Below(60)) - 15;
          const double number = single ? integer : integer + 0.5;
          if (single) {
            integers[i].push_back(missing ? kMissingInteger : integer);
          } else {
            numbers[i].push_back(missing ? std::nan("") : number);
          }
          rows[row][i] = missing ? Value() : Value::Number(number);
        } else if (single) {
          const auto code = static_cast<uint32_t>(random.Below(6));
          if (d % 2 == 0) {
            codes[i].push_back(missing ? kMissingCode : code);
          } else {
            small_codes[i].push_back(missing ? kMissingSmallCode : static_cast<uint8_t>(code));
          }
          rows[row][i] = missing ? Value() : Value::Word(kWords[code]);
        } else {
          const uint64_t count = missing ? 0 : random.Below(4);
          for (uint64_t w = 0; w < count; ++w) {
            const auto code = static_cast<uint32_t>(random.Below(6));
            codes[i].push_back(code);
            lists[i][row].push_back(kWords[code]);
          }
          ends[i].push_back(static_cast<uint32_t>(codes[i].size()));
          known[i].push_back(missing ? 0 : 1);
          rows[row][i] = missing ? Value() : Value::Words(lists[i][row]);
        }
      }
      columns[i] = {numbers[i], integers[i], codes[i], small_codes[i], kWords, ends[i], known[i]};
      if (bands) columns[i].dictionary = {};
    }
    std::vector<int64_t> scores(kRows, -1);
    evaluator.ScoreRows(columns, scores);
    const size_t criterion_count = evaluator.criterion_count();
    std::vector<int64_t> explained(kRows, -1);
    std::vector<uint32_t> expected(criterion_count);
    std::vector<uint8_t> outcomes(criterion_count * kRows);
    ASSERT_TRUE(evaluator.ExplainRows(columns, explained, outcomes).ok());
    for (size_t row = 0; row < kRows; ++row) {
      ASSERT_EQ(scores[row], evaluator.Score(rows[row]));
      ASSERT_EQ(explained[row], scores[row]);
      evaluator.Evaluate(rows[row], expected);
      for (size_t i = 0; i < criterion_count; ++i) {
        ASSERT_EQ(outcomes[i * kRows + row], static_cast<uint8_t>(expected[i]));
      }
    }
  }
}

}  // namespace
}  // namespace gtm::criteria
