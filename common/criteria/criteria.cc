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

}  // namespace

bool SameWord(std::string_view a, std::string_view b) { return internal::CompareWords(a, b) == 0; }

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
    evaluator.compiled_.push_back(internal::CompileCriterion(criteria[i], maxima[i]));
  }
  evaluator.criteria_ = std::move(criteria);
  return evaluator;
}

size_t Evaluator::criterion_count() const { return compiled_.size(); }

int64_t Evaluator::max_micropoints(size_t criterion) const {
  return compiled_[criterion].max_points;
}

int64_t Evaluator::least_micropoints(size_t criterion) const {
  return compiled_[criterion].least_points;
}

int64_t Evaluator::most_micropoints(size_t criterion) const {
  return compiled_[criterion].most_points;
}

int64_t Evaluator::Score(std::span<const Value> values) const {
  assert(values.size() == compiled_.size());
  int64_t score = 0;
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const uint32_t outcome = compiled_[i].OutcomeOf(values[i]);
    if (outcome != kMissingOutcome) score += compiled_[i].points[outcome];
  }
  return score;
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values) const {
  std::array<uint32_t, kCriteriaMax> outcomes;
  return Evaluate(values, std::span(outcomes).first(compiled_.size()));
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values, std::span<int64_t> parts) const {
  assert(values.size() == compiled_.size() && parts.size() == compiled_.size());
  ScoreRange range;
  int64_t known = 0;
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const CompiledCriterion& criterion = compiled_[i];
    const uint32_t outcome = criterion.OutcomeOf(values[i]);
    if (outcome == kMissingOutcome) {
      parts[i] = 0;
      range.low_micropoints += criterion.least_points;
      range.high_micropoints += criterion.most_points;
      continue;
    }
    parts[i] = criterion.points[outcome];
    range.micropoints += parts[i];
    range.low_micropoints += parts[i];
    range.high_micropoints += parts[i];
    known += criterion.max_points;
  }
  range.known_weight_bps = static_cast<int32_t>(known / (kFullScoreMicropoints / kFullShareBps));
  return range;
}

ScoreRange Evaluator::Evaluate(std::span<const Value> values, std::span<uint32_t> outcomes) const {
  assert(values.size() == compiled_.size() && outcomes.size() == compiled_.size());
  ScoreRange range;
  int64_t known = 0;
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const CompiledCriterion& criterion = compiled_[i];
    const uint32_t outcome = criterion.OutcomeOf(values[i]);
    outcomes[i] = outcome;
    if (outcome == kMissingOutcome) {
      range.low_micropoints += criterion.least_points;
      range.high_micropoints += criterion.most_points;
      continue;
    }
    range.micropoints += criterion.points[outcome];
    known += criterion.max_points;
  }
  range.low_micropoints += range.micropoints;
  range.high_micropoints += range.micropoints;
  range.known_weight_bps = static_cast<int32_t>(known / (kFullScoreMicropoints / kFullShareBps));
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
    if (!part.known) continue;
    part.micropoints = micropoints(i, outcomes[i]);
    AppendObserved(i, outcomes[i], values[i], &part.observed);
    part.matched = matched(i, outcomes[i]);
  }
  return score;
}

size_t Evaluator::outcome_count(size_t criterion) const {
  return compiled_[criterion].points.size();
}

int64_t Evaluator::micropoints(size_t criterion, uint32_t outcome) const {
  return compiled_[criterion].points[outcome];
}

const std::string& Evaluator::matched(size_t criterion, uint32_t outcome) const {
  return compiled_[criterion].labels[outcome];
}

// The word that decided where there is one, else what there was.
void Evaluator::AppendObserved(size_t index, uint32_t outcome, const Value& value,
                               std::string* out) const {
  if (value.number() != nullptr) return AppendNumber(*value.number(), out);
  const std::span<const std::string_view> words = value.words();
  if (words.size() == 1) {  // the one word, whether or not it decided
    *out += words.front();
    return;
  }
  const CompiledCriterion& criterion = compiled_[index];
  std::vector<std::string_view> deciding;
  for (std::string_view word : words) {
    const bool decides =
        criterion.kind == CompiledCriterion::Kind::kPair
            ? criterion.SideOf(word) != 0
            : outcome + 1 < criterion.points.size() && criterion.OutcomeOf(word) == outcome;
    if (decides) deciding.push_back(word);
  }
  AppendWords(deciding.empty() ? words : deciding, out);
}

}  // namespace gtm::criteria
