#pragma once
// The audit log in a file of its own.

#include <memory>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/telemetry/log.h"

namespace gtm::identity {

// Appends one JSON object a line, in order, before Write returns: nothing is dropped and no
// level is left out. A file that was moved away is opened anew within a second, so that it
// can be rotated by renaming. Lines that cannot be written go to `fallback`, which outlives
// the log. Error: INVALID_FIELDS ("--audit-log") where the file cannot be opened.
Result<std::unique_ptr<telemetry::Log>> OpenAuditFile(const std::string& path,
                                                      std::string_view service,
                                                      telemetry::Log& fallback);

}  // namespace gtm::identity
