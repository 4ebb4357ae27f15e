#pragma once
// Did deals whose warning was cleared do better (C17)? Measured on the tenant's own past,
// as an association: what clears a warning also happens more to deals that go well.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "common/core/result.h"
#include "services/forecasting/domain/deal_warnings.h"

namespace gtm::forecasting::domain {

// The past is looked at every two weeks, for a year at most. A warning has one such step to
// be cleared, and then the deal has 90 days to be won.
inline constexpr int kCoachingStepDays = 14;
inline constexpr int kCoachingStepsMax = 26;
inline constexpr int kCoachingOutcomeDays = 90;
// Matched deals on either side, and wins in all, that a statement needs.
inline constexpr int64_t kCoachingDealsMin = 20;
inline constexpr int64_t kCoachingWinsMin = 5;

// What was known at an instant.
struct PastView {
  DealTable table;
  PipelineFacts facts;
};
using PastAt = std::function<Result<PastView>(absl::Time as_of)>;

// Deals under one type of warning, matched by stage and age at the time of the warning.
struct CoachingEffect {
  DealWarningType type;
  // Deals still open at the end of the step, by whether the warning was gone by then.
  int64_t cleared_count = 0, cleared_won_count = 0;
  int64_t kept_count = 0, kept_won_count = 0;
  // Of them, in a group of equal stage and age with deals on either side.
  int64_t matched_count = 0;
  // Share won of cleared less share won of kept within the groups (Mantel and Haenszel),
  // with the 95 % interval of Greenland and Robins. Absent without a group.
  std::optional<double> difference;
  double low = -1, high = 1;
  bool is_enough = false;
};

// By type; only types that touches, dates and amounts decide, since what has no date of its
// own is known as it is today. Each deal counts once a type, at its first warning. Deals
// closed before the end of the step count nowhere: they had no time to be coached. Error:
// what `past_at` says.
Result<std::vector<CoachingEffect>> MeasureCoaching(const DealTable& now, const PastAt& past_at,
                                                    const InterrogationRules& rules);

}  // namespace gtm::forecasting::domain
