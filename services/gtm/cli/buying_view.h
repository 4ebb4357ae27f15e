#pragma once
// How buyers buy. Pure: tested with fixed answers.

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintBuying(const targeting::v1::GetBuyingBehaviorResponse& answer, Printer* printer);

}  // namespace gtm::cli
