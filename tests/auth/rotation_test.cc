// Certificates and signing keys are replaced while calls run (A29): no call fails.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/identity/credentials.h"
#include "tests/auth/secure_platform.h"

namespace gtm::auth {
namespace {

using identity::testing::JwksOf;
using identity::testing::MakeCertificate;
using identity::testing::Pem;

constexpr int kRotations = 20;
const char* const kGetHead = "gtm.records.v1.RecordsService/GetHead";

TEST(Rotation, OfTheServersCertificateFailsNoCall) {
  SecurePlatform platform;
  const Secrets& secrets = platform.secrets();
  const std::string bearer = secrets.Bearer({"reader"});
  const auto lasting = secrets.Channel(platform.address());
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  std::atomic<int> calls{0};
  const auto check = [&](const grpc::Status& status) {
    ++calls;
    if (status.ok()) return;
    ++failed;
    ADD_FAILURE() << status.error_message();
  };
  std::thread old_connection([&] {
    while (!done) check(Call(lasting, {.path = kGetHead, .authorization = bearer}));
  });
  std::thread new_connections([&] {
    while (!done) {
      check(Call(secrets.Channel(platform.address()), {.path = kGetHead, .authorization = bearer}));
    }
  });
  for (int i = 0; i < kRotations; ++i) {
    const Pem next = MakeCertificate({.ip_addresses = {"127.0.0.1"}}, &secrets.ca);
    // One file after the other, and now and then a file of nonsense between.
    if (i % 4 == 0) secrets.folder.Write("server.pem", "no certificate");
    secrets.folder.Write("server.pem", next.cert);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    secrets.folder.Write("server.key", next.key);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  done = true;
  old_connection.join();
  new_connections.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(calls, kRotations);
  // The last one is served: a client that trusts nothing else agrees.
  const Pem own = MakeCertificate({.ip_addresses = {"127.0.0.1"}, .is_ca = true}, nullptr);
  secrets.folder.Write("server.pem", own.cert);
  secrets.folder.Write("server.key", own.key);
  grpc::SslCredentialsOptions only_own{.pem_root_certs = own.cert};
  EXPECT_TRUE(Call(grpc::CreateChannel(platform.address(), grpc::SslCredentials(only_own)),
                   {.path = kGetHead, .authorization = bearer})
                  .ok());
}

TEST(Rotation, OfAClientsCertificateIsTakenForNewConnections) {
  SecurePlatform platform({"--tls-client-auth=require"});
  const Secrets& secrets = platform.secrets();
  const auto write = [&](const Pem& pem) {
    secrets.folder.Write("client.pem", pem.cert);
    secrets.folder.Write("client.key", pem.key);
  };
  write(MakeCertificate({.uris = {"spiffe://acme.example/job"}}, &secrets.ca));
  const auto credentials = identity::MakeChannelCredentials({secrets.folder.Path("ca.pem"),
                                                             secrets.folder.Path("client.pem"),
                                                             secrets.folder.Path("client.key")});
  ASSERT_TRUE(credentials.ok()) << credentials.error().message();
  const auto call = [&](int number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("test.channel", 1'000'000 + number);
    return Call(grpc::CreateCustomChannel(platform.address(), *credentials, arguments),
                {.path = kGetHead});
  };
  EXPECT_TRUE(call(0).ok()) << call(0).error_message();
  write(MakeCertificate({.uris = {"spiffe://acme.example/x"}}, &secrets.ca));
  grpc::Status status;
  for (int i = 1; i < 200 && status.error_code() != grpc::StatusCode::UNAUTHENTICATED; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    status = call(i);
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
}

TEST(Rotation, OfSigningKeysFailsNoCallAndEndsOldTokens) {
  SecurePlatform platform;
  const Secrets& secrets = platform.secrets();
  const auto channel = secrets.Channel(platform.address());
  const std::string old_token = "Bearer " + secrets.rsa.Token(secrets.GoodClaims().Text());
  const auto next = identity::testing::SigningKey::Make(identity::Algorithm::kEdDsa, "ed-2");
  const std::string new_token = "Bearer " + next.Token(secrets.GoodClaims().Text());
  const auto code = [&](const std::string& token) {
    return Call(channel, {.path = kGetHead, .authorization = token}).error_code();
  };
  EXPECT_EQ(code(old_token), grpc::StatusCode::OK);
  secrets.folder.Write("jwks.json", JwksOf({&secrets.rsa, &next}));
  // An unknown kid makes the file be read at once.
  EXPECT_EQ(code(new_token), grpc::StatusCode::OK);
  EXPECT_EQ(code(old_token), grpc::StatusCode::OK);
  // Down: the last good keys stay.
  std::remove(secrets.folder.Path("jwks.json").c_str());
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  EXPECT_EQ(code(new_token), grpc::StatusCode::OK);
  secrets.folder.Write("jwks.json", JwksOf({&next}));
  const absl::Time start = absl::Now();
  while (code(old_token) == grpc::StatusCode::OK && absl::Now() < start + absl::Seconds(10)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  EXPECT_EQ(code(old_token), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(code(new_token), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace gtm::auth
