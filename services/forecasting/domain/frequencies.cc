#include "services/forecasting/domain/frequencies.h"

#include <initializer_list>

namespace gtm::forecasting::domain {
namespace {

// Two numbers in one register of any x86-64 or arm64: no instruction beyond the baseline, so
// that every machine computes the same bytes.
using Pair = double __attribute__((vector_size(16)));
using Bits = long long __attribute__((vector_size(16)));

// Adding it rounds to an integer, which then stands in the low bits.
constexpr double kRound = 0x1.8p52;

Pair Both(double x) { return Pair{x, x}; }

// exp(x) for -700 <= x <= 700, to about 1e-15 of itself.
Pair Exp(Pair x) {
  const Pair t = x * 1.4426950408889634 + kRound;
  const Pair n = t - kRound;
  const Pair r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  Pair sum = Both(1.0 / 479001600);
  for (const double c : {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                         1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    sum = sum * r + c;
  }
  return reinterpret_cast<Pair>(reinterpret_cast<Bits>(sum) + (reinterpret_cast<Bits>(t) << 52));
}

// Sine and cosine of |x| < 1e6, to about 1e-15.
void SinCos(Pair x, Pair* sine, Pair* cosine) {
  const Pair t = x * 0.63661977236758134 + kRound;
  const Pair n = t - kRound;
  const Pair r = ((x - n * 0x1.921fb544p0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
  const Pair s = r * r;
  Pair odd = Both(-1.0 / 1307674368000), even = Both(1.0 / 20922789888000);
  for (const double c :
       {1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6}) {
    odd = odd * s + c;
  }
  for (const double c : {-1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320,
                         -1.0 / 720, 1.0 / 24, -0.5}) {
    even = even * s + c;
  }
  odd = odd * s * r + r;
  even = even * s + 1.0;
  const Bits quarter = reinterpret_cast<Bits>(t);
  const Bits swap = -(quarter & 1);
  const auto pick = [](Bits mask, Pair a, Pair b) {
    return reinterpret_cast<Pair>((mask & reinterpret_cast<Bits>(a)) |
                                  (~mask & reinterpret_cast<Bits>(b)));
  };
  const auto sign = [](Bits odd_half, Pair a) {
    return reinterpret_cast<Pair>(reinterpret_cast<Bits>(a) ^ ((odd_half & 2) << 62));
  };
  *sine = sign(quarter, pick(swap, even, odd));
  *cosine = sign(quarter + 1, pick(swap, odd, even));
}

// log(x) for positive, normal x.
Pair Log(Pair x) {
  // x = m * 2^e with m in [sqrt(1/2), sqrt(2)).
  const Bits bits = reinterpret_cast<Bits>(x) - 0x3fe6a09e667f3bcd;
  const Bits shifted = bits >> 52;
  const Pair m = reinterpret_cast<Pair>(reinterpret_cast<Bits>(x) - (shifted << 52));
  const Pair e = reinterpret_cast<Pair>(shifted + reinterpret_cast<Bits>(Both(kRound))) - kRound;
  const Pair f = (m - 1.0) / (m + 1.0), s = f * f;
  Pair sum = Both(1.0 / 23);
  for (const double c : {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
                         1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0}) {
    sum = sum * s + c;
  }
  return 2.0 * f * sum + e * 0.69314718055994531;
}

// atan(y / x) for x > 0.
Pair Angle(Pair y, Pair x) {
  const Bits sign = reinterpret_cast<Bits>(y) & reinterpret_cast<Bits>(Both(-0.0));
  const Pair a = reinterpret_cast<Pair>(reinterpret_cast<Bits>(y) ^ sign);
  const auto pick = [](Bits mask, Pair p, Pair q) {
    return reinterpret_cast<Pair>((mask & reinterpret_cast<Bits>(p)) |
                                  (~mask & reinterpret_cast<Bits>(q)));
  };
  // Less than an eighth of a half circle from 0, from 45 or from 90 degrees.
  const Bits low = a<x * 0.41421356237309503, high = a> x * 2.4142135623730949;
  const Pair top = pick(low, a, pick(high, -x, a - x));
  const Pair bottom = pick(low, x, pick(high, a, a + x));
  const Pair base =
      pick(low, Both(0), pick(high, Both(1.5707963267948966), Both(0.78539816339744831)));
  const Pair r = top / bottom, s = r * r;
  Pair sum = Both(1.0 / 41);
  for (int k = 39; k >= 1; k -= 2) sum = (k % 4 == 1 ? 1.0 : -1.0) / k + s * sum;
  return reinterpret_cast<Pair>(reinterpret_cast<Bits>(base + r * sum) ^ sign);
}

Pair Load(const double* from) { return Pair{from[0], from[1]}; }
void Store(Pair value, double* to) { to[0] = value[0], to[1] = value[1]; }

}  // namespace

void ExpInto(Frequencies& log) {
  for (int i = 0; i < kLanes; i += 2) {
    Pair re = Load(log.re + i);
    // A transform is at most 1; behind exp(-600) is nothing.
    re = re < 0.0 ? re : Both(0);
    re = re > -600.0 ? re : Both(-600);
    const Pair size = Exp(re);
    Pair sine, cosine;
    SinCos(Load(log.im + i), &sine, &cosine);
    Store(size * cosine, log.re + i);
    Store(size * sine, log.im + i);
  }
}

void GammaLogInto(double shape, Frequencies& f) {
  for (int i = 0; i < kLanes; i += 2) {
    const Pair x = 1.0 - Load(f.re + i) / shape, y = -Load(f.im + i) / shape;
    Store(-shape / 2 * Log(x * x + y * y), f.re + i);
    Store(-shape * Angle(y, x), f.im + i);
  }
}

}  // namespace gtm::forecasting::domain
