#pragma once
// TLS for servers and channels, from files that may be replaced while they are used.

#include <memory>
#include <string>

#include "common/core/result.h"
#include "common/identity/certificates.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace gtm::identity {

// Whether clients show a certificate. One that is shown must be good, either way.
enum class ClientAuth { kOff, kRequest, kRequire };

// TLS 1.2 or 1.3 with what the files hold at each new connection; connections that there
// are go on. Replacements that are not good are logged and leave the old in force. `log`
// and `metrics` (gtm_tls_certificate_expiry_timestamp_seconds) outlive it. Error:
// INVALID_FIELDS where the files cannot be used now.
Result<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsFiles& files,
                                                                       ClientAuth client_auth,
                                                                       telemetry::Log& log,
                                                                       telemetry::Metrics& metrics);

// Files of a client. `cert_file` and `key_file` "": it shows no certificate.
struct ClientTlsFiles {
  std::string ca_file;  // roots that verify the server; its name must be in its certificate
  std::string cert_file;
  std::string key_file;
};
// Replaced files count for new connections after a second or two. Error: INVALID_FIELDS.
Result<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTlsFiles& files);

}  // namespace gtm::identity
