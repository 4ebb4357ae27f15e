#pragma once
// How fast deals move, and what correlates with winning, as tables. Pure: tested with fixed
// answers.

#include "gtm/forecasting/v1/content.pb.h"
#include "gtm/forecasting/v1/velocity.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// `by_clock`: ages since the velocity clock started instead of pipeline entry.
void PrintVelocity(const forecasting::v1::GetVelocityResponse& answer, bool by_clock,
                   Printer* printer);
// Without `everything` only items with a correlation.
void PrintCorrelations(const forecasting::v1::CorrelateContentResponse& answer, bool everything,
                       Printer* printer);

}  // namespace gtm::cli
