#pragma once
// The forecasting service for a server.

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

namespace gtm::forecasting::handler {

// `gate` and `records` must outlive it.
std::unique_ptr<grpc::Service> MakeForecastingService(rpc::Gate& gate,
                                                      records_client::Records& records);
// One row a method.
std::span<const rpc::MethodRule> ForecastingMethods();

}  // namespace gtm::forecasting::handler
