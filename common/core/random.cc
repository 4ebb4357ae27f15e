#include "common/core/random.h"

#include <bit>
#include <cmath>

namespace gtm {

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15ull;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    word = z ^ (z >> 31);
  }
}

uint64_t Random::Next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

uint64_t Random::Below(uint64_t bound) {
  const uint64_t limit = -bound % bound;  // rejects the short last cycle
  for (;;) {
    const uint64_t value = Next();
    if (value >= limit) return value % bound;
  }
}

double Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  for (;;) {
    const double u = 2 * Uniform() - 1;
    const double v = 2 * Uniform() - 1;
    const double s = u * u + v * v;
    if (s >= 1 || s == 0) continue;
    const double scale = std::sqrt(-2 * std::log(s) / s);
    spare_normal_ = v * scale;
    has_spare_ = true;
    return u * scale;
  }
}

double Random::Exponential() { return -std::log1p(-Uniform()); }

int64_t Random::Poisson(double mean) {
  if (mean <= 0) return 0;
  int64_t count = 0;
  // Splits a large mean by the gamma trick (Ahrens and Dieter, 1974) and ends with
  // the product of uniforms.
  while (mean > 12) {
    const double shape = std::floor(mean * 7 / 8);
    const double waited = Gamma(shape);
    if (waited > mean) {
      const double p = mean / waited;
      for (int64_t i = 0; i < static_cast<int64_t>(shape) - 1; ++i) count += Uniform() < p;
      return count;
    }
    count += static_cast<int64_t>(shape);
    mean -= waited;
  }
  const double stop = std::exp(-mean);
  for (double product = Uniform(); product > stop; product *= Uniform()) ++count;
  return count;
}

double Random::Gamma(double shape) {
  if (shape < 1) return Gamma(shape + 1) * std::pow(1 - Uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = Normal();
    const double v = 1 + c * x;
    if (v <= 0) continue;
    const double cube = v * v * v;
    if (std::log1p(-Uniform()) < 0.5 * x * x + d - d * cube + d * std::log(cube)) return d * cube;
  }
}

}  // namespace gtm
