#pragma once
// The platform as it is run for others: TLS, and nobody is believed. With an identity
// provider and a certificate authority of the test's own.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "common/identity/test_issuer.h"
#include "common/process/process.h"
#include "services/gtm/platform.h"

namespace gtm::auth {

// Authorities, keys and files, without a platform.
struct Secrets {
  Secrets();

  identity::testing::Folder folder;
  identity::testing::Pem ca = identity::testing::MakeCa("test authority");
  identity::testing::SigningKey rsa =
      identity::testing::SigningKey::Make(identity::Algorithm::kRs256, "rsa-1");
  identity::testing::SigningKey ec =
      identity::testing::SigningKey::Make(identity::Algorithm::kEs256, "ec-1");

  // Good for an hour from now; a test changes what it wants to be wrong.
  identity::testing::Claims GoodClaims() const;
  // A good bearer of these roles: value of the metadata "authorization".
  std::string Bearer(std::vector<std::string> roles, const std::string& tenant = "acme") const;
  // Writes "<name>.pem" and "<name>.key" of a certificate for 127.0.0.1 and a URI; the paths
  // are those of the folder.
  void WriteCertificate(const std::string& name, const std::string& uri) const;
  // Flags that every process of the platform takes: verified callers, TLS with the
  // certificate `name`.
  std::vector<std::string> ServerFlags(const std::string& name) const;
  // A channel that verifies the server with our authority, and shows `client` where it is
  // not null.
  std::shared_ptr<grpc::Channel> Channel(const std::string& address,
                                         const identity::testing::Pem* client = nullptr) const;
};

// All five services in this process.
class SecurePlatform {
 public:
  explicit SecurePlatform(std::vector<std::string> more_flags = {});
  ~SecurePlatform();
  SecurePlatform(const SecurePlatform&) = delete;
  SecurePlatform& operator=(const SecurePlatform&) = delete;

  Secrets& secrets() { return secrets_; }
  std::string address() const { return process_->address(); }
  std::string health_address() const { return process_->health_address(); }
  process::Process& process() { return *process_; }
  // Calls that were let through to a handler.
  int64_t handler_runs() const;
  std::string audit_log() const;

 private:
  Secrets secrets_;
  std::unique_ptr<process::Process> process_;
  std::unique_ptr<Platform> platform_;
};

// One call with raw bytes, whatever the method is. `trailing` bytes come back in `response`
// where it is not null.
struct RawCall {
  std::string path;  // "gtm.records.v1.RecordsService/Get"
  std::string bytes;
  std::string authorization;
  std::string tenant;
  int timeout_ms = 20'000;
};
grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const RawCall& call,
                  std::string* response = nullptr);

}  // namespace gtm::auth
