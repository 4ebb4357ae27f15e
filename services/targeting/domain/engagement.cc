#include "services/targeting/domain/engagement.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

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

constexpr double kHalvingsMax = 1'000;

// The nearest integer to x >= 0; std::llround is a call of the library.
int64_t Nearest(double x) {
  constexpr double kHalf = 0.5;
  return static_cast<int64_t>(x + kHalf);
}

// 2^-i/64.
std::array<double, 64> MakeHalvings() {
  std::array<double, 64> halvings{};
  for (size_t i = 0; i < halvings.size(); ++i) {
    halvings[i] = std::exp2(-static_cast<double>(i) / 64);
  }
  return halvings;
}

// 2^-x for x from 0 to 1,000, to 2 units in the last place; exact for whole x. Several times
// as fast as std::exp2: a table to 1/64, then a series for the rest of at most 1/128.
double Halved(double x) {
  static const std::array<double, 64> kHalvings = MakeHalvings();
  const int64_t whole = Nearest(x * 64);
  const double t = (static_cast<double>(whole) / 64 - x) * std::numbers::ln2;
  constexpr double kC2 = 1.0 / 2, kC3 = 1.0 / 6, kC4 = 1.0 / 24, kC5 = 1.0 / 120;  // 1 / n!
  const double rest = 1 + t * (1 + t * (kC2 + t * (kC3 + t * (kC4 + t * kC5))));
  const auto power = std::bit_cast<double>(static_cast<uint64_t>(1'023 - whole / 64) << 52);
  return kHalvings[static_cast<size_t>(whole % 64)] * rest * power;
}

}  // namespace

bool IsBuyerTouch(const book::EngagementEvent& event) {
  if (event.direction == kInbound || event.direction == kMutual) return true;
  return event.direction == kUnknown && event.type != kEmail && event.type != kMessage &&
         event.type != kSponsorTouch;
}

EngagementMeter::EngagementMeter(const EngagementRule& rule, absl::Time as_of)
    : rule_(rule), as_of_s_(absl::ToUnixSeconds(as_of)) {}

int64_t EngagementMeter::Capped(const book::EngagementEvent& event, int64_t points) {
  if (rule_.person_day_points_max == 0) return points;
  const int64_t day = event.time_s / kDaySeconds;
  if (day != day_) day_points_.clear();  // events come by rising time
  day_ = day;
  const auto contact = static_cast<uint32_t>(event.contact);
  auto used = std::find_if(day_points_.begin(), day_points_.end(),
                           [contact](const auto& entry) { return entry.first == contact; });
  if (used == day_points_.end()) used = day_points_.insert(used, {contact, 0});
  const int64_t counted = std::min(points, rule_.person_day_points_max - used->second);
  used->second += counted;
  return counted;
}

EngagementMeasure EngagementMeter::Measure(std::span<const book::EngagementEvent> events,
                                           std::optional<book::ContactRow> only) {
  EngagementMeasure measure;
  active_.clear();
  day_points_.clear();
  const double half_life_s = static_cast<double>(rule_.half_life_days) * kDaySeconds;
  const double gone_s = kGoneHalfLives * half_life_s;
  int64_t last_age_s = -1;
  const int64_t window_s = rule_.active_window_days * kDaySeconds;
  for (const book::EngagementEvent& event : events) {
    if (event.time_s > as_of_s_) break;  // events come by rising time
    if (!IsBuyerTouch(event) || (only && event.contact != *only)) continue;
    const int64_t age_s = as_of_s_ - event.time_s;
    const int32_t points = event.type < kTouchTypeCount ? rule_.touch_points[event.type] : 1;
    const int64_t weight = Capped(event, int64_t{points} * event.count);
    const bool is_gone = static_cast<double>(age_s) > gone_s && weight <= kGonePointsMax;
    if (!is_gone) {
      const double halvings = static_cast<double>(age_s) / half_life_s;
      const double decay = halvings <= kHalvingsMax ? Halved(halvings) : 0;
      measure.recent_micropoints += Nearest(static_cast<double>(weight) * 1e6 * decay);
    }
    last_age_s = age_s;
    if (age_s >= window_s) continue;
    measure.touch_count += event.count;
    if (book::IsRow(event.contact)) {
      active_.push_back(static_cast<uint32_t>(event.contact));
    } else {
      measure.has_unnamed_touches = true;
    }
  }
  if (last_age_s >= 0) measure.last_touch_age_days = last_age_s / kDaySeconds;
  std::sort(active_.begin(), active_.end());
  measure.active_contact_count = std::unique(active_.begin(), active_.end()) - active_.begin();
  return measure;
}

}  // namespace gtm::targeting::domain
