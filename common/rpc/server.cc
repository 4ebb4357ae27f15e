#include "common/rpc/server.h"

#include <fmt/format.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>

#include "common/core/limits.h"
#include "common/rpc/client_service_config.h"
#include "common/rpc/status.h"

namespace gtm::rpc {
namespace {

// Answers calls of methods that nobody serves with our own error.
class NotServed final : public grpc::CallbackGenericService {
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const std::string& method) {
      Finish(ToGrpcStatus(
          Error(Reason::METHOD_NOT_SERVED, fmt::format("{}: not served by this version", method))
              .With("method", method),
          "platform.gtm"));
    }
    void OnDone() override { delete this; }
  };
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Reactor(context->method());
  }
};

Error CannotListen(std::string_view field, const std::string& address) {
  return InvalidField(std::string(field),
                      fmt::format("\"{}\" cannot be listened on; is another server running "
                                  "there? Use a free host:port",
                                  address));
}

void SetServerArguments(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(limits::kMessageBytesMax);
  builder->SetMaxSendMessageSize(limits::kMessageBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits::kMetadataBytesMax);
  // Clients re-resolve every few minutes, so that new replicas get traffic.
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 300'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30'000);
  // Agrees with the keepalive of MakeChannel.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Nobody can ask for gRPC's own statistics, and no answer is compressed (a request may be):
  // each call would pay for both.
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                              const Authenticator& authenticator) {
  if (!options.address.empty() && !authenticator.verifies() &&
      !IsLoopbackAddress(options.address)) {
    return InvalidField(
        "address", fmt::format("\"{}\" is reachable from other machines, but no authentication is "
                               "configured; use a loopback address such as 127.0.0.1:7700",
                               options.address));
  }
  grpc::EnableDefaultHealthCheckService(true);
  std::unique_ptr<Server> server(new Server);
  grpc::ServerBuilder builder;
  SetServerArguments(&builder);
  if (!options.address.empty()) {
    builder.AddListeningPort(
        options.address,
        options.credentials != nullptr ? options.credentials : grpc::InsecureServerCredentials(),
        &server->port_);
  }
  for (grpc::Service* service : options.services) builder.RegisterService(service);
  if (options.reflection) server->reflection_.AddTo(&builder);
  server->generic_ = std::make_unique<NotServed>();
  builder.RegisterCallbackGenericService(server->generic_.get());
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || (!options.address.empty() && server->port_ == 0)) {
    return CannotListen("address", options.address);
  }
  if (!options.health_address.empty()) {
    GTM_RETURN_IF_ERROR(server->StartHealth(options.health_address));
  }
  return server;
}

Status Server::StartHealth(const std::string& address) {
  grpc::ServerBuilder builder;
  SetServerArguments(&builder);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &health_port_);
  health_generic_ = std::make_unique<NotServed>();  // gRPC starts no server without a service
  builder.RegisterCallbackGenericService(health_generic_.get());
  health_ = builder.BuildAndStart();
  if (health_ == nullptr || health_port_ == 0) return CannotListen("health_address", address);
  return {};
}

Server::~Server() {
  for (const auto* server : {&server_, &health_}) {
    if (*server == nullptr) continue;
    (*server)->Shutdown(std::chrono::system_clock::now());
    (*server)->Wait();
  }
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(limits::kMessageBytesMax);
  return server_->InProcessChannel(arguments);
}

void Server::StopAdvertising() {
  for (const auto* server : {&server_, &health_}) {
    if (*server == nullptr) continue;
    if (auto* health = (*server)->GetHealthCheckService()) health->SetServingStatus(false);
  }
}

void Server::Drain(Gate& gate, absl::Duration grace) {
  StopAdvertising();
  gate.StopAdmitting();
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  server_->Wait();
  server_.reset();
}

std::string_view ClientServiceConfig() { return kClientServiceConfig; }

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           std::shared_ptr<grpc::ChannelCredentials> credentials) {
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(std::string(ClientServiceConfig()));
  arguments.SetMaxReceiveMessageSize(limits::kMessageBytesMax);
  arguments.SetMaxSendMessageSize(limits::kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, limits::kMetadataBytesMax);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace gtm::rpc
