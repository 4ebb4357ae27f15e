#pragma once
// The process of one of the four services that answer from Books.

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "common/core/result.h"
#include "common/process/process.h"
#include "common/records_client/records_client.h"
#include "common/rpc/method_rule.h"

namespace gtm::records_client {
class BookCache;
}

namespace gtm::process {

// What tells the four services apart.
struct ServiceParts {
  std::string_view name;  // identity towards records: "targeting"
  std::span<const rpc::MethodRule> methods;
  std::function<std::unique_ptr<grpc::Service>(rpc::Gate&, records_client::Records&)> make;
};

// main() of "gtm-<name>": follows the record store at --records-address and serves until a
// signal. Returns the exit code.
int ServiceMain(const ServiceParts& parts, int argc, char** argv);

// A Book cache over a channel to records, with the configured memory limit; its gauges are
// kept current by the process.
std::shared_ptr<records_client::BookCache> MakeBookCache(Process& process,
                                                         std::shared_ptr<grpc::Channel> channel);

}  // namespace gtm::process
