#pragma once
// Answers of the forecasting service as tables and charts. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// Nothing of the period is left: its bookings are facts.
bool IsOver(const forecasting::v1::Forecast& forecast);
// `coverage` may be null.
void PrintForecast(const forecasting::v1::Forecast& forecast,
                   const forecasting::v1::GetCoverageResponse* coverage, Printer* printer);
void PrintCoverage(const forecasting::v1::GetCoverageResponse& coverage, Printer* printer);
// `with_ids`: behind the names of the groups, such as those of sellers.
void PrintPipeline(const forecasting::v1::GetPipelineResponse& pipeline, bool with_ids,
                   Printer* printer);

}  // namespace gtm::cli
