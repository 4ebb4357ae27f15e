#pragma once
// Answers about urgency as tables. Pure: tested with fixed answers.

#include <string>

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintUrgency(const targeting::v1::GetUrgencyResponse& answer, const std::string& account_name,
                  Printer* printer);
void PrintSimmering(const targeting::v1::ListSimmeringResponse& answer, const Names& account_names,
                    Printer* printer);
void PrintTriggerStatistics(const targeting::v1::GetTriggerStatisticsResponse& answer,
                            Printer* printer);
void PrintMeetingYield(const targeting::v1::GetMeetingYieldResponse& answer,
                       const Names& seller_names, Printer* printer);

}  // namespace gtm::cli
