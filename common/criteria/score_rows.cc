// Scoring of many rows from columns: each criterion's parts block by block, then their sum.
// Inside, points are those over what a gap counts, so that a gap adds nothing.

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "common/criteria/compiled.h"
#include "common/criteria/criteria.h"
#include "common/criteria/rows.h"

namespace gtm::criteria {
namespace {

using internal::CompiledAxis;
using internal::CompiledCriterion;
using internal::Fill;
using internal::Into;
using internal::kBlockRows;
using internal::StepTable;

constexpr double kLowestInteger = std::numeric_limits<int32_t>::min();
constexpr double kHighestInteger = std::numeric_limits<int32_t>::max();

// Steps of a criterion of bands; each only where it changes anything. A known number is at or
// above `lowest`, a missing one is not.
template <class T, class EdgeOf>
StepTable<T> StepsOf(const CompiledCriterion& criterion, T lowest, EdgeOf edge_of) {
  StepTable<T> table;
  const auto add = [&](T edge, int64_t step) {
    if (step == 0) return;
    table.edges.push_back(edge);
    table.steps.push_back(static_cast<int32_t>(step));
  };
  add(lowest, criterion.points[0] - criterion.missing_points);
  for (size_t e = 0; e < criterion.edges.size(); ++e) {
    const auto edge = edge_of(criterion.edges[e]);
    if (edge) add(*edge, criterion.points[e + 1] - criterion.points[e]);
  }
  return table;
}

StepTable<double> NumberSteps(const CompiledCriterion& criterion) {
  return StepsOf<double>(criterion, -std::numeric_limits<double>::infinity(),
                         [](double edge) { return std::optional(edge); });
}

// An integer is at or above an edge where it is at or above the next integer.
StepTable<int32_t> IntegerSteps(const CompiledCriterion& criterion) {
  return StepsOf<int32_t>(criterion, kMissingInteger + 1, [](double edge) {
    const double next = std::ceil(edge);
    if (next > kHighestInteger) return std::optional<int32_t>();  // no integer is
    return std::optional(static_cast<int32_t>(std::max(next, kLowestInteger + 1)));
  });
}

// What a word of the dictionary is worth (choices), or on which side it is (a pair).
std::vector<int32_t> DictionaryTable(const CompiledCriterion& criterion,
                                     std::span<const std::string_view> dictionary) {
  std::vector<int32_t> table;
  table.reserve(dictionary.size());
  for (const std::string_view word : dictionary) {
    table.push_back(criterion.kind == CompiledCriterion::Kind::kPair
                        ? static_cast<int32_t>(criterion.SideOf(word))
                        : static_cast<int32_t>(criterion.points[criterion.OutcomeOf(word)] -
                                               criterion.missing_points));
  }
  return table;
}

int32_t ListPoints(const CompiledCriterion& criterion, std::span<const int32_t> table,
                   std::span<const uint32_t> codes) {
  if (criterion.kind == CompiledCriterion::Kind::kPair) {
    int32_t sides = 0;
    for (const uint32_t code : codes) sides |= table[code];
    constexpr std::array kBySides = {CompiledCriterion::kNeither, CompiledCriterion::kFavorable,
                                     CompiledCriterion::kAlternative, CompiledCriterion::kBoth};
    return static_cast<int32_t>(criterion.points[kBySides[static_cast<size_t>(sides)]] -
                                criterion.missing_points);
  }
  if (codes.empty()) {
    return static_cast<int32_t>(criterion.points.back() - criterion.missing_points);
  }
  int32_t best = std::numeric_limits<int32_t>::min();
  for (const uint32_t code : codes) best = std::max(best, table[code]);
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
  RowCriterion(const CompiledCriterion& criterion, std::span<const Column> columns)
      : criterion_(criterion), column_(columns[criterion.input]) {
    const Column& column = column_;
    if (criterion.kind == CompiledCriterion::Kind::kGrid) {
      axes_.emplace_back(criterion.first, column);
      axes_.emplace_back(criterion.second, columns[criterion.input + 1]);
      return;
    }
    if (criterion.kind == CompiledCriterion::Kind::kBands) {
      if (!column.numbers.empty()) numbers_ = NumberSteps(criterion);
      if (!column.integers.empty()) integers_ = IntegerSteps(criterion);
      return;
    }
    table_ = DictionaryTable(criterion, column.dictionary);
    for (size_t code = 0; code < std::min(table_.size(), by_code_.size()); ++code) {
      const auto word = static_cast<uint32_t>(code);
      by_code_[code] = ListPoints(criterion, table_, std::span(&word, 1));
    }
  }

  int32_t missing_points() const { return static_cast<int32_t>(criterion_.missing_points); }

  // The rows from `first` on: parts, or what they add to sums that begin with all gaps.
  void Take(size_t first, Into into, std::span<int32_t> out) const {
    TakeOverGap(first, into, out);
    if (into == Into::kSums || missing_points() == 0) return;
    for (int32_t& part : out) part += missing_points();
  }

 private:
  void TakeOverGap(size_t first, Into into, std::span<int32_t> out) const {
    if (!axes_.empty()) {
      return TakeEach(into, out, [&](size_t i) { return PointsOfPair(first + i); });
    }
    if (criterion_.kind == CompiledCriterion::Kind::kBands) {
      if (!column_.numbers.empty()) {
        return Fill(numbers_, column_.numbers.data() + first, into, out);
      }
      if (!column_.integers.empty()) {
        return Fill(integers_, column_.integers.data() + first, into, out);
      }
    } else if (!column_.small_codes.empty()) {
      return Fill(by_code_, column_.small_codes.data() + first, into, out);
    } else if (!column_.list_ends.empty()) {
      return TakeEach(into, out, [&](size_t i) { return PointsOfList(first + i); });
    } else if (!column_.codes.empty()) {
      return TakeEach(into, out, [&](size_t i) { return PointsOfWord(first + i); });
    }
    if (into == Into::kParts) std::fill(out.begin(), out.end(), 0);
  }

  template <class PointsOf>
  static void TakeEach(Into into, std::span<int32_t> out, PointsOf points_of) {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = (into == Into::kSums ? out[i] : 0) + points_of(i);
    }
  }

