#pragma once
// A funnel plan as text. Pure: tested with fixed answers.

#include "gtm/forecasting/v1/plan.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintFunnelPlan(const forecasting::v1::PlanFunnelResponse& answer, Printer* printer);

}  // namespace gtm::cli
