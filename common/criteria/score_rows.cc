// Scoring of many rows from columns: each criterion's parts block by block, then their sum.

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
  add(lowest, criterion.points[0]);
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
                        : static_cast<int32_t>(criterion.points[criterion.OutcomeOf(word)]));
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
    return static_cast<int32_t>(criterion.points[kBySides[static_cast<size_t>(sides)]]);
  }
  if (codes.empty()) return static_cast<int32_t>(criterion.points.back());
  int32_t best = 0;
  for (const uint32_t code : codes) best = std::max(best, table[code]);
  return best;
}

// One criterion, ready for one column.
class RowCriterion {
 public:
  RowCriterion(const CompiledCriterion& criterion, const Column& column)
      : criterion_(criterion), column_(column) {
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

  // The rows from `first` on.
  void Take(size_t first, Into into, std::span<int32_t> out) const {
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

 private:
  template <class PointsOf>
  static void TakeEach(Into into, std::span<int32_t> out, PointsOf points_of) {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = (into == Into::kSums ? out[i] : 0) + points_of(i);
    }
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
  std::array<int32_t, 256> by_code_{};  // of small codes; a missing one is worth nothing
};

}  // namespace

void Evaluator::ScoreBlocks(std::span<const Column> columns, std::span<int64_t> scores,
                            std::span<int32_t> parts) const {
  assert(columns.size() == compiled_.size());
  std::vector<RowCriterion> criteria;
  criteria.reserve(compiled_.size());
  for (size_t i = 0; i < compiled_.size(); ++i) criteria.emplace_back(compiled_[i], columns[i]);
  std::array<int32_t, kBlockRows> sums, scratch;
  for (size_t first = 0; first < scores.size(); first += kBlockRows) {
    const size_t count = std::min(kBlockRows, scores.size() - first);
    std::fill_n(sums.begin(), count, 0);
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
  assert(parts.size() == columns.size() * scores.size());
  ScoreBlocks(columns, scores, parts);
}

}  // namespace gtm::criteria
