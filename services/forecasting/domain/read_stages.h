#pragma once
// From a Book to what opportunities did in their stages, as it had happened by an instant.

#include <vector>

#include "common/book/book.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/velocity.h"

namespace gtm::forecasting::domain {

// Every stay in a stage that is neither won nor lost, of the selected opportunities. A stay
// goes forward where the next stage is later in the process, or won. Repeated entries into
// the same stage are one stay.
std::vector<StageVisit> StageVisitsAt(const book::BookView& view, const DealTable& table,
                                      const Selection& selection);

}  // namespace gtm::forecasting::domain
