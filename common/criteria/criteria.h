#pragma once
// Weighted, banded criteria compiled into an evaluator that gives explained scores
// (SP-05, SP-06, TG-04 to TG-10, C03). Values in, values out: no protobuf, no clock.
//
// A score is a sum of integer parts in micropoints; 100 points are 100,000,000. The
// weights are scaled to maxima that sum to exactly 100,000,000 (largest remainder, ties
// to the earlier criterion), and a part is max * share_bps / 10,000, rounded half to
// even. So parts sum to the score bit for bit, on every machine.
//
// A missing value is not zero: its part is a gap that contributes what the criterion states
// for one (else the least that its rule can give), is not counted in known_weight_bps, and
// widens [low, high] by the least and the most that its rule can give. A number that is only
// known to be so much or more counts as that, and widens [low, high] by what more could give.
// The score of any completion of the data lies in [low, high].
//
// Values belong to inputs: one for each criterion, and for one with a grid a second after it.
//
//   criteria::Criterion size{"employees", "", "account.employee_count", 30,
//                            criteria::Bands{{{50, 1000, 5000, "mid-market"},
//                                             {1000, {}, 10000, "enterprise"}}}};
//   GTM_ASSIGN_OR_RETURN(auto evaluator, criteria::Evaluator::Compile({size}, "criteria"));
//   criteria::Value values[] = {criteria::Value::Number(2822)};
//   evaluator.Score(values);    // 100'000'000
//   evaluator.Explain(values);  // ... {"employees", observed "2822", matched "enterprise"}

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/error.h"
#include "common/core/result.h"

