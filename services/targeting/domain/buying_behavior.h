#pragma once
// How buyers buy (BE-01, BE-02, BE-10): how much of it alone, whether those with enablement end
// better, and whether those who leave at once are those who do not fit. Counts of what is
// recorded; comparisons are correlation, never cause. The terms are those of
// gtm/targeting/v1/buying.proto.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/stats/intervals.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/compare.h"

namespace gtm::targeting::domain {

inline constexpr int kWayDaysMax = 730;      // that the way to a purchase is looked back
inline constexpr int kEnablementDays = 365;  // before a deal qualified
inline constexpr int kKeptDays = 365;        // that a customer stays for a purchase of quality
inline constexpr double kMostlyAlone = 0.7;  // of the time (BE-01)
inline constexpr int kVisitGapMinutes = 30;  // between two acts of one visit

// Each purchase by how far its way had gone at the first conversation, 0 to 1.
struct SelfDirectedBuying {
  std::vector<double> time_shares;  // rising
  std::vector<double> act_shares;   // rising
  int64_t untouched_purchases = 0;
  Rate mostly_alone;
  Rate without_conversation;
};

// One rate with and without.
struct Contrast {
  Rate with;
  Rate without;
  // Both have a case.
  bool has_both() const { return with.trials > 0 && without.trials > 0; }
};
struct EnablementEffect {
  Contrast won;
  std::optional<Contrast> kept;  // where revenue is recorded
  int64_t open_deals = 0;
};

// Who came first in the span, and who bounced.
struct Bounces {
  Rate targets;
  Rate undecided;
  Rate others;
  Rate unknown;  // visitors without an account
};

struct BuyingBehavior {
  SelfDirectedBuying self_directed;
  EnablementEffect enablement;
  Bounces bounces;
};

// Ids of content that is enablement besides tools.
using ContentIds = std::set<std::string, std::less<>>;

// O(accounts + touches). Errors: those of `check_alive`.
Result<BuyingBehavior> MeasureBuying(const Audience& audience, const book::BookView& view,
                                     const TimeSpan& span, const ContentIds& enablement,
                                     const CheckAlive& check_alive);

}  // namespace gtm::targeting::domain
