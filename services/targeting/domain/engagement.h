#pragma once
// What the touches of an account, or of one person, amount to (TG-08, TG-12).
//
// Only what the buyer does shows the buyer's interest: touches of direction inbound or
// mutual, and those without a direction unless they are an e-mail, a message or a sponsor
// touch. A touch of p points that is d days old is worth p * 2^(-d / half_life), rounded
// to a millionth; the sum does not depend on the order of the touches.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "common/book/facts.h"

namespace gtm::targeting::domain {

struct EngagementRule;

struct EngagementMeasure {
  int64_t recent_micropoints = 0;              // points with their half-life, in millionths
  int64_t active_contact_count = 0;            // people who acted in the active window
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
  std::vector<uint32_t> active_;
};

}  // namespace gtm::targeting::domain
