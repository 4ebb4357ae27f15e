#include "common/process/identity.h"

#include <fmt/format.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "common/identity/audit_file.h"
#include "common/identity/credentials.h"

namespace gtm::process {
namespace {

using config::Config;
using identity::ClientAuth;

// Notes what is wrong with the flags, one look at each.
class Flags {
 public:
  explicit Flags(const Config& config) : config_(config) {}

  bool Has(const config::Key& key) const { return config_.Has(key) && !config_.Text(key).empty(); }
  void Wrong(const config::Key& key, std::string description) {
    violations_.push_back({fmt::format("--{}", key.name), std::move(description)});
  }
  void Needs(const config::Key& key, const config::Key& other) {
    if (Has(key) && !Has(other)) {
      Wrong(other, fmt::format("required with --{}", key.name));
    }
  }
  std::vector<FieldViolation> Take() { return std::move(violations_); }

  void CheckTogether() {
    const std::string& auth = config_.Text(config::kAuth);
    if (auth != "none" && auth != "required") Wrong(config::kAuth, "use none or required");
    const std::string& client = config_.Text(config::kTlsClientAuth);
    if (!client.empty() && client != "off" && client != "request" && client != "require") {
      Wrong(config::kTlsClientAuth, "use off, request or require");
    }
    if (client == "request" || client == "require") {
      Needs(config::kTlsClientAuth, config::kTlsClientCaFile);
    }
    Needs(config::kTlsCertFile, config::kTlsKeyFile);
    Needs(config::kTlsKeyFile, config::kTlsCertFile);
    Needs(config::kTlsClientCaFile, config::kTlsCertFile);
    Needs(config::kIdentitiesFile, config::kTlsClientCaFile);
    Needs(config::kJwksFile, config::kJwtIssuer);
    Needs(config::kJwksFile, config::kJwtAudience);
    if (auth == "none") CheckLoopback();
    if (auth == "required") CheckVerifiable();
  }

 private:
  void CheckLoopback() {
    const std::string& address = config_.Text(config::kAddress);
    if (!rpc::IsLoopbackAddress(address)) {
      Wrong(config::kAddress,
            fmt::format("\"{}\" is reachable from other machines, but callers are not verified; "
                        "use a loopback address such as 127.0.0.1:7700, or --auth required",
                        address));
    }
    for (const config::Key* key : {&config::kJwksFile, &config::kIdentitiesFile}) {
      if (Has(*key)) Wrong(config::kAuth, fmt::format("--{} needs --auth required", key->name));
    }
  }

  // API keys are kept in records: they alone suffice where there are any, or may be.
  void CheckVerifiable() {
    if (Has(config::kJwksFile) || Has(config::kIdentitiesFile)) return;
    if (!config_.Has(config::kStore) && Has(config::kTlsCaFile) && Has(config::kTlsCertFile)) {
      return;
    }
    const std::string url = config_.Has(config::kStore) ? config_.Text(config::kStore) : "";
    constexpr std::string_view kSqlite = "sqlite:";
    std::error_code ignored;
    const bool may_have_keys =
        url.starts_with("postgres") ||
        (url.starts_with(kSqlite) && std::filesystem::exists(url.substr(kSqlite.size()), ignored));
    if (may_have_keys) return;
    Wrong(config::kAuth,
          "nothing is configured that could verify a caller; give --jwks-file with --jwt-issuer "
          "and --jwt-audience, or --tls-client-ca-file with --identities-file, or a store that "
          "has API keys (make the first one with `gtm api-key create` while the platform runs on "
          "loopback with --auth none)");
  }

  const Config& config_;
  std::vector<FieldViolation> violations_;
};

Status AddCredentials(const Config& config, telemetry::Log& log, telemetry::Metrics& metrics,
                      ProcessIdentity* made) {
  const identity::TlsFiles files{config.Text(config::kTlsCertFile),
                                 config.Text(config::kTlsKeyFile),
                                 config.Text(config::kTlsClientCaFile)};
  const std::string& auth = config.Text(config::kTlsClientAuth);
  const ClientAuth client_auth = auth == "require" ? ClientAuth::kRequire
                                 : auth == "off" || files.client_ca_file.empty()
                                     ? ClientAuth::kOff
                                     : ClientAuth::kRequest;
  if (!files.cert_file.empty()) {
    GTM_ASSIGN_OR_RETURN(made->server_credentials,
                         identity::MakeServerCredentials(files, client_auth, log, metrics));
  }
  if (config.Has(config::kTlsCaFile) && !config.Text(config::kTlsCaFile).empty()) {
    GTM_ASSIGN_OR_RETURN(made->channel_credentials,
                         identity::MakeChannelCredentials(
                             {config.Text(config::kTlsCaFile), files.cert_file, files.key_file}));
  }
  return {};
}

Status AddAudit(std::string_view name, const Config& config, telemetry::Log& log,
                ProcessIdentity* made) {
  const std::string& file = config.Text(config::kAuditLog);
  if (!file.empty()) {
    GTM_ASSIGN_OR_RETURN(made->audit_log, identity::OpenAuditFile(file, name, log));
  } else if (made->verifier == nullptr || config.Text(config::kLogLevel) == "off") {
    return {};
  } else {
    // Whatever --log-level leaves out, what was denied and written is not left out.
    made->audit_log = telemetry::MakeJsonLog(telemetry::LogLevel::kInfo, name);
  }
  made->audit = std::make_unique<rpc::Audit>(*made->audit_log);
  return {};
}

}  // namespace

Result<ProcessIdentity> MakeIdentity(std::string_view name, const Config& config,
                                     telemetry::Log& log, telemetry::Metrics& metrics) {
  Flags flags(config);
  flags.CheckTogether();
  if (auto violations = flags.Take(); !violations.empty()) {
    return InvalidFields(std::move(violations));
  }
  ProcessIdentity made;
  if (config.Text(config::kAuth) == "required") {
    identity::VerifierOptions options;
    options.jwks_file = config.Text(config::kJwksFile);
    options.jwt = {config.Text(config::kJwtIssuer), config.Text(config::kJwtAudience)};
    options.identities_file = config.Text(config::kIdentitiesFile);
    options.log = &log;
    options.metrics = &metrics;
    GTM_ASSIGN_OR_RETURN(auto verifier, identity::Verifier::Make(std::move(options)));
    made.verifier = verifier.get();
    made.authenticator = std::move(verifier);
  } else {
    made.authenticator = std::make_unique<rpc::LoopbackAuthenticator>();
  }
  GTM_RETURN_IF_ERROR(AddCredentials(config, log, metrics, &made));
  GTM_RETURN_IF_ERROR(AddAudit(name, config, log, &made));
  if (made.verifier != nullptr && made.server_credentials == nullptr &&
      !rpc::IsLoopbackAddress(config.Text(config::kAddress))) {
    log.Warning("tokens_without_tls",
                {{"address", std::string_view(config.Text(config::kAddress))},
                 {"remedy",
                  "give --tls-cert-file and --tls-key-file, unless a proxy in front "
                  "of this process has TLS"}});
  }
  return made;
}

}  // namespace gtm::process
