// Every method against every kind of bad credentials (A19), every role against every method
// (A20), and tenants against each other (A18), over TLS as callers come.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "common/identity/api_key.h"
#include "common/identity/strict_json.h"
#include "common/rpc/status.h"
#include "google/rpc/status_details.pb.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "gtm/growth/v1/service.pb.h"
#include "gtm/records/v1/service.pb.h"
#include "gtm/sponsorship/v1/service.pb.h"
#include "gtm/targeting/v1/service.pb.h"
#include "tests/auth/secure_platform.h"

namespace gtm::auth {
namespace {

using google::protobuf::MethodDescriptor;
using grpc::StatusCode;
using identity::EncodeBase64Url;
using identity::testing::Claims;
using identity::testing::MakeCertificate;
using identity::testing::Pem;

// The role that each method needs, written down once more: a change of a table in a service
// must be one here, too. Methods that are not named are read with the role reader.
const std::map<std::string, std::string>& RolesOfWrites() {
  static const auto* roles = new std::map<std::string, std::string>{
      {"records.v1.RecordsService/Commit", "writer"},
      {"records.v1.RecordsService/BatchCommit", "writer"},
      {"records.v1.RecordsService/Import", "writer"},
      {"records.v1.RecordsService/ErasePerson", "admin"},
      {"targeting.v1.TargetingService/CreateTargetDefinition", "writer"},
      {"targeting.v1.TargetingService/UpdateTargetDefinition", "writer"},
      {"targeting.v1.TargetingService/ProposeTargetDefinition", "writer"},
      {"targeting.v1.TargetingService/SignOffTargetDefinition", "approver"},
      {"targeting.v1.TargetingService/RetireTargetDefinition", "approver"},
      {"targeting.v1.TargetingService/RecordHandover", "writer"},
      {"targeting.v1.TargetingService/DecideHandover", "writer"},
      {"sponsorship.v1.SponsorshipService/CreateSponsorshipProgram", "approver"},
      {"sponsorship.v1.SponsorshipService/ActivateSponsorshipProgram", "approver"},
      {"sponsorship.v1.SponsorshipService/ProposeMatches", "approver"},
      {"sponsorship.v1.SponsorshipService/AcceptMatches", "approver"},
      {"sponsorship.v1.SponsorshipService/EndSponsorship", "approver"},
      {"forecasting.v1.ForecastingService/CommitForecastEdition", "writer"},
      {"forecasting.v1.ForecastingService/SubmitForecastCall", "writer"},
      {"growth.v1.GrowthService/CommitSignalVerdict", "approver"},
      {"growth.v1.GrowthService/CreateCommitment", "writer"},
      {"growth.v1.GrowthService/UpdateCommitment", "writer"},
  };
  return *roles;
}

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* file : {records::v1::GetHeadRequest::descriptor()->file(),
                           targeting::v1::ScoreAccountRequest::descriptor()->file(),
                           sponsorship::v1::GetCapacityRequest::descriptor()->file(),
                           forecasting::v1::GetForecastRequest::descriptor()->file(),
                           growth::v1::GetSignalsRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

std::string PathOf(const MethodDescriptor* method) {
  return method->service()->full_name() + "/" + method->name();
}

std::string RoleOf(const MethodDescriptor* method) {
  const auto found = RolesOfWrites().find(PathOf(method).substr(4));
  return found == RolesOfWrites().end() ? "reader" : found->second;
}

// What a stranger learns is that it is refused: one reason, one fixed sentence, no values.
void ExpectNoHelp(const grpc::Status& status, const std::string& reason) {
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), reason);
  EXPECT_EQ(info.metadata_size(), 0);
  static const std::map<std::string, std::string> kSentences = {
      {"CREDENTIALS_MISSING",
       "no credentials: send a bearer token, an API key or a client certificate"},
      {"CREDENTIALS_INVALID", "the credentials are not valid"},
      {"TENANT_NOT_ALLOWED", "the credentials are of another tenant; leave gtm-tenant out"}};
  EXPECT_EQ(status.error_message(), kSentences.at(reason));
}

// What a caller shows, and why it is refused.
struct Case {
  std::string name;
  std::string authorization;
  std::string tenant = "";
  std::string reason = "CREDENTIALS_INVALID";
  StatusCode code = StatusCode::UNAUTHENTICATED;
};

std::vector<Case> BadCredentials(const Secrets& secrets) {
  const Claims good = secrets.GoodClaims();
  const auto with = [&](auto change) {
    Claims claims = good;
    change(claims);
    return "Bearer " + secrets.rsa.Token(claims.Text());
  };
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const std::string token = secrets.rsa.Token(good.Text());
  const auto stranger = identity::testing::SigningKey::Make(identity::Algorithm::kRs256, "rsa-1");
  std::string bent = token;
  bent[bent.size() / 2] = bent[bent.size() / 2] == 'A' ? 'B' : 'A';
  return {
      {"no token", "", "", "CREDENTIALS_MISSING"},
      {"another scheme", "Basic YWRhOmFkYQ=="},
      {"expired", with([&](Claims& c) { c.exp = now - 61; })},
      {"nbf in the future", with([&](Claims& c) { c.nbf = now + 600; })},
      {"wrong aud", with([](Claims& c) { c.aud = "other"; })},
      {"wrong iss", with([](Claims& c) { c.iss = "https://evil.example"; })},
      {"no tenant", with([](Claims& c) { c.tenant = ""; })},
      {"alg none", "Bearer " + EncodeBase64Url(R"({"alg":"none","kid":"rsa-1"})") + "." +
                       EncodeBase64Url(good.Text()) + "."},
      {"HS256 signed with the RSA public key",
       "Bearer " + identity::testing::HmacToken(R"({"alg":"HS256","kid":"rsa-1"})", good.Text(),
                                                secrets.rsa.PublicPem())},
      {"RS256 in name, HS256 in fact",
       "Bearer " + identity::testing::HmacToken(R"({"alg":"RS256","kid":"rsa-1"})", good.Text(),
                                                secrets.rsa.PublicPem())},
      {"unknown kid",
       "Bearer " + secrets.rsa.Token(R"({"alg":"RS256","kid":"rsa-9"})", good.Text())},
      {"bad signature", "Bearer " + stranger.Token(good.Text())},
      {"one character changed", "Bearer " + bent},
      {"truncated", "Bearer " + token.substr(0, token.size() - 20)},
      {"without signature", "Bearer " + token.substr(0, token.rfind('.') + 1)},
      {"60 KB", "Bearer " + std::string(60'000, 'A')},
      {"duplicate claims", with([](Claims& c) { c.extra = ",\"gtm_tenant\":\"acme\""; })},
      {"unknown API key", "Bearer " + identity::MakeKey(TenantId("acme")).text},
      {"API key of no tenant", "Bearer " + identity::MakeKey(TenantId("nobody")).text},
      {"another tenant", "Bearer " + token, "globex", "TENANT_NOT_ALLOWED",
       StatusCode::PERMISSION_DENIED},
  };
}

TEST(Authentication, EveryMethodRefusesEveryBadToken) {
  SecurePlatform platform;
  const auto channel = platform.secrets().Channel(platform.address());
  const auto cases = BadCredentials(platform.secrets());
  int calls = 0;
  for (const MethodDescriptor* method : Methods()) {
    for (const Case& one : cases) {
      SCOPED_TRACE(PathOf(method) + ": " + one.name);
      const grpc::Status status =
          Call(channel,
               {.path = PathOf(method), .authorization = one.authorization, .tenant = one.tenant});
      ASSERT_EQ(status.error_code(), one.code) << status.error_message();
      ExpectNoHelp(status, one.reason);
      ++calls;
    }
  }
  EXPECT_EQ(platform.handler_runs(), 0);
  // Each is in the audit log, none with what was shown.
  const std::string audit = platform.audit_log();
  EXPECT_EQ(std::count(audit.begin(), audit.end(), '\n'), calls);
  for (const Case& one : cases) {
    if (one.authorization.size() > 60) {
      EXPECT_EQ(audit.find(one.authorization.substr(one.authorization.size() - 40)), audit.npos);
    }
  }
  // What is good is let in.
  EXPECT_TRUE(Call(channel, {.path = "gtm.records.v1.RecordsService/GetHead",
                             .authorization = platform.secrets().Bearer({"reader"})})
                  .ok());
  EXPECT_EQ(platform.handler_runs(), 1);
}

// Beyond the limit of metadata gRPC itself refuses, and takes the connection with it.
TEST(Authentication, AHugeTokenIsRefusedByTheTransport) {
  SecurePlatform platform;
  for (const MethodDescriptor* method : Methods()) {
    const auto channel = platform.secrets().Channel(platform.address());
    const grpc::Status status = Call(
        channel, {.path = PathOf(method), .authorization = "Bearer " + std::string(65'536, 'A')});
    EXPECT_TRUE(status.error_code() == StatusCode::RESOURCE_EXHAUSTED ||
                status.error_code() == StatusCode::UNAVAILABLE)
        << PathOf(method) << " " << status.error_code() << status.error_message();
  }
  EXPECT_EQ(platform.handler_runs(), 0);
  EXPECT_TRUE(Call(platform.secrets().Channel(platform.address()),
                   {.path = "gtm.records.v1.RecordsService/GetHead",
                    .authorization = platform.secrets().Bearer({"reader"})})
                  .ok());
}

TEST(Authentication, EveryMethodRefusesEveryBadCertificate) {
  SecurePlatform platform;
  const Secrets& secrets = platform.secrets();
  const Pem other_ca = identity::testing::MakeCa("test authority");
  const std::vector<std::string> uris = {"spiffe://acme.example/job"};
  const Pem good = MakeCertificate({.uris = uris}, &secrets.ca);
  struct CertificateCase {
    std::string name;
    Pem pem;
    StatusCode code;
  };
  const std::vector<CertificateCase> cases = {
      {"self-signed", MakeCertificate({.uris = uris}, nullptr), StatusCode::UNAVAILABLE},
      {"of another authority of the same name", MakeCertificate({.uris = uris}, &other_ca),
       StatusCode::UNAVAILABLE},
      {"expired",
       MakeCertificate({.uris = uris, .valid_from = -absl::Hours(2), .valid_to = -absl::Hours(1)},
                       &secrets.ca),
       StatusCode::UNAVAILABLE},
      {"not yet valid", MakeCertificate({.uris = uris, .valid_from = absl::Hours(1)}, &secrets.ca),
       StatusCode::UNAVAILABLE},
      {"signed by one that is no authority", MakeCertificate({.uris = uris}, &good),
       StatusCode::UNAVAILABLE},
      {"of nobody we know", MakeCertificate({.uris = {"spiffe://acme.example/x"}}, &secrets.ca),
       StatusCode::UNAUTHENTICATED},
      {"the right name in the wrong place",
       MakeCertificate({.name = uris[0], .dns_names = {"acme.example"}}, &secrets.ca),
       StatusCode::UNAUTHENTICATED},
      {"of two identities",
       MakeCertificate({.uris = {uris[0], "spiffe://acme.example/growth"}}, &secrets.ca),
       StatusCode::UNAUTHENTICATED},
      {"without names", MakeCertificate({}, &secrets.ca), StatusCode::UNAUTHENTICATED},
  };
  for (const CertificateCase& one : cases) {
    for (const MethodDescriptor* method : Methods()) {
      SCOPED_TRACE(PathOf(method) + ": " + one.name);
      // A connection of its own: after a refused one a channel would wait before the next.
      const auto channel = secrets.Channel(platform.address(), &one.pem);
      const grpc::Status status = Call(channel, {.path = PathOf(method)});
      ASSERT_EQ(status.error_code(), one.code) << status.error_message();
    }
  }
  EXPECT_EQ(platform.handler_runs(), 0);
  EXPECT_TRUE(Call(secrets.Channel(platform.address(), &good),
                   {.path = "gtm.records.v1.RecordsService/GetHead"})
                  .ok());
}

TEST(Authentication, WithoutACertificateNobodyConnectsWhereItIsRequired) {
  SecurePlatform platform({"--tls-client-auth=require"});
  const std::string bearer = platform.secrets().Bearer({"reader"});
  const RawCall head{.path = "gtm.records.v1.RecordsService/GetHead", .authorization = bearer};
  EXPECT_EQ(Call(platform.secrets().Channel(platform.address()), head).error_code(),
            StatusCode::UNAVAILABLE);
  const Pem job = MakeCertificate({.uris = {"spiffe://acme.example/job"}}, &platform.secrets().ca);
  EXPECT_TRUE(Call(platform.secrets().Channel(platform.address(), &job), head).ok());
  // Without TLS nothing is understood.
  EXPECT_EQ(Call(grpc::CreateChannel(platform.address(), grpc::InsecureChannelCredentials()), head)
                .error_code(),
            StatusCode::UNAVAILABLE);
}

TEST(Roles, EachMethodTakesExactlyItsRole) {
  SecurePlatform platform;
  const auto channel = platform.secrets().Channel(platform.address());
  std::set<std::string> left;
  for (const auto& [path, role] : RolesOfWrites()) left.insert(path);
  for (const std::string role : {"reader", "writer", "approver", "admin", ""}) {
    const std::string bearer = platform.secrets().Bearer({role});
    for (const MethodDescriptor* method : Methods()) {
      SCOPED_TRACE(role + " calls " + PathOf(method));
      left.erase(PathOf(method).substr(4));
      const grpc::Status status =
          Call(channel, {.path = PathOf(method),
                         .authorization = bearer,
                         .timeout_ms = method->server_streaming() ? 300 : 20'000});
      EXPECT_NE(status.error_code(), StatusCode::UNAUTHENTICATED);
      if (role == RoleOf(method)) {
        EXPECT_NE(status.error_code(), StatusCode::PERMISSION_DENIED) << status.error_message();
      } else {
        ASSERT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED);
        const Error error = rpc::FromGrpcStatus(status);
        EXPECT_EQ(error.reason(), Reason::ROLE_MISSING);
        EXPECT_EQ(error.metadata().at("role"), RoleOf(method));
      }
    }
  }
  EXPECT_TRUE(left.empty()) << *left.begin() << " is no method";
}

records::v1::CommitRequest CommitOf(const records::v1::Record& record, int number) {
  records::v1::CommitRequest request;
  request.set_request_id(fmt::format("0190d3b0-0000-7000-8000-{:012d}", number));
  *request.mutable_mutation()->mutable_put() = record;
  return request;
}

records::v1::Record KeyRecord(const identity::NewKey& key) {
  records::v1::Record record;
  record.mutable_api_key()->set_id(key.id);
  record.mutable_api_key()->set_secret_sha256(key.secret_sha256);
  record.mutable_api_key()->add_roles(crm::v1::ApiKey::ROLE_READER);
  return record;
}

TEST(ApiKeys, AreMadeByAdministratorsAndRefusedWithinTwoSecondsOfRevocation) {
  SecurePlatform platform;
  const auto channel = platform.secrets().Channel(platform.address());
  const std::string commit = "gtm.records.v1.RecordsService/Commit";
  const std::string get_head = "gtm.records.v1.RecordsService/GetHead";
  const identity::NewKey key = identity::MakeKey(TenantId("acme"));
  records::v1::Record record = KeyRecord(key);
  const std::string made = CommitOf(record, 1).SerializeAsString();
  const grpc::Status writer =
      Call(channel,
           {.path = commit, .bytes = made, .authorization = platform.secrets().Bearer({"writer"})});
  EXPECT_EQ(rpc::FromGrpcStatus(writer).reason(), Reason::KIND_NOT_WRITABLE);
  const std::string admin = platform.secrets().Bearer({"writer", "admin"});
  ASSERT_TRUE(Call(channel, {.path = commit, .bytes = made, .authorization = admin}).ok());
  const RawCall with_key{.path = get_head, .authorization = "Bearer " + key.text};
  EXPECT_TRUE(Call(channel, with_key).ok());
  RawCall write_with_key = with_key;
  write_with_key.path = commit;
  EXPECT_EQ(Call(channel, write_with_key).error_code(), StatusCode::PERMISSION_DENIED);
  RawCall other_tenant = with_key;
  other_tenant.tenant = "globex";
  EXPECT_EQ(Call(channel, other_tenant).error_code(), StatusCode::PERMISSION_DENIED);
  // Forecasting, which asks records, and records itself.
  RawCall forecast = with_key;
  forecast.path = "gtm.targeting.v1.TargetingService/ListAttributes";
  EXPECT_TRUE(Call(channel, forecast).ok());

  record.mutable_api_key()->set_revoked(true);
  const std::string revoked = CommitOf(record, 2).SerializeAsString();
  ASSERT_TRUE(Call(channel, {.path = commit, .bytes = revoked, .authorization = admin}).ok());
  const absl::Time start = absl::Now();
  while (Call(channel, with_key).ok() && absl::Now() < start + absl::Seconds(10)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  for (const MethodDescriptor* method : Methods()) {
    const grpc::Status status =
        Call(channel, {.path = PathOf(method), .authorization = "Bearer " + key.text});
    EXPECT_EQ(status.error_code(), StatusCode::UNAUTHENTICATED) << PathOf(method);
  }

  // The audit log tells who wrote, and the change log has it, too.
  const std::string audit = platform.audit_log();
  EXPECT_EQ(audit.find(key.text.substr(key.text.rfind('.') + 1)), audit.npos) << "no secrets";
  std::istringstream lines(audit);
  int writes = 0;
  std::string details;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_TRUE(json.at("audit").get<bool>());
    if (json.at("event") == "deny") details += json.at("detail").get<std::string>() + " ";
    if (json.at("event") != "write") continue;
    ++writes;
    EXPECT_EQ(json.at("subject"), "user:ada");
    EXPECT_EQ(json.at("tenant"), "acme");
    EXPECT_EQ(json.at("method"), commit);
    EXPECT_EQ(json.at("request_id").get<std::string>().size(), 36u);
    EXPECT_NE(json.at("revision").get<std::string>().find(':'), std::string::npos);
  }
  EXPECT_EQ(writes, 2);
  EXPECT_NE(details.find("revoked"), std::string::npos);
  EXPECT_NE(details.find("role"), std::string::npos);
}

TEST(Tenants, SeeNothingOfEachOther) {
  SecurePlatform platform;
  const auto channel = platform.secrets().Channel(platform.address());
  const std::string ours = platform.secrets().Bearer({"reader", "writer"}, "acme");
  const std::string theirs = platform.secrets().Bearer({"reader", "writer"}, "globex");
  records::v1::Record record;
  record.mutable_account()->set_id("a1");
  record.mutable_account()->set_display_name("Umbrella");
  ASSERT_TRUE(Call(channel, {.path = "gtm.records.v1.RecordsService/Commit",
                             .bytes = CommitOf(record, 1).SerializeAsString(),
                             .authorization = ours})
                  .ok());
  records::v1::GetRequest get;
  get.mutable_key()->set_kind(records::v1::RECORD_KIND_ACCOUNT);
  get.mutable_key()->set_id("a1");
  RawCall call{.path = "gtm.records.v1.RecordsService/Get",
               .bytes = get.SerializeAsString(),
               .authorization = ours};
  std::string answer;
  EXPECT_TRUE(Call(channel, call, &answer).ok());
  EXPECT_NE(answer.find("Umbrella"), std::string::npos);
  call.authorization = theirs;
  EXPECT_EQ(Call(channel, call).error_code(), StatusCode::NOT_FOUND);
  records::v1::ListRequest list;
  list.set_kind(records::v1::RECORD_KIND_ACCOUNT);
  answer.clear();
  EXPECT_TRUE(Call(channel,
                   {.path = "gtm.records.v1.RecordsService/List",
                    .bytes = list.SerializeAsString(),
                    .authorization = theirs},
                   &answer)
                  .ok());
  EXPECT_EQ(answer.find("Umbrella"), std::string::npos);
  // The same request id in another tenant is another request.
  EXPECT_TRUE(Call(channel, {.path = "gtm.records.v1.RecordsService/Commit",
                             .bytes = CommitOf(record, 1).SerializeAsString(),
                             .authorization = theirs})
                  .ok());
}

TEST(Health, AloneIsServedWithoutTls) {
  SecurePlatform platform;
  const auto plain =
      grpc::CreateChannel(platform.health_address(), grpc::InsecureChannelCredentials());
  std::string answer;
  EXPECT_TRUE(Call(plain, {.path = "grpc.health.v1.Health/Check"}, &answer).ok());
  EXPECT_EQ(answer, "\x08\x01") << "SERVING";
  EXPECT_EQ(Call(plain, {.path = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"})
                .error_code(),
            StatusCode::UNIMPLEMENTED);
  for (const MethodDescriptor* method : Methods()) {
    EXPECT_EQ(Call(plain,
                   {.path = PathOf(method), .authorization = platform.secrets().Bearer({"reader"})})
                  .error_code(),
              StatusCode::UNIMPLEMENTED);
  }
  platform.process().server().StopAdvertising();
  answer.clear();
  EXPECT_TRUE(Call(plain, {.path = "grpc.health.v1.Health/Check"}, &answer).ok());
  EXPECT_EQ(answer, "\x08\x02") << "NOT_SERVING";
}

}  // namespace
}  // namespace gtm::auth
