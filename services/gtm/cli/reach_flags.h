#pragma once
// The flags that `gtm reach` shares with the commands below it.

#include <memory>
#include <string>

#include "gtm/targeting/v1/reach.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/span_flags.h"

namespace gtm::cli {

struct ReachFlags {
  PointFlags point;
  SpanFlags span;
  std::string definition;
  std::string by = "channel";

  targeting::v1::ActivityGrouping Grouping() const {
    if (by == "campaign") return targeting::v1::ACTIVITY_GROUPING_CAMPAIGN;
    return by == "content" ? targeting::v1::ACTIVITY_GROUPING_CONTENT
                           : targeting::v1::ACTIVITY_GROUPING_CHANNEL;
  }
};

// gtm reach activities, experiments and diagnose.
void AddReachExperimentsCommands(CLI::App& reach, Session& session,
                                 const std::shared_ptr<ReachFlags>& shared);

}  // namespace gtm::cli
