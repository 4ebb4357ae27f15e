#include "common/stats/intervals.h"

#include <cmath>

#include "common/core/random.h"
#include "common/stats/estimate_proto.h"
#include "gtest/gtest.h"

namespace gtm::stats {
namespace {

// Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
TEST(WilsonInterval, AgreesWithNewcombe1998) {
  const auto expect = [](int64_t x, int64_t n, double low, double high) {
    const Interval i = WilsonInterval(x, n);
    EXPECT_NEAR(i.low, low, 5e-5) << x << "/" << n;
    EXPECT_NEAR(i.high, high, 5e-5) << x << "/" << n;
  };
  expect(81, 263, 0.2553, 0.3662);
  expect(15, 148, 0.0624, 0.1605);
  expect(0, 20, 0.0000, 0.1611);
  expect(1, 29, 0.0061, 0.1718);
}

TEST(ClopperPearsonInterval, AgreesWithNewcombe1998) {
  const Interval a = ClopperPearsonInterval(81, 263);
  EXPECT_NEAR(a.low, 0.2527, 5e-5);
  EXPECT_NEAR(a.high, 0.3676, 5e-5);
  const Interval b = ClopperPearsonInterval(0, 20);
  EXPECT_EQ(b.low, 0);
  EXPECT_NEAR(b.high, 0.1684, 5e-5);
}

// Brown, Cai and DasGupta (2001), table 5: n = 10.
TEST(JeffreysInterval, AgreesWithBrownCaiDasGupta2001) {
  EXPECT_NEAR(JeffreysInterval(0, 10).high, 0.217, 6e-4);
  EXPECT_NEAR(JeffreysInterval(1, 10).low, 0.011, 6e-4);
  EXPECT_NEAR(JeffreysInterval(1, 10).high, 0.381, 6e-4);
  EXPECT_NEAR(JeffreysInterval(5, 10).low, 0.224, 6e-4);
  EXPECT_NEAR(JeffreysInterval(5, 10).high, 0.776, 6e-4);
}

// Garwood (1936), 95 %: 0 -> 3.689; 1 -> 0.0253..5.572; 10 -> 4.795..18.39.
TEST(PoissonExactInterval, AgreesWithGarwood1936) {
  EXPECT_NEAR(PoissonExactInterval(0, 1).high, 3.689, 5e-4);
  EXPECT_NEAR(PoissonExactInterval(1, 1).low, 0.0253, 5e-5);
  EXPECT_NEAR(PoissonExactInterval(1, 1).high, 5.572, 5e-4);
  EXPECT_NEAR(PoissonExactInterval(10, 2).low, 4.795 / 2, 5e-4);
  EXPECT_NEAR(PoissonExactInterval(10, 2).high, 18.39 / 2, 5e-3);
}

TEST(PoissonRatioInterval, ContainsTheRatioAndOpensWithoutEvents) {
  const Interval i = PoissonRatioInterval(20, 10, 10, 10);
  EXPECT_TRUE(i.contains(2.0));
  EXPECT_GT(i.low, 0.85);
  EXPECT_LT(i.high, 5.0);
  EXPECT_TRUE(std::isinf(PoissonRatioInterval(3, 1, 0, 1).high));
}

TEST(Intervals, EndsAreExactAtTheEdges) {
  for (int64_t n : {1, 2, 10, 1000, 1000000}) {
    EXPECT_EQ(WilsonInterval(0, n).low, 0);
    EXPECT_EQ(WilsonInterval(n, n).high, 1);
    EXPECT_GT(WilsonInterval(0, n).high, 0);
    EXPECT_LT(WilsonInterval(n, n).low, 1);
    EXPECT_EQ(JeffreysInterval(n, n).high, 1);
  }
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

// Average coverage of the 95 % Wilson and Jeffreys intervals over rates drawn at random.
TEST(Intervals, CoverAsTheyPromise) {
  Random random(7);
  int wilson = 0, jeffreys = 0;
  constexpr int kRuns = 20'000;
  for (int run = 0; run < kRuns; ++run) {
    const double rate = random.Uniform();
    const int n = 5 + static_cast<int>(random.Below(60));
    int64_t x = 0;
    for (int i = 0; i < n; ++i) x += random.Uniform() < rate;
    wilson += WilsonInterval(x, n).contains(rate);
    jeffreys += JeffreysInterval(x, n).contains(rate);
  }
  EXPECT_NEAR(static_cast<double>(wilson) / kRuns, 0.95, 0.01);
  EXPECT_NEAR(static_cast<double>(jeffreys) / kRuns, 0.95, 0.01);
}

TEST(ShareGapInterval, AgreesWithNewcombe1998) {  // table II, method 10
  const Interval gap = ShareGapInterval(56, 70, 48, 80);
  EXPECT_NEAR(gap.low, 0.0524, 5e-5);
  EXPECT_NEAR(gap.high, 0.3339, 5e-5);
}

TEST(ShareRatioOf, IsNearTheLogarithmicIntervalOfManyCases) {
  // Physicians' health study: infarctions with aspirin and without; 0.434 to 0.698 by logarithms.
  const ShareRatio ratio = ShareRatioOf(104, 11'037, 189, 11'034);
  EXPECT_NEAR(ratio.value, 0.5501, 5e-5);
  EXPECT_NEAR(ratio.interval.low, 0.434, 3e-3);
  EXPECT_NEAR(ratio.interval.high, 0.698, 3e-3);
}

TEST(ShareRatioOf, ShowsADifferenceExactlyWhereTheDifferenceDoes) {
  for (int64_t a_trials : {1, 5, 18, 60}) {
    for (int64_t b_trials : {1, 7, 40}) {
      for (int64_t a = 0; a <= a_trials; ++a) {
        for (int64_t b = 1; b <= b_trials; ++b) {
          const Interval gap = ShareGapInterval(a, a_trials, b, b_trials);
          const ShareRatio ratio = ShareRatioOf(a, a_trials, b, b_trials);
          ASSERT_TRUE(std::isfinite(ratio.interval.high));
          ASSERT_GE(ratio.interval.low, 0);
          ASSERT_LE(ratio.interval.low, ratio.value + 1e-12);
          ASSERT_GE(ratio.interval.high, ratio.value - 1e-12);
          if (std::abs(gap.low) > 1e-9) {
            ASSERT_EQ(gap.low > 0, ratio.interval.low > 1) << a << " of " << a_trials << ", " << b;
          }
          if (std::abs(gap.high) > 1e-9) {
            ASSERT_EQ(gap.high < 0, ratio.interval.high < 1)
                << a << " of " << a_trials << ", " << b;
          }
        }
      }
    }
  }
}

TEST(MedianOf, TakesTheRanksOfTheSignTest) {  // tables of the sign test
  const auto up_to = [](int n) {
    std::vector<double> numbers;
    for (int i = 1; i <= n; ++i) numbers.push_back(i);
    return numbers;
  };
  const auto expect = [&](int n, double value, double low, double high) {
    const Median median = MedianOf(up_to(n));
    EXPECT_DOUBLE_EQ(median.value, value) << n;
    EXPECT_DOUBLE_EQ(median.interval.low, low) << n;
    EXPECT_DOUBLE_EQ(median.interval.high, high) << n;
  };
  EXPECT_EQ(MedianOf(up_to(1)).confidence, 0);
  EXPECT_EQ(MedianOf(up_to(5)).confidence, 0.9375);
  EXPECT_EQ(MedianOf(up_to(6)).confidence, 0.95);
  expect(1, 1, 1, 1);
  expect(2, 1.5, 1, 2);
  expect(5, 3, 1, 5);
  expect(6, 3.5, 1, 6);
  expect(10, 5.5, 2, 9);
  expect(20, 10.5, 6, 15);
  expect(25, 13, 8, 18);
  expect(100, 50.5, 40, 61);
}

TEST(SideOf, NeedsTheWholeInterval) {
  EXPECT_EQ(SideOf({0.71, 0.9}, 0.7), Side::kAtLeast);
  EXPECT_EQ(SideOf({0.7, 0.9}, 0.7), Side::kAtLeast);
  EXPECT_EQ(SideOf({0.5, 0.69}, 0.7), Side::kBelow);
  EXPECT_EQ(SideOf({0.5, 0.7}, 0.7), Side::kCrossing);
}

TEST(Quantiles, AgreeWithTables) {
  EXPECT_NEAR(NormalQuantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(StudentQuantile(0.975, 10), 2.228139, 1e-6);
  EXPECT_NEAR(GammaQuantile(0.5, 1, 1), std::log(2.0), 1e-9);
  EXPECT_NEAR(BetaQuantile(0.5, 1, 1), 0.5, 1e-12);
  EXPECT_NEAR(NormalCdf(1.959963985), 0.975, 1e-9);
  EXPECT_NEAR(GammaCdf(GammaQuantile(0.3, 2.5, 4), 2.5, 4), 0.3, 1e-9);
  EXPECT_NEAR(BetaCdf(BetaQuantile(0.3, 2.5, 4), 2.5, 4), 0.3, 1e-9);
}

TEST(SignTestPValue, AgreesWithTheBinomial) {
  EXPECT_DOUBLE_EQ(SignTestPValue(5, 10), 1);
  EXPECT_NEAR(SignTestPValue(9, 10), 2 * 11.0 / 1024, 1e-12);
  EXPECT_NEAR(SignTestPValue(0, 5), 2 * 1.0 / 32, 1e-12);
}

// D2: 69, 70 and 80 of 100 carry a verdict, 7 of 10 does not.
TEST(RateEstimate, SaysWhenThereIsNotEnough) {
  EXPECT_EQ(RateEstimate(70, 100).sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(RateEstimate(69, 100).sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  const auto small = RateEstimate(7, 10);
  EXPECT_EQ(small.sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_DOUBLE_EQ(small.value(), 0.7);
  EXPECT_EQ(small.success_count(), 7);
  EXPECT_EQ(small.sample_count(), 10);
  EXPECT_EQ(small.method(), "wilson");
  const auto none = RateEstimate(0, 0);
  EXPECT_EQ(none.sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_FALSE(none.has_value());
  EXPECT_FALSE(none.has_low());
}

TEST(MedianEstimate, SaysWhenThereIsNotEnough) {
  const std::vector<double> numbers(10, 3.0);
  EXPECT_EQ(MedianEstimate(numbers).sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(MedianEstimate(numbers).method(), "order-statistics");
  EXPECT_EQ(MedianEstimate(numbers, 11).sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_EQ(MedianEstimate({}).sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
}

TEST(CountRateEstimate, NeedsEvents) {
  EXPECT_EQ(CountRateEstimate(9, 3).sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_EQ(CountRateEstimate(10, 3).sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(CountRateEstimate(0, 0).sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_EQ(ExactEstimate(3, 3).low(), 3);
}

}  // namespace
}  // namespace gtm::stats
