#pragma once
// Price and close rate of a plan from the tenant's own last year (FC-02, TG-22).

#include <cstdint>

#include "common/stats/intervals.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

inline constexpr int kHistoryDays = 365;
// Won deals below which the mean price carries no verdict.
inline constexpr int64_t kPriceDealsMin = 10;

struct PlanDefaults {
  // Deals that closed in the last kHistoryDays days up to the instant.
  int64_t won_count = 0;
  int64_t closed_count = 0;
  // Of the won ones with an amount above 0: the mean, and Student's interval around it,
  // in micros, not below 0. 0 of none; of a single one the interval is infinite.
  int64_t priced_count = 0;
  int64_t price_micros = 0;
  stats::Interval price_interval;
  // Won over closed, rounded half up, in millionths; 0 without a won deal.
  int64_t close_rate_ppm = 0;
};

PlanDefaults LearnPlanDefaults(const DealTable& table, const Selection& selection);

}  // namespace gtm::forecasting::domain
