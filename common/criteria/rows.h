#pragma once
// Points and outcomes of one criterion for many rows at once. Not a public header. Every loop
// here is one that a compiler turns into vector instructions.

#include <cstdint>
#include <span>
#include <vector>

namespace gtm::criteria::internal {

// Rows are scored in blocks that stay in the nearest cache.
inline constexpr size_t kBlockRows = 2'048;

// Points and an outcome in one number, so that one sum of steps finds both: points in the low 27
// bits (134,217,727; a score has 100,000,000 at most), above them 1 + the outcome, 0 for a gap.
inline constexpr int kPointBits = 27;
inline constexpr uint32_t kPointMask = (1U << kPointBits) - 1;
inline constexpr size_t kPackedOutcomesMax = (1U << (32 - kPointBits)) - 1;
constexpr uint32_t Pack(int64_t points, uint32_t outcome) {
  return static_cast<uint32_t>(points) + ((outcome + 1) << kPointBits);
}

// Bands as steps: a row gets `base` and the sum of the steps whose edge is at or below its number,
// modulo 2^32. T is the type of the column; a missing number is below every edge.
template <class T>
struct StepTable {
  uint32_t base = 0;
  std::vector<T> edges;
  std::vector<uint32_t> steps;  // as many
};

// sums[i] += what `table` has for numbers[i], or for codes[i]: as many as `sums` holds, at most
// kBlockRows. They fetch the next block of the column ahead, which may lie past its end.
void Add(const StepTable<double>& table, const double* numbers, std::span<int32_t> sums);
void Add(const StepTable<int32_t>& table, const int32_t* numbers, std::span<int32_t> sums);
void Add(std::span<const uint32_t, 256> by_code, const uint8_t* codes, std::span<int32_t> sums);
// The same of packed steps: sums[i] += the points; outcomes[i] = the outcome, 255 for a gap.
// SplitAny is the form for every processor and every number of steps; the bytes are the same.
void Split(const StepTable<double>& table, const double* numbers, std::span<int32_t> sums,
           uint8_t* outcomes);
void Split(const StepTable<int32_t>& table, const int32_t* numbers, std::span<int32_t> sums,
           uint8_t* outcomes);
void Split(std::span<const uint32_t, 256> by_code, const uint8_t* codes, std::span<int32_t> sums,
           uint8_t* outcomes);
void SplitAny(const StepTable<double>& table, const double* numbers, std::span<int32_t> sums,
              uint8_t* outcomes);
void SplitAny(const StepTable<int32_t>& table, const int32_t* numbers, std::span<int32_t> sums,
              uint8_t* outcomes);
// Copies past the caches where the processor can: `to` is not read again soon.
void Stream(std::span<const uint8_t> from, uint8_t* to);
// Before another thread may read what was streamed.
void FinishStreams();
// scores[i] = sums[i].
void Widen(std::span<const int32_t> sums, std::span<int64_t> scores);

}  // namespace gtm::criteria::internal
