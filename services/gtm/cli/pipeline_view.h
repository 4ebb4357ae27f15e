#pragma once
// The interrogation of a pipeline as lists and tables. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/interrogation.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// Warnings by type, then the deals of the page with at most `warnings_max` warnings each, most
// urgent first. CSV: a line a warning.
void PrintInterrogation(const forecasting::v1::InterrogatePipelineResponse& answer,
                        int warnings_max, Printer* printer);
// The one deal of an answer with everything known about it. CSV: a line a warning.
void PrintInterrogatedDeal(const forecasting::v1::InterrogatePipelineResponse& answer,
                           Printer* printer);

}  // namespace gtm::cli
