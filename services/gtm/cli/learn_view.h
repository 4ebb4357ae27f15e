#pragma once
// What won and lost opportunities say about the targets, as text. Pure: tested with fixed
// answers.

#include "gtm/targeting/v1/learning.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintLearnedDefinition(const targeting::v1::LearnTargetDefinitionResponse& answer,
                            Printer* printer);

}  // namespace gtm::cli
