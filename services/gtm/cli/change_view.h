#pragma once
// Editions, and the change between two forecasts as a waterfall. Pure: tested with fixed
// answers.

#include "gtm/forecasting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintForecastChange(const forecasting::v1::ExplainForecastChangeResponse& change,
                         Printer* printer);
void PrintEditions(const forecasting::v1::ListForecastEditionsResponse& editions, Printer* printer);

}  // namespace gtm::cli