namespace gtm::criteria {

inline constexpr int64_t kMicropointsPerPoint = 1'000'000;
inline constexpr int64_t kFullScoreMicropoints = 100 * kMicropointsPerPoint;
inline constexpr int32_t kFullShareBps = 10'000;
inline constexpr int32_t kWeightMax = 1'000'000;
inline constexpr int kCriteriaMax = 256;
inline constexpr int kBandsMax = 64;
inline constexpr int kChoicesMax = 256;
inline constexpr int kAxisLevelsMax = 16;
inline constexpr int kInputsMax = 2 * kCriteriaMax;

// ---- Definition: what people write. The fields mean what gtm.type.v1.Criterion says.

// Half-open [min, max).
struct Band {
  std::optional<double> min;
  std::optional<double> max;
  int32_t share_bps = 0;
  std::string label;
  friend bool operator==(const Band&, const Band&) = default;
};
struct Bands {
  std::vector<Band> bands;
  friend bool operator==(const Bands&, const Bands&) = default;
};
// Words are compared without regard to the case of A to Z; other bytes exactly.
struct Choice {
  std::string value;
  int32_t share_bps = 0;
  friend bool operator==(const Choice&, const Choice&) = default;
};
struct Choices {
  std::vector<Choice> choices;
  int32_t other_share_bps = 0;
  friend bool operator==(const Choices&, const Choices&) = default;
};
struct TechnologyPair {
  std::string favorable;
  std::string alternative;
  int32_t favorable_share_bps = 0;
  int32_t both_share_bps = 0;
  int32_t alternative_share_bps = 0;
  int32_t neither_share_bps = 0;
  friend bool operator==(const TechnologyPair&, const TechnologyPair&) = default;
};
// Levels of an attribute, by edges or by words; exactly one of them has any.
struct Axis {
  std::vector<double> edges;       // level k holds [edges[k - 1], edges[k]), open at both ends
  std::vector<std::string> words;  // a level each, and a last one for all others
  size_t level_count() const { return edges.size() + words.size() + 1; }
  friend bool operator==(const Axis&, const Axis&) = default;
};
// Two attributes judged together. Missing where either is.
struct Grid {
  std::string second_attribute;
  Axis first;
  Axis second;
  std::vector<int32_t> shares_bps;  // [first level * second.level_count() + second level]
  friend bool operator==(const Grid&, const Grid&) = default;
};
// The comparison of words that choices, pairs and grids use.
bool SameWord(std::string_view a, std::string_view b);

// monostate: no rule was given, which Validate reports.
using Rule = std::variant<std::monostate, Bands, Choices, TechnologyPair, Grid>;

struct Criterion {
  std::string id;
  std::string display_name;
  std::string attribute;
  int32_t weight = 0;
  Rule rule;
  std::optional<int32_t> missing_share_bps;  // what a gap counts; else the least of the rule
  friend bool operator==(const Criterion&, const Criterion&) = default;
};

// The attributes of the inputs, in their order.
std::vector<std::string_view> InputsOf(std::span<const Criterion> criteria);

// Type of the values of an attribute. Bands and edges need numbers; choices and the words of
// an axis need a word or words; a technology pair needs words.
enum class ValueType : uint8_t { kNumber, kWord, kWords };
std::string_view ValueTypeName(ValueType type);

// Everything that is wrong with a definition, each under "<field>[i]....": ids and
// choices not distinct, bands and edges not in order or overlapping, shares and weights out
// of range, all weights 0, no rule, no criterion at all. Empty where it can be compiled.
std::vector<FieldViolation> Validate(std::span<const Criterion> criteria, std::string_view field);

// ---- Values of one thing

// What one thing has for one attribute; missing by default. Borrows its text.
class Value {
 public:
  Value() = default;
  // NaN is missing.
  static Value Number(double number) {
    Value v;
    v.number_ = number;
    v.kind_ = number == number ? Kind::kNumber : Kind::kMissing;
    return v;
  }
  template <class T>
  static Value Number(const std::optional<T>& number) {
    return number ? Number(static_cast<double>(*number)) : Value();
  }
  // Known to be this or more. Not NaN.
  static Value AtLeast(double number) {
    Value v = Number(number);
    v.is_at_least_ = true;
    return v;
  }
  // "" is missing.
  static Value Word(std::string_view word) {
    Value v;
    v.word_ = word;
    v.kind_ = word.empty() ? Kind::kMissing : Kind::kWord;
    return v;
  }
  // Known, even where the list is empty.
  static Value Words(std::span<const std::string_view> words) {
    Value v;
    v.words_ = words;
    v.kind_ = Kind::kWords;
    return v;
  }
  bool known() const { return kind_ != Kind::kMissing; }
  bool is_at_least() const { return is_at_least_; }
  // Null, or empty, where the value is of another type.
  const double* number() const { return kind_ == Kind::kNumber ? &number_ : nullptr; }
  // A word is a list of one.
  std::span<const std::string_view> words() const {
    if (kind_ == Kind::kWord) return {&word_, 1};
    return kind_ == Kind::kWords ? words_ : std::span<const std::string_view>();
  }
  bool is_text() const { return kind_ == Kind::kWord || kind_ == Kind::kWords; }

