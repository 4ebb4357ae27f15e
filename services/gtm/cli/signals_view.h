#pragma once
// Answers of the growth service as tables. Pure: tested with fixed answers.

#include "gtm/growth/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// `details`: gates and figures too.
void PrintSignals(const growth::v1::SignalReport& report, bool details, Printer* printer);
void PrintSeries(const growth::v1::ListSignalSeriesResponse& series, Printer* printer);
void PrintMovements(const growth::v1::GetRevenueMovementsResponse& movements, Printer* printer);

}  // namespace gtm::cli
