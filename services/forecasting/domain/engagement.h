#pragma once
// How engaged the buyer is with a deal, in few levels, day by day: the evidence of FC-14
// (activity), FC-16 and FC-20 (people), FC-17 and FC-18 (negotiation, legal and security
// review) in the form that the model learns from. Only what the buyer does counts
// (IsBuyerTouch): what we send moves no forecast (C18).

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "services/forecasting/domain/touch.h"

namespace gtm::forecasting::domain {

// Days with an act of the buyer within the last kActivityDays: 0, 1, 2 to 4, 5 or more.
// People who acted within the last kPeopleDays: nobody known, 1, 2, 3 or more.
// Review, ever: none, negotiation or proposal, legal or security.
enum class EngagementFeature : uint8_t { kActivity = 0, kPeople = 1, kReview = 2 };
inline constexpr int kEngagementFeatureCount = 3;
inline constexpr std::array<int, kEngagementFeatureCount> kEngagementLevelCount = {4, 4, 3};
inline constexpr int kActivityDays = 28;
inline constexpr int kPeopleDays = 90;

// One level of each feature, packed. 0: unknown, because nobody recorded engagement then.
using EngagementState = uint8_t;
inline constexpr int kEngagementStateCount = 1 + 4 * 4 * 3;
constexpr EngagementState StateOf(int activity, int people, int review) {
  return static_cast<EngagementState>(1 + activity + 4 * people + 16 * review);
}
// `state` must be known.
constexpr int LevelOf(EngagementState state, EngagementFeature feature) {
  const int code = state - 1;
  switch (feature) {
    case EngagementFeature::kActivity:
      return code % 4;
    case EngagementFeature::kPeople:
      return code / 4 % 4;
    case EngagementFeature::kReview:
      return code / 16;
  }
  return 0;
}

// An act of the buyer that counts for one deal.
struct BuyerAct {
  int32_t day = 0;  // DayNumber
  RowNumber contact = kNoOne;
  TouchType type = TouchType::kUnspecified;
  friend bool operator==(const BuyerAct&, const BuyerAct&) = default;
};

// A change of a deal's state, at the end of a day. Before the first of them nothing is known.
struct EngagementChange {
  int32_t day = 0;
  EngagementState state = 0;
  friend bool operator==(const EngagementChange&, const EngagementChange&) = default;
};

// All changes of a deal that was open from `first_day` to `last_day`, by day. `acts` by day;
// those after `last_day` are not read. `known_from` is the day on which the tenant began to
// record engagement: before kActivityDays have passed since, nothing is known.
std::vector<EngagementChange> FollowEngagement(std::span<const BuyerAct> acts, int32_t first_day,
                                               int32_t last_day, int32_t known_from);

// The state at the end of a day.
EngagementState StateAt(std::span<const EngagementChange> changes, int32_t day);

}  // namespace gtm::forecasting::domain
