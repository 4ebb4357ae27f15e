#pragma once
// The process of one of the four services that answer from Books.

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "common/core/result.h"
#include "common/process/business_metrics.h"
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
  BusinessGauges gauges;
  bool gauges_age = false;  // see BusinessPart::ages
};

// main() of "gtm-<name>": follows the record store at --records-address and serves until a
// signal. Returns the exit code.
int ServiceMain(const ServiceParts& parts, int argc, char** argv);

// A Book cache over a channel to records, with the configured memory limit; what it says of
// itself is among the process's metrics. `consumer` names who follows the feed.
std::shared_ptr<records_client::BookCache> MakeBookCache(Process& process,
                                                         std::shared_ptr<grpc::Channel> channel,
                                                         std::string_view consumer);

}  // namespace gtm::process
