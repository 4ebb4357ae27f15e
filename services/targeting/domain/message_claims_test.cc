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
  EXPECT_THAT(NumbersOf("$2.5m, $2,500,000 and $2.5 million"),
              ElementsAre("$2500000", "$2500000", "$2500000"));
  EXPECT_THAT(NumbersOf("10,000 users, 10000 users, 10k users"),
              ElementsAre("10000", "10000", "10000"));
  EXPECT_THAT(NumbersOf("3x faster, 3 times faster"), ElementsAre("3x", "3x"));
  EXPECT_THAT(NumbersOf("\xe2\x82\xac" "99 a month"), ElementsAre("\xe2\x82\xac" "99"));
  EXPECT_THAT(NumbersOf("from 9 to 4 days, 5-10 people."), ElementsAre("9", "4", "5", "10"));
}

TEST(NumberClaims, LeavesNamesAndTimesAlone) {
  EXPECT_THAT(NumbersOf("SOC2, ISO-27001, 4GB, B2B, v1.2 and https://example.com/12?a=3"),
              IsEmpty());
  EXPECT_THAT(NumbersOf("at 10:30, at 9 am, at 4pm, on May 12, on 3 June, on 2026-11-29, on 12/5"),
              IsEmpty());
  EXPECT_THAT(NumbersOf("since 2019, for the 1st time, 24/7"), IsEmpty());
  EXPECT_THAT(NumbersOf(""), IsEmpty());
  EXPECT_THAT(NumbersOf("no digits"), IsEmpty());
}

TEST(NumberClaims, KeepsTheWordsOfTheText) {
  const auto claims = NumberClaimsOf("saves $2.5 million a year");
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].excerpt, "$2.5 million");
}

TEST(NumberClaimsProperty, ReadsAnyBytes) {
  Random random(11);
  constexpr std::string_view kBytes = "0123456789.,-/:% $\xe2\x82\xacxkm percent May\n'";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(24); n > 0; --n) text += kBytes[random.Below(kBytes.size())];
    for (const NumberClaim& claim : NumberClaimsOf(text)) {
      ASSERT_NE(text.find(claim.excerpt), std::string::npos) << text;
      ASSERT_FALSE(claim.number.empty());
    }
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
