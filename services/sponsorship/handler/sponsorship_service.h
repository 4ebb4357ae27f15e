#pragma once
// SponsorshipService on gRPC.

#include <memory>
#include <span>

#include "common/rpc/method_rule.h"

namespace grpc {
class Service;
}
namespace gtm::records_client {
class Records;
}
namespace gtm::rpc {
class Gate;
}

namespace gtm::sponsorship::handler {

// `gate` and `records` must outlive it.
std::unique_ptr<grpc::Service> MakeSponsorshipService(rpc::Gate& gate,
                                                      records_client::Records& records);

// Who may call what, and where it runs.
std::span<const rpc::MethodRule> SponsorshipMethods();

}  // namespace gtm::sponsorship::handler
