#pragma once
// Answers about the buyer's journey, content and messages. Pure: tested with fixed answers.

#include <string>

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintJourney(const targeting::v1::GetBuyerJourneyResponse& answer, const std::string& name,
                  Printer* printer);
void PrintSuggestions(const targeting::v1::SuggestContentResponse& answer, const std::string& name,
                      Printer* printer);
void PrintMessageTest(const targeting::v1::TestMessageResponse& answer, Printer* printer);

}  // namespace gtm::cli
