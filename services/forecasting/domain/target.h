#pragma once
// What a period is wanted to bring.

#include <cstdint>
#include <optional>

#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

struct Target {
  int64_t micros = 0;
  int quota_count = 0;  // sellers that it is the sum of; 0 where the caller gave it
  bool from_quotas = false;
};

// The sum of the quotas of all sellers (of the selected owner), each with the share of
// its days that lies in `days`. None without any such quota, and for a segment: quotas
// belong to people. Amounts are converted with the rate of `rate_day`.
// Error: EXCHANGE_RATE_MISSING.
Result<std::optional<Target>> TargetFromQuotas(const book::BookView& view, const DayRange& days,
                                               const Selection& selection, absl::CivilDay rate_day);

}  // namespace gtm::forecasting::domain
