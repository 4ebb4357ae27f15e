// The parsers of what strangers and mounts send, on a great many damaged inputs. Deterministic:
// the seed is printed and read from GTM_FUZZ_SEED. Nothing may crash, and nothing that was
// damaged may be believed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "common/core/random.h"
#include "common/identity/api_key.h"
#include "common/identity/identities.h"
#include "common/identity/jwt.h"
#include "common/identity/strict_json.h"
#include "common/identity/test_issuer.h"

namespace gtm::identity {
namespace {

using testing::Claims;
using testing::JwksOf;
using testing::SigningKey;

// As long as a run of the suite has patience for; cases and not seconds, so that a run can be
// repeated.
constexpr int kCases = 40'000;

uint64_t Seed() {
  const char* text = std::getenv("GTM_FUZZ_SEED");
  const uint64_t seed = text == nullptr ? 20'260'820 : std::strtoull(text, nullptr, 10);
  std::printf("GTM_FUZZ_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}
  size_t Below(size_t limit) { return limit == 0 ? 0 : random_.Below(limit); }

  std::string Mutate(std::string text) {
    const size_t steps = 1 + Below(4);
    for (size_t i = 0; i < steps; ++i) Step(&text);
    return text;
  }

 private:
  void Step(std::string* text) {
    static constexpr std::string_view kBits[] = {
        "{", "}", "[", "]", "\"", ",",    ":",        "\\u0000", "null",     "1e999",         "-",
        ".", "_", "%", "=", "\n", "\xff", "\xc3\xa9", "true",    "\"kid\":", "[[identity]]\n"};
    const size_t at = Below(text->size() + 1);
    const size_t length = Below(std::min<size_t>(text->size() - at, 40) + 1);
    switch (Below(7)) {
      case 0:
        if (at < text->size()) (*text)[at] = static_cast<char>((*text)[at] ^ (1 << Below(8)));
        return;
      case 1:
        text->insert(at, 1, static_cast<char>(Below(256)));
        return;
      case 2:
        text->erase(at, length);
        return;
      case 3:
        text->insert(Below(text->size() + 1), text->substr(at, length));
        return;
      case 4:
        text->resize(at);
        return;
      case 5:
        text->insert(at, kBits[Below(std::size(kBits))]);
        return;
      default:
        text->insert(at, std::string(Below(300), (*text)[Below(text->size())]));
    }
  }

  Random random_;
};

TEST(ParsersFuzz, NoDamagedTokenIsBelieved) {
  Mutator mutator(Seed());
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  std::vector<SigningKey> keys;
  keys.push_back(SigningKey::Make(Algorithm::kRs256, "rsa"));
  keys.push_back(SigningKey::Make(Algorithm::kEs256, "ec"));
  keys.push_back(SigningKey::Make(Algorithm::kEdDsa, "ed"));
  const auto set = ParseJwks(JwksOf({&keys[0], &keys[1], &keys[2]}));
  ASSERT_TRUE(set.ok());
  const JwtOptions options{"https://login.acme.example", "gtm"};
  const std::string payload = Claims::At(now).Text();
  std::vector<std::string> good;
  for (const SigningKey& key : keys) good.push_back(key.Token(payload));
  for (int i = 0; i < kCases; ++i) {
    const std::string& token = good[mutator.Below(good.size())];
    const std::string damaged = mutator.Mutate(token);
    const auto verdict = VerifyToken(damaged, *set, options, now);
    if (damaged != token) {
      ASSERT_FALSE(std::holds_alternative<TokenBearer>(verdict)) << damaged;
    }
  }
  // Signed well, so that the claims themselves are read: what is believed names a tenant.
  for (int i = 0; i < kCases / 4; ++i) {
    const auto verdict = VerifyToken(keys[2].Token(mutator.Mutate(payload)), *set, options, now);
    if (const auto* bearer = std::get_if<TokenBearer>(&verdict)) {
      ASSERT_TRUE(IsValidId(bearer->principal.tenant.value()));
      ASSERT_TRUE(bearer->principal.service.empty());
      ASSERT_GE(bearer->expire_time + kLeeway, now);
    }
  }
}

TEST(ParsersFuzz, KeySetsIdentitiesAndKeysOnlyFail) {
  Mutator mutator(Seed() + 1);
  const SigningKey rsa = SigningKey::Make(Algorithm::kRs256, "rsa");
  const SigningKey ec = SigningKey::Make(Algorithm::kEs256, "ec");
  const std::string jwks = JwksOf({&rsa, &ec});
  const std::string identities =
      "[[identity]]\nsan = \"spiffe://a/t\"\nservice = \"targeting\"\n[[identity]]\nsan = "
      "\"job.example\"\ntenant = \"acme\"\nroles = [\"reader\", \"admin\"]\n";
  const std::string key = MakeKey(TenantId("acme")).text;
  for (int i = 0; i < kCases / 4; ++i) {
    const auto set = ParseJwks(mutator.Mutate(jwks));
    if (set.ok()) {
      ASSERT_FALSE(set->empty());
    } else {
      ASSERT_FALSE(set.error().message().empty());
    }
    const auto read = ParseIdentities(mutator.Mutate(identities));
    if (read.ok()) {
      for (const auto& [san, identity] : *read) {
        ASSERT_TRUE(rpc::IsService(identity.service) || IsValidId(identity.tenant.value())) << san;
      }
    }
    const auto text = ParseKeyText(mutator.Mutate(key));
    if (text.has_value()) {
      ASSERT_TRUE(IsValidId(text->tenant.value()));
    }
    const auto bytes = DecodeBase64Url(mutator.Mutate(key));
    if (bytes.has_value()) {
      ASSERT_LE(bytes->size(), key.size() + 1'000);
    }
  }
}

}  // namespace
}  // namespace gtm::identity
