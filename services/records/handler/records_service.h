#pragma once
// RecordsService on gRPC.

#include <memory>
#include <span>

#include "common/rpc/method_rule.h"

namespace grpc {
class Service;
}
namespace gtm::rpc {
class Gate;
}

namespace gtm::records::handler {

class RecordsHandler;

// Unary calls use the callback API, so that a commit that waits for the disk holds no
// thread; a Watch and an Import have a thread each. `gate` and `handler` must outlive it.
std::unique_ptr<grpc::Service> MakeRecordsService(rpc::Gate& gate, RecordsHandler& handler);

// Who may call what, and where it runs.
std::span<const rpc::MethodRule> RecordsMethods();

}  // namespace gtm::records::handler
