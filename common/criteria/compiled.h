#pragma once
// One criterion, compiled: every value falls into one of a few outcomes, and an outcome
// has its points ready. Not a public header.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/criteria/criteria.h"

namespace gtm::criteria::internal {

struct CompiledAxis {
  std::vector<double> edges;       // level: the number of edges at or below the value
  std::vector<std::string> words;  // in lower case; level: the position, words.size() for others
  uint32_t level_count = 1;
  static constexpr uint32_t kNoLevel = UINT32_MAX;

  uint32_t LevelOf(double number) const;
  uint32_t LevelOf(std::string_view word) const;
  uint32_t LevelOf(const Value& value) const;  // kNoLevel where missing
};

struct CompiledCriterion {
  enum class Kind : uint8_t { kBands, kChoices, kPair, kGrid };
  // Outcomes of a pair, in the order of `points`.
  enum PairOutcome : uint32_t { kFavorable, kBoth, kAlternative, kNeither };

  Kind kind = Kind::kBands;
  int64_t max_points = 0;    // the scaled weight
  int64_t least_points = 0;  // over all outcomes: what a missing value could be
  int64_t most_points = 0;
  int64_t missing_points = 0;       // what a gap counts
  uint32_t input = 0;               // the first of its values
  std::vector<int64_t> points;      // by outcome
  std::vector<std::string> labels;  // by outcome
  // kBands: outcome k is the number of edges at or below the value.
  std::vector<double> edges;
  // kChoices: sorted by CompareWords; outcome points.size() - 1 is "other".
  std::vector<std::pair<std::string, uint32_t>> words;
  // kPair.
  std::string favorable;
  std::string alternative;
  // kGrid: outcome first level * second.level_count + second level.
  CompiledAxis first, second;

  // Its value, or values, among those of all inputs.
  uint32_t OutcomeAmong(std::span<const Value> values) const {
    return kind == Kind::kGrid ? OutcomeOf(values[input], values[input + 1])
                               : OutcomeOf(values[input]);
  }
  uint32_t OutcomeOf(const Value& one, const Value& other) const;  // kGrid only
  // The least and the most that it could give were numbers of `values` known in full that are
  // known to be so much or more.
  std::pair<int64_t, int64_t> RangeAmong(std::span<const Value> values, uint32_t outcome) const;
  bool ReadsAtLeast(std::span<const Value> values) const {
    return values[input].is_at_least() || (kind == Kind::kGrid && values[input + 1].is_at_least());
  }
  int64_t PointsOf(uint32_t outcome) const {
    return outcome == kMissingOutcome ? missing_points : points[outcome];
  }
  // Of two words of a list: the one worth more, the earlier choice where they are worth the same.
  uint32_t BetterOf(uint32_t a, uint32_t b) const {
    if (points[a] != points[b]) return points[a] > points[b] ? a : b;
    return a < b ? a : b;
  }
  uint32_t OutcomeOf(double number) const;
  uint32_t OutcomeOf(std::string_view word) const;  // kChoices only
  uint32_t OutcomeOf(const Value& value) const;
  // Points of a word in a list of a pair: which side it is on (1, 2) or 0.
  uint32_t SideOf(std::string_view word) const;
};

// `max_points` is the scaled weight, `input` the first of its values; the rule is valid.
CompiledCriterion CompileCriterion(const Criterion& criterion, int64_t max_points, uint32_t input);

// Splits 100,000,000 micropoints by weight: largest remainder, ties to the earlier.
std::vector<int64_t> ScaleWeights(std::span<const Criterion> criteria);

}  // namespace gtm::criteria::internal
