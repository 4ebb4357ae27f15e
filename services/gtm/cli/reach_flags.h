#pragma once
// The flags that `gtm reach` shares with the commands below it.

#include <memory>
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

// gtm reach activities and experiments.
void AddReachExperimentsCommands(CLI::App& reach, Session& session,
                                 const std::shared_ptr<ReachFlags>& shared);

}  // namespace gtm::cli
