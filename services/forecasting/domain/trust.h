#pragma once
// How far a deal's record can be trusted (C18): signs that it was made to look better than
// what the buyer did.

#include <string>
#include <vector>

#include "services/forecasting/domain/evidence.h"

namespace gtm::forecasting::domain {

// Engagement without any buyer response, stage jumps and moved close dates on one open deal
// in five may move the mean of a forecast by at most this share. Held by a test on the real
// model: whatever it learns from evidence must rest on IsBuyerTouch (touch.h).
inline constexpr double kGamingEpsilon = 0.02;

// Numbers as in gtm.forecasting.v1.TrustReason.Type.
enum class DoubtType : uint8_t {
  kNoBuyerResponse = 1,   // we act, the buyer never does
  kSilentRecipients = 2,  // most of the people touched never acted: copied in only
  kCloseDatePushed = 3,
  kLastMinutePush = 4,  // moved within days of the date, again and again
  kStagesSkipped = 5,
  kStagesInOneDay = 6,
  kLateCreated = 7,     // created and late in the process within days
  kAmountInflated = 8,  // raised shortly before the instant
  // First recorded long after it is said to have been created, which is rare for the tenant.
  // Only the first record tells: a stage that is added later with a date of the past leaves no
  // trace in today's records.
  kBackdated = 9,
  // Won, or in its last stage, within a day of creation, which is rare for the tenant, whose
  // usual deal takes much longer. Stands in for kLateCreated.
  kWonOnDayOfCreation = 10,
};

// A sign that is judged by what is usual for the tenant is one where at most 5 % of the
// tenant's other deals are alike, with 95 % confidence (IsRare, stuck.h): that takes 59 of
// them. Half of the tenant's won deals must have taken at least kUsualDaysMin days.
inline constexpr int32_t kDayOfCreationDays = 1;
inline constexpr int32_t kUsualDaysMin = 10;

struct Doubt {
  DoubtType type;
  double weight = 1;  // 0 to 1: what is left of the trust
  std::string message;
};

struct Trust {
  double weight = 1;          // product over the doubts
  std::vector<Doubt> doubts;  // by type
  // Signs that are there, while the tenant has too few deals to say whether they are unusual.
  std::vector<DoubtType> unjudged;
};

Trust JudgeTrust(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal);

// Of a win: kBackdated and kWonOnDayOfCreation alone.
Trust JudgeWin(const DealTable& table, const PipelineFacts& facts, const WinFacts& win);

// A later date, set while the earlier one was the expected one.
int CountPushes(const DealFacts& deal);

}  // namespace gtm::forecasting::domain
