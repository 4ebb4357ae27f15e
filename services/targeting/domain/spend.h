#pragma once
// What going to market cost on some days (FC-01, TG-23).

#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"

namespace gtm::targeting::domain {

// All spend of the days, in the reporting currency at the rate of each spend's last day. An
// amount is spread evenly over its own days. Errors: EXCHANGE_RATE_MISSING, INVALID_FIELDS
// where the sum overflows.
Result<Money> SpendOn(const book::BookView& view, const DayRange& days);

}  // namespace gtm::targeting::domain