 private:
  enum class Kind : uint8_t { kMissing, kNumber, kWord, kWords };
  Kind kind_ = Kind::kMissing;
  bool is_at_least_ = false;
  double number_ = 0;
  std::string_view word_;
  std::span<const std::string_view> words_;
};

// ---- Scores

// The numbers of a score without its parts.
struct ScoreRange {
  int64_t micropoints = 0;
  int64_t low_micropoints = 0;
  int64_t high_micropoints = 0;
  int32_t known_weight_bps = 0;  // rounded down: 10,000 only where all is known
  friend bool operator==(const ScoreRange&, const ScoreRange&) = default;
};

// One explained part.
struct Part {
  std::string criterion_id;
  int64_t micropoints = 0;
  int64_t max_micropoints = 0;  // the criterion's weight, scaled
  bool known = false;
  std::string observed;  // "2822", "2 or more", "Snowflake", "2822 with retail"; "" where missing
  std::string matched;   // "enterprise", "1,000 to 5,000", "other"; "" where missing
  friend bool operator==(const Part&, const Part&) = default;
};

// Every value falls into one of a few outcomes of its criterion, or is missing.
inline constexpr uint32_t kMissingOutcome = UINT32_MAX;

struct ExplainedScore {
  ScoreRange range;
  std::vector<Part> parts;  // in the order of the definition
  friend bool operator==(const ExplainedScore&, const ExplainedScore&) = default;
};

// ---- Many rows at once

inline constexpr uint32_t kMissingCode = UINT32_MAX;
inline constexpr uint8_t kMissingSmallCode = UINT8_MAX;
inline constexpr int32_t kMissingInteger = INT32_MIN;
inline constexpr uint8_t kMissingSmallOutcome = UINT8_MAX;
inline constexpr size_t kSmallOutcomesMax = UINT8_MAX;

// One attribute of many rows, as a column. Exactly one of the forms is used:
// - numbers[row], NaN where missing;
// - integers[row], kMissingInteger where missing;
// - codes[row], an index into `dictionary`, kMissingCode where missing;
// - small_codes[row], the same in a byte, for up to 255 words; kMissingSmallCode where missing;
// - lists: row's words are codes[list_ends[row-1] .. list_ends[row]) (from 0 for row 0),
//   missing where list_known[row] is 0.
struct Column {
  std::span<const double> numbers;
  std::span<const int32_t> integers;
  std::span<const uint32_t> codes;
  std::span<const uint8_t> small_codes;
  std::span<const std::string_view> dictionary;
  std::span<const uint32_t> list_ends;
  std::span<const uint8_t> list_known;
};

namespace internal {
struct CompiledCriterion;
}

// A compiled definition. Immutable, thread-safe, cheap to move; copies share nothing.
class Evaluator {
 public:
  // Error: INVALID_FIELDS with everything that Validate finds.
  static Result<Evaluator> Compile(std::vector<Criterion> criteria, std::string_view field);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  size_t criterion_count() const;
  size_t input_count() const { return input_count_; }
  // The first of the inputs that a criterion reads.
  size_t first_input(size_t criterion) const;
  const std::vector<Criterion>& criteria() const { return criteria_; }
  // Scaled weight of a criterion. All together: 100,000,000.
  int64_t max_micropoints(size_t criterion) const;
  // The least and the most that the criterion's rule can give.
  int64_t least_micropoints(size_t criterion) const;
  int64_t most_micropoints(size_t criterion) const;
  // What it counts for a gap.
  int64_t missing_micropoints(size_t criterion) const;

  // In all of the following, values[k] belongs to input k. A value of the wrong type counts
  // as missing. No call but Explain allocates.

  // The score only.
  int64_t Score(std::span<const Value> values) const;
  // Score, possible range and known share.
  ScoreRange Evaluate(std::span<const Value> values) const;
  // The same, with one part a criterion in `parts`.
  ScoreRange Evaluate(std::span<const Value> values, std::span<int64_t> parts) const;
  // The same, with the outcome of each value.
  ScoreRange Evaluate(std::span<const Value> values, std::span<uint32_t> outcomes) const;
  // With everything that a person needs to question it.
  ExplainedScore Explain(std::span<const Value> values) const;
  // What an explanation is made of: the points and the text (Part::matched) of an outcome,
  // and the text of the values that had it (Part::observed), which is appended. Points also of
  // kMissingOutcome, the others of known outcomes only.
  size_t outcome_count(size_t criterion) const;
  int64_t micropoints(size_t criterion, uint32_t outcome) const;
  const std::string& matched(size_t criterion, uint32_t outcome) const;
  void AppendObserved(size_t criterion, uint32_t outcome, std::span<const Value> values,
                      std::string* out) const;

  // Scores scores.size() rows from one column an input; a column that holds none of the
  // forms is missing throughout. Equal to Score of every row. Allocates once a call
  // for each dictionary, nothing for a row.
  void ScoreRows(std::span<const Column> columns, std::span<int64_t> scores) const;
  // The same, with what every part is made of: outcomes[i * scores.size() + row] is the outcome
  // of criterion i for a row, kMissingSmallOutcome for a gap: a byte each, as a dictionary-encoded
  // column is. The part itself is micropoints(i, outcome), its text matched(i, outcome).
  // `outcomes` holds criterion_count() * scores.size().
  // Error: INVALID_FIELDS where a criterion has more than kSmallOutcomesMax outcomes.
  Status ExplainRows(std::span<const Column> columns, std::span<int64_t> scores,
                     std::span<uint8_t> outcomes) const;

 private:
  Evaluator();
  std::vector<Criterion> criteria_;
  std::vector<internal::CompiledCriterion> compiled_;
  size_t input_count_ = 0;
};

}  // namespace gtm::criteria
