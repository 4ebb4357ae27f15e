#pragma once
// Answers about visitors as tables. Pure: tested with fixed answers.

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintVisitors(const targeting::v1::ListVisitorsResponse& answer, const Names& account_names,
                   Printer* printer);
void PrintVisitorExplained(const targeting::v1::ScoreVisitorResponse& answer, Printer* printer);

}  // namespace gtm::cli
