// The pods of overlays/production, as processes on this machine: their commands and environment
// with the manifests' certificates, identities and ports' meaning; only places differ.

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>

#include "tests/deploy/manifests.h"
#include "tests/deploy/run.h"
#include "tests/scenario/child_process.h"

namespace gtm::deploy {
namespace {

namespace fs = std::filesystem;

// A public key of nobody: P-256, as an identity provider publishes it.
constexpr const char* kJwks =
    R"({"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "use": "sig", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

constexpr const char* kHealth = "/grpc.health.v1.Health/Check";
constexpr const char* kServing = "\x08\x01";  // HealthCheckResponse: field 1, SERVING

// What a plaintext call with an empty request is answered: bytes, or "code 12".
std::string Call(const std::string& address, const std::string& method) {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  const grpc::Slice nothing("");
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                 [&](const grpc::Status& status) { done.set_value(status); });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return fmt::format("code {}", static_cast<int>(status.error_code()));
  std::vector<grpc::Slice> slices;
  response.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

class Pods : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::temp_directory_path() / "gtm-pods-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    MakeAuthority();
    for (const Json* certificate : OfKind(objects_, "Certificate")) {
      if (At(*certificate, "/spec/isCA") == true) continue;
      std::string names = "DNS:localhost";
      for (const Json& name : At(*certificate, "/spec/dnsNames")) {
        names += ",DNS:" + name.get<std::string>();
      }
      for (const Json& uri : At(*certificate, "/spec/uris")) {
        names += ",URI:" + uri.get<std::string>();
      }
      MakeCertificate(TextAt(*certificate, "/spec/secretName"), names);
    }
    MakeCertificate("analyst", "URI:spiffe://gtm.internal/analyst");
    MakeCertificate("stranger", "URI:spiffe://gtm.internal/stranger");
    fs::create_directories(folder_ + "/identities");
    std::ofstream(folder_ + "/identities/identities.toml")
        << TextAt(*Find(objects_, "ConfigMap/gtm-identities"), "/data/identities.toml")
        << "\n[[identity]]\nsan = \"spiffe://gtm.internal/analyst\"\ntenant = \"acme\"\n"
           "roles = [\"reader\"]\n";
    fs::create_directories(folder_ + "/jwks");
    std::ofstream(folder_ + "/jwks/jwks.json") << kJwks;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const Output output = deploy::Run(arguments);
    ASSERT_EQ(output.exit_code, 0) << output.error;
  }
  void MakeAuthority() {
    OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "1", "-subj", "/CN=gtm", "-keyout", folder_ + "/ca.key", "-out",
             folder_ + "/ca.crt"});
  }
  // The folder of a kubernetes.io/tls Secret: tls.crt, tls.key, ca.crt.
  void MakeCertificate(const std::string& secret, const std::string& names) {
    const std::string to = folder_ + "/" + secret;
    fs::create_directories(to);
    OpenSsl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=" + secret, "-keyout", to + "/tls.key", "-out", to + "/csr"});
    std::ofstream(to + "/extensions") << "subjectAltName=" << names << "\n"
                                      << "extendedKeyUsage=serverAuth,clientAuth\n";
    OpenSsl({"x509", "-req", "-in", to + "/csr", "-CA", folder_ + "/ca.crt", "-CAkey",
             folder_ + "/ca.key", "-CAcreateserial", "-days", "1", "-extfile", to + "/extensions",
             "-out", to + "/tls.crt"});
    fs::copy_file(folder_ + "/ca.crt", to + "/ca.crt", fs::copy_options::overwrite_existing);
  }

  // A Deployment's server with its environment; what a volume mounts is in our folder.
  std::unique_ptr<scenario::ChildProcess> Start(const std::string& name,
                                                const std::map<std::string, std::string>& places) {
    const bool is_local = name == "gtm";
    const Objects& objects = is_local ? local_ : objects_;
    const Json& server = *Find(objects, (is_local ? "StatefulSet/" : "Deployment/") + name);
    const Json& container = *ContainersOf(PodOf(server))[0];
    auto environment = EnvironmentOf(objects, container);
    environment["GTM_POOL_THREADS"] = TextAt(container, "/resources/requests/cpu");
    for (const auto& [key, place] : places) environment[key] = place;
    for (auto& [key, value] : environment) {
      for (const auto& [from, to] :
           std::map<std::string, std::string>{{"/etc/gtm/tls", folder_ + "/" + name + "-tls"},
                                              {"/etc/gtm/identities", folder_ + "/identities"},
                                              {"/etc/gtm/jwks", folder_ + "/jwks"}}) {
        if (value.starts_with(from)) value = to + value.substr(from.size());
      }
      setenv(key.c_str(), value.c_str(), 1);
    }
    const std::string program = TextAt(container, "/command/0").substr(9);
    std::vector<std::string> arguments = {"--health-address=127.0.0.1:0", "--drain-delay-ms=0"};
    if (is_local) arguments.insert(arguments.begin(), TextAt(container, "/command/1"));
    if (is_local) arguments[1] = "--health-address=0.0.0.0:0";  // though the API is on loopback
    auto process =
        std::make_unique<scenario::ChildProcess>(GTM_BINARY_FOLDER "/" + program, arguments);
    for (const auto& [key, value] : environment) unsetenv(key.c_str());
    return process;
  }

  Output Ask(const scenario::ChildProcess& server, const std::string& who,
             std::vector<std::string> question) {
    const std::string address = "localhost" + server.address().substr(server.address().find(':'));
    question.insert(question.begin(), GTM_BINARY_FOLDER "/gtm");
    question.insert(question.end(), {"--address", address, "--tls-ca-file", folder_ + "/ca.crt"});
    if (!who.empty()) {
      question.insert(question.end(), {"--tls-cert-file", folder_ + "/" + who + "/tls.crt",
                                       "--tls-key-file", folder_ + "/" + who + "/tls.key"});
    }
    return deploy::Run(question);
  }

  const Objects objects_ = Render("k8s/overlays/production");
  const Objects local_ = Render("k8s/overlays/local");
  std::string folder_;
};

