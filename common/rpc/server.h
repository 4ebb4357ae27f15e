#pragma once
// A gRPC server with what every one of ours has: limits, health, reflection, drain.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/rpc/gate.h"
#include "common/rpc/reflection.h"

namespace gtm::rpc {

struct ServerOptions {
  // "127.0.0.1:7700"; port 0 takes a free one. Empty: reachable in process only.
  std::string address;
  // Null: without TLS.
  std::shared_ptr<grpc::ServerCredentials> credentials = nullptr;
  // Where grpc.health.v1, and nothing else, is served without TLS. Empty: nowhere.
  std::string health_address = "";
  bool reflection = true;
  // Not owned. By callbacks: one synchronous method would slow down all (see README.md).
  std::vector<grpc::Service*> services;
};

class Server {
 public:
  // Error: INVALID_FIELDS ("address") where it cannot be listened on, or is not
  // loopback though identities are not verified.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                               const Authenticator& authenticator);
  // Stops at once what is still running.
  ~Server();

  int port() const { return port_; }
  int health_port() const { return health_port_; }
  // A channel that does not leave the process.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  // Health says NOT_SERVING from now on: clients and load balancers go elsewhere.
  void StopAdvertising();
  // Graceful end: StopAdvertising(), new calls are refused by the gate, running ones may
  // finish for `grace`; then they are cancelled. Returns when all have ended.
  void Drain(Gate& gate, absl::Duration grace);

 private:
  Server() = default;
  // Error: INVALID_FIELDS ("health_address").
  Status StartHealth(const std::string& address);
  std::unique_ptr<grpc::CallbackGenericService> generic_;
  Reflection reflection_;
  std::unique_ptr<grpc::Server> server_;
  // A server of its own: a second port of one server would serve everything there, too.
  std::unique_ptr<grpc::CallbackGenericService> health_generic_;
  std::unique_ptr<grpc::Server> health_;
  int port_ = 0;
  int health_port_ = 0;
};

// A channel for clients of ours: the shipped service config (retries within a budget, round
// robin, health checking), keepalive, message limits.
// Null credentials: without TLS.
std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);
// The service config that MakeChannel sets: protos/service_config.json, for every client.
std::string_view ClientServiceConfig();

}  // namespace gtm::rpc
