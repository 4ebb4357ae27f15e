#pragma once
// Rules that hold tables, code, tests and documentation against each other.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/finding.h"

namespace gtm::tidy {

// Error reasons by name, as the contract numbers them / as common/core does.
std::map<std::string, int> ReasonsOfContract(std::string_view error_reason_proto);
std::map<std::string, int> ReasonsOfCore(std::string_view error_reason_h);
// The two must be equal.
Findings CheckReasonTables(std::string_view error_reason_proto, std::string_view error_reason_h);

// Every reason is given by product code (`Reason::NAME`) and expected by a test.
Findings CheckReasonsReachable(const std::set<std::string>& reasons,
                               const std::vector<Source>& sources);

// Every name stands in one of the documents as `name` in backquotes.
Findings CheckDocumented(std::string_view what, const std::vector<std::string>& names,
                         const std::vector<Source>& documents);

// Every `constant` of the metric table (kShed) is used by product code outside it.
Findings CheckMetricsUsed(std::string_view metric_table_h, const std::vector<Source>& sources);

}  // namespace gtm::tidy
