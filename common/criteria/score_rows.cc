// Scoring of many rows from columns: each criterion's points into the sums, block by block.

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "common/criteria/compiled.h"
#include "common/criteria/criteria.h"
#include "common/criteria/rows.h"
#include "fmt/format.h"

namespace gtm::criteria {
namespace {

using internal::CompiledAxis;
using internal::CompiledCriterion;
using internal::kBlockRows;
using internal::StepTable;

constexpr double kLowestInteger = std::numeric_limits<int32_t>::min();
constexpr double kHighestInteger = std::numeric_limits<int32_t>::max();

// What a row adds to a sum, by its outcome: points over what a gap counts, or, where outcomes are
// told as well, all points with the outcome.
class Worth {
 public:
  Worth(const CompiledCriterion& criterion, bool tells_outcomes)
      : criterion_(criterion), tells_outcomes_(tells_outcomes) {}

  uint32_t OfGap() const { return Of(kMissingOutcome); }
  uint32_t Of(uint32_t outcome) const {
    const int64_t points = criterion_.PointsOf(outcome);
    return tells_outcomes_ ? internal::Pack(points, outcome)
                           : static_cast<uint32_t>(points - criterion_.missing_points);
  }

 private:
  const CompiledCriterion& criterion_;
  const bool tells_outcomes_;
};

// Steps of a criterion of bands; each only where it changes anything. A known number is at or
// above `lowest`, a missing one is not.
template <class T, class EdgeOf>
StepTable<T> StepsOf(const CompiledCriterion& criterion, const Worth& worth, T lowest,
                     EdgeOf edge_of) {
  StepTable<T> table;
  table.base = worth.OfGap();
  const auto add = [&](T edge, uint32_t step) {
    if (step == 0) return;
    table.edges.push_back(edge);
    table.steps.push_back(step);
  };
  add(lowest, worth.Of(0) - worth.OfGap());
  for (uint32_t e = 0; e < criterion.edges.size(); ++e) {
    const auto edge = edge_of(criterion.edges[e]);
    if (edge) add(*edge, worth.Of(e + 1) - worth.Of(e));
  }
  return table;
}

StepTable<double> NumberSteps(const CompiledCriterion& criterion, const Worth& worth) {
  return StepsOf<double>(criterion, worth, -std::numeric_limits<double>::infinity(),
                         [](double edge) { return std::optional(edge); });
}

// An integer is at or above an edge where it is at or above the next integer.
StepTable<int32_t> IntegerSteps(const CompiledCriterion& criterion, const Worth& worth) {
  return StepsOf<int32_t>(criterion, worth, kMissingInteger + 1, [](double edge) {
    const double next = std::ceil(edge);
    if (next > kHighestInteger) return std::optional<int32_t>();  // no integer is
    return std::optional(static_cast<int32_t>(std::max(next, kLowestInteger + 1)));
  });
}

// The outcome of a word of the dictionary (choices), or on which side it is (a pair).
std::vector<uint32_t> DictionaryTable(const CompiledCriterion& criterion,
                                      std::span<const std::string_view> dictionary) {
  std::vector<uint32_t> table;
  table.reserve(dictionary.size());
  for (const std::string_view word : dictionary) {
    table.push_back(criterion.kind == CompiledCriterion::Kind::kPair ? criterion.SideOf(word)
                                                                     : criterion.OutcomeOf(word));
  }
  return table;
}

// As CompiledCriterion::OutcomeOf of the words.
uint32_t OutcomeOfList(const CompiledCriterion& criterion, std::span<const uint32_t> table,
                       std::span<const uint32_t> codes) {
  if (criterion.kind == CompiledCriterion::Kind::kPair) {
    uint32_t sides = 0;
    for (const uint32_t code : codes) sides |= table[code];
    constexpr std::array<uint32_t, 4> kBySides = {
        CompiledCriterion::kNeither, CompiledCriterion::kFavorable, CompiledCriterion::kAlternative,
        CompiledCriterion::kBoth};
    return kBySides[sides];
  }
  if (codes.empty()) return static_cast<uint32_t>(criterion.points.size() - 1);
  uint32_t best = table[codes.front()];
  for (const uint32_t code : codes.subspan(1)) {
    best = criterion.BetterOf(best, table[code]);
  }
  return best;
}

// One attribute of a grid, ready for one column.
class RowAxis {
 public:
  RowAxis(const CompiledAxis& axis, const Column& column) : axis_(axis), column_(column) {
    for (const std::string_view word : column.dictionary) levels_.push_back(axis.LevelOf(word));
  }

