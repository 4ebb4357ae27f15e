#pragma once
// What people call beside the model and beside what came. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintCallComparison(const forecasting::v1::CompareForecastCallsResponse& comparison,
                         Printer* printer);
void PrintCallSkills(const forecasting::v1::MeasureForecastCallsResponse& measured,
                     Printer* printer);

}  // namespace gtm::cli
