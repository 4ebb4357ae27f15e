#pragma once
// Answers of the forecasting service as tables and charts. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// `coverage` may be null.
void PrintForecast(const forecasting::v1::Forecast& forecast,
                   const forecasting::v1::GetCoverageResponse* coverage, Printer* printer);
void PrintCoverage(const forecasting::v1::GetCoverageResponse& coverage, Printer* printer);
void PrintPipeline(const forecasting::v1::GetPipelineResponse& pipeline, Printer* printer);
void PrintBacktest(const forecasting::v1::BacktestResponse& backtest, Printer* printer);

}  // namespace gtm::cli
