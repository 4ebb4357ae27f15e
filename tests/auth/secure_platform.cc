#include "tests/auth/secure_platform.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>

#include "common/identity/credentials.h"
#include "common/rpc/server.h"
#include "services/records/store/store.h"

namespace gtm::auth {

using identity::testing::Claims;
using identity::testing::JwksOf;
using identity::testing::MakeCertificate;
using identity::testing::Pem;

Secrets::Secrets() {
  folder.Write("ca.pem", ca.cert);
  folder.Write("jwks.json", JwksOf({&rsa, &ec}));
  std::string identities =
      "[[identity]]\nsan = \"spiffe://acme.example/job\"\ntenant = \"acme\"\n"
      "roles = [\"reader\", \"writer\"]\n";
  for (const char* service : {"targeting", "sponsorship", "forecasting", "growth"}) {
    identities += std::string("[[identity]]\nsan = \"spiffe://acme.example/") + service +
                  "\"\nservice = \"" + service + "\"\n";
  }
  folder.Write("identities.toml", identities);
}

Claims Secrets::GoodClaims() const { return Claims::At(absl::Now()); }

std::string Secrets::Bearer(std::vector<std::string> roles, const std::string& tenant) const {
  Claims claims = GoodClaims();
  claims.roles = std::move(roles);
  claims.tenant = tenant;
  return "Bearer " + ec.Token(claims.Text());
}

void Secrets::WriteCertificate(const std::string& name, const std::string& uri) const {
  const Pem pem =
      MakeCertificate({.name = name, .uris = {uri}, .ip_addresses = {"127.0.0.1"}}, &ca);
  folder.Write(name + ".pem", pem.cert);
  folder.Write(name + ".key", pem.key);
}

std::vector<std::string> Secrets::ServerFlags(const std::string& name) const {
  return {"--auth=required",
          "--tls-cert-file=" + folder.Path(name + ".pem"),
          "--tls-key-file=" + folder.Path(name + ".key"),
          "--tls-client-ca-file=" + folder.Path("ca.pem"),
          "--identities-file=" + folder.Path("identities.toml"),
          "--jwks-file=" + folder.Path("jwks.json"),
          "--jwt-issuer=https://login.acme.example",
          "--jwt-audience=gtm"};
}

std::shared_ptr<grpc::Channel> Secrets::Channel(const std::string& address,
                                                const Pem* client) const {
  grpc::SslCredentialsOptions options{.pem_root_certs = ca.cert};
  if (client != nullptr) {
    options.pem_private_key = client->key;
    options.pem_cert_chain = client->cert;
  }
  grpc::ChannelArguments arguments;
  // A connection of its own: channels of equal arguments would share one.
  static std::atomic<int> count{0};
  arguments.SetInt("test.channel", count++);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

SecurePlatform::SecurePlatform(std::vector<std::string> more_flags) {
  secrets_.WriteCertificate("server", "spiffe://acme.example/gtm");
  std::vector<std::string> flags = secrets_.ServerFlags("server");
  flags.insert(flags.end(), {"--address=127.0.0.1:0", "--metrics-address=", "--log-level=off",
                             "--store=memory:", "--health-address=127.0.0.1:0",
                             "--audit-log=" + secrets_.folder.Path("audit.log")});
  flags.insert(flags.end(), more_flags.begin(), more_flags.end());
  auto config = config::Config::Load(config::ServeKeys(), flags,
                                     [](const std::string&) { return std::nullopt; });
  EXPECT_TRUE(config.ok()) << config.error().message();
  auto process = process::Process::Start("gtm", std::move(config).value());
  EXPECT_TRUE(process.ok()) << process.error().message();
  process_ = std::move(process).value();
  auto platform = Platform::Start(*process_, records::store::OpenMemory(), 1);
  EXPECT_TRUE(platform.ok()) << platform.error().message();
  platform_ = std::move(platform).value();
}

SecurePlatform::~SecurePlatform() {
  platform_->Shutdown();
  process_->server().Drain(process_->gate(), absl::Seconds(5));
  platform_.reset();
  process_.reset();
}

int64_t SecurePlatform::handler_runs() const {
  std::istringstream text(process_->metrics().Render());
  int64_t count = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("gtm_auth_decisions_total") &&
        line.find("result=\"allow\"") != std::string::npos) {
      count += std::stoll(line.substr(line.rfind(' ') + 1));
    }
  }
  return count;
}

std::string SecurePlatform::audit_log() const {
  std::ifstream file(secrets_.folder.Path("audit.log"));
  return {std::istreambuf_iterator<char>(file), {}};
}

grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const RawCall& call,
                  std::string* response) {
  grpc::GenericStub stub(channel);
  const grpc::Slice slice(call.bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer answer;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(call.timeout_ms));
  if (!call.authorization.empty()) context.AddMetadata("authorization", call.authorization);
  if (!call.tenant.empty()) context.AddMetadata("gtm-tenant", call.tenant);
  grpc::CompletionQueue queue;
  const auto reader = stub.PrepareUnaryCall(&context, "/" + call.path, request, &queue);
  reader->StartCall();
  grpc::Status status;
  reader->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  if (response != nullptr && status.ok()) {
    std::vector<grpc::Slice> slices;
    answer.Dump(&slices);
    for (const grpc::Slice& part : slices) {
      response->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return status;
}

}  // namespace gtm::auth
