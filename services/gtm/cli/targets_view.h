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
// What would make it a target or a prospect; nothing where it is one.
void PrintScoreGap(const targeting::v1::GetScoreGapResponse& answer, Printer* printer);
// The same as a table.
void PrintGapTable(const targeting::v1::GetScoreGapResponse& answer, Printer* printer);
// Scores that changed, a line each; in CSV with a head before the first message.
void PrintWatched(const targeting::v1::WatchTargetsResponse& message, bool is_first,
                  Printer* printer);
void PrintHandshake(const targeting::v1::GetHandshakeResponse& answer, Printer* printer);
void PrintDefinitions(const targeting::v1::ListTargetDefinitionsResponse& answer, Printer* printer);
void PrintAttributes(const targeting::v1::ListAttributesResponse& answer, Printer* printer);
void PrintHandover(const targeting::v1::Handover& handover, Printer* printer);
void PrintFunnelCheck(const targeting::v1::CheckFunnelPlanResponse& answer, Printer* printer);
void PrintDefinitionChanges(const targeting::v1::CompareTargetDefinitionsResponse& answer,
                            const std::string& id, Printer* printer);
void PrintDefinition(const targeting::v1::TargetDefinition& definition, Printer* printer);

}  // namespace gtm::cli
