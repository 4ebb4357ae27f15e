#pragma once
// "<epoch>:<sequence>", as answers of records carry it.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm::records_client {

struct Revision {
  std::string epoch;
  int64_t seq = 0;
  friend bool operator==(const Revision&, const Revision&) = default;
};

// Error: REVISION_INVALID.
Result<Revision> ParseRevision(std::string_view text);
std::string FormatRevision(const Revision& revision);

}  // namespace gtm::records_client
