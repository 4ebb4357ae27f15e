#include "common/stats/life_table.h"

#include <cmath>

#include "common/core/random.h"
#include "gtest/gtest.h"

namespace gtm::stats {
namespace {

// Freireich et al. (1963), remission under 6-mercaptopurine: the classic Kaplan-Meier
// example. Events at 6 6 6 7 10 13 16 22 23, censored at 6 9 10 11 17 19 20 25 32 32 34 35.
TEST(AalenJohansen, AgreesWithFreireich1963) {
  std::vector<LifeSpan> spans;
  for (int age : {6, 6, 6, 7, 10, 13, 16, 22, 23}) spans.push_back({0, 0, age, 0});
  for (int age : {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}) spans.push_back({0, 0, age, -1});
  const CumulativeIncidence result = AalenJohansen(spans, 36, 1);
  EXPECT_NEAR(result.survival[5], 1.0, 1e-12);
  EXPECT_NEAR(result.survival[6], 0.857, 5e-4);
  EXPECT_NEAR(result.survival[7], 0.807, 5e-4);
  EXPECT_NEAR(result.survival[10], 0.753, 5e-4);
  EXPECT_NEAR(result.survival[13], 0.690, 5e-4);
  EXPECT_NEAR(result.survival[16], 0.627, 5e-4);
  EXPECT_NEAR(result.survival[22], 0.538, 5e-4);
  EXPECT_NEAR(result.survival[23], 0.448, 5e-4);
  EXPECT_NEAR(result.share[0][35] + result.survival[35], 1.0, 1e-12);
}

TEST(AalenJohansen, DelayedEntryIsNotAtRiskBefore) {
  // One event at age 2 of two at risk there; the second enters at age 2.
  const CumulativeIncidence result = AalenJohansen({{0, 0, 2, 0}, {0, 2, 5, -1}}, 6, 1);
  EXPECT_DOUBLE_EQ(result.survival[1], 1);
  EXPECT_DOUBLE_EQ(result.survival[2], 0.5);
}

TEST(CountLives, SplitsExposureByAgeAndPosition) {
  // Born on day 10, at risk on days 12..21, leaves on day 21 by cause 1.
  const std::vector<CalendarSegment> segments = {{0, 0, 1.0}, {15, 1, 0.5}};
  const LifeTable table = CountLives({{10, 12, 21, 1}}, {0, 8}, segments, 2, 2);
  EXPECT_DOUBLE_EQ(table.exposure_at(0, 0), 3);          // days 12, 13, 14
  EXPECT_DOUBLE_EQ(table.exposure_at(0, 1), 1.5);        // 15, 16, 17 at half weight
  EXPECT_DOUBLE_EQ(table.exposure_at(1, 1), 3.5 * 0.5);  // 18..20 and half of 21
  EXPECT_DOUBLE_EQ(table.events_at(1, 1, 1), 0.5);
  EXPECT_DOUBLE_EQ(table.total_events(0), 0);
}

TEST(EdgesByEvents, SharesEventsAndEndsAfterTheLast) {
  std::vector<int32_t> ages;
  for (int age = 0; age < 100; ++age) ages.push_back(age);
  EXPECT_EQ(EdgesByEvents(ages, 25, 24), (std::vector<int32_t>{0, 25, 50, 75, 100}));
  EXPECT_EQ(EdgesByEvents({5}, 10, 24), (std::vector<int32_t>{0, 6}));
  EXPECT_EQ(EdgesByEvents({}, 10, 24), (std::vector<int32_t>{0}));
}

// Constant rates, watched from the middle and censored: the table finds them again.
TEST(CountLives, RecoversRatesUnderDelayedEntryAndCensoring) {
  Random random(11);
  std::vector<LifeSpan> spans;
  const double rate_a = 0.02, rate_b = 0.01;
  for (int i = 0; i < 20'000; ++i) {
    const int32_t birth = static_cast<int32_t>(random.Below(400));
    const double life = random.Exponential() / (rate_a + rate_b);
    const int8_t cause = random.Uniform() < rate_a / (rate_a + rate_b) ? 0 : 1;
    const int32_t end = birth + static_cast<int32_t>(life);
    if (end < 200) continue;  // left before anybody watched
    spans.push_back({birth, std::max(birth, 200), std::min(end, 500),
                     end <= 500 ? cause : static_cast<int8_t>(-1)});
  }
  const LifeTable table = CountLives(spans, {0}, {{0, 0, 1}}, 1, 2);
  EXPECT_NEAR(table.total_events(0) / table.total_exposure(), rate_a, 0.0006);
  EXPECT_NEAR(table.total_events(1) / table.total_exposure(), rate_b, 0.0004);
}

}  // namespace
}  // namespace gtm::stats
