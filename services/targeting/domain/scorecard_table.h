#pragma once
// What a scorecard is learned from: cases with an outcome, and what was known of each
// before it.

#include <cstdint>
#include <string>
#include <vector>

namespace gtm::targeting::domain {

// A direction that people ask an effect to have.
enum class Trend : uint8_t { kAny, kRising, kFalling };

inline constexpr uint32_t kMissingWord = UINT32_MAX;
// More columns, or more rows, are refused by those who make tables.
inline constexpr size_t kLearnColumnsMax = 200;
inline constexpr size_t kLearnRowsMax = 1'000'000;

// One thing known of every case. Exactly one of numbers and codes has a value a row.
struct LearnColumn {
  std::string name;
  // Of a list of words, a column asks after one: code 0 where the list has it, code 1 where
  // it has not. Else empty.
  std::string listed_word;
  std::vector<double> numbers;  // NaN where missing
  // Index into words, kMissingWord where missing.
  std::vector<uint32_t> codes;
  std::vector<std::string> words;
  Trend trend = Trend::kAny;  // of numbers
  bool is_number() const { return !numbers.empty(); }
  bool is_missing(size_t row) const {
    return is_number() ? numbers[row] != numbers[row] : codes[row] == kMissingWord;
  }
};

struct LearnTable {
  std::vector<LearnColumn> columns;
  std::vector<uint8_t> won;  // 1 or 0, a row
  // Where time is known, a row: the day from which the case is looked at (what its columns
  // say was known by then), and the day on which its outcome was known. Else empty.
  std::vector<int32_t> start_day;
  std::vector<int32_t> outcome_day;
  size_t row_count() const { return won.size(); }
};

}  // namespace gtm::targeting::domain
