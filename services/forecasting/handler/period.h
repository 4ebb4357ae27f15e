#pragma once
// What a question of forecasting is about: its period, and what is wanted of it.

#include <optional>

#include "common/records_client/records_client.h"
#include "services/forecasting/domain/target.h"
#include "services/forecasting/handler/parse.h"

namespace gtm::forecasting::handler {

// The period asked, else the quarter of the table's day.
FiscalPeriod PeriodAt(const domain::DealTable& table, const std::optional<FiscalPeriod>& asked);

// Error: INVALID_FIELDS on "period" where it ends more than three years ahead.
Result<DayRange> DaysOf(const domain::DealTable& table, const FiscalPeriod& period);

// The target given, else the quotas. Error: EXCHANGE_RATE_MISSING.
Result<std::optional<domain::Target>> TargetOf(const records_client::Question& question,
                                               const domain::DealTable& table, const DayRange& days,
                                               const ForecastQuestion& asked);

}  // namespace gtm::forecasting::handler
