#pragma once
// Why a forecast is another one now: the difference of two forecasts of a period, deal by
// deal, as steps that sum exactly (FC-24).

#include <cstdint>
#include <string>
#include <vector>

#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// Numbers as in gtm.forecasting.v1.ForecastChangeStep.Kind, which says what each means.
enum class ChangeKind {
  kCreated = 1,
  kWon = 2,
  kLost = 3,
  kPulledIn = 4,
  kSlipped = 5,
  kAmountUp = 6,
  kAmountDown = 7,
  kStillOpen = 8,
  kNewBusiness = 9,
  kModel = 10,
  kRecords = 11,
};
inline constexpr int kChangeKindCount = 11;

// One deal in one step. Amounts in micros.
struct DealChange {
  std::string id;
  std::string owner_seller_id;
  int64_t older_micros = 0;  // what it brings to the older forecast
  int64_t newer_micros = 0;
  int64_t change_micros = 0;  // its part of the step
};

struct ChangeStep {
  ChangeKind kind = ChangeKind::kCreated;
  int64_t micros = 0;
  int64_t deal_count = 0;
  std::vector<DealChange> deals;  // the largest changes, then by id
};

// One of the two forecasts: how it comes out of today's records, and what was told.
struct ChangeSide {
  const DealTable& table;
  const Model& model;
  const PeriodForecast& forecast;  // of the table by the model
  int64_t told_mean_micros = 0;
};

// The steps by kind, all of them, with at most `deal_count_max` deals each. They sum to
// newer.told_mean_micros - older.told_mean_micros, as long as nothing is near the ends of
// int64. The older table must be of an earlier or the same instant, from the same records.
std::vector<ChangeStep> ExplainChange(const ChangeSide& older, const ChangeSide& newer,
                                      const DayRange& days, const Selection& selection,
                                      size_t deal_count_max);

}  // namespace gtm::forecasting::domain
