#pragma once
// How commands talk to the platform: a channel, the tenant, a deadline, and errors as
// gtm::Error. Everything that a command needs to know of gRPC.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/core/result.h"
#include "common/rpc/status.h"

namespace gtm::cli {

struct ClientOptions {
  std::string tenant;              // "" leaves it to the server
  std::string address;             // for error texts
  std::string authorization = "";  // metadata of each call; "": none
  absl::Duration timeout = absl::Seconds(30);
  // The channel goes over a network. One inside the process must not be asked whether it is
  // connected (gRPC aborts).
  bool over_network = false;
};

// Thread-safe.
class Client {
 public:
  Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options)
      : channel_(std::move(channel)), options_(std::move(options)) {}

  // One call: `client.Call<TargetingService>(&TargetingService::Stub::ScoreAccount, request)`.
  // Error: what the server said; PEER_UNAVAILABLE with the address where nobody answered.
  template <class Service, class Request, class Response>
  Result<Response> Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                        const Request& request) const {
    const auto stub = Service::NewStub(channel_);
    const auto context = NewContext(options_.timeout);
    Response response;
    const grpc::Status status = ((*stub).*method)(context.get(), request, &response);
    if (!status.ok()) return ToError(status);
    return response;
  }

  // A context with deadline and metadata, for streams.
  std::unique_ptr<grpc::ClientContext> NewContext(absl::Duration timeout) const;
  Error ToError(const grpc::Status& status) const;
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const ClientOptions& options() const { return options_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  ClientOptions options_;
};

// Error: INVALID_FIELDS ("--tenant") where the tenant cannot travel as metadata: printable
// ASCII only, since gRPC ends the process over anything else.
Status CheckTenant(const std::string& tenant);

// A fresh request_id (UUID version 7).
std::string NewRequestId();

}  // namespace gtm::cli
