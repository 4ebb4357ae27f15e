#pragma once
// A gRPC server with what every one of ours has: limits, health, reflection, drain.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/rpc/gate.h"

namespace gtm::rpc {

struct ServerOptions {
  // "127.0.0.1:7700"; port 0 takes a free one. Empty: reachable in process only.
  std::string address;
  bool reflection = true;
  std::vector<grpc::Service*> services;  // not owned
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
  // A channel that does not leave the process.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  // Graceful end: health says NOT_SERVING, new calls are refused by the gate, running
  // ones may finish for `grace`; then they are cancelled. Returns when all have ended.
  void Drain(Gate& gate, absl::Duration grace);

 private:
  Server() = default;
  std::unique_ptr<grpc::CallbackGenericService> generic_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// A channel for clients of ours: the shipped service config (retry with budget on
// UNAVAILABLE only, round robin, health checking), keepalive, message limits.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);
// The service config that MakeChannel sets, as JSON.
std::string_view ClientServiceConfig();

}  // namespace gtm::rpc
