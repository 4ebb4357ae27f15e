#pragma once
// Small questions that several commands ask.

#include <string>
#include <string_view>
#include <vector>

#include "services/gtm/cli/command.h"
#include "services/gtm/cli/names.h"

namespace gtm::cli {

// Display names of up to 1,000 records, by id; ids without a name are left out. Best
// effort: answers are readable without names, so failures give fewer names.
Names NamesOf(Session& session, std::string_view kind, const std::vector<std::string>& ids);

}  // namespace gtm::cli
