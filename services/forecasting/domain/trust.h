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
};

struct Doubt {
  DoubtType type;
  double weight = 1;  // 0 to 1: what is left of the trust
  std::string message;
};

struct Trust {
  double weight = 1;  // product over the doubts
  std::vector<Doubt> doubts;
};

Trust JudgeTrust(const DealTable& table, const PipelineFacts& facts, const DealFacts& deal);

// A later date, set while the earlier one was the expected one.
int CountPushes(const DealFacts& deal);

}  // namespace gtm::forecasting::domain
