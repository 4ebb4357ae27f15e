#pragma once
// Complex numbers side by side, for loops that a compiler turns into vector instructions.
// Plain additions and multiplications in a fixed order: the same bytes on every machine.

#include <cmath>

namespace gtm::forecasting::domain {

// Transforms are computed for so many frequencies at a time.
inline constexpr int kLanes = 16;

struct Frequencies {
  alignas(64) double re[kLanes];
  alignas(64) double im[kLanes];
};

// s = damping + i * step * (first + lane).
struct Points {
  double damping = 0;
  double step = 0;
  int first = 0;
  double size() const { return std::hypot(damping, step * (first + kLanes - 1)); }
};

inline Frequencies Constant(double value) {
  Frequencies f;
  for (int i = 0; i < kLanes; ++i) f.re[i] = value, f.im[i] = 0;
  return f;
}

inline void MultiplyInto(Frequencies& __restrict a, const Frequencies& __restrict b) {
  for (int i = 0; i < kLanes; ++i) {
    const double re = a.re[i] * b.re[i] - a.im[i] * b.im[i];
    a.im[i] = a.re[i] * b.im[i] + a.im[i] * b.re[i];
    a.re[i] = re;
  }
}

inline void DivideInto(Frequencies& __restrict a, const Frequencies& __restrict b) {
  for (int i = 0; i < kLanes; ++i) {
    const double square = b.re[i] * b.re[i] + b.im[i] * b.im[i];
    const double re = (a.re[i] * b.re[i] + a.im[i] * b.im[i]) / square;
    a.im[i] = (a.im[i] * b.re[i] - a.re[i] * b.im[i]) / square;
    a.re[i] = re;
  }
}

// a += weight * b
inline void AddInto(Frequencies& __restrict a, double weight, const Frequencies& __restrict b) {
  for (int i = 0; i < kLanes; ++i) {
    a.re[i] += weight * b.re[i];
    a.im[i] += weight * b.im[i];
  }
}

// a *= 1 + p * b: one more deal, whose amount has the transform 1 + b.
inline void MultiplyByDeal(Frequencies& __restrict a, double p, const Frequencies& __restrict b) {
  for (int i = 0; i < kLanes; ++i) {
    const double x = 1 + p * b.re[i], y = p * b.im[i];
    const double re = a.re[i] * x - a.im[i] * y;
    a.im[i] = a.re[i] * y + a.im[i] * x;
    a.re[i] = re;
  }
}

// From logarithms, with real parts that count as 0 where rounding made them positive, to
// numbers.
void ExpInto(Frequencies& log);
// f becomes log((1 - f / shape) ^ -shape): a Poisson sum with logarithm f whose rate has a
// Gamma factor of this shape and mean 1. Real parts of f are at most 0; shape > 0.
void GammaLogInto(double shape, Frequencies& f);

}  // namespace gtm::forecasting::domain
