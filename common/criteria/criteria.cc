#include "common/criteria/criteria.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>

#include "common/criteria/compiled.h"
#include "common/criteria/text.h"
#include "fmt/format.h"

namespace gtm::criteria {

using internal::CompiledCriterion;

namespace {

// The words of a list that are worth showing, at most five.
void AppendWords(std::span<const std::string_view> words, std::string* out) {
  constexpr size_t kShown = 5;
  if (words.empty()) *out += "none";
  for (size_t i = 0; i < words.size() && i < kShown; ++i) {
    if (i > 0) *out += ", ";
    *out += words[i];
  }
  if (words.size() > kShown) *out += fmt::format(" and {} more", words.size() - kShown);
}

// As fmt writes it; whole numbers, which most are, by a shorter way.
void AppendNumber(double number, std::string* out) {
  constexpr double kWholeMax = 1e15;
  const bool is_whole = number > -kWholeMax && number < kWholeMax &&
                        number == static_cast<double>(static_cast<int64_t>(number)) &&
                        (number != 0 || !std::signbit(number));
  if (is_whole) {
    const fmt::format_int digits(static_cast<int64_t>(number));
    out->append(digits.data(), digits.size());
    return;
  }
  fmt::format_to(std::back_inserter(*out), "{}", number);
}

// The words that decided where there are any, else what there was.
template <class Decides>
void AppendValue(const Value& value, Decides decides, std::string* out) {
  if (value.number() != nullptr) {
    AppendNumber(*value.number(), out);
    if (value.is_at_least()) *out += " or more";
    return;
  }
  const std::span<const std::string_view> words = value.words();
  if (words.size() == 1) {  // the one word, whether or not it decided
    *out += words.front();
    return;
  }
  std::vector<std::string_view> deciding;
  std::copy_if(words.begin(), words.end(), std::back_inserter(deciding), decides);
  AppendWords(deciding.empty() ? words : deciding, out);
}

// What numbers that are only known to be so much or more could give besides: rare.
void WidenByMore(std::span<const CompiledCriterion> criteria, std::span<const Value> values,
                 std::span<const uint32_t> outcomes, ScoreRange* range) {
  for (size_t i = 0; i < criteria.size(); ++i) {
    const CompiledCriterion& criterion = criteria[i];
    if (outcomes[i] == kMissingOutcome || !criterion.ReadsAtLeast(values)) continue;
    const auto [low, high] = criterion.RangeAmong(values, outcomes[i]);
    range->low_micropoints += low - criterion.points[outcomes[i]];
    range->high_micropoints += high - criterion.points[outcomes[i]];
  }
}

}  // namespace

bool SameWord(std::string_view a, std::string_view b) { return internal::CompareWords(a, b) == 0; }

std::vector<std::string_view> InputsOf(std::span<const Criterion> criteria) {
  std::vector<std::string_view> inputs;
  for (const Criterion& criterion : criteria) {
    inputs.push_back(criterion.attribute);
    const auto* grid = std::get_if<Grid>(&criterion.rule);
    if (grid != nullptr) inputs.push_back(grid->second_attribute);
  }
  return inputs;
}

Evaluator::Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Evaluator> Evaluator::Compile(std::vector<Criterion> criteria, std::string_view field) {
  if (auto violations = Validate(criteria, field); !violations.empty()) {
    return InvalidFields(std::move(violations));
  }
  Evaluator evaluator;
  const std::vector<int64_t> maxima = internal::ScaleWeights(criteria);
  for (size_t i = 0; i < criteria.size(); ++i) {
    const auto input = static_cast<uint32_t>(evaluator.input_count_);
    evaluator.compiled_.push_back(internal::CompileCriterion(criteria[i], maxima[i], input));
    evaluator.input_count_ += std::holds_alternative<Grid>(criteria[i].rule) ? 2 : 1;
  }
  evaluator.criteria_ = std::move(criteria);
  return evaluator;
}

size_t Evaluator::criterion_count() const { return compiled_.size(); }

size_t Evaluator::first_input(size_t criterion) const { return compiled_[criterion].input; }

int64_t Evaluator::max_micropoints(size_t criterion) const {
  return compiled_[criterion].max_points;
}

int64_t Evaluator::least_micropoints(size_t criterion) const {
  return compiled_[criterion].least_points;
}

int64_t Evaluator::most_micropoints(size_t criterion) const {
  return compiled_[criterion].most_points;
}

int64_t Evaluator::missing_micropoints(size_t criterion) const {
  return compiled_[criterion].missing_points;
}

int64_t Evaluator::Score(std::span<const Value> values) const {
  assert(values.size() == input_count_);
  int64_t score = 0;
  for (const CompiledCriterion& criterion : compiled_) {
    score += criterion.PointsOf(criterion.OutcomeAmong(values));
  }
  return score;
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values) const {
  std::array<uint32_t, kCriteriaMax> outcomes;
  return Evaluate(values, std::span(outcomes).first(compiled_.size()));
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values, std::span<int64_t> parts) const {
  assert(parts.size() == compiled_.size());
  std::array<uint32_t, kCriteriaMax> outcomes;
  const ScoreRange range = Evaluate(values, std::span(outcomes).first(compiled_.size()));
  for (size_t i = 0; i < compiled_.size(); ++i) parts[i] = compiled_[i].PointsOf(outcomes[i]);
  return range;
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values, std::span<uint32_t> outcomes) const {
  assert(values.size() == input_count_ && outcomes.size() == compiled_.size());
  ScoreRange range;
  int64_t known_points = 0;
  int64_t known_weight = 0;
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const CompiledCriterion& criterion = compiled_[i];
    const uint32_t outcome = criterion.OutcomeAmong(values);
    outcomes[i] = outcome;
    if (outcome == kMissingOutcome) {
      range.micropoints += criterion.missing_points;
      range.low_micropoints += criterion.least_points;
      range.high_micropoints += criterion.most_points;
      continue;
    }
    known_points += criterion.points[outcome];
    known_weight += criterion.max_points;
  }
  range.micropoints += known_points;
  range.low_micropoints += known_points;
  range.high_micropoints += known_points;
  bool is_at_least = false;
  for (const Value& value : values) is_at_least |= value.is_at_least();
  if (is_at_least) WidenByMore(compiled_, values, outcomes, &range);
  range.known_weight_bps =
      static_cast<int32_t>(known_weight / (kFullScoreMicropoints / kFullShareBps));
  return range;
}

