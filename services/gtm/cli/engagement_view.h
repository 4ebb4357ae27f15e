#pragma once
// The test of TG-26 as text. Pure: tested with fixed answers.

#include "gtm/targeting/v1/experiments.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// The five questions with what would answer them, and what they say together.
void PrintEngagementDiagnosis(const targeting::v1::DiagnoseEngagementResponse& answer,
                              Printer* printer);

}  // namespace gtm::cli
