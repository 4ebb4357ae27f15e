#pragma once
// A back-test as tables and a calibration chart. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// The cuts, then what they say; CSV gets the cuts.
void PrintBacktest(const forecasting::v1::BacktestResponse& backtest, Printer* printer);

}  // namespace gtm::cli
