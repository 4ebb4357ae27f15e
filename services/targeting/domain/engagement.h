#pragma once
// What the touches of an account, or of one person, amount to (TG-08, TG-12).
//
// Only what the buyer does shows the buyer's interest: touches of direction inbound or
// mutual, and those without a direction unless they are an e-mail, a message or a sponsor
// touch. A touch of p points that is d days old is worth p * 2^(-d / half_life), rounded
// to a millionth. Where the rule has a cap, the points of one person on one day (of UTC), in
// the order of the touches, count up to it (C18); touches that name nobody are of one person
// together.
//
// Who a touch names is often not known, for privacy or otherwise: then so many people or more
// have acted.

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/book/facts.h"

namespace gtm::targeting::domain {

struct EngagementRule;

struct EngagementMeasure {
  int64_t recent_micropoints = 0;              // points with their half-life, in millionths
  int64_t active_contact_count = 0;            // people known to have acted in the active window
  bool has_unnamed_touches = false;            // in it: more people may have acted
  int64_t touch_count = 0;                     // touches in the active window
  std::optional<int64_t> last_touch_age_days;  // whole days; absent without a touch
  friend bool operator==(const EngagementMeasure&, const EngagementMeasure&) = default;
};

// The buyer acted, alone or with us.
bool IsBuyerTouch(const book::EngagementEvent& event);

// Measures touches; keeps its scratch memory, so that measuring many accounts does not
// allocate for each. Not thread-safe.
class EngagementMeter {
 public:
  EngagementMeter(const EngagementRule& rule, absl::Time as_of);
  // Touches after as_of do not count. With `only`, touches of that person alone.
  EngagementMeasure Measure(std::span<const book::EngagementEvent> events,
                            std::optional<book::ContactRow> only = std::nullopt);

 private:
  const EngagementRule& rule_;
  int64_t as_of_s_;
  // Of a touch of so many points, those that the cap leaves.
  int64_t Capped(const book::EngagementEvent& event, int64_t points);

  std::vector<uint32_t> active_;
  int64_t day_ = 0;                                       // that day_points_ are of
  std::vector<std::pair<uint32_t, int64_t>> day_points_;  // by contact
};

}  // namespace gtm::targeting::domain
