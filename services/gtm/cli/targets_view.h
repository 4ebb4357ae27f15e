#pragma once
// Answers of the targeting service as tables. Pure: tested with fixed answers.

#include <string>

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintTargets(const targeting::v1::ListTargetsResponse& answer, const Names& account_names,
                  Printer* printer);
void PrintTargetExplained(const targeting::v1::ScoreAccountResponse& answer,
                          const std::string& account_name, Printer* printer);
void PrintHandshake(const targeting::v1::GetHandshakeResponse& answer, Printer* printer);
void PrintDefinitions(const targeting::v1::ListTargetDefinitionsResponse& answer, Printer* printer);
void PrintAttributes(const targeting::v1::ListAttributesResponse& answer, Printer* printer);
void PrintHandover(const targeting::v1::Handover& handover, Printer* printer);
void PrintFunnelCheck(const targeting::v1::CheckFunnelPlanResponse& answer, Printer* printer);
void PrintDefinition(const targeting::v1::TargetDefinition& definition, Printer* printer);

}  // namespace gtm::cli
