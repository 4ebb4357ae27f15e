#pragma once
// What the hand-over says of the target, and the gate to Stage 1, as text. Pure: tested with
// fixed answers.

#include "gtm/targeting/v1/diagnosis.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintDiagnosis(const targeting::v1::DiagnoseHandoversResponse& answer, Printer* printer);
void PrintStageGate(const targeting::v1::CheckStageGateResponse& answer, Printer* printer);

}  // namespace gtm::cli
