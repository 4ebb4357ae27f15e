#pragma once
// A function that is compiled twice: with the wide registers of AVX2 where the processor has
// them. AVX2 without FMA multiplies and adds as the baseline does: the bytes are the same.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define GTM_WIDE_LANES __attribute__((target_clones("avx2", "default")))
#else
#define GTM_WIDE_LANES
#endif
