#pragma once
// Columns as levels: bands of a number, words, and one more level for what is missing.

#include <cstdint>
#include <span>
#include <vector>

#include "services/targeting/domain/scorecard_table.h"

namespace gtm::targeting::domain {

struct BinOptions {
  int bands_max = 20;    // of a number
  int words_max = 200;   // with a level each, most frequent first; the rest share one
  int64_t rows_min = 5;  // of a word with a level of its own, and of a band
};

// How a column falls into levels: 0 .. value_level_count - 1, then the missing level.
struct ColumnBins {
  bool is_number = false;
  // Of a number: level k holds [edges[k - 1], edges[k]), open at both ends. Rising.
  std::vector<double> edges;
  // Of a word: the level of each code. Words that are rare share the last value level.
  std::vector<uint16_t> level_of_code;
  bool pools_rare = false;
  uint16_t value_level_count = 0;
  uint16_t level_count() const { return static_cast<uint16_t>(value_level_count + 1); }
  uint16_t missing_level() const { return value_level_count; }
  uint16_t LevelOf(const LearnColumn& column, size_t row) const;
};

// Levels as the given rows suggest: bands of a number hold about as many rows each, a
// value that many rows share has a band of its own, and edges are the roundest numbers
// between two bands.
ColumnBins MakeBins(const LearnColumn& column, std::span<const uint32_t> rows,
                    const BinOptions& options = {});

// The roundest number in (low, high]. low < high, both finite.
double RoundestBetween(double low, double high);

}  // namespace gtm::targeting::domain
