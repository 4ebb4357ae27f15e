#pragma once
// Who may call a method, and where it runs: one row a method, default deny.

#include <string_view>

#include "common/rpc/call.h"

namespace gtm::rpc {

// Where the handler runs.
enum class Cost {
  kLight,   // inline on the gRPC thread: at most about a millisecond, never blocking
  kHeavy,   // on the CPU pool
  kStream,  // on its own thread, blocking
};

struct MethodRule {
  std::string_view method;  // "gtm.records.v1.RecordsService/Commit"
  Role role = Role::kAdmin;
  Cost cost = Cost::kLight;
};

}  // namespace gtm::rpc
