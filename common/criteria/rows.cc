#include "common/criteria/rows.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <type_traits>

#include "common/core/wide_lanes.h"

namespace gtm::criteria::internal {
namespace {

// So many steps are taken in one pass over the numbers.
constexpr size_t kStepsMax = 6;

// Sums of as wide a type as the numbers, so that both fill the same lanes.
template <class T>
using SumOf = std::conditional_t<sizeof(T) == sizeof(int64_t), uint64_t, uint32_t>;

// Lines of the next block are asked for while this one is worked on: twelve columns are too many
// for the processor to follow by itself.
constexpr size_t kLineBytes = 64;
template <class T>
[[gnu::always_inline]] inline void FetchAhead(const T* at) {
  // The last block has none after it: an address, not a pointer.
  const auto next = reinterpret_cast<uintptr_t>(at) + kBlockRows * sizeof(T);
  __builtin_prefetch(reinterpret_cast<const void*>(next), 0, 2);
}

// take(i, of(column[i])) for every row, a chunk of the column at a time: whole lines, and rows
// enough for a register of bytes.
template <class T, class Of, class Take>
[[gnu::always_inline]] inline void EachRow(const T* column, size_t count, Of of, Take take) {
  constexpr size_t kLine = kLineBytes / sizeof(T);
  constexpr size_t kChunk = std::max<size_t>(kLine, 32);
  size_t i = 0;
  for (; i + kChunk <= count; i += kChunk) {
    for (size_t line = 0; line < kChunk; line += kLine) FetchAhead(column + i + line);
#pragma GCC ivdep  // bytes that are written might else be the numbers that are read
    for (size_t j = i; j < i + kChunk; ++j) take(j, of(column[j]));
  }
  for (; i < count; ++i) take(i, of(column[i]));
}

template <size_t kCount, class T, class Take>
[[gnu::always_inline]] inline void TakeSteps(const T* numbers, size_t count, const T* edges,
                                             const uint32_t* steps, Take take) {
  std::array<T, kCount> edge;
  std::array<SumOf<T>, kCount> step;
  for (size_t k = 0; k < kCount; ++k) {
    edge[k] = edges[k];
    step[k] = steps[k];
  }
  EachRow(
      numbers, count,
      [&](T number) {
        SumOf<T> sum = 0;
        for (size_t k = 0; k < kCount; ++k) sum += number >= edge[k] ? step[k] : 0;
        return static_cast<uint32_t>(sum);
      },
      take);
}

// The steps from `at` on, kStepsMax at most.
template <class T, class Take>
[[gnu::always_inline]] inline void TakeSome(const StepTable<T>& table, size_t at, const T* numbers,
                                            size_t count, Take take) {
  const T* edges = table.edges.data() + at;
  const uint32_t* steps = table.steps.data() + at;
  switch (table.edges.size() - at) {
    case 0:
      return EachRow(
          numbers, count, [](T) { return 0U; }, take);
    case 1:
      return TakeSteps<1>(numbers, count, edges, steps, take);
    case 2:
      return TakeSteps<2>(numbers, count, edges, steps, take);
    case 3:
      return TakeSteps<3>(numbers, count, edges, steps, take);
    case 4:
      return TakeSteps<4>(numbers, count, edges, steps, take);
    case 5:
      return TakeSteps<5>(numbers, count, edges, steps, take);
    default:
      return TakeSteps<kStepsMax>(numbers, count, edges, steps, take);
  }
}

template <class T>
[[gnu::always_inline]] inline void AddSteps(const StepTable<T>& table, const T* numbers,
                                            std::span<int32_t> sums) {
  int32_t* const to = sums.data();
  for (size_t at = 0; at < table.edges.size(); at += kStepsMax) {
    TakeSome(table, at, numbers, sums.size(),
             [to](size_t i, uint32_t points) { to[i] += static_cast<int32_t>(points); });
  }
}

[[gnu::always_inline]] inline void SplitOne(uint32_t packed, int32_t* sum, uint8_t* outcome) {
  *sum += static_cast<int32_t>(packed & kPointMask);
  *outcome = static_cast<uint8_t>((packed >> kPointBits) - 1);
}

// For lanes of any width.
template <class T>
[[gnu::always_inline]] inline void SplitSteps(const StepTable<T>& table, const T* numbers,
                                              std::span<int32_t> sums, uint8_t* outcomes) {
  int32_t* const to = sums.data();
  const uint32_t base = table.base;
  if (table.edges.size() <= kStepsMax) {
    return TakeSome(table, 0, numbers, sums.size(), [=](size_t i, uint32_t packed) {
      SplitOne(base + packed, to + i, outcomes + i);
    });
  }
  std::array<uint32_t, kBlockRows> block;
  std::fill_n(block.begin(), sums.size(), base);
  uint32_t* const carried = block.data();
  for (size_t at = 0; at < table.edges.size(); at += kStepsMax) {
    TakeSome(table, at, numbers, sums.size(),
             [carried](size_t i, uint32_t packed) { carried[i] += packed; });
  }
  for (size_t i = 0; i < sums.size(); ++i) SplitOne(carried[i], to + i, outcomes + i);
}

}  // namespace

GTM_WIDE_LANES void Add(const StepTable<double>& table, const double* numbers,
                        std::span<int32_t> sums) {
  AddSteps(table, numbers, sums);
}

GTM_WIDE_LANES void Add(const StepTable<int32_t>& table, const int32_t* numbers,
                        std::span<int32_t> sums) {
  AddSteps(table, numbers, sums);
}

GTM_WIDE_LANES void Add(std::span<const uint32_t, 256> by_code, const uint8_t* codes,
                        std::span<int32_t> sums) {
  const uint32_t* const of = by_code.data();
  int32_t* const to = sums.data();
  EachRow(
      codes, sums.size(), [of](uint8_t code) { return of[code]; },
      [to](size_t i, uint32_t points) { to[i] += static_cast<int32_t>(points); });
}

GTM_WIDE_LANES void SplitAny(const StepTable<double>& table, const double* numbers,
                             std::span<int32_t> sums, uint8_t* outcomes) {
  SplitSteps(table, numbers, sums, outcomes);
}

GTM_WIDE_LANES void SplitAny(const StepTable<int32_t>& table, const int32_t* numbers,
                             std::span<int32_t> sums, uint8_t* outcomes) {
  SplitSteps(table, numbers, sums, outcomes);
}

GTM_WIDE_LANES void Split(std::span<const uint32_t, 256> by_code, const uint8_t* codes,
                          std::span<int32_t> sums, uint8_t* outcomes) {
  const uint32_t* const of = by_code.data();
  int32_t* const to = sums.data();
  EachRow(
      codes, sums.size(), [of](uint8_t code) { return of[code]; },
      [=](size_t i, uint32_t packed) { SplitOne(packed, to + i, outcomes + i); });
}

void Stream(std::span<const uint8_t> from, uint8_t* to) {
  size_t i = 0;
#ifdef __SSE2__
  // Whole lines are written without being read first, which saves a third of the traffic.
  constexpr size_t kLane = sizeof(__m128i);
  i = std::min(from.size(), (kLane - reinterpret_cast<uintptr_t>(to) % kLane) % kLane);
  std::copy_n(from.begin(), i, to);
  for (; i + kLane <= from.size(); i += kLane) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data() + i)));
  }
#endif
  std::copy(from.begin() + static_cast<std::ptrdiff_t>(i), from.end(), to + i);
}

void FinishStreams() {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

GTM_WIDE_LANES void Widen(std::span<const int32_t> sums, std::span<int64_t> scores) {
  const int32_t* from = sums.data();
  int64_t* to = scores.data();
  for (size_t i = 0; i < scores.size(); ++i) to[i] = from[i];
}

}  // namespace gtm::criteria::internal
