#pragma once
// GrowthService on gRPC. Light: no grpcpp here.

#include <memory>
#include <span>

#include "common/records_client/records_client.h"
#include "common/rpc/method_rule.h"

namespace grpc {
class Service;
}

namespace gtm::rpc {
class Gate;
}

namespace gtm::growth::handler {

// Both arguments must outlive the service.
std::unique_ptr<grpc::Service> MakeGrowthService(rpc::Gate& gate, records_client::Records& records);
// One row for every method of the service.
std::span<const rpc::MethodRule> GrowthMethods();

}  // namespace gtm::growth::handler