  // kNoLevel where missing.
  uint32_t LevelOf(size_t row) const {
    if (axis_.words.empty()) {
      if (!column_.numbers.empty()) return OfNumber(column_.numbers[row]);
      if (column_.integers.empty() || column_.integers[row] == kMissingInteger) {
        return CompiledAxis::kNoLevel;
      }
      return axis_.LevelOf(static_cast<double>(column_.integers[row]));
    }
    if (!column_.small_codes.empty()) {
      const uint8_t code = column_.small_codes[row];
      return code == kMissingSmallCode ? CompiledAxis::kNoLevel : levels_[code];
    }
    if (!column_.list_ends.empty()) return OfList(row);
    if (column_.codes.empty() || column_.codes[row] == kMissingCode) return CompiledAxis::kNoLevel;
    return levels_[column_.codes[row]];
  }

 private:
  uint32_t OfNumber(double number) const {
    return std::isnan(number) ? CompiledAxis::kNoLevel : axis_.LevelOf(number);
  }
  uint32_t OfList(size_t row) const {
    if (column_.list_known[row] == 0) return CompiledAxis::kNoLevel;
    uint32_t level = axis_.level_count - 1;
    for (uint32_t at = row == 0 ? 0 : column_.list_ends[row - 1]; at < column_.list_ends[row];
         ++at) {
      level = std::min(level, levels_[column_.codes[at]]);
    }
    return level;
  }

  const CompiledAxis& axis_;
  const Column& column_;
  std::vector<uint32_t> levels_;  // by word
};

// One criterion, ready for its column, or columns.
class RowCriterion {
 public:
  // `tells_outcomes`: for Explain, else for Add.
  RowCriterion(const CompiledCriterion& criterion, std::span<const Column> columns,
               bool tells_outcomes)
      : criterion_(criterion), column_(columns[criterion.input]) {
    const Column& column = column_;
    const Worth worth(criterion, tells_outcomes);
    fits_ = !tells_outcomes || criterion.points.size() <= internal::kPackedOutcomesMax;
    if (criterion.kind == CompiledCriterion::Kind::kGrid) {
      axes_.emplace_back(criterion.first, column);
      axes_.emplace_back(criterion.second, columns[criterion.input + 1]);
      return;
    }
    if (criterion.kind == CompiledCriterion::Kind::kBands) {
      if (!fits_) return;
      if (!column.numbers.empty()) numbers_ = NumberSteps(criterion, worth);
      if (!column.integers.empty()) integers_ = IntegerSteps(criterion, worth);
      return;
    }
    table_ = DictionaryTable(criterion, column.dictionary);
    by_code_.fill(worth.OfGap());
    for (uint32_t code = 0; code < std::min(table_.size(), by_code_.size()); ++code) {
      by_code_[code] = worth.Of(OutcomeOfList(criterion, table_, std::span(&code, 1)));
    }
  }

  // For the rows from `first` on: adds points over those of a gap.
  void Add(size_t first, std::span<int32_t> sums) const {
    if (!column_.numbers.empty() && is_bands()) {
      return internal::Add(numbers_, column_.numbers.data() + first, sums);
    }
    if (!column_.integers.empty() && is_bands()) {
      return internal::Add(integers_, column_.integers.data() + first, sums);
    }
    if (!column_.small_codes.empty() && is_words()) {
      return internal::Add(by_code_, column_.small_codes.data() + first, sums);
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] += static_cast<int32_t>(criterion_.PointsOf(OutcomeAt(first + i)) -
                                      criterion_.missing_points);
    }
  }

  // For the rows from `first` on: adds all points, and tells outcomes.
  void Explain(size_t first, std::span<int32_t> sums, uint8_t* outcomes) const {
    if (fits_ && !column_.numbers.empty() && is_bands()) {
      return internal::Split(numbers_, column_.numbers.data() + first, sums, outcomes);
    }
    if (fits_ && !column_.integers.empty() && is_bands()) {
      return internal::Split(integers_, column_.integers.data() + first, sums, outcomes);
    }
    if (fits_ && !column_.small_codes.empty() && is_words()) {
      return internal::Split(by_code_, column_.small_codes.data() + first, sums, outcomes);
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      const uint32_t outcome = OutcomeAt(first + i);
      sums[i] += static_cast<int32_t>(criterion_.PointsOf(outcome));
      outcomes[i] = static_cast<uint8_t>(outcome);
    }
  }

 private:
  bool is_bands() const { return criterion_.kind == CompiledCriterion::Kind::kBands; }
  bool is_words() const { return !is_bands() && axes_.empty(); }

