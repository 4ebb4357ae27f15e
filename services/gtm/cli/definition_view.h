#pragma once
// A definition of a target in words, and its criteria as tables.

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// What people sign: text, terms, criteria, rubric, follow-up, signatures. `review` may be null.
void PrintDefinitionText(const targeting::v1::TargetDefinition& definition,
                         const targeting::v1::DefinitionReview* review, Printer* printer);

}  // namespace gtm::cli