TEST_F(Pods, OfTheLocalOverlayIsHealthyAndAnswersOnLoopback) {
  const auto platform = Start("gtm", {{"GTM_STORE", "memory:"}});
  const std::string health = platform->health_address();
  EXPECT_TRUE(health.starts_with("0.0.0.0:")) << health;
  EXPECT_EQ(Call("127.0.0.1" + health.substr(health.find(':')), kHealth), kServing);
  const Output answer = deploy::Run(
      {GTM_BINARY_FOLDER "/gtm", "record", "list", "account", "--address", platform->address()});
  EXPECT_EQ(answer.exit_code, 0) << answer.error;
  EXPECT_EQ(platform->Stop(), 0);
}

TEST_F(Pods, KnowEachOtherAndTheirCallersAndNobodyElse) {
  const auto records = Start("gtm-records", {{"GTM_STORE", "memory:"}, {"GTM_MIGRATE", "auto"}});
  const std::string found = "dns:///localhost" + records->address().substr(9);
  std::map<std::string, std::unique_ptr<scenario::ChildProcess>> services;
  for (const char* name : {"gtm-targeting", "gtm-sponsorship", "gtm-forecasting", "gtm-growth"}) {
    services[name] = Start(name, {{"GTM_RECORDS_ADDRESS", found}});
    // The kubelet's probe has no certificate; nobody else gets anything there.
    EXPECT_EQ(Call(services[name]->health_address(), kHealth), kServing) << name;
    EXPECT_EQ(Call(services[name]->health_address(), "/gtm.records.v1.RecordsService/List"),
              fmt::format("code {}", static_cast<int>(grpc::StatusCode::UNIMPLEMENTED)));
  }
  EXPECT_EQ(Ask(*records, "analyst", {"record", "list", "account"}).exit_code, 0);
  // Each service calls the record store in its own name, for the caller's tenant.
  for (const auto& [name, question] : std::map<std::string, std::vector<std::string>>{
           {"gtm-targeting", {"definition", "list"}},
           {"gtm-sponsorship", {"sponsors", "program", "list"}},
           {"gtm-forecasting", {"forecast", "pipeline"}},
           {"gtm-growth", {"signals", "series"}}}) {
    const Output answer = Ask(*services[name], "analyst", question);
    EXPECT_EQ(answer.error.find("CREDENTIALS"), std::string::npos) << name << answer.error;
    EXPECT_EQ(answer.error.find("nobody answers"), std::string::npos) << name << answer.error;
    EXPECT_EQ(answer.exit_code, 0) << name << ": " << answer.text << answer.error;
  }
  for (const char* who : {"stranger", ""}) {
    const Output refused = Ask(*records, who, {"record", "list", "account"});
    EXPECT_EQ(refused.exit_code, 1) << who << refused.text;
    EXPECT_NE(refused.error.find("CREDENTIALS"), std::string::npos) << who << refused.error;
  }
  for (auto& [name, service] : services) EXPECT_EQ(service->Stop(), 0) << name;
  EXPECT_EQ(records->Stop(), 0);
}

}  // namespace
}  // namespace gtm::deploy
