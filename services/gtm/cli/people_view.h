#pragma once
// People scored by the definition, as tables (TG-06, TG-10).

#include <string>

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/cli/names.h"
#include "services/gtm/cli/printer.h"

namespace gtm::cli {

void PrintTargetPeople(const targeting::v1::ListTargetPeopleResponse& answer,
                       const Names& contact_names, Printer* printer);
void PrintPersonExplained(const targeting::v1::ScoreContactResponse& answer,
                          const std::string& name, Printer* printer);

}  // namespace gtm::cli
