#include "services/forecasting/domain/field_leaks.h"

#include "common/core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gtm::forecasting::domain {
namespace {

BlankCounts CountsOf(FieldBlanks all, LeakField field, FieldBlanks blank) {
  BlankCounts counts;
  counts.all = all;
  counts.blank[static_cast<size_t>(field)] = blank;
  return counts;
}

// The account is blank on 1,088 of 1,589 open opportunities and on none of 6,711 closed.
TEST(FindLeaks, FindsAFieldThatIsFilledInAtClosing) {
  const auto leaks = FindLeaks(
      CountsOf({.open = 1589, .won = 4238, .lost = 2473}, LeakField::kAccount, {.open = 1088}));
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_EQ(leaks[0].field, LeakField::kAccount);
  EXPECT_TRUE(leaks[0].by_closing);
  EXPECT_GT(leaks[0].gap_at_least, 0.6);
  EXPECT_THAT(leaks[0].Message(),
              testing::StartsWith("account_id is blank on 1088 of 1589 open opportunities, but on "
                                  "0.0 % of the closed ones"));
}

TEST(FindLeaks, FindsAFieldThatOnlyWonDealsHave) {
  const auto leaks = FindLeaks(CountsOf({.open = 100, .won = 200, .lost = 300}, LeakField::kProduct,
                                        {.open = 60, .won = 4, .lost = 200}));
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_FALSE(leaks[0].by_closing);
  EXPECT_THAT(leaks[0].Message(), testing::HasSubstr("200 of 300 lost"));
}

TEST(FindLeaks, SaysNothingOfFewDealsOrAFieldThatNobodyFillsIn) {
  EXPECT_TRUE(FindLeaks({}).empty());
  EXPECT_TRUE(
      FindLeaks(CountsOf({.open = 29, .won = 500, .lost = 500}, LeakField::kOwner, {.open = 29}))
          .empty());
  EXPECT_TRUE(FindLeaks(CountsOf({.open = 400, .won = 300, .lost = 300}, LeakField::kSegment,
                                 {.open = 400, .won = 300, .lost = 300}))
                  .empty());
}

// Blanks that have nothing to do with the outcome: no more false alarms than promised.
TEST(FindLeaks, FalseAlarmsAreRare) {
  Random random(7);
  int alarms = 0;
  constexpr int kTenants = 4000;
  for (int tenant = 0; tenant < kTenants; ++tenant) {
    BlankCounts counts;
    counts.all = {.open = 30 + static_cast<int64_t>(random.Below(100)),
                  .won = 30 + static_cast<int64_t>(random.Below(100)),
                  .lost = 30 + static_cast<int64_t>(random.Below(100))};
    for (FieldBlanks& blank : counts.blank) {
      const double share = random.Uniform();
      const auto draw = [&](int64_t n) {
        int64_t blanks = 0;
        for (; n > 0; --n) blanks += random.Uniform() < share;
        return blanks;
      };
      blank = {draw(counts.all.open), draw(counts.all.won), draw(counts.all.lost)};
    }
    alarms += FindLeaks(counts).empty() ? 0 : 1;
  }
  EXPECT_LE(alarms, kTenants / 100);
}

}  // namespace
}  // namespace gtm::forecasting::domain
