#pragma once
// Binds the handler to gRPC.

#include <memory>
#include <span>

#include "common/rpc/method_rule.h"

namespace grpc {
class Service;
}
namespace gtm::rpc {
class Gate;
}
namespace gtm::records_client {
class Records;
}

namespace gtm::targeting::handler {

// The service, answering from `records`. Both must outlive it.
std::unique_ptr<grpc::Service> MakeTargetingService(rpc::Gate& gate,
                                                    records_client::Records& records);
// Who may call what, and where it runs: a row for every method.
std::span<const rpc::MethodRule> TargetingMethods();

}  // namespace gtm::targeting::handler
