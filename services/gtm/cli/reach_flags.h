#pragma once
// The flags that `gtm reach` shares with the commands below it.

#include <string>

#include "services/gtm/cli/command.h"
#include "services/gtm/cli/span_flags.h"

namespace gtm::cli {

struct ReachFlags {
  PointFlags point;
  SpanFlags span;
  std::string definition;
  std::string by = "channel";
};

}  // namespace gtm::cli
