#include "services/forecasting/domain/touch.h"

namespace gtm::forecasting::domain {

bool IsBuyerTouch(TouchType type, TouchDirection direction) {
  switch (direction) {
    case TouchDirection::kInbound:
    case TouchDirection::kMutual:
      return true;
    case TouchDirection::kOutbound:
      return false;
    case TouchDirection::kUnknown:
      break;
  }
  switch (type) {
    case TouchType::kUnspecified:
    case TouchType::kEmail:
    case TouchType::kMessage:
    case TouchType::kChat:
    case TouchType::kSponsorTouch:
      return false;
    default:
      return true;
  }
}

}  // namespace gtm::forecasting::domain
