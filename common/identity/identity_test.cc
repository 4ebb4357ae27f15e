// API keys, client certificates, and the verifier that joins them with tokens.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/identity/api_key.h"
#include "common/identity/certificates.h"
#include "common/identity/key_cache.h"
#include "common/identity/test_issuer.h"
#include "common/identity/verifier.h"

namespace gtm::identity {
namespace {

using rpc::DenyReason;
using testing::Claims;
using testing::Folder;
using testing::JwksOf;
using testing::SigningKey;

// Stands still until it is moved.
class StandingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'790'000'000) + since(); }
  absl::Duration Monotonic() const override { return absl::Seconds(1'000) + since(); }
  void Advance(absl::Duration by) { nanos_ += absl::ToInt64Nanoseconds(by); }

 private:
  absl::Duration since() const { return absl::Nanoseconds(nanos_.load()); }
  std::atomic<int64_t> nanos_{0};
};

TEST(ApiKey, NamesItsTenantWhateverThatIsCalled) {
  for (const char* tenant : {"acme", "a_b.c-d", "with space", "a.b_c%", "größe", "_system"}) {
    const NewKey made = MakeKey(TenantId(tenant));
    const auto read = ParseKeyText(made.text);
    ASSERT_TRUE(read.has_value()) << made.text;
    EXPECT_EQ(read->tenant.value(), tenant);
    EXPECT_EQ(read->id, made.id);
    EXPECT_TRUE(IsSecretOf(read->secret, {.secret_sha256 = made.secret_sha256}));
    EXPECT_FALSE(IsSecretOf(read->secret + "A", {.secret_sha256 = made.secret_sha256}));
    EXPECT_FALSE(IsSecretOf(read->secret, {}));
    EXPECT_EQ(made.text.find(made.secret_sha256), std::string::npos);
  }
  EXPECT_NE(MakeKey(TenantId("a")).text, MakeKey(TenantId("a")).text);
}

TEST(ApiKey, OfAnotherShapeIsNone) {
  const std::string secret(43, 'A');
  EXPECT_TRUE(ParseKeyText("gtm_acme_0123456789abcdef." + secret).has_value());
  for (const std::string& bad : std::vector<std::string>{
           "gtm_acme_0123456789abcdef." + secret + "A", "gtm_acme_0123." + secret,
           "gtm__0123456789abcdef." + secret, "gtm_0123456789abcdef." + secret,
           "gtm_acme_0123456789abcdef", "xtm_acme_0123456789abcdef." + secret,
           // One tenant has one spelling.
           "gtm_%61cme_0123456789abcdef." + secret, "gtm_a%2fb_0123456789abcdef." + secret,
           "gtm_a%2_0123456789abcdef." + secret, "gtm_a b_0123456789abcdef." + secret,
           "gtm_%00_0123456789abcdef." + secret, "gtm_" + std::string(5'000, 'a') + "." + secret}) {
    EXPECT_FALSE(ParseKeyText(bad).has_value()) << bad;
  }
}

TEST(KeyCache, ForgetsWithinTwoSecondsAndAsksOnceForMany) {
  StandingClock clock;
  std::atomic<int> lookups{0};
  std::atomic<bool> revoked{false};
  KeyCache cache(clock, [&](const TenantId&, const std::string&) {
    ++lookups;
    return Result<std::optional<KeyFacts>>(KeyFacts{.revoked = revoked});
  });
  for (int i = 0; i < 100; ++i) EXPECT_FALSE((*cache.Find(TenantId("t"), "k"))->revoked);
  EXPECT_EQ(lookups, 1);
  revoked = true;
  clock.Advance(kKeyUsable + absl::Milliseconds(1));
  EXPECT_TRUE((*cache.Find(TenantId("t"), "k"))->revoked);
  EXPECT_LT(kKeyUsable + kLookupMax, absl::Seconds(2));
  (void)cache.Find(TenantId("u"), "k");
  EXPECT_EQ(lookups, 3) << "tenants have keys of their own";
}

TEST(KeyCache, SlowRecordsHoldFewThreads) {
  std::atomic<bool> go{false};
  KeyCache cache(SystemClock(), [&](const TenantId&, const std::string&) {
    while (!go) std::this_thread::yield();
    return Result<std::optional<KeyFacts>>(std::optional<KeyFacts>());
  });
  std::vector<std::thread> threads;
  std::atomic<int> asking{0};
  for (int i = 0; i < kLookupsMax; ++i) {
    threads.emplace_back([&, i] {
      ++asking;
      EXPECT_TRUE(cache.Find(TenantId("t"), std::to_string(i)).ok());
    });
  }
  while (asking < kLookupsMax) std::this_thread::yield();
  // Sooner or later all four ask; then nobody else may.
  Result<std::optional<KeyFacts>> more = std::optional<KeyFacts>();
  for (int i = 0; i < 200 && more.ok(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (i < 199) continue;
    more = cache.Find(TenantId("t"), "more");
  }
  EXPECT_FALSE(more.ok());
  EXPECT_EQ(more.error().reason(), Reason::OVERLOADED);
  go = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(Identities, SayWhoACertificateIsOf) {
  const auto identities = ParseIdentities(R"(
    [[identity]]
    san = "spiffe://acme.example/targeting"
    service = "targeting"
    [[identity]]
    san = "Nightly.Acme.Example"
    tenant = "acme"
    roles = ["reader", "admin"]
  )");
  ASSERT_TRUE(identities.ok()) << identities.error().message();
  const auto* service = FindIdentity(*identities, {"spiffe://acme.example/targeting"});
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->second.service, "targeting");
  EXPECT_EQ(service->second.roles, 0b0011u);
  const auto* nightly = FindIdentity(*identities, {"x.acme.example", "nightly.acme.example"});
  ASSERT_NE(nightly, nullptr);
  EXPECT_EQ(nightly->second.tenant.value(), "acme");
  EXPECT_EQ(nightly->second.roles, 0b1001u);
  EXPECT_EQ(FindIdentity(*identities, {}), nullptr);
  EXPECT_EQ(FindIdentity(*identities, {"spiffe://acme.example/Targeting"}), nullptr);
  EXPECT_EQ(FindIdentity(*identities, {"nightly.acme.example", "spiffe://acme.example/targeting"}),
            nullptr)
      << "of two identities is of nobody";
}

TEST(Identities, EveryMistakeIsTold) {
  const auto identities = ParseIdentities(R"(
    [[identity]]
    san = "*.acme.example"
    tenant = "acme"
    [[identity]]
    san = "a.example"
    [[identity]]
    san = "b.example"
    service = "growth"
    tenant = "acme"
    [[identity]]
    san = "c.example"
    service = "records"
    [[identity]]
    san = "d.example"
    tenant = "acme"
    roles = ["king"]
    password = "x"
  )");
  ASSERT_FALSE(identities.ok());
  EXPECT_EQ(identities.error().violations().size(), 6u) << identities.error().message();
  for (const char* bad :
       {"", "x = 1", "identity = 1", "[[identity]]\nsan = 1", "[[identity", "\xff"}) {
    EXPECT_FALSE(ParseIdentities(bad).ok()) << bad;
  }
}

TEST(Certificates, MustFitTogether) {
  const Folder folder;
  const auto one = testing::MakeCertificate({.valid_to = absl::Hours(5)}, nullptr);
  const auto two = testing::MakeCertificate({}, nullptr);
  const TlsFiles files{folder.Write("cert.pem", one.cert), folder.Write("key.pem", one.key), ""};
  TlsWatch watch(files);
  auto first = watch.Poll();
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_LT((*first)->cert_end, absl::Now() + absl::Hours(6));
  EXPECT_GT((*first)->cert_end, absl::Now() + absl::Hours(4));
  EXPECT_FALSE(watch.Poll()->has_value()) << "nothing changed";
  folder.Write("cert.pem", two.cert);
  EXPECT_FALSE(watch.Poll().ok()) << "half of a replacement";
  EXPECT_TRUE(watch.Poll().ok()) << "told once";
  folder.Write("key.pem", two.key);
  const auto second = watch.Poll();
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ((*second)->cert_pem, two.cert);
  for (const TlsFiles& bad : {TlsFiles{folder.Path("none"), files.key_file, ""},
                              TlsFiles{files.key_file, files.key_file, ""},
                              TlsFiles{files.cert_file, files.cert_file, ""},
                              TlsFiles{files.cert_file, files.key_file, files.key_file}}) {
    EXPECT_FALSE(ReadTls(bad).ok());
  }
}

class VerifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("jwks.json", JwksOf({&one_}));
    folder_.Write("identities.toml",
                  "[[identity]]\nsan = \"spiffe://a/t\"\nservice = \"targeting\"\n"
                  "[[identity]]\nsan = \"job.example\"\ntenant = \"acme\"\nroles = [\"reader\"]\n");
    VerifierOptions options;
    options.jwks_file = folder_.Path("jwks.json");
    options.identities_file = folder_.Path("identities.toml");
    options.jwt = {"https://login.acme.example", "gtm"};
    options.clock = &clock_;
    options.metrics = &metrics_;
    auto made = Verifier::Make(options);
    ASSERT_TRUE(made.ok()) << made.error().message();
    verifier_ = *std::move(made);
    verifier_->SetKeyLookup([this](const TenantId& tenant, const std::string& id) {
      Result<std::optional<KeyFacts>> found = std::optional<KeyFacts>();
      if (!records_answer_) found = Error(Reason::PEER_UNAVAILABLE, "gone");
      if (records_answer_ && tenant.value() == "acme" && id == key_.id)
        found = std::optional(facts_);
      return found;
    });
    facts_ = KeyFacts{.roles = 1, .secret_sha256 = key_.secret_sha256};
  }
  rpc::Verdict Show(rpc::Metadata metadata, std::vector<std::string> names = {}) {
    return verifier_->Authenticate({metadata, [names] { return names; }});
  }
  rpc::Verdict ShowBearer(const std::string& token) {
    return Show({{"authorization", "Bearer " + token}});
  }
  std::string WhyNot(const rpc::Verdict& verdict) {
    return verdict.denial.has_value() ? std::string(DenyReasonName(verdict.denial->reason)) : "ok";
  }

  const SigningKey one_ = SigningKey::Make(Algorithm::kEdDsa, "one");
  const SigningKey two_ = SigningKey::Make(Algorithm::kEdDsa, "two");
  const NewKey key_ = MakeKey(TenantId("acme"));
  const Folder folder_;
  StandingClock clock_;
  telemetry::Metrics metrics_;
  KeyFacts facts_;
  bool records_answer_ = true;
  std::unique_ptr<Verifier> verifier_;
  Claims claims_ = Claims::At(clock_.Now());
};

TEST_F(VerifierTest, NothingShownIsMissingAndOtherSchemesAreMalformed) {
  EXPECT_EQ(WhyNot(Show({})), "missing");
  EXPECT_EQ(WhyNot(Show({{"gtm-tenant", "acme"}, {"gtm-service", "growth"}})), "missing");
  for (const char* bad : {"Basic YTpi", "Bearer", "Bearer ", "x"}) {
    EXPECT_EQ(WhyNot(Show({{"authorization", bad}})), "malformed") << bad;
  }
  EXPECT_EQ(Show({{"authorization", "Bearer x.y.z"}}).denial->error.message(),
            "the credentials are not valid");
}

TEST_F(VerifierTest, NobodyElseNamesATenant) {
  const std::string token = "Bearer " + one_.Token(claims_.Text());
  EXPECT_EQ(WhyNot(Show({{"authorization", token}, {"gtm-tenant", "acme"}})), "ok");
  const auto other = Show({{"authorization", token}, {"gtm-tenant", "globex"}});
  EXPECT_EQ(WhyNot(other), "tenant");
  EXPECT_EQ(other.denial->error.reason(), Reason::TENANT_NOT_ALLOWED);
  EXPECT_EQ(WhyNot(Show({{"gtm-tenant", "globex"}}, {"job.example"})), "tenant");
  const auto job = Show({{"gtm-actor", "ada"}, {"gtm-service", "growth"}}, {"job.example"});
  ASSERT_EQ(WhyNot(job), "ok");
  EXPECT_EQ(job.principal->subject, "cert:job.example") << "an actor is believed of services only";
  EXPECT_EQ(job.principal->service, "");
  EXPECT_EQ(job.principal->tenant.value(), "acme");
}

TEST_F(VerifierTest, AServiceNamesTheTenantOfEachCall) {
  const auto service =
      Show({{"gtm-tenant", "globex"}, {"gtm-actor", "ada"}, {"gtm-service", "growth"}},
           {"spiffe://a/t"});
  ASSERT_EQ(WhyNot(service), "ok");
  EXPECT_EQ(service.principal->tenant.value(), "globex");
  EXPECT_EQ(service.principal->service, "targeting") << "not the one that it says";
  EXPECT_EQ(service.principal->subject, "service:targeting for ada");
  EXPECT_FALSE(service.principal->Has(rpc::Role::kAdmin));
  EXPECT_EQ(WhyNot(Show({}, {"spiffe://a/t"})), "malformed") << "a service must name one";
  EXPECT_EQ(WhyNot(Show({}, {"spiffe://a/other"})), "certificate");
}

TEST_F(VerifierTest, AnApiKeyIsGoodUntilItIsRevokedOrExpires) {
  const auto good = ShowBearer(key_.text);
  ASSERT_EQ(WhyNot(good), "ok");
  EXPECT_EQ(good.principal->subject, "key:" + key_.id);
  EXPECT_EQ(good.principal->tenant.value(), "acme");
  EXPECT_EQ(good.principal->roles, 1u);
  std::string wrong = key_.text;
  wrong.back() = wrong.back() == 'A' ? 'Q' : 'A';
  EXPECT_NE(WhyNot(ShowBearer(wrong)), "ok");
  EXPECT_EQ(WhyNot(ShowBearer(MakeKey(TenantId("acme")).text)), "unknown_key");
  facts_.revoked = true;
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(WhyNot(ShowBearer(key_.text)), "revoked");
  facts_.revoked = false;
  facts_.expire_time = clock_.Now();
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(WhyNot(ShowBearer(key_.text)), "expired");
  records_answer_ = false;
  clock_.Advance(absl::Seconds(2));
  const auto unknown = ShowBearer(key_.text);
  EXPECT_EQ(WhyNot(unknown), "unavailable");
  EXPECT_EQ(unknown.denial->error.code(), Code::kUnavailable);
}

TEST_F(VerifierTest, KeysRotateWithoutRestartAndOldTokensEnd) {
  const std::string old_token = one_.Token(claims_.Text());
  const std::string new_token = two_.Token(claims_.Text());
  EXPECT_EQ(WhyNot(ShowBearer(old_token)), "ok");
  EXPECT_EQ(WhyNot(ShowBearer(new_token)), "kid");
  folder_.Write("jwks.json", JwksOf({&one_, &two_}));
  clock_.Advance(kFilePoll);
  EXPECT_EQ(WhyNot(ShowBearer(new_token)), "ok");
  EXPECT_EQ(WhyNot(ShowBearer(old_token)), "ok");
  folder_.Write("jwks.json", JwksOf({&two_}));
  clock_.Advance(kFilePoll);
  EXPECT_EQ(WhyNot(ShowBearer(old_token)), "kid") << "also what had been verified before";
}

TEST_F(VerifierTest, ADamagedFileLeavesTheLastGoodOneInForce) {
  const std::string token = one_.Token(claims_.Text());
  EXPECT_EQ(WhyNot(ShowBearer(token)), "ok");
  folder_.Write("jwks.json", "{\"keys\":[]}");
  folder_.Write("identities.toml", "[[identity");
  clock_.Advance(kFilePoll);
  EXPECT_EQ(WhyNot(ShowBearer(token)), "ok");
  EXPECT_EQ(WhyNot(Show({}, {"job.example"})), "ok");
  EXPECT_NE(metrics_.Render().find("{result=\"error\",task=\"jwks_load\"} 1"), std::string::npos);
  folder_.Write("jwks.json", JwksOf({&two_}));
  clock_.Advance(kFilePoll);
  EXPECT_EQ(WhyNot(ShowBearer(token)), "kid");
}

TEST_F(VerifierTest, AVerifiedTokenIsRememberedNoLongerThanItIsGood) {
  claims_.exp = absl::ToUnixSeconds(clock_.Now()) + 10;
  const std::string token = one_.Token(claims_.Text());
  EXPECT_EQ(WhyNot(ShowBearer(token)), "ok");
  clock_.Advance(absl::Seconds(69));
  EXPECT_EQ(WhyNot(ShowBearer(token)), "ok") << "within the leeway";
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(WhyNot(ShowBearer(token)), "expired");
}

TEST_F(VerifierTest, TheProcessTrustsWhatItAloneKnows) {
  const std::string& own = verifier_->own_authorization();
  EXPECT_EQ(WhyNot(Show({{"authorization", own}, {"gtm-tenant", "x"}})), "ok");
  std::string other = own;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  EXPECT_NE(WhyNot(Show({{"authorization", other}})), "ok");
}

}  // namespace
}  // namespace gtm::identity
