#include "services/targeting/domain/message_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"

namespace gtm::targeting::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> NumbersOf(std::string_view text) {
  std::vector<std::string> numbers;
  for (const NumberClaim& claim : NumberClaimsOf(text)) numbers.push_back(claim.number);
  return numbers;
}

TEST(NumberClaims, TellsOneNumberInOneForm) {
  EXPECT_THAT(NumbersOf("40% is 40 percent, 40 per cent and 40.0 %"),
              ElementsAre("40%", "40%", "40%", "40%"));
  EXPECT_THAT(NumbersOf("$2.5m, $2,500,000 and $2.5 million, $2.5 m"),
              ElementsAre("$2500000", "$2500000", "$2500000", "$2500000"));
  EXPECT_THAT(NumbersOf("10,000 users, 10000 users, 10k users"),
              ElementsAre("10000", "10000", "10000"));
  EXPECT_THAT(NumbersOf("3x faster, 3 times faster"), ElementsAre("3x", "3x"));
  EXPECT_THAT(NumbersOf("\xe2\x82\xac"
                        "99 a month"),
              ElementsAre("\xe2\x82\xac"
                          "99"));
  EXPECT_THAT(NumbersOf("$5 bn, 5 bn, only .5% left, ROI:60%"),
              ElementsAre("$5000000000", "5000000000", "0.5%", "60%"));
  EXPECT_THAT(NumbersOf("the steps 1,2,3"), ElementsAre("1", "2", "3"));
}

TEST(NumberClaims, TellsBothEndsOfARange) {
  EXPECT_THAT(NumbersOf("from 9 to 4 days, 5-10 people."), ElementsAre("9", "4", "5", "10"));
  EXPECT_THAT(NumbersOf("5-10%, 5%-10%, 10k-20k, 10-20k"),
              ElementsAre("5%", "10%", "5%", "10%", "10000", "20000", "10000", "20000"));
  EXPECT_THAT(NumbersOf("$5-10k"), ElementsAre("$5000", "$10000"));
}

TEST(NumberClaims, LeavesNamesAndTimesAlone) {
  EXPECT_THAT(NumbersOf("SOC2, ISO-27001, 4GB, B2B, v1.2 and https://example.com/12?a=3"),
              IsEmpty());
  EXPECT_THAT(NumbersOf("at 10:30, at 9 am, at 4pm, on May 12, on 3 June, on 2026-11-29, on 12/5"),
              IsEmpty());
  EXPECT_THAT(NumbersOf("since 2019, in 2025-26, in 2026-11, on May 12-14, for the 1st time, 24/7, "
                        "v1.2.3-4"),
              IsEmpty());
  EXPECT_THAT(NumbersOf(""), IsEmpty());
  EXPECT_THAT(NumbersOf("no digits"), IsEmpty());
}

TEST(NumberClaims, TakesNoAmountForADateOrAYear) {
  EXPECT_THAT(NumbersOf("2,000 customers, 1,950 users"), ElementsAre("2000", "1950"));
  EXPECT_THAT(NumbersOf("$99/month, $79/user"), ElementsAre("$99", "$79"));
  EXPECT_THAT(NumbersOf("$40 may be saved, up to 40 may join, 12 may join"),
              ElementsAre("$40", "40", "12"));
}

TEST(NumberClaims, ReadsTypography) {
  EXPECT_THAT(NumbersOf("saves \xe2\x80\x9c"
                        "60%\xe2\x80\x9d"),
              ElementsAre("60%"));
  EXPECT_THAT(NumbersOf("saves 40\xe2\x80\x93"
                        "60%"),
              ElementsAre("40%", "60%"));
  EXPECT_THAT(NumbersOf("60\xc2\xa0%, cut 60%\xe2\x80\x94"
                        "fast"),
              ElementsAre("60%", "60%"));
}

TEST(NumberClaims, KeepsTheWordsOfTheText) {
  const auto claims = NumberClaimsOf("\xe2\x80\x9csaves\xe2\x80\x9d $2.5\xc2\xa0million a year");
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].excerpt, "$2.5\xc2\xa0million");
  EXPECT_FALSE(claims[0].is_bare);
  EXPECT_TRUE(NumberClaimsOf("15 minutes")[0].is_bare);
}

TEST(NumberClaimsProperty, ReadsAnyBytes) {
  Random random(11);
  constexpr std::string_view kParts[] = {"0",
                                         "1",
                                         "25",
                                         "300",
                                         "2000",
                                         ".",
                                         ",",
                                         "-",
                                         "/",
                                         ":",
                                         "%",
                                         " ",
                                         "$",
                                         "x",
                                         "k",
                                         "m",
                                         " percent",
                                         "May",
                                         "\n",
                                         "'",
                                         "\xe2\x82\xac",
                                         "\xe2\x80\x9c",
                                         "\xe2\x80\x93",
                                         "\xc2\xa0",
                                         "\xe2",
                                         "\x80"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(16); n > 0; --n) {
      text += kParts[random.Below(std::size(kParts))];
    }
    for (const NumberClaim& claim : NumberClaimsOf(text)) {
      ASSERT_NE(text.find(claim.excerpt), std::string::npos) << text;
      // Read alone, it is a number, too, but for what a range gives it.
      ASSERT_FALSE(claim.number.empty());
      ASSERT_FALSE(claim.excerpt.empty());
    }
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
