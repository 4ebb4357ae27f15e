#pragma once
// Cuts a Book view at an instant: the only place where growth reads the Book.

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/result.h"
#include "services/growth/domain/facts.h"

namespace gtm::growth::domain {

// Everything that had happened by `as_of`, in the reporting currency. Later movements,
// stage changes, hires, departures, quotas that still run, lead counts that are not
// closed and spend that has not begun are left out.
// Errors: EXCHANGE_RATE_MISSING.
Result<GrowthFacts> Gather(const book::BookView& view, absl::Time as_of);

}  // namespace gtm::growth::domain