  int32_t PointsOfPair(size_t row) const {
    const uint32_t a = axes_[0].LevelOf(row);
    const uint32_t b = axes_[1].LevelOf(row);
    if (a == CompiledAxis::kNoLevel || b == CompiledAxis::kNoLevel) return 0;
    return static_cast<int32_t>(criterion_.points[a * criterion_.second.level_count + b] -
                                criterion_.missing_points);
  }

  int32_t PointsOfWord(size_t row) const {
    return column_.codes[row] == kMissingCode
               ? 0
               : ListPoints(criterion_, table_, column_.codes.subspan(row, 1));
  }

  int32_t PointsOfList(size_t row) const {
    if (column_.list_known[row] == 0) return 0;
    const uint32_t begin = row == 0 ? 0 : column_.list_ends[row - 1];
    return ListPoints(criterion_, table_,
                      column_.codes.subspan(begin, column_.list_ends[row] - begin));
  }

  const CompiledCriterion& criterion_;
  const Column& column_;
  StepTable<double> numbers_;
  StepTable<int32_t> integers_;
  std::vector<int32_t> table_;          // by word
  std::array<int32_t, 256> by_code_{};  // of small codes; a missing one adds nothing
  std::vector<RowAxis> axes_;           // two, of a grid
};

}  // namespace

void Evaluator::ScoreBlocks(std::span<const Column> columns, std::span<int64_t> scores,
                            std::span<int32_t> parts) const {
  assert(columns.size() == input_count_);
  std::vector<RowCriterion> criteria;
  criteria.reserve(compiled_.size());
  int32_t all_gaps = 0;
  for (const CompiledCriterion& compiled : compiled_) {
    all_gaps += criteria.emplace_back(compiled, columns).missing_points();
  }
  std::array<int32_t, kBlockRows> sums, scratch;
  for (size_t first = 0; first < scores.size(); first += kBlockRows) {
    const size_t count = std::min(kBlockRows, scores.size() - first);
    std::fill_n(sums.begin(), count, parts.empty() ? all_gaps : 0);
    for (size_t i = 0; i < criteria.size(); ++i) {
      if (parts.empty()) {
        criteria[i].Take(first, Into::kSums, std::span(sums).first(count));
        continue;
      }
      const std::span<int32_t> block = std::span(scratch).first(count);
      criteria[i].Take(first, Into::kParts, block);
      internal::AddAndStream(block, std::span(sums).first(count),
                             parts.subspan(i * scores.size() + first, count));
    }
    internal::Widen(std::span(sums).first(count), scores.subspan(first, count));
  }
  if (!parts.empty()) internal::FinishStreams();
}

void Evaluator::ScoreRows(std::span<const Column> columns, std::span<int64_t> scores) const {
  ScoreBlocks(columns, scores, {});
}

void Evaluator::ExplainRows(std::span<const Column> columns, std::span<int64_t> scores,
                            std::span<int32_t> parts) const {
  assert(parts.size() == compiled_.size() * scores.size());
  ScoreBlocks(columns, scores, parts);
}

}  // namespace gtm::criteria
