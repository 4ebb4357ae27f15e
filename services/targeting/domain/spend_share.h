#pragma once
// Money spent over some days (TG-14, TG-23): each amount is spread evenly over its own days.

#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"

namespace gtm::targeting::domain {

// The part of a spend that falls on `days`, in the reporting currency with the rate of its
// first day: amount * common days / days, in micros, rounded half to even. 0 where no day is
// common. Errors: EXCHANGE_RATE_MISSING; INVALID_FIELDS beyond the range of money.
Result<int64_t> SpendMicrosOn(const crm::v1::Spend& spend, const DayRange& days,
                              const book::BookView& view);
// So many of a count over some days: count * common days / days, rounded half to even.
int64_t CountOn(int64_t count, const DayRange& counted, const DayRange& days);
// The days of two dates; empty (end = start) where they are not in order.
DayRange DaysBetween(const type::v1::Date& start, const type::v1::Date& end);
// Days that both have; empty where none.
DayRange CommonDays(const DayRange& a, const DayRange& b);

}  // namespace gtm::targeting::domain
