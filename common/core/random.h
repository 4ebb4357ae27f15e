#pragma once
// Randomness as a parameter: a small generator with a stated algorithm, so that the
// same seed gives the same numbers on every machine and with every library.

#include <array>
#include <cstdint>

namespace gtm {

// xoshiro256++ (Blackman and Vigna, 2019), seeded by splitmix64. Not for secrets.
// Not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed);
  // Uniform over all 64-bit values.
  uint64_t Next();
  // Uniform in [0, 1), 53 bits.
  double Uniform();
  // Uniform integer in [0, bound), without bias. bound > 0.
  uint64_t Below(uint64_t bound);
  // Standard normal (polar method).
  double Normal();
  // Exponential with mean 1.
  double Exponential();
  // Poisson with the given mean, 0 <= mean <= 1e6.
  int64_t Poisson(double mean);
  // Gamma with shape > 0 and scale 1 (Marsaglia and Tsang, 2000).
  double Gamma(double shape);

 private:
  std::array<uint64_t, 4> state_;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

}  // namespace gtm
