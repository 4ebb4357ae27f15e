#pragma once
// Pipeline against the target that is left (FC-04).

#include <cstdint>
#include <optional>

#include "common/core/fiscal_calendar.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// Below 2 times the remaining target: ramp lead generation. Up to 3: in range.
inline constexpr int64_t kRampBelowPermille = 2000;
inline constexpr int64_t kAbovePermille = 3000;

enum class CoverageStatus {
  kRamp = 1,
  kInRange = 2,
  kAbove = 3,
  kTargetReached = 4,
  kNoTarget = 5
};

struct Coverage {
  CoverageStatus status = CoverageStatus::kNoTarget;
  std::optional<double> ratio;
  int64_t pipeline_micros = 0;
  int64_t live_micros = 0;   // not older than anything that ever closed
  int64_t dated_micros = 0;  // expected to close within the period
  int64_t pipeline_count = 0;
  int64_t stage_zero_count = 0;
  int64_t won_micros = 0;
  int64_t remaining_micros = 0;
  int64_t shortfall_micros = 0;  // to a coverage of 2
};

// D3: pipeline of 1.9, 2.0, 3.0 and 3.1 times the target: ramp, in range, in range,
// above. The gates are compared exactly, never as rounded ratios.
Coverage MeasureCoverage(const DealTable& table, const CloseRates& rates, const DayRange& days,
                         const Selection& selection, std::optional<int64_t> target_micros);

// An open deal older than anything that ever closed, where enough deals have closed to
// say so.
bool IsStale(const DealTable& table, const CloseRates& rates, const Deal& deal);

}  // namespace gtm::forecasting::domain
