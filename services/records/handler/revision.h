#pragma once
// "<epoch>:<sequence>", the name of a state of a tenant's records.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm::records::handler {

struct Revision {
  std::string epoch;
  int64_t seq = 0;
};

std::string FormatRevision(std::string_view epoch, int64_t seq);
// Error: REVISION_INVALID.
Result<Revision> ParseRevision(std::string_view text);
// EPOCH_CHANGED: `text` was given out before the restore that began `epoch`.
Error EpochChanged(std::string_view text, const std::string& epoch);

}  // namespace gtm::records::handler