  // kMissingOutcome, whose low byte is kMissingSmallOutcome, for a gap.
  uint32_t OutcomeAt(size_t row) const {
    if (!axes_.empty()) return OutcomeOfPair(row);
    if (is_bands()) return OutcomeOfNumber(row);
    if (!column_.small_codes.empty()) {
      const uint8_t code = column_.small_codes[row];
      return OutcomeOfWord(code == kMissingSmallCode ? kMissingCode : code);
    }
    if (!column_.list_ends.empty()) return OutcomeOfWords(row);
    if (!column_.codes.empty()) return OutcomeOfWord(column_.codes[row]);
    return kMissingOutcome;
  }

  uint32_t OutcomeOfPair(size_t row) const {
    const uint32_t a = axes_[0].LevelOf(row);
    const uint32_t b = axes_[1].LevelOf(row);
    if (a == CompiledAxis::kNoLevel || b == CompiledAxis::kNoLevel) return kMissingOutcome;
    return a * criterion_.second.level_count + b;
  }

  uint32_t OutcomeOfNumber(size_t row) const {
    if (!column_.numbers.empty()) {
      const double number = column_.numbers[row];
      return std::isnan(number) ? kMissingOutcome : criterion_.OutcomeOf(number);
    }
    if (column_.integers.empty() || column_.integers[row] == kMissingInteger) {
      return kMissingOutcome;
    }
    return criterion_.OutcomeOf(static_cast<double>(column_.integers[row]));
  }

  uint32_t OutcomeOfWord(uint32_t code) const {
    if (code == kMissingCode) return kMissingOutcome;
    return OutcomeOfList(criterion_, table_, std::span(&code, 1));
  }

  uint32_t OutcomeOfWords(size_t row) const {
    if (column_.list_known[row] == 0) return kMissingOutcome;
    const uint32_t begin = row == 0 ? 0 : column_.list_ends[row - 1];
    return OutcomeOfList(criterion_, table_,
                         column_.codes.subspan(begin, column_.list_ends[row] - begin));
  }

  const CompiledCriterion& criterion_;
  const Column& column_;
  bool fits_ = true;  // points and outcome in one number
  StepTable<double> numbers_;
  StepTable<int32_t> integers_;
  std::vector<uint32_t> table_;          // by word
  std::array<uint32_t, 256> by_code_{};  // of small codes
  std::vector<RowAxis> axes_;            // two, of a grid
};

std::vector<RowCriterion> ReadyFor(std::span<const Column> columns,
                                   std::span<const CompiledCriterion> compiled,
                                   bool tells_outcomes) {
  std::vector<RowCriterion> criteria;
  criteria.reserve(compiled.size());
  for (const CompiledCriterion& one : compiled) criteria.emplace_back(one, columns, tells_outcomes);
  return criteria;
}

}  // namespace

void Evaluator::ScoreRows(std::span<const Column> columns, std::span<int64_t> scores) const {
  assert(columns.size() == input_count_);
  const std::vector<RowCriterion> criteria = ReadyFor(columns, compiled_, false);
  int64_t all_gaps = 0;
  for (const CompiledCriterion& compiled : compiled_) all_gaps += compiled.missing_points;
  std::array<int32_t, kBlockRows> block;
  for (size_t first = 0; first < scores.size(); first += kBlockRows) {
    const std::span sums(block.data(), std::min(kBlockRows, scores.size() - first));
    std::fill(sums.begin(), sums.end(), static_cast<int32_t>(all_gaps));
    for (const RowCriterion& criterion : criteria) criterion.Add(first, sums);
    internal::Widen(sums, scores.subspan(first, sums.size()));
  }
}

Status Evaluator::ExplainRows(std::span<const Column> columns, std::span<int64_t> scores,
                              std::span<uint8_t> outcomes) const {
  assert(columns.size() == input_count_);
  assert(outcomes.size() == compiled_.size() * scores.size());
  for (size_t i = 0; i < compiled_.size(); ++i) {
    const size_t count = compiled_[i].points.size();
    if (count <= kSmallOutcomesMax) continue;
    return InvalidField(fmt::format("criteria[{}]", i),
                        fmt::format("has {} outcomes; rows are explained with {} or fewer", count,
                                    kSmallOutcomesMax));
  }
  const std::vector<RowCriterion> criteria = ReadyFor(columns, compiled_, true);
  std::array<int32_t, kBlockRows> block;
  std::array<uint8_t, kBlockRows> told;
  for (size_t first = 0; first < scores.size(); first += kBlockRows) {
    const std::span sums(block.data(), std::min(kBlockRows, scores.size() - first));
    std::fill(sums.begin(), sums.end(), 0);
    for (size_t i = 0; i < criteria.size(); ++i) {
      criteria[i].Explain(first, sums, told.data());
      internal::Stream(std::span(told).first(sums.size()),
                       outcomes.data() + i * scores.size() + first);
    }
    internal::Widen(sums, scores.subspan(first, sums.size()));
  }
  internal::FinishStreams();
  return {};
}

}  // namespace gtm::criteria
