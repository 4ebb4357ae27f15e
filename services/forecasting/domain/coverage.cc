#include "services/forecasting/domain/coverage.h"

#include <algorithm>

namespace gtm::forecasting::domain {
namespace {

// Closed deals without which no age is called too old.
constexpr int64_t kStaleEvidenceMin = 20;

CoverageStatus StatusOf(int64_t pipeline_micros, int64_t remaining_micros) {
  const auto pipeline = static_cast<__int128>(pipeline_micros) * 1000;
  if (pipeline < static_cast<__int128>(remaining_micros) * kRampBelowPermille) {
    return CoverageStatus::kRamp;
  }
  if (pipeline > static_cast<__int128>(remaining_micros) * kAbovePermille) {
    return CoverageStatus::kAbove;
  }
  return CoverageStatus::kInRange;
}

}  // namespace

bool IsStale(const DealTable& table, const CloseRates& rates, const Deal& deal) {
  return deal.outcome == Outcome::kOpen &&
         rates.won_count + rates.lost_count >= kStaleEvidenceMin &&
         table.age_days(deal) > rates.oldest_closed_age;
}

Coverage MeasureCoverage(const DealTable& table, const CloseRates& rates, const DayRange& days,
                         const Selection& selection, std::optional<int64_t> target_micros) {
  Coverage coverage;
  for (const Deal& deal : table.deals) {
    if (!selection.Holds(deal)) continue;
    const int64_t amount = deal.amount_micros.value_or(0);
    if (deal.outcome == Outcome::kWon && days.contains(DayAt(deal.closed_day))) {
      coverage.won_micros = AddClamped(coverage.won_micros, amount);
    }
    if (deal.outcome != Outcome::kOpen) continue;
    ++coverage.pipeline_count;
    coverage.pipeline_micros = AddClamped(coverage.pipeline_micros, amount);
    if (!IsStale(table, rates, deal))
      coverage.live_micros = AddClamped(coverage.live_micros, amount);
    if (deal.expected_close_day && days.contains(DayAt(*deal.expected_close_day))) {
      coverage.dated_micros = AddClamped(coverage.dated_micros, amount);
    }
  }
  for (const StageZeroDeal& deal : table.stage_zero) {
    coverage.stage_zero_count += selection.Holds(deal.owner_seller_id, deal.segment);
  }
  if (!target_micros) return coverage;
  coverage.remaining_micros = std::max<int64_t>(0, *target_micros - coverage.won_micros);
  if (coverage.remaining_micros == 0) {
    coverage.status = CoverageStatus::kTargetReached;
    return coverage;
  }
  coverage.status = StatusOf(coverage.pipeline_micros, coverage.remaining_micros);
  coverage.ratio = static_cast<double>(coverage.pipeline_micros) /
                   static_cast<double>(coverage.remaining_micros);
  const auto missing =
      static_cast<__int128>(coverage.remaining_micros) * kRampBelowPermille / 1000 -
      coverage.pipeline_micros;
  coverage.shortfall_micros = static_cast<int64_t>(std::max<__int128>(0, missing));
  return coverage;
}

}  // namespace gtm::forecasting::domain
