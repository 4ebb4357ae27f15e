#pragma once
// A replay as tables. Pure: tested with fixed answers.

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintReplay(const targeting::v1::ReplayTargetDefinitionResponse& answer,
                 const Names& account_names, Printer* printer);

}  // namespace gtm::cli
