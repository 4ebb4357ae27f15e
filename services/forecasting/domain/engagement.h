#pragma once
// How engaged the buyer is with a deal, in few levels, day by day: the evidence of FC-14
// (activity), FC-16 and FC-20 (people), FC-17 and FC-18 (negotiation, legal and security
// review), FC-15 and FC-21 (the account speeds up or slows down), FC-22 (somebody sells inside)
// and FC-12 (a reason to act now) in the form that the model learns from. Only what the buyer
// does counts (IsBuyerTouch), and what happened to the buyer: what we send, or state of a deal,
// moves no forecast (C18). So a champion is known by sharing inside, not by being named, and
// the answers of FC-12 that carry no date (urgency, value) are for the interrogation only.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "services/forecasting/domain/touch.h"

namespace gtm::forecasting::domain {

// Days with an act of the buyer within the last kActivityDays: 0, 1, 2 to 4, 5 or more.
// People who acted within the last kPeopleDays: nobody known, 1, 2, 3 or more.
// Review, ever: none, negotiation or proposal, legal or security.
// Trend of the account, see EngagementTrend.
// Inside: shares are not recorded, none within the last kPeopleDays, some.
// Trigger: such events are not recorded, none within the last kTriggerDays, some.
enum class EngagementFeature : uint8_t {
  kActivity = 0,
  kPeople = 1,
  kReview = 2,
  kTrend = 3,
  kInside = 4,
  kTrigger = 5,
};
inline constexpr int kEngagementFeatureCount = 6;
inline constexpr std::array<int, kEngagementFeatureCount> kEngagementLevelCount = {4, 4, 3,
                                                                                   4, 3, 3};
inline constexpr int kActivityDays = 28;
inline constexpr int kPeopleDays = 90;
// A trigger event is a reason to act now for so long.
inline constexpr int kTriggerDays = 365;

// Days with an act of anybody of the account, for whatever deal, within the last kActivityDays
// against the kTrendEarlierDays before: more than half as many again, or less than two thirds,
// after two days a span were added to both for chance. Not a verdict beyond noise, as TrendOf
// gives: the model learns what it is worth. In the contract stage engagement falls by itself (D15)
// and is steady.
enum class EngagementTrend : uint8_t {
  kUnknown = 0,  // the account has not been known for kTrendKnownDays
  kSteady = 1,
  kAccelerating = 2,
  kDecelerating = 3,
};
inline constexpr int kTrendEarlierDays = 84;
inline constexpr int kTrendKnownDays = 2 * kActivityDays;

// One level of each feature.
struct EngagementLevels {
  int activity = 0;
  int people = 0;
  int review = 0;
  EngagementTrend trend = EngagementTrend::kUnknown;
  int inside = 0;
  int trigger = 0;
};
// The levels, packed. 0: unknown, because nobody recorded engagement then.
using EngagementState = uint16_t;
inline constexpr int kEngagementStateCount = 1 + 4 * 4 * 3 * 4 * 3 * 3;
constexpr EngagementState StateOf(const EngagementLevels& levels) {
  const std::array<int, kEngagementFeatureCount> of = {
      levels.activity, levels.people, levels.review, static_cast<int>(levels.trend),
      levels.inside,   levels.trigger};
  int code = 0;
  for (size_t f = kEngagementFeatureCount; f-- > 0;) code = code * kEngagementLevelCount[f] + of[f];
  return static_cast<EngagementState>(1 + code);
}
// `state` must be known.
constexpr int LevelOf(EngagementState state, EngagementFeature feature) {
  int code = state - 1;
  for (size_t f = 0; f < static_cast<size_t>(feature); ++f) code /= kEngagementLevelCount[f];
  return code % kEngagementLevelCount[static_cast<size_t>(feature)];
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

// Not before any day.
inline constexpr int32_t kNotRecorded = INT32_MAX;

// The days on which the tenant began to record each kind of evidence.
struct RecordedFrom {
  int32_t acts = kNotRecorded;
  int32_t shares = kNotRecorded;
  int32_t triggers = kNotRecorded;
};

// What is known of the buyer of one deal.
struct BuyerTimeline {
  std::span<const BuyerAct> acts;         // that count for the deal, by day
  std::span<const int32_t> account_days;  // with an act for whatever deal; rising, each once
  std::span<const int32_t> trigger_days;  // of events that make the account act now; rising
  int32_t contract_day = kNotRecorded;    // the deal entered its first contract stage
};

// All changes of a deal that was open from `first_day` to `last_day`, by day. What is later than
// a day tells nothing about it. Before kActivityDays have passed since acts were recorded,
// nothing is known.
std::vector<EngagementChange> FollowEngagement(const BuyerTimeline& buyer, int32_t first_day,
                                               int32_t last_day, const RecordedFrom& from);

// The state at the end of a day.
EngagementState StateAt(std::span<const EngagementChange> changes, int32_t day);

}  // namespace gtm::forecasting::domain
