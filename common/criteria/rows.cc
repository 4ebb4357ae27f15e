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

// Lines of the next block are asked for while this one is worked on: twelve columns are too many
// for the processor to follow by itself.
constexpr size_t kLineBytes = 64;
template <class T>
[[gnu::always_inline]] inline void FetchAhead(const T* at) {
  // The last block has none after it: an address, not a pointer.
  const auto next = reinterpret_cast<uintptr_t>(at) + kBlockRows * sizeof(T);
  __builtin_prefetch(reinterpret_cast<const void*>(next), 0, 2);
}

// A line of the column at a time.
template <class T, class PointsOf>
[[gnu::always_inline]] inline void EachLine(const T* column, bool adds, std::span<int32_t> out,
                                            PointsOf points_of) {
  constexpr size_t kLine = kLineBytes / sizeof(T);
  int32_t* const to = out.data();
  size_t i = 0;
  for (; i + kLine <= out.size(); i += kLine) {
    FetchAhead(column + i);
    for (size_t j = i; j < i + kLine; ++j) {
      to[j] = (adds ? to[j] : 0) + points_of(column[j]);
    }
  }
  for (; i < out.size(); ++i) to[i] = (adds ? to[i] : 0) + points_of(column[i]);
}

template <class T, size_t kCount>
[[gnu::always_inline]] inline void TakeSteps(const T* numbers, const T* edges, const int32_t* steps,
                                             bool adds, std::span<int32_t> out) {
  std::array<T, kCount> edge;
  std::array<SumOf<T>, kCount> step;
  for (size_t k = 0; k < kCount; ++k) {
    edge[k] = edges[k];
    step[k] = steps[k];
  }
  EachLine(numbers, adds, out, [&](T number) {
    SumOf<T> sum = 0;
    for (size_t k = 0; k < kCount; ++k) sum += number >= edge[k] ? step[k] : 0;
    return static_cast<int32_t>(sum);
  });
}

template <class T>
[[gnu::always_inline]] inline void TakeAll(const StepTable<T>& table, const T* numbers, Into into,
                                           std::span<int32_t> out) {
  if (table.edges.empty() && into == Into::kParts) std::fill(out.begin(), out.end(), 0);
  for (size_t at = 0; at < table.edges.size(); at += kStepsMax) {
    const T* edges = table.edges.data() + at;
    const int32_t* steps = table.steps.data() + at;
    const bool adds = at > 0 || into == Into::kSums;
    switch (std::min(kStepsMax, table.edges.size() - at)) {
      case 1:
        TakeSteps<T, 1>(numbers, edges, steps, adds, out);
        break;
      case 2:
        TakeSteps<T, 2>(numbers, edges, steps, adds, out);
        break;
      case 3:
        TakeSteps<T, 3>(numbers, edges, steps, adds, out);
        break;
      case 4:
        TakeSteps<T, 4>(numbers, edges, steps, adds, out);
        break;
      case 5:
        TakeSteps<T, 5>(numbers, edges, steps, adds, out);
        break;
      default:
        TakeSteps<T, kStepsMax>(numbers, edges, steps, adds, out);
    }
  }
}

}  // namespace

GTM_WIDE_LANES void Fill(const StepTable<double>& table, const double* numbers, Into into,
                         std::span<int32_t> out) {
  TakeAll(table, numbers, into, out);
}

GTM_WIDE_LANES void Fill(const StepTable<int32_t>& table, const int32_t* numbers, Into into,
                         std::span<int32_t> out) {
  TakeAll(table, numbers, into, out);
}

GTM_WIDE_LANES void Fill(std::span<const int32_t, 256> by_code, const uint8_t* codes, Into into,
                         std::span<int32_t> out) {
  const int32_t* const of = by_code.data();
  EachLine(codes, into == Into::kSums, out, [of](uint8_t code) { return of[code]; });
}

void AddAndStream(std::span<const int32_t> parts, std::span<int32_t> sums, std::span<int32_t> out) {
  size_t i = 0;
#ifdef __SSE2__
  // Whole lines are written without being read first, which saves a third of the traffic.
  constexpr size_t kLanes = sizeof(__m128i) / sizeof(int32_t);
  const auto load = [](const int32_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const size_t lead = (sizeof(__m128i) - reinterpret_cast<uintptr_t>(out.data())) %
                      sizeof(__m128i) / sizeof(int32_t);
  for (; i < std::min(lead, out.size()); ++i) sums[i] += out[i] = parts[i];
  for (; i + kLanes <= out.size(); i += kLanes) {
    const __m128i four = load(parts.data() + i);
    _mm_stream_si128(reinterpret_cast<__m128i*>(out.data() + i), four);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums.data() + i),
                     _mm_add_epi32(four, load(sums.data() + i)));
  }
#endif
  for (; i < out.size(); ++i) sums[i] += out[i] = parts[i];
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
