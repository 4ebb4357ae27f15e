#pragma once
// Points of one criterion for many rows at once. Not a public header. Every loop here is
// one that a compiler turns into vector instructions.

#include <cstdint>
#include <span>
#include <vector>

namespace gtm::criteria::internal {

// Rows are scored in blocks that stay in the nearest cache.
inline constexpr size_t kBlockRows = 2'048;

// Bands as steps: a row gets the sum of the steps whose edge is at or below its number. T is
// the type of the column; a missing number is below every edge.
template <class T>
struct StepTable {
  std::vector<T> edges;
  std::vector<int32_t> steps;  // as many
};

// What of each row is done with the points of one criterion.
enum class Into { kParts, kSums };  // parts[i] = points; sums[i] += points

// Points of numbers[i], or of codes[i]: as many as `out` holds, at most kBlockRows. They fetch
// the next block of the column ahead, which may lie past its end.
void Fill(const StepTable<double>& table, const double* numbers, Into into, std::span<int32_t> out);
void Fill(const StepTable<int32_t>& table, const int32_t* numbers, Into into,
          std::span<int32_t> out);
void Fill(std::span<const int32_t, 256> by_code, const uint8_t* codes, Into into,
          std::span<int32_t> out);
// sums[i] += parts[i]; out[i] = parts[i], past the caches where the processor can: `out` is not
// read again soon.
void AddAndStream(std::span<const int32_t> parts, std::span<int32_t> sums, std::span<int32_t> out);
// Before another thread may read what was streamed.
void FinishStreams();
// scores[i] = sums[i].
void Widen(std::span<const int32_t> sums, std::span<int64_t> scores);

}  // namespace gtm::criteria::internal
