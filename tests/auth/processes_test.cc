// The real binaries as they are deployed: five processes with certificates among them, and the
// command line with a token. Also: what refuses to start, and says why.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "gtm/records/v1/service.pb.h"
#include "gtm/targeting/v1/service.pb.h"
#include "tests/auth/secure_platform.h"
#include "tests/scenario/child_process.h"

namespace gtm::auth {
namespace {

using scenario::ChildProcess;

std::string Binary(const std::string& name) { return std::string(GTM_BINARY_FOLDER) + "/" + name; }

struct Output {
  std::string text;  // of standard output and standard error
  int code = -1;
};

// Runs a command to its end. `environment` stands in front of it: "A=b".
Output RunBinary(const std::string& binary, const std::vector<std::string>& arguments,
                 const std::string& environment = "") {
  std::string command = environment + " " + Binary(binary);
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  Output output;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.text.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  output.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

// The API key that a command printed; "" without one.
std::string KeyIn(const std::string& text) {
  const size_t at = text.find("gtm_acme_");
  return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n\"", at) - at);
}

TEST(Binaries, RefuseToStartInsecurelyAndSayWhatToDo) {
  const identity::testing::Folder folder;
  const std::string store = "--store=sqlite:" + folder.Path("gtm.db");
  struct Start {
    std::vector<std::string> flags;
    std::string says;
  };
  const Start starts[] = {
      {{"--address=0.0.0.0:0"}, "--auth required"},
      {{"--auth=required"}, "--jwks-file"},
      {{"--auth=required", "--jwks-file=" + folder.Path("none.json")}, "--jwt-issuer"},
      {{"--auth=required", "--jwks-file=" + folder.Path("none.json"), "--jwt-issuer=i",
        "--jwt-audience=a"},
       "cannot be read"},
      {{"--auth=perhaps"}, "none or required"},
      {{"--tls-cert-file=" + folder.Path("x")}, "--tls-key-file"},
      {{"--tls-client-auth=require"}, "--tls-client-ca-file"},
      {{"--identities-file=" + folder.Path("x")}, "--tls-client-ca-file"},
  };
  for (const Start& start : starts) {
    std::vector<std::string> flags = {store, "--metrics-address="};
    flags.insert(flags.end(), start.flags.begin(), start.flags.end());
    if (start.flags[0].find("--address") != 0) flags.push_back("--address=127.0.0.1:0");
    for (const char* binary : {"gtm", "gtm-records"}) {
      std::vector<std::string> all = flags;
      if (std::string(binary) == "gtm") all.insert(all.begin(), "serve");
      const Output output = RunBinary(binary, all);
      SCOPED_TRACE(std::string(binary) + " " + start.flags[0]);
      EXPECT_GT(output.code, 0);
      EXPECT_NE(output.text.find(start.says), std::string::npos) << output.text;
      EXPECT_FALSE(std::filesystem::exists(folder.Path("gtm.db"))) << "nothing was made";
    }
  }
}

// Flags of the command line for a platform of ours.
std::vector<std::string> CliFlags(const Secrets& secrets, const std::string& address) {
  return {"--address=" + address, "--tls-ca-file=" + secrets.folder.Path("ca.pem")};
}

TEST(Binaries, FromLoopbackToKeysToARevokedKey) {
  const Secrets secrets;
  secrets.WriteCertificate("server", "spiffe://acme.example/gtm");
  const std::string store = "--store=sqlite:" + secrets.folder.Path("gtm.db");
  std::string admin_key;
  {
    ChildProcess open(Binary("gtm"), {"serve", store});
    const Output made =
        RunBinary("gtm", {"--address=" + open.address(), "--tenant=acme", "api-key", "create",
                          "--role=admin", "--role=writer", "--role=reader", "--name=first"});
    ASSERT_EQ(made.code, 0) << made.text;
    admin_key = KeyIn(made.text);
    EXPECT_FALSE(admin_key.empty()) << made.text;
    EXPECT_EQ(open.Stop(), 0);
  }
  // From now on with keys alone.
  ChildProcess all(Binary("gtm"), {"serve", store, "--auth=required",
                                   "--tls-cert-file=" + secrets.folder.Path("server.pem"),
                                   "--tls-key-file=" + secrets.folder.Path("server.key")});
  const auto cli = [&](std::vector<std::string> arguments, const std::string& token) {
    std::vector<std::string> flags = CliFlags(secrets, all.address());
    flags.insert(flags.end(), arguments.begin(), arguments.end());
    return RunBinary("gtm", flags, "GTM_TOKEN='" + token + "'");
  };
  EXPECT_EQ(cli({"record", "list", "account"}, "").code, 1);
  EXPECT_NE(cli({"record", "list", "account"}, "").text.find("--token-file"), std::string::npos);
  EXPECT_EQ(cli({"record", "list", "account"}, admin_key).code, 0);
  const Output reader = cli({"--tenant=acme", "api-key", "create", "--role=reader"}, admin_key);
  ASSERT_EQ(reader.code, 0) << reader.text;
  const std::string reader_key = KeyIn(reader.text);
  EXPECT_EQ(cli({"record", "list", "account"}, reader_key).code, 0);
  EXPECT_EQ(cli({"--tenant=acme", "api-key", "create", "--role=admin"}, reader_key).code, 1);
  EXPECT_EQ(cli({"--tenant=globex", "api-key", "create", "--role=admin"}, admin_key).code, 1);
  const Output list = cli({"api-key", "list"}, admin_key);
  EXPECT_EQ(list.code, 0);
  EXPECT_NE(list.text.find("reader"), std::string::npos) << list.text;
  const std::string id = reader_key.substr(9, reader_key.find('.') - 9);
  const Output revoked = cli({"api-key", "revoke", id}, admin_key);
  ASSERT_EQ(revoked.code, 0) << revoked.text;
  std::this_thread::sleep_for(std::chrono::milliseconds(2'000));
  EXPECT_EQ(cli({"record", "list", "account"}, reader_key).code, 1);
  EXPECT_EQ(cli({"record", "list", "account"}, admin_key).code, 0);
  EXPECT_EQ(all.Stop(), 0);
}

TEST(Binaries, TheDemoCompanyIsServedWithTokens) {
  const Secrets secrets;
  secrets.WriteCertificate("server", "spiffe://acme.example/gtm");
  std::vector<std::string> flags = secrets.ServerFlags("server");
  flags.insert(flags.begin(), {"serve", "--demo", "--size=60", "--tenant=acme", "--store=memory:"});
  ChildProcess all(Binary("gtm"), flags);
  const std::string token_file =
      secrets.folder.Write("token", secrets.Bearer({"reader"}).substr(7));
  std::vector<std::string> ask = CliFlags(secrets, all.address());
  ask.insert(ask.end(), {"--token-file=" + token_file, "targets", "--limit=3"});
  Output targets = RunBinary("gtm", ask);
  // The log says "listening" before the company is loaded.
  for (int i = 0; i < 150 && targets.code != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    targets = RunBinary("gtm", ask);
  }
  EXPECT_EQ(targets.code, 0) << targets.text;
  // A token does not travel without TLS to another machine.
  const Output plain =
      RunBinary("gtm", {"--address=192.0.2.1:7700", "--token-file=" + token_file, "targets"});
  EXPECT_EQ(plain.code, 2);
  EXPECT_NE(plain.text.find("--tls-ca-file"), std::string::npos) << plain.text;
}

TEST(Binaries, FiveProcessesWithCertificatesAmongThem) {
  const Secrets secrets;
  for (const char* name : {"records", "targeting", "sponsorship", "forecasting", "growth"}) {
    secrets.WriteCertificate(name, std::string("spiffe://acme.example/") + name);
  }
  const auto flags_of = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> flags = secrets.ServerFlags(name);
    more.push_back("--audit-log=" + secrets.folder.Path(name + ".audit"));
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  };
  ChildProcess records(Binary("gtm-records"),
                       flags_of("records", {"--store=sqlite:" + secrets.folder.Path("gtm.db")}));
  const auto start = [&](const std::string& name) {
    return std::make_unique<ChildProcess>(
        Binary("gtm-" + name), flags_of(name, {"--records-address=" + records.address(),
                                               "--tls-ca-file=" + secrets.folder.Path("ca.pem")}));
  };
  std::vector<std::unique_ptr<ChildProcess>> services;
  for (const char* name : {"targeting", "sponsorship", "forecasting", "growth"}) {
    services.push_back(start(name));
  }
  const auto to = [&](const std::string& address) { return secrets.Channel(address); };

  // An API key made in records opens every service, and is refused by every one within two
  // seconds of its revocation.
  std::vector<std::string> cli = CliFlags(secrets, records.address());
  const std::string admin =
      "GTM_TOKEN='" + secrets.Bearer({"reader", "writer", "admin"}).substr(7) + "'";
  cli.insert(cli.end(), {"--tenant=acme", "api-key"});
  auto create = cli;
  create.insert(create.end(), {"create", "--role=reader"});
  const Output made = RunBinary("gtm", create, admin);
  ASSERT_EQ(made.code, 0) << made.text;
  const std::string key = KeyIn(made.text);
  const std::vector<std::pair<std::string, std::string>> questions = {
      {services[0]->address(), "gtm.targeting.v1.TargetingService/ListTargetDefinitions"},
      {services[1]->address(), "gtm.sponsorship.v1.SponsorshipService/ListSponsorships"},
      {services[2]->address(), "gtm.forecasting.v1.ForecastingService/ListForecastEditions"},
      {services[3]->address(), "gtm.growth.v1.GrowthService/ListCommitments"},
      {records.address(), "gtm.records.v1.RecordsService/GetHead"}};
  for (const auto& [address, path] : questions) {
    for (const std::string& authorization : {"Bearer " + key, secrets.Bearer({"reader"})}) {
      const grpc::Status status = Call(to(address), {.path = path, .authorization = authorization});
      EXPECT_TRUE(status.ok()) << path << " " << status.error_message();
    }
    EXPECT_EQ(Call(to(address), {.path = path}).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  auto revoke = cli;
  revoke.insert(revoke.end(), {"revoke", key.substr(9, key.find('.') - 9)});
  ASSERT_EQ(RunBinary("gtm", revoke, admin).code, 0);
  const absl::Time revoked = absl::Now();
  for (const auto& [address, path] : questions) {
    const auto channel = to(address);
    const RawCall call{.path = path, .authorization = "Bearer " + key};
    while (Call(channel, call).ok() && absl::Now() < revoked + absl::Seconds(10)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_LT(absl::Now() - revoked, absl::Seconds(2)) << path;
  }

  // A decision is written by the service that owns it, for the person who asked; nobody else
  // may say that it is that service.
  targeting::v1::CreateTargetDefinitionRequest definition;
  definition.set_request_id("0190d3b0-0000-7000-8000-000000000001");
  definition.mutable_definition()->set_id("d1");
  const grpc::Status written =
      Call(to(services[0]->address()),
           {.path = "gtm.targeting.v1.TargetingService/CreateTargetDefinition",
            .bytes = definition.SerializeAsString(),
            .authorization = secrets.Bearer({"writer"})});
  EXPECT_NE(written.error_code(), grpc::StatusCode::UNAUTHENTICATED) << written.error_message();
  EXPECT_NE(written.error_code(), grpc::StatusCode::PERMISSION_DENIED) << written.error_message();
  const auto growth =
      identity::testing::MakeCertificate({.uris = {"spiffe://acme.example/growth"}}, &secrets.ca);
  records::v1::CommitRequest forged;
  forged.set_request_id("0190d3b0-0000-7000-8000-000000000002");
  forged.mutable_mutation()->mutable_put()->mutable_target_definition()->set_id("d2");
  const grpc::Status refused = Call(secrets.Channel(records.address(), &growth),
                                    {.path = "gtm.records.v1.RecordsService/Commit",
                                     .bytes = forged.SerializeAsString(),
                                     .tenant = "acme"});
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED) << refused.error_message();

  for (const auto& service : services) EXPECT_EQ(service->Stop(), 0);
  EXPECT_EQ(records.Stop(), 0);
}

}  // namespace
}  // namespace gtm::auth
