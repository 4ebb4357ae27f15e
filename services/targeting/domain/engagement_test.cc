#include "services/targeting/domain/engagement.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/core/random.h"
#include "services/targeting/domain/definition.h"

namespace gtm::targeting::domain {
namespace {

constexpr uint8_t kEmail = 2;
constexpr uint8_t kMeeting = 8;
constexpr uint8_t kSponsorTouch = 21;
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

book::EngagementEvent Touch(int days_ago, uint8_t type = kMeeting, uint8_t direction = 1,
                            uint32_t contact = 1) {
  book::EngagementEvent event;
  event.time_s = absl::ToUnixSeconds(kNow) - days_ago * 86'400;
  event.type = type;
  event.direction = direction;
  event.contact = static_cast<book::ContactRow>(contact);
  return event;
}

EngagementMeasure Measure(std::vector<book::EngagementEvent> events, EngagementRule rule = {},
                          std::optional<book::ContactRow> only = {}) {
  return EngagementMeter(rule, kNow).Measure(events, only);
}

TEST(MeasureEngagement, HalvesATouchWithEveryHalfLife) {
  EXPECT_EQ(Measure({Touch(0)}).recent_micropoints, 1'000'000);
  EXPECT_EQ(Measure({Touch(14)}).recent_micropoints, 500'000);
  EXPECT_EQ(Measure({Touch(28)}).recent_micropoints, 250'000);
  EngagementRule rule;
  rule.half_life_days = 7;
  rule.touch_points[kMeeting] = 8;
  EXPECT_EQ(Measure({Touch(21), Touch(7)}, rule).recent_micropoints, 1'000'000 + 4'000'000);
}

// What is left out for its age would have rounded to nothing, to the micropoint.
TEST(MeasureEngagement, CountsEveryMicropointThatIsLeft) {
  EngagementRule rule;
  rule.half_life_days = 1;
  for (const int32_t points : {1, 64, 65, 10'000}) {
    rule.touch_points[kMeeting] = points;
    for (int days_ago = 0; days_ago < 45; ++days_ago) {
      EXPECT_EQ(Measure({Touch(days_ago)}, rule).recent_micropoints,
                std::llround(points * 1e6 * std::exp2(-days_ago)))
          << points << " points, " << days_ago << " days ago";
    }
  }
}

TEST(MeasureEngagement, CountsOnlyWhatTheBuyerDoes) {  // C18
  EXPECT_EQ(Measure({Touch(0, kMeeting, 2)}).recent_micropoints, 0) << "outbound";
  EXPECT_EQ(Measure({Touch(0, kMeeting, 3)}).recent_micropoints, 1'000'000) << "mutual";
  EXPECT_EQ(Measure({Touch(0, kMeeting, 0)}).recent_micropoints, 1'000'000) << "unknown";
  EXPECT_EQ(Measure({Touch(0, kEmail, 0)}).recent_micropoints, 0) << "an e-mail, who knows";
  EXPECT_EQ(Measure({Touch(0, kEmail, 1)}).recent_micropoints, 1'000'000) << "an answer";
  EXPECT_EQ(Measure({Touch(0, kSponsorTouch, 0)}).recent_micropoints, 0);
}

TEST(MeasureEngagement, CountsPeopleOnceAndOnlyInTheWindow) {
  const EngagementMeasure measure =
      Measure({Touch(90, kMeeting, 1, 3), Touch(89, kMeeting, 1, 1), Touch(3, kMeeting, 1, 2),
               Touch(2, kMeeting, 1, 1), Touch(1, kMeeting, 1, book::kNoRow)});
  EXPECT_EQ(measure.active_contact_count, 2) << "90 days ago is outside";
  EXPECT_EQ(measure.touch_count, 4);
  EXPECT_EQ(measure.last_touch_age_days, 1);
  EXPECT_TRUE(measure.has_unnamed_touches) << "it may have been a third person";
  EXPECT_FALSE(Measure({Touch(95, kMeeting, 1, book::kNoRow), Touch(1)}).has_unnamed_touches);
}

// C18: nobody makes an account look engaged by logging much at once.
TEST(MeasureEngagement, CapsWhatOnePersonCountsOnADay) {
  EngagementRule rule;
  rule.half_life_days = 1;
  rule.touch_points[kMeeting] = 3;
  rule.person_day_points_max = 10;
  const auto touch = [](int days_ago, uint16_t count, uint32_t contact) {
    book::EngagementEvent event = Touch(days_ago, kMeeting, 3, contact);
    event.count = count;
    return event;
  };
  // 9 of 9, then 1 of 60; another person has a day of its own, and so has another day.
  EXPECT_EQ(Measure({touch(0, 3, 1), touch(0, 20, 1)}, rule).recent_micropoints, 10'000'000);
  EXPECT_EQ(Measure({touch(0, 3, 1), touch(0, 3, 2)}, rule).recent_micropoints, 18'000'000);
  EXPECT_EQ(Measure({touch(1, 9, 1), touch(0, 9, 1)}, rule).recent_micropoints, 15'000'000);
  EXPECT_EQ(
      Measure({touch(0, 9, book::kNoRow), touch(0, 9, book::kNoRow)}, rule).recent_micropoints,
      10'000'000)
      << "nobody is one person";
  EXPECT_EQ(Measure({touch(0, 3, 1), touch(0, 20, 1)}, rule).touch_count, 23)
      << "they happened all the same";
  rule.person_day_points_max = 0;
  EXPECT_EQ(Measure({touch(0, 3, 1), touch(0, 20, 1)}, rule).recent_micropoints, 69'000'000);
}

// However much is made up for one person on one day, the points rise by the cap at most.
TEST(MeasureEngagement, MadeUpTouchesMoveItByTheCapAtMost) {
  Random random(18);
  for (int round = 0; round < 300; ++round) {
    EngagementRule rule;
    rule.half_life_days = 1 + static_cast<int>(random.Below(60));
    rule.person_day_points_max = 1 + static_cast<int64_t>(random.Below(50));
    std::vector<book::EngagementEvent> honest, all;
    for (int day = 80; day >= 0; --day) {
      for (uint64_t i = random.Below(3); i > 0; --i) {
        honest.push_back(Touch(day, kMeeting, 1, static_cast<uint32_t>(random.Below(4))));
        all.push_back(honest.back());
      }
      if (day != 40) continue;
      for (uint64_t i = 1 + random.Below(30); i > 0; --i) {
        all.push_back(Touch(day, kMeeting, 3, 2));
        all.back().count = static_cast<uint16_t>(1 + random.Below(60'000));
      }
    }
    const int64_t before = Measure(honest, rule).recent_micropoints;
    const int64_t after = Measure(all, rule).recent_micropoints;
    EXPECT_GE(after, before);
    EXPECT_LE(after - before, rule.person_day_points_max * 1'000'000 + 200);
  }
}

TEST(MeasureEngagement, KnowsNothingOfTheFuture) {
  const EngagementMeasure measure = Measure({Touch(5), Touch(-1)});
  EXPECT_EQ(measure.touch_count, 1);
  EXPECT_EQ(measure.last_touch_age_days, 5);
  EXPECT_EQ(Measure({}), EngagementMeasure{});
  EXPECT_FALSE(Measure({}).last_touch_age_days.has_value());
}

TEST(MeasureEngagement, MeasuresOnePersonAlone) {
  const auto only = static_cast<book::ContactRow>(2);
  EXPECT_EQ(Measure({Touch(1, kMeeting, 1, 1), Touch(0, kMeeting, 1, 2)}, {}, only).touch_count, 1);
}

// D18, TG-12: 7 to 11 people with 11 to 13 touches each are 77 to 143 touches.
TEST(MeasureEngagement, D18CountsTheTouchesOfABuyingGroup) {
  for (const auto& [people, touches, expected] : {std::tuple(7, 11, 77), std::tuple(11, 13, 143)}) {
    std::vector<book::EngagementEvent> events;
    for (int touch = 0; touch < touches; ++touch) {
      for (int person = 0; person < people; ++person) {
        events.push_back(Touch(touches - touch, kMeeting, 3, static_cast<uint32_t>(person)));
      }
    }
    const EngagementMeasure measure = Measure(events);
    EXPECT_EQ(measure.touch_count, expected);
    EXPECT_EQ(measure.active_contact_count, people);
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
