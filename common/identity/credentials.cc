#include "common/identity/credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <mutex>
#include <utility>

namespace gtm::identity {
namespace {

constexpr unsigned kClientRefreshSeconds = 1;

grpc_ssl_client_certificate_request_type RequestType(ClientAuth client_auth) {
  switch (client_auth) {
    case ClientAuth::kOff:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case ClientAuth::kRequest:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case ClientAuth::kRequire:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

// Gives gRPC core the certificates at each handshake. The C++ API has this only as an
// experiment that, half-way through a replacement, serves with neither the old nor the new
// pair; core's own fetcher keeps the old one.
class ReloadedServerCredentials final : public grpc::ServerCredentials {
 public:
  ReloadedServerCredentials(TlsFiles files, TlsMaterial first, ClientAuth client_auth,
                            telemetry::Log& log, telemetry::Metrics& metrics)
      : watch_(std::move(files)), latest_(std::move(first)), log_(log), metrics_(metrics) {
    (void)watch_.Poll();  // is `first`
    Export();
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            RequestType(client_auth), &ReloadedServerCredentials::Fetch, this));
  }
  ~ReloadedServerCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<ReloadedServerCredentials*>(self)->Reload(config);
  }

  grpc_ssl_certificate_config_reload_status Reload(grpc_ssl_server_certificate_config** config) {
    const std::lock_guard lock(mutex_);
    auto changed = watch_.Poll();
    if (!changed.ok()) {
      log_.Error("certificate_not_loaded",
                 {{"problem", std::string_view(changed.error().message())}});
    } else if (changed->has_value()) {
      latest_ = **std::move(changed);
      given_ = false;
      Export();
      const std::string end = absl::FormatTime(latest_.cert_end);
      log_.Info("certificate_loaded", {{"expire_time", std::string_view(end)}});
    }
    if (given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {latest_.key_pem.c_str(), latest_.cert_pem.c_str()};
    // Core insists on roots; without a CA no certificate is asked for, and they judge nobody.
    const std::string& roots =
        latest_.client_ca_pem.empty() ? latest_.cert_pem : latest_.client_ca_pem;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    given_ = true;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  void Export() {
    telemetry::SetCertificateExpiry(metrics_, "server", latest_.cert_end);
    if (latest_.client_ca_pem.empty()) return;
    telemetry::SetCertificateExpiry(metrics_, "client_ca", latest_.client_ca_end);
  }

  std::mutex mutex_;
  TlsWatch watch_;
  TlsMaterial latest_;
  bool given_ = false;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, ClientAuth client_auth, telemetry::Log& log,
    telemetry::Metrics& metrics) {
  if (client_auth != ClientAuth::kOff && files.client_ca_file.empty()) {
    return InvalidField("--tls-client-ca-file", "required where clients show certificates");
  }
  GTM_ASSIGN_OR_RETURN(TlsMaterial first, ReadTls(files));
  return std::shared_ptr<grpc::ServerCredentials>(std::make_shared<ReloadedServerCredentials>(
      files, std::move(first), client_auth, log, metrics));
}

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTlsFiles& files) {
  using grpc::experimental::FileWatcherCertificateProvider;
  constexpr size_t kPemBytesMax = 1024 * 1024;
  GTM_ASSIGN_OR_RETURN(const std::string roots,
                       ReadWholeFile(files.ca_file, kPemBytesMax, "--tls-ca-file"));
  GTM_ASSIGN_OR_RETURN(const absl::Time end, FirstEnd(roots, "--tls-ca-file"));
  (void)end;
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (files.cert_file.empty()) {
    options.set_certificate_provider(
        std::make_shared<FileWatcherCertificateProvider>(files.ca_file, kClientRefreshSeconds));
  } else {
    GTM_ASSIGN_OR_RETURN(const TlsMaterial own, ReadTls({files.cert_file, files.key_file, ""}));
    options.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
        files.key_file, files.cert_file, files.ca_file, kClientRefreshSeconds));
    options.watch_identity_key_cert_pairs();
  }
  options.watch_root_certs();
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace gtm::identity
