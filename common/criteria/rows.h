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

// parts[i] = points of numbers[i]. As many as there are parts, at most kBlockRows.
void FillParts(const StepTable<double>& table, const double* numbers, std::span<int32_t> parts);
void FillParts(const StepTable<int32_t>& table, const int32_t* numbers, std::span<int32_t> parts);
// out[i] = parts[i], past the caches where the processor can: `out` is not read again soon.
void StreamOut(std::span<const int32_t> parts, std::span<int32_t> out);
// Before another thread may read what was streamed.
void FinishStreams();
// sums[i] += parts[i].
void AddParts(std::span<const int32_t> parts, std::span<int32_t> sums);
// scores[i] = sums[i].
void Widen(std::span<const int32_t> sums, std::span<int64_t> scores);

}  // namespace gtm::criteria::internal
