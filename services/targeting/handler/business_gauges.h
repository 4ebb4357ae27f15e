#pragma once
// Hand-overs, reach, urgency, experiments, the definition in force and the age of what is
// known, as metrics.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/metrics.h"

namespace gtm::targeting::handler {

// Says what GetHandshake, GetReach, ListSimmering and ListExperiments answer without a
// further wish. Not thread-safe.
class TargetingGauges {
 public:
  // Ages and hand-overs each time. What looks at every account is computed where the records
  // have changed or ten minutes have gone by. Absent: reach and experiments without a
  // definition in force, penetration without a market, the rest where there are none.
  Status Add(const records_client::Question& question, const std::string& tenant,
             telemetry::GaugeSheet* sheet);

 private:
  // What was told of a tenant.
  struct Told {
    std::string revision;
    absl::Time as_of;
    std::vector<telemetry::GaugeSheet::Row> rows;
  };
  static Status AddAccounts(const records_client::Question& question, const std::string& tenant,
                            telemetry::GaugeSheet* sheet);

  std::map<std::string, Told> told_;  // by tenant
};

// The gauges of a process, with what they remember.
std::function<Status(const records_client::Question&, const std::string&, telemetry::GaugeSheet*)>
MakeTargetingGauges();

}  // namespace gtm::targeting::handler
