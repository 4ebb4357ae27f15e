#include "common/core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace gtm {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments Sample(int count, const std::function<double()>& draw) {
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

TEST(Random, SameSeedSameNumbers) {
  Random a(42);
  Random b(42);
  Random c(43);
  EXPECT_EQ(a.Next(), b.Next());
  EXPECT_NE(a.Next(), c.Next());
}

// Means and variances within five standard errors of theory.
TEST(Random, MomentsAreTheoretical) {
  constexpr int kCount = 200'000;
  Random random(7);
  const auto check = [&](const char* what, double mean, double variance,
                         const std::function<double()>& draw) {
    const Moments m = Sample(kCount, draw);
    EXPECT_NEAR(m.mean, mean, 5 * std::sqrt(variance / kCount)) << what;
    EXPECT_NEAR(m.variance / variance, 1, 0.05) << what;
  };
  check("uniform", 0.5, 1.0 / 12, [&] { return random.Uniform(); });
  check("normal", 0, 1, [&] { return random.Normal(); });
  check("exponential", 1, 1, [&] { return random.Exponential(); });
  check("poisson small", 3.5, 3.5, [&] { return static_cast<double>(random.Poisson(3.5)); });
  check("poisson large", 250, 250, [&] { return static_cast<double>(random.Poisson(250)); });
  check("gamma below 1", 0.4, 0.4, [&] { return random.Gamma(0.4); });
  check("gamma", 9, 9, [&] { return random.Gamma(9); });
}

TEST(Random, BelowIsUnbiasedAndInRange) {
  Random random(9);
  int counts[3] = {};
  for (int i = 0; i < 30'000; ++i) ++counts[random.Below(3)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 5 * std::sqrt(30'000 * 2.0 / 9));
}

}  // namespace
}  // namespace gtm
