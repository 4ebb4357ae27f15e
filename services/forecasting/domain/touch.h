#pragma once
// One touch between a buyer and us, and whether it shows the buyer's interest.

#include <cstdint>

#include "absl/time/time.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.crm.v1.Engagement.Type.
enum class TouchType : uint8_t {
  kUnspecified = 0,
  kCall = 1,
  kEmail = 2,
  kMessage = 3,
  kWebVisit = 4,
  kContentRead = 5,
  kVideoWatch = 6,
  kInternalShare = 7,
  kMeeting = 8,
  kEvent = 9,
  kWebinar = 10,
  kAdClick = 11,
  kForm = 12,
  kChat = 13,
  kProductUse = 14,
  kEnablementTool = 15,
  kNegotiation = 16,
  kLegalReview = 17,
  kSecurityReview = 18,
  kProposalView = 19,
  kSupportTicket = 20,
  kSponsorTouch = 21,
};
inline constexpr int kTouchTypeCount = 22;

// Numbers as in gtm.crm.v1.Engagement.Direction.
enum class TouchDirection : uint8_t { kUnknown = 0, kInbound = 1, kOutbound = 2, kMutual = 3 };

// A row of the Book, used as a name within one reading. kNoOne: not told.
using RowNumber = uint32_t;
inline constexpr RowNumber kNoOne = UINT32_MAX;

struct DealTouch {
  absl::Time time;
  TouchType type = TouchType::kUnspecified;
  TouchDirection direction = TouchDirection::kUnknown;
  RowNumber contact = kNoOne;
  RowNumber opportunity = kNoOne;  // that it was recorded for
};

// Only what the buyer does, or takes part in, shows the buyer's interest (C18): what we
// send can be sent to anybody. Where the direction is unknown, types that only a buyer can
// do count; mails, messages and chats do not.
bool IsBuyerTouch(TouchType type, TouchDirection direction);
inline bool IsBuyerTouch(const DealTouch& touch) {
  return IsBuyerTouch(touch.type, touch.direction);
}

}  // namespace gtm::forecasting::domain
