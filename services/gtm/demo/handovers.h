#pragma once
// What the demo company's marketing handed over to sales, and what became of it: follows the
// deals that were generated, so that it tells the same story.

#include <vector>

#include "gtm/targeting/v1/service.pb.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {

// A hand-over and the decisions on it, in their order.
struct HandoverRequests {
  targeting::v1::RecordHandoverRequest record;
  std::vector<targeting::v1::DecideHandoverRequest> decisions;
};

// Deals that began within the last 300 days and before today were handed over on that day, the
// first 120 of them. Those that went on qualified; of the others sales refuses all from
// industries that fit badly and half of the rest, and the other half is turned away later.
std::vector<HandoverRequests> DemoHandovers(const Options& options, const Truth& truth);

}  // namespace gtm::demo
