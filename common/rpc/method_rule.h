#pragma once
// Who may call a method, and where it runs: one row a method, default deny.

#include <string_view>

#include "common/rpc/call.h"

namespace gtm::rpc {

// Where the handler runs.
enum class Cost {
  // Inline on the gRPC thread, at most about a millisecond. Where it would have to wait
  // (Call::WantsToWait) it is run again on a thread that may.
  kLight,
  kHeavy,   // on the CPU pool; where it would have to wait for a Book, as above
  kStore,   // on the store's pool: waits for the store or for another service
  kStream,  // on its own thread, blocking
};

struct MethodRule {
  std::string_view method;  // "gtm.records.v1.RecordsService/Commit"
  Role role = Role::kAdmin;
  Cost cost = Cost::kLight;
};

}  // namespace gtm::rpc
