#pragma once
// From the configuration to who may call a process, and as whom it calls.

#include <memory>
#include <string_view>

#include "common/config/config.h"
#include "common/core/result.h"
#include "common/identity/verifier.h"
#include "common/rpc/audit.h"
#include "common/rpc/authenticator.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace gtm::process {

struct ProcessIdentity {
  std::unique_ptr<rpc::Authenticator> authenticator;
  // The same where --auth is required, else null.
  identity::Verifier* verifier = nullptr;
  std::shared_ptr<grpc::ServerCredentials> server_credentials;  // null: no TLS
  // Towards records; null: no TLS.
  std::shared_ptr<grpc::ChannelCredentials> channel_credentials;
  std::unique_ptr<telemetry::Log> audit_log;
  std::unique_ptr<rpc::Audit> audit;  // null: nothing is audited
};

// `log` and `metrics` outlive it. Opens no port and no store. Error: INVALID_FIELDS with
// every flag that is wrong or missing, and what to give.
Result<ProcessIdentity> MakeIdentity(std::string_view name, const config::Config& config,
                                     telemetry::Log& log, telemetry::Metrics& metrics);

}  // namespace gtm::process
