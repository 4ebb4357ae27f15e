#pragma once
// What the demo company has decided: its definition of a target and its sponsorship
// program, as requests to the services that own these rules.

#include <string>
#include <vector>

#include "gtm/sponsorship/v1/service.pb.h"
#include "gtm/targeting/v1/service.pb.h"

namespace gtm::demo {

// The definition as a draft; then its proposal and three signatures (TG-01).
struct DefinitionRequests {
  targeting::v1::CreateTargetDefinitionRequest create;
  targeting::v1::ProposeTargetDefinitionRequest propose;
  std::vector<targeting::v1::SignOffTargetDefinitionRequest> sign_offs;
};
// The program as a draft; then its activation (SP-04 to SP-12).
struct ProgramRequests {
  sponsorship::v1::CreateSponsorshipProgramRequest create;
  sponsorship::v1::ActivateSponsorshipProgramRequest activate;
};

// Request ids are fixed, so that loading the demo again changes nothing.
DefinitionRequests DemoDefinition();
ProgramRequests DemoProgram();

}  // namespace gtm::demo
