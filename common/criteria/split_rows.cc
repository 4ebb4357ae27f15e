// Outcomes of few steps where the processor has AVX2: counts the steps at or below each number,
// looks the points up in a register, and packs the counts, which are the outcomes, into bytes. A
// compiler does not find this from SplitAny, which takes twice as long.

#include "common/criteria/rows.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace gtm::criteria::internal {
namespace {

#if defined(__x86_64__) && defined(__GNUC__)
constexpr size_t kFewSteps = 7;  // a count, 0 to 7, is a lane of a register
constexpr size_t kLanes = 8;
constexpr size_t kChunk = 4 * kLanes;  // rows whose outcomes fill a register of bytes
#define GTM_AVX2 __attribute__((target("avx2")))
#define GTM_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

// What a number is held against: the edges, or for integers those less 1.
template <class T, size_t kCount>
struct Limits;
template <size_t kCount>
struct Limits<double, kCount> {
  __m256d at[kCount];
};
template <size_t kCount>
struct Limits<int32_t, kCount> {
  __m256i at[kCount];
};
template <size_t kCount>
GTM_AVX2_INLINE Limits<double, kCount> LimitsOf(const StepTable<double>& table) {
  Limits<double, kCount> limits;
  for (size_t k = 0; k < kCount; ++k) limits.at[k] = _mm256_set1_pd(table.edges[k]);
  return limits;
}
template <size_t kCount>
GTM_AVX2_INLINE Limits<int32_t, kCount> LimitsOf(const StepTable<int32_t>& table) {
  Limits<int32_t, kCount> limits;
  for (size_t k = 0; k < kCount; ++k) limits.at[k] = _mm256_set1_epi32(table.edges[k] - 1);
  return limits;
}

// The steps at or below each of 8 numbers, as 8 lanes.
template <size_t kCount>
GTM_AVX2_INLINE __m256i CountSteps(const int32_t* numbers, const Limits<int32_t, kCount>& limits) {
  const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers));
  __m256i count = _mm256_setzero_si256();
  for (size_t k = 0; k < kCount; ++k) {
    count = _mm256_sub_epi32(count, _mm256_cmpgt_epi32(eight, limits.at[k]));
  }
  return count;
}
template <size_t kCount>
GTM_AVX2_INLINE __m256i CountSteps(const double* numbers, const Limits<double, kCount>& limits) {
  const __m256d first = _mm256_loadu_pd(numbers);
  const __m256d second = _mm256_loadu_pd(numbers + kLanes / 2);
  __m256i of_first = _mm256_setzero_si256(), of_second = of_first;
  for (size_t k = 0; k < kCount; ++k) {
    const __m256d a = _mm256_cmp_pd(first, limits.at[k], _CMP_GE_OQ);  // false of NaN
    const __m256d b = _mm256_cmp_pd(second, limits.at[k], _CMP_GE_OQ);
    of_first = _mm256_sub_epi64(of_first, _mm256_castpd_si256(a));
    of_second = _mm256_sub_epi64(of_second, _mm256_castpd_si256(b));
  }
  // The low halves of the lanes, then in their order.
  const __m256 halves = _mm256_shuffle_ps(_mm256_castsi256_ps(of_first),
                                          _mm256_castsi256_ps(of_second), _MM_SHUFFLE(2, 0, 2, 0));
  return _mm256_permute4x64_epi64(_mm256_castps_si256(halves), _MM_SHUFFLE(3, 1, 2, 0));
}

// Four registers of counts as bytes, in their order.
GTM_AVX2_INLINE __m256i Narrow(const __m256i (&counts)[4]) {
  const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(counts[0], counts[1]),
                                            _mm256_packs_epi32(counts[2], counts[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

template <size_t kCount, class T>
GTM_AVX2 void SplitFew(const StepTable<T>& table, const T* numbers, size_t count, int32_t* sums,
                       uint8_t* outcomes) {
  int32_t points[kLanes] = {};
  uint32_t packed = table.base;
  for (size_t k = 0; k <= kCount; ++k) {
    points[k] = static_cast<int32_t>(packed & kPointMask);
    if (k < kCount) packed += table.steps[k];
  }
  const __m256i by_count = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(points));
  const auto limits = LimitsOf<kCount>(table);
  for (size_t i = 0; i < count; i += kChunk) {
    const T* const chunk = numbers + i;
    for (size_t line = 0; line < kChunk * sizeof(T); line += 64) {
      const auto next = reinterpret_cast<uintptr_t>(chunk) + kBlockRows * sizeof(T) + line;
      __builtin_prefetch(reinterpret_cast<const void*>(next), 0, 2);
    }
    __m256i counts[kChunk / kLanes];
    for (size_t q = 0; q < kChunk / kLanes; ++q) {
      counts[q] = CountSteps<kCount>(chunk + q * kLanes, limits);
      auto* const to = reinterpret_cast<__m256i*>(sums + i + q * kLanes);
      _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to),
                                               _mm256_permutevar8x32_epi32(by_count, counts[q])));
    }
    // Outcome k has k + 1 steps; a gap none, which becomes 255.
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(outcomes + i),
                        _mm256_sub_epi8(Narrow(counts), _mm256_set1_epi8(1)));
  }
}

// True where it was done: as many of the first rows as fill chunks.
template <class T>
bool SplitChunks(const StepTable<T>& table, const T* numbers, size_t count, int32_t* sums,
                 uint8_t* outcomes) {
  if (!__builtin_cpu_supports("avx2")) return false;
  switch (table.edges.size()) {
    case 1:
      return SplitFew<1>(table, numbers, count, sums, outcomes), true;
    case 2:
      return SplitFew<2>(table, numbers, count, sums, outcomes), true;
    case 3:
      return SplitFew<3>(table, numbers, count, sums, outcomes), true;
    case 4:
      return SplitFew<4>(table, numbers, count, sums, outcomes), true;
    case 5:
      return SplitFew<5>(table, numbers, count, sums, outcomes), true;
    case 6:
      return SplitFew<6>(table, numbers, count, sums, outcomes), true;
    case kFewSteps:
      return SplitFew<kFewSteps>(table, numbers, count, sums, outcomes), true;
    default:
      return false;
  }
}

#else
constexpr size_t kChunk = 1;
template <class T>
bool SplitChunks(const StepTable<T>&, const T*, size_t, int32_t*, uint8_t*) {
  return false;
}
#endif

template <class T>
void SplitRows(const StepTable<T>& table, const T* numbers, std::span<int32_t> sums,
               uint8_t* outcomes) {
  size_t done = sums.size() / kChunk * kChunk;
  if (!SplitChunks(table, numbers, done, sums.data(), outcomes)) done = 0;
  if (done < sums.size()) SplitAny(table, numbers + done, sums.subspan(done), outcomes + done);
}

}  // namespace

void Split(const StepTable<double>& table, const double* numbers, std::span<int32_t> sums,
           uint8_t* outcomes) {
  SplitRows(table, numbers, sums, outcomes);
}

void Split(const StepTable<int32_t>& table, const int32_t* numbers, std::span<int32_t> sums,
           uint8_t* outcomes) {
  SplitRows(table, numbers, sums, outcomes);
}

}  // namespace gtm::criteria::internal
