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
using SumOf = std::conditional_t<sizeof(T) == sizeof(int64_t), int64_t, int32_t>;

template <class T, size_t kCount>
[[gnu::always_inline]] inline void TakeSteps(const T* numbers, const T* edges, const int32_t* steps,
                                             size_t row_count, bool is_first, int32_t* parts) {
  std::array<T, kCount> edge;
  std::array<SumOf<T>, kCount> step;
  for (size_t k = 0; k < kCount; ++k) {
    edge[k] = edges[k];
    step[k] = steps[k];
  }
  for (size_t i = 0; i < row_count; ++i) {
    SumOf<T> sum = 0;
    for (size_t k = 0; k < kCount; ++k) sum += numbers[i] >= edge[k] ? step[k] : 0;
    parts[i] = (is_first ? 0 : parts[i]) + static_cast<int32_t>(sum);
  }
}

template <class T>
[[gnu::always_inline]] inline void TakeAll(const StepTable<T>& table, const T* numbers,
                                           std::span<int32_t> parts) {
  const size_t rows = parts.size();
  if (table.edges.empty()) std::fill(parts.begin(), parts.end(), 0);
  for (size_t at = 0; at < table.edges.size(); at += kStepsMax) {
    const T* edges = table.edges.data() + at;
    const int32_t* steps = table.steps.data() + at;
    const bool is_first = at == 0;
    switch (std::min(kStepsMax, table.edges.size() - at)) {
      case 1:
        TakeSteps<T, 1>(numbers, edges, steps, rows, is_first, parts.data());
        break;
      case 2:
        TakeSteps<T, 2>(numbers, edges, steps, rows, is_first, parts.data());
        break;
      case 3:
        TakeSteps<T, 3>(numbers, edges, steps, rows, is_first, parts.data());
        break;
      case 4:
        TakeSteps<T, 4>(numbers, edges, steps, rows, is_first, parts.data());
        break;
      case 5:
        TakeSteps<T, 5>(numbers, edges, steps, rows, is_first, parts.data());
        break;
      default:
        TakeSteps<T, kStepsMax>(numbers, edges, steps, rows, is_first, parts.data());
    }
  }
}

}  // namespace

GTM_WIDE_LANES void FillParts(const StepTable<double>& table, const double* numbers,
                              std::span<int32_t> parts) {
  TakeAll(table, numbers, parts);
}

GTM_WIDE_LANES void FillParts(const StepTable<int32_t>& table, const int32_t* numbers,
                              std::span<int32_t> parts) {
  TakeAll(table, numbers, parts);
}

void StreamOut(std::span<const int32_t> parts, std::span<int32_t> out) {
  size_t i = 0;
#ifdef __SSE2__
  // Whole lines are written without being read first, which saves a third of the traffic.
  constexpr size_t kLanes = sizeof(__m128i) / sizeof(int32_t);
  const size_t lead = (sizeof(__m128i) - reinterpret_cast<uintptr_t>(out.data())) %
                      sizeof(__m128i) / sizeof(int32_t);
  for (; i < std::min(lead, out.size()); ++i) out[i] = parts[i];
  for (; i + kLanes <= out.size(); i += kLanes) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(out.data() + i),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(parts.data() + i)));
  }
#endif
  for (; i < out.size(); ++i) out[i] = parts[i];
}

void FinishStreams() {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

GTM_WIDE_LANES void AddParts(std::span<const int32_t> parts, std::span<int32_t> sums) {
  const int32_t* from = parts.data();
  int32_t* to = sums.data();
  for (size_t i = 0; i < sums.size(); ++i) to[i] += from[i];
}

GTM_WIDE_LANES void Widen(std::span<const int32_t> sums, std::span<int64_t> scores) {
  const int32_t* from = sums.data();
  int64_t* to = scores.data();
  for (size_t i = 0; i < scores.size(); ++i) to[i] = from[i];
}

}  // namespace gtm::criteria::internal
