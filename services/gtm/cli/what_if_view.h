#pragma once
// Scenarios against the forecast as text. Pure: tested with fixed answers.

#include <vector>

#include "gtm/forecasting/v1/what_if.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// Answers of one stream, each with a scenario; the last is the one to show in full.
void PrintWhatIf(const std::vector<forecasting::v1::WhatIfResponse>& answers, Printer* printer);

}  // namespace gtm::cli
