#pragma once
// Answers of the sponsorship service as tables. Pure: tested with fixed answers.

#include "gtm/sponsorship/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

// Names of contacts and executives, by id.
struct PeopleNames {
  Names contacts;
  Names executives;
};

void PrintCandidates(const sponsorship::v1::ListCandidatesResponse& answer,
                     const PeopleNames& names, Printer* printer);
void PrintCapacity(const sponsorship::v1::GetCapacityResponse& answer, const PeopleNames& names,
                   Printer* printer);
void PrintMatchRun(const sponsorship::v1::MatchRun& run, const PeopleNames& names,
                   Printer* printer);
void PrintSponsorships(const sponsorship::v1::ListSponsorshipsResponse& answer,
                       const PeopleNames& names, Printer* printer);
void PrintPrograms(const sponsorship::v1::ListSponsorshipProgramsResponse& answer,
                   Printer* printer);

}  // namespace gtm::cli
