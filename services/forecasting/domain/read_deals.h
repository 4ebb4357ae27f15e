#pragma once
// From the Book to the table. Everything that the model reads passes through here, and
// nothing that happened after the instant gets in: this is the time fence of the service.

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/result.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// Reads the table at an instant. An open deal that was recorded unusually late (AgesFromRecord)
// entered the pipeline when it was first recorded, so that nobody ages a deal by a date. Amounts of
// won deals are converted with the rate of the day of winning, of open ones with today's. Error:
// EXCHANGE_RATE_MISSING.
Result<DealTable> DealsAt(const book::BookView& view, absl::Time as_of);

// The times at which DealsAt reads the same deals as at `as_of`, within its half hour: from the
// last dated event at or before it until the next one. Whatever else the fence comes to read
// must be looked at here, too.
struct Unchanged {
  absl::Time since = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  bool contains(absl::Time time) const { return since <= time && time < until; }
};
Unchanged UnchangedAround(const book::BookView& view, absl::Time as_of);

}  // namespace gtm::forecasting::domain
