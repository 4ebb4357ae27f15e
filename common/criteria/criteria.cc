#include "common/criteria/criteria.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "common/criteria/compiled.h"
#include "common/criteria/text.h"
#include "fmt/format.h"

namespace gtm::criteria {

using internal::CompiledCriterion;
using internal::kMissingOutcome;

namespace {

// The words of a list that are worth showing, at most five.
std::string WordsText(std::span<const std::string_view> words) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < words.size() && i < kShown; ++i) {
    if (i > 0) text += ", ";
    text += words[i];
  }
  if (words.size() > kShown) text += fmt::format(" and {} more", words.size() - kShown);
  return words.empty() ? "none" : text;
}

// The word that decided where there is one, else what there was.
std::string ObservedText(const CompiledCriterion& criterion, const Value& value, uint32_t outcome) {
  if (value.number() != nullptr) return fmt::format("{}", *value.number());
  std::vector<std::string_view> deciding;
  for (std::string_view word : value.words()) {
    const bool decides =
        criterion.kind == CompiledCriterion::Kind::kPair
            ? criterion.SideOf(word) != 0
            : outcome + 1 < criterion.points.size() && criterion.OutcomeOf(word) == outcome;
    if (decides) deciding.push_back(word);
  }
  return WordsText(deciding.empty() ? value.words() : deciding);
}

// ---- Columns

// Rows are taken in blocks whose scores stay in the first-level cache.
constexpr size_t kBlockRows = 2'048;

void AddBands(const CompiledCriterion& criterion, std::span<const double> numbers,
              std::span<int64_t> scores) {
  const int64_t base = criterion.points[0];
  for (size_t row = 0; row < scores.size(); ++row) {
    scores[row] += numbers[row] == numbers[row] ? base : 0;
  }
  // The step at each edge instead of a table: no gather, no branch. NaN passes none.
  for (size_t e = 0; e < criterion.edges.size(); ++e) {
    const double edge = criterion.edges[e];
    const int64_t step = criterion.points[e + 1] - criterion.points[e];
    if (step == 0) continue;
    for (size_t row = 0; row < scores.size(); ++row) {
      scores[row] += numbers[row] >= edge ? step : 0;
    }
  }
}

// Points (for choices) or side (for a pair) of every word of the dictionary.
std::vector<int64_t> DictionaryTable(const CompiledCriterion& criterion,
                                     std::span<const std::string_view> dictionary) {
  std::vector<int64_t> table;
  table.reserve(dictionary.size());
  for (std::string_view word : dictionary) {
    table.push_back(criterion.kind == CompiledCriterion::Kind::kPair
                        ? criterion.SideOf(word)
                        : criterion.points[criterion.OutcomeOf(word)]);
  }
  return table;
}

int64_t ListPoints(const CompiledCriterion& criterion, std::span<const int64_t> table,
                   std::span<const uint32_t> codes) {
  if (criterion.kind == CompiledCriterion::Kind::kPair) {
    int64_t sides = 0;
    for (uint32_t code : codes) sides |= table[code];
    constexpr std::array kBySides = {CompiledCriterion::kNeither, CompiledCriterion::kFavorable,
                                     CompiledCriterion::kAlternative, CompiledCriterion::kBoth};
    return criterion.points[kBySides[sides]];
  }
  if (codes.empty()) return criterion.points.back();
  int64_t best = 0;
  for (uint32_t code : codes) best = std::max(best, table[code]);
  return best;
}

void AddWords(const CompiledCriterion& criterion, const Column& column, size_t first_row,
              std::span<const int64_t> table, std::span<int64_t> scores) {
  if (column.list_ends.empty()) {
    for (size_t i = 0; i < scores.size(); ++i) {
      const uint32_t code = column.codes[first_row + i];
      if (code != kMissingCode) {
        scores[i] += ListPoints(criterion, table, column.codes.subspan(first_row + i, 1));
      }
    }
    return;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const size_t row = first_row + i;
    if (column.list_known[row] == 0) continue;
    const uint32_t begin = row == 0 ? 0 : column.list_ends[row - 1];
    scores[i] +=
        ListPoints(criterion, table, column.codes.subspan(begin, column.list_ends[row] - begin));
  }
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
  std::array<int64_t, kCriteriaMax> parts;
  return Evaluate(values, std::span(parts).first(compiled_.size()));
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

ExplainedScore Evaluator::Explain(std::span<const Value> values) const {
  std::vector<int64_t> points(compiled_.size());
  ExplainedScore score;
  score.range = Evaluate(values, points);
  score.parts.reserve(compiled_.size());
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const CompiledCriterion& criterion = compiled_[i];
    const uint32_t outcome = criterion.OutcomeOf(values[i]);
    Part& part = score.parts.emplace_back();
    part.criterion_id = criteria_[i].id;
    part.micropoints = points[i];
    part.max_micropoints = criterion.max_points;
    part.known = outcome != kMissingOutcome;
    if (!part.known) continue;
    part.observed = ObservedText(criterion, values[i], outcome);
    part.matched = criterion.labels[outcome];
  }
  return score;
}

void Evaluator::ScoreRows(std::span<const Column> columns, std::span<int64_t> scores) const {
  assert(columns.size() == compiled_.size());
  std::vector<std::vector<int64_t>> tables(compiled_.size());
  for (size_t i = 0; i < compiled_.size(); ++i) {
    if (compiled_[i].kind != CompiledCriterion::Kind::kBands) {
      tables[i] = DictionaryTable(compiled_[i], columns[i].dictionary);
    }
  }
  for (size_t first = 0; first < scores.size(); first += kBlockRows) {
    const auto block = scores.subspan(first, std::min(kBlockRows, scores.size() - first));
    std::fill(block.begin(), block.end(), 0);
    for (size_t i = 0; i < compiled_.size(); ++i) {
      const Column& column = columns[i];
      if (compiled_[i].kind == CompiledCriterion::Kind::kBands) {
        if (!column.numbers.empty()) {
          AddBands(compiled_[i], column.numbers.subspan(first, block.size()), block);
        }
      } else if (!column.codes.empty() || !column.list_ends.empty()) {
        AddWords(compiled_[i], column, first, tables[i], block);
      }
    }
  }
}

}  // namespace gtm::criteria
