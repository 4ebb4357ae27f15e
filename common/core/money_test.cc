#include "common/core/money.h"

#include <gtest/gtest.h>

#include <limits>

namespace gtm {
namespace {

const Currency kUsd = Currency::Of("USD");

TEST(Currency, ParseTakesThreeCapitalsOnly) {
  EXPECT_TRUE(Currency::Parse("EUR").ok());
  for (const char* bad : {"", "eur", "EURO", "E1R"}) EXPECT_FALSE(Currency::Parse(bad).ok()) << bad;
}

TEST(Money, AddRefusesMixedCurrenciesAndOverflow) {
  EXPECT_EQ(Add({5, kUsd}, {7, kUsd})->micros, 12);
  EXPECT_FALSE(Add({5, kUsd}, {7, Currency::Of("EUR")}).ok());
  EXPECT_FALSE(Add({std::numeric_limits<int64_t>::max(), kUsd}, {1, kUsd}).ok());
  EXPECT_FALSE(Subtract({-2, kUsd}, {std::numeric_limits<int64_t>::max(), kUsd}).ok());
}

TEST(Money, MulDivRoundsHalfToEven) {
  EXPECT_EQ(*MulDivRoundHalfEven(5, 1, 2), 2);
  EXPECT_EQ(*MulDivRoundHalfEven(7, 1, 2), 4);
  EXPECT_EQ(*MulDivRoundHalfEven(-5, 1, 2), -2);
  EXPECT_EQ(*MulDivRoundHalfEven(-7, 1, 2), -4);
  EXPECT_EQ(*MulDivRoundHalfEven(8, 1, 3), 3);
  EXPECT_FALSE(MulDivRoundHalfEven(std::numeric_limits<int64_t>::max(), 3, 1).ok());
}

TEST(Money, ParseMicrosIsExact) {
  const NumberFormat us;
  EXPECT_EQ(*ParseMicros("1234.5", us, "f"), 1'234'500'000);
  EXPECT_EQ(*ParseMicros("-1,234.000001", us, "f"), -1'234'000'001);
  EXPECT_EQ(*ParseMicros("1.234,5", {',', '.'}, "f"), 1'234'500'000);
  EXPECT_EQ(*ParseMicros("0.1000000", us, "f"), 100'000);
  for (const char* bad : {"", "-", "1e5", "0.0000001", "12 000", "9300000000000", "1.2.3", ",5"}) {
    EXPECT_FALSE(ParseMicros(bad, us, "f").ok()) << bad;
  }
  EXPECT_EQ(ParseMicros("x", us, "close_value").error().violations()[0].field, "close_value");
}

TEST(Money, FormatGroupsThousands) {
  EXPECT_EQ(Format(Money{1'234'567'890'000, kUsd}), "1,234,568 USD");
  EXPECT_EQ(Format(Money{-12'340'000, kUsd}), "-12.34 USD");
  EXPECT_EQ(Format(Money{0, kUsd}), "0 USD");
}

}  // namespace
}  // namespace gtm
