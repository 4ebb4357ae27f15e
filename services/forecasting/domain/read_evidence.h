#pragma once
// The time fence of the interrogation: from the Book to facts as of the table's instant.

#include "common/book/book.h"
#include "services/forecasting/domain/evidence.h"

namespace gtm::forecasting::domain {

// Facts about the open deals of `table`, which was read from the same view. Nothing that
// happened after table.as_of is in them.
PipelineFacts ReadEvidence(const book::BookView& view, const DealTable& table);

// Days before the instant in which losses are looked at (FC-26).
inline constexpr int kLossDays = 365;

}  // namespace gtm::forecasting::domain
