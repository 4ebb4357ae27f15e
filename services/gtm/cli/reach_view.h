#pragma once
// Reach in the target market as text. Pure: tested with fixed answers.

#include "gtm/targeting/v1/reach.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintReach(const targeting::v1::GetReachResponse& reach,
                const targeting::v1::GetChannelEfficacyResponse& channels, Printer* printer);
void PrintChannels(const targeting::v1::GetChannelEfficacyResponse& answer, Printer* printer);
void PrintBuyingGroups(const targeting::v1::ListBuyingGroupsResponse& answer,
                       const Names& account_names, Printer* printer);

}  // namespace gtm::cli
