#include "services/targeting/domain/engagement.h"

#include <algorithm>
#include <cmath>

#include "services/targeting/domain/definition.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kDaySeconds = 86'400;

// After so many half-lives touches of at most so many points together round to nothing:
// 64,000,000 / 2^28 is 0.24 micropoints.
constexpr double kGoneHalfLives = 28;
constexpr int64_t kGonePointsMax = 64;

// Numbers of gtm.crm.v1.Engagement.
enum TouchType : uint8_t { kEmail = 2, kMessage = 3, kSponsorTouch = 21 };
enum Direction : uint8_t { kUnknown = 0, kInbound = 1, kOutbound = 2, kMutual = 3 };

}  // namespace

bool IsBuyerTouch(const book::EngagementEvent& event) {
  if (event.direction == kInbound || event.direction == kMutual) return true;
  return event.direction == kUnknown && event.type != kEmail && event.type != kMessage &&
         event.type != kSponsorTouch;
}

EngagementMeter::EngagementMeter(const EngagementRule& rule, absl::Time as_of)
    : rule_(rule), as_of_s_(absl::ToUnixSeconds(as_of)) {}

EngagementMeasure EngagementMeter::Measure(std::span<const book::EngagementEvent> events,
                                           std::optional<book::ContactRow> only) {
  EngagementMeasure measure;
  active_.clear();
  const double half_life_s = static_cast<double>(rule_.half_life_days) * kDaySeconds;
  const double gone_s = kGoneHalfLives * half_life_s;
  const int64_t window_s = rule_.active_window_days * kDaySeconds;
  for (const book::EngagementEvent& event : events) {
    if (event.time_s > as_of_s_) break;  // events come by rising time
    if (!IsBuyerTouch(event) || (only && event.contact != *only)) continue;
    const int64_t age_s = as_of_s_ - event.time_s;
    const int32_t points = event.type < kTouchTypeCount ? rule_.touch_points[event.type] : 1;
    const int64_t weight = int64_t{points} * event.count;
    const bool is_gone = static_cast<double>(age_s) > gone_s && weight <= kGonePointsMax;
    if (!is_gone) {
      const double decay = std::exp2(-static_cast<double>(age_s) / half_life_s);
      measure.recent_micropoints +=
          std::llround(static_cast<double>(points) * event.count * 1e6 * decay);
    }
    measure.last_touch_age_days = age_s / kDaySeconds;
    if (age_s >= window_s) continue;
    measure.touch_count += event.count;
    if (book::IsRow(event.contact)) active_.push_back(static_cast<uint32_t>(event.contact));
  }
  std::sort(active_.begin(), active_.end());
  measure.active_contact_count = std::unique(active_.begin(), active_.end()) - active_.begin();
  return measure;
}

}  // namespace gtm::targeting::domain