ExplainedScore Evaluator::Explain(std::span<const Value> values) const {
  std::array<uint32_t, kCriteriaMax> outcomes;
  ExplainedScore score;
  score.range = Evaluate(values, std::span(outcomes).first(compiled_.size()));
  score.parts.reserve(compiled_.size());
  for (size_t i = 0; i < compiled_.size(); ++i) {
    Part& part = score.parts.emplace_back();
    part.criterion_id = criteria_[i].id;
    part.max_micropoints = compiled_[i].max_points;
    part.known = outcomes[i] != kMissingOutcome;
    part.micropoints = compiled_[i].PointsOf(outcomes[i]);
    if (!part.known) continue;
    AppendObserved(i, outcomes[i], values, &part.observed);
    part.matched = matched(i, outcomes[i]);
  }
  return score;
}

size_t Evaluator::outcome_count(size_t criterion) const {
  return compiled_[criterion].points.size();
}

int64_t Evaluator::micropoints(size_t criterion, uint32_t outcome) const {
  return compiled_[criterion].PointsOf(outcome);
}

const std::string& Evaluator::matched(size_t criterion, uint32_t outcome) const {
  return compiled_[criterion].labels[outcome];
}

void Evaluator::AppendObserved(size_t index, uint32_t outcome, std::span<const Value> values,
                               std::string* out) const {
  const CompiledCriterion& criterion = compiled_[index];
  const Value& value = values[criterion.input];
  if (criterion.kind == CompiledCriterion::Kind::kGrid) {
    const auto decides = [](const internal::CompiledAxis& axis, uint32_t level) {
      return [&axis, level](std::string_view word) {
        return level + 1 < axis.level_count && axis.LevelOf(word) == level;
      };
    };
    const uint32_t levels = criterion.second.level_count;
    AppendValue(value, decides(criterion.first, outcome / levels), out);
    *out += " with ";
    return AppendValue(values[criterion.input + 1], decides(criterion.second, outcome % levels),
                       out);
  }
  const bool is_pair = criterion.kind == CompiledCriterion::Kind::kPair;
  const auto decides = [&](std::string_view word) {
    return is_pair ? criterion.SideOf(word) != 0
                   : outcome + 1 < criterion.points.size() && criterion.OutcomeOf(word) == outcome;
  };
  AppendValue(value, decides, out);
}

}  // namespace gtm::criteria
