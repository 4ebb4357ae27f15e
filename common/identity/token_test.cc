// Tokens and key sets: what is believed, and everything that is not.

#include <gtest/gtest.h>

#include "common/identity/jwt.h"
#include "common/identity/strict_json.h"
#include "common/identity/test_issuer.h"

namespace gtm::identity {
namespace {

using rpc::DenyReason;
using testing::Claims;
using testing::HmacToken;
using testing::JwksOf;
using testing::SigningKey;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

class Token : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rsa_ = new SigningKey(SigningKey::Make(Algorithm::kRs256, "rsa"));
    ec_ = new SigningKey(SigningKey::Make(Algorithm::kEs256, "ec"));
    ed_ = new SigningKey(SigningKey::Make(Algorithm::kEdDsa, "ed"));
  }
  void SetUp() override {
    auto keys = ParseJwks(JwksOf({rsa_, ec_, ed_}));
    ASSERT_TRUE(keys.ok()) << keys.error().message();
    keys_ = *std::move(keys);
  }
  std::variant<TokenBearer, DenyReason> Verify(const std::string& token) {
    return VerifyToken(token, keys_, {"https://login.acme.example", "gtm"}, kNow);
  }
  void ExpectDenied(const std::string& token, DenyReason reason) {
    const auto verdict = Verify(token);
    ASSERT_TRUE(std::holds_alternative<DenyReason>(verdict)) << token;
    EXPECT_EQ(rpc::DenyReasonName(std::get<DenyReason>(verdict)), rpc::DenyReasonName(reason));
  }

  static inline SigningKey* rsa_ = nullptr;
  static inline SigningKey* ec_ = nullptr;
  static inline SigningKey* ed_ = nullptr;
  KeySet keys_;
  Claims claims_ = Claims::At(kNow);
};

TEST_F(Token, OfEveryAlgorithmIsBelieved) {
  for (const SigningKey* key : {rsa_, ec_, ed_}) {
    const auto verdict = Verify(key->Token(claims_.Text()));
    ASSERT_TRUE(std::holds_alternative<TokenBearer>(verdict)) << key->kid();
    const auto& bearer = std::get<TokenBearer>(verdict);
    EXPECT_EQ(bearer.principal.subject, "user:ada");
    EXPECT_EQ(bearer.principal.tenant.value(), "acme");
    EXPECT_EQ(bearer.principal.roles, rpc::kEveryRole);
    EXPECT_TRUE(bearer.principal.service.empty()) << "no token makes a service";
    EXPECT_EQ(bearer.expire_time, absl::FromUnixSeconds(claims_.exp));
  }
}

TEST_F(Token, MayHaveSeveralAudiencesAndRolesThatWeDoNotKnow) {
  Claims claims = claims_;
  claims.roles = {"reader", "janitor"};
  std::string text = claims.Text();
  text.replace(text.find("\"aud\":\"gtm\""), 11, "\"aud\":[\"x\",\"gtm\"]");
  const auto verdict = Verify(ec_->Token(text));
  ASSERT_TRUE(std::holds_alternative<TokenBearer>(verdict));
  EXPECT_EQ(std::get<TokenBearer>(verdict).principal.roles, 1u << 0);
}

TEST_F(Token, HeaderCannotChooseTheAlgorithm) {
  const std::string payload = claims_.Text();
  ExpectDenied(
      EncodeBase64Url(R"({"alg":"none","kid":"rsa"})") + "." + EncodeBase64Url(payload) + ".",
      DenyReason::kAlgorithm);
  const std::string header = R"({"alg":"HS256","kid":"rsa"})";
  ExpectDenied(HmacToken(header, payload, rsa_->PublicPem()), DenyReason::kAlgorithm);
  // A good signature of a key under the name of another algorithm, and under another kid.
  ExpectDenied(ec_->Token(R"({"alg":"RS256","kid":"ec"})", payload), DenyReason::kAlgorithm);
  ExpectDenied(ec_->Token(R"({"alg":"RS256","kid":"rsa"})", payload), DenyReason::kSignature);
  ExpectDenied(HmacToken(R"({"alg":"RS256","kid":"rsa"})", payload, rsa_->PublicPem()),
               DenyReason::kSignature);
  ExpectDenied(rsa_->Token(R"({"alg":"RS256"})", payload), DenyReason::kKeyId);
  ExpectDenied(rsa_->Token(R"({"alg":"RS256","kid":"rsa2"})", payload), DenyReason::kKeyId);
  ExpectDenied(rsa_->Token(R"({"alg":"RS256","kid":"rsa","crit":["b64"],"b64":false})", payload),
               DenyReason::kMalformed);
  const SigningKey stranger = SigningKey::Make(Algorithm::kRs256, "rsa");
  ExpectDenied(stranger.Token(payload), DenyReason::kSignature);
}

TEST_F(Token, SignatureOfEs256HasExactly64Bytes) {
  const std::string bytes =
      EncodeBase64Url(R"({"alg":"ES256","kid":"ec"})") + "." + EncodeBase64Url(claims_.Text());
  const std::string good = ec_->Sign(bytes);
  ASSERT_EQ(good.size(), 64u);
  EXPECT_TRUE(std::holds_alternative<TokenBearer>(Verify(bytes + "." + EncodeBase64Url(good))));
  for (const std::string& bad :
       {std::string(), good.substr(0, 63), good + '\0', good + good, std::string(64, '\0'),
        std::string(64, '\xff'), std::string(4'000, 'x')}) {
    ExpectDenied(bytes + "." + EncodeBase64Url(bad), DenyReason::kSignature);
  }
}

TEST_F(Token, IsRefusedForEachClaimThatIsWrong) {
  const auto with = [&](auto change) {
    Claims claims = claims_;
    change(claims);
    return ed_->Token(claims.Text());
  };
  const int64_t now = absl::ToUnixSeconds(kNow);
  ExpectDenied(with([](Claims& c) { c.iss = "https://login.acme.example/"; }), DenyReason::kIssuer);
  ExpectDenied(with([](Claims& c) { c.aud = "gtm2"; }), DenyReason::kAudience);
  ExpectDenied(with([&](Claims& c) { c.exp = now - 60; }), DenyReason::kExpired);
  ExpectDenied(with([&](Claims& c) { c.nbf = now + 61; }), DenyReason::kNotYetValid);
  ExpectDenied(with([](Claims& c) { c.sub = ""; }), DenyReason::kClaims);
  ExpectDenied(with([](Claims& c) { c.sub = std::string(121, 'a'); }), DenyReason::kClaims);
  ExpectDenied(with([](Claims& c) { c.tenant = ""; }), DenyReason::kClaims);
  ExpectDenied(with([](Claims& c) { c.tenant = std::string(129, 'a'); }), DenyReason::kClaims);
  // Clocks may be a minute off.
  EXPECT_TRUE(
      std::holds_alternative<TokenBearer>(Verify(with([&](Claims& c) { c.exp = now - 59; }))));
  EXPECT_TRUE(
      std::holds_alternative<TokenBearer>(Verify(with([&](Claims& c) { c.nbf = now + 60; }))));
}

TEST_F(Token, IsRefusedWhereTwoReadersCouldDiffer) {
  Claims twice = claims_;
  twice.extra = R"(,"gtm_tenant":"acme")";
  ExpectDenied(ed_->Token(twice.Text()), DenyReason::kMalformed);
  Claims nested = claims_;
  nested.extra = R"(,"x":{"a":1,"a":2})";
  ExpectDenied(ed_->Token(nested.Text()), DenyReason::kMalformed);
  ExpectDenied(ed_->Token(R"({"alg":"EdDSA","kid":"ed","kid":"ed"})", claims_.Text()),
               DenyReason::kMalformed);
  // Names that are equal only once escapes are read.
  Claims escaped = claims_;
  escaped.extra = R"(,"sub\u0062":1,"s\u0075b":"eve")";
  ExpectDenied(ed_->Token(escaped.Text()), DenyReason::kMalformed);
}

TEST_F(Token, OfTheWrongShapeIsRefused) {
  const std::string good = ed_->Token(claims_.Text());
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), good + ".",
        good + "=", "." + good, good.substr(0, good.size() / 2),
        good + std::string(kTokenBytesMax, 'A'), std::string(64 * 1024, 'A'),
        ed_->Token("[]", claims_.Text()), ed_->Token("{", "{}"),
        ed_->Token(R"({"alg":1,"kid":"ed"})", claims_.Text())}) {
    ExpectDenied(bad, DenyReason::kMalformed);
  }
  for (const char* payload : {R"({"iss":1})", "{}", R"({"iss":"https://login.acme.example"})"}) {
    EXPECT_TRUE(std::holds_alternative<DenyReason>(Verify(ed_->Token(payload)))) << payload;
  }
  for (const char* exp : {"\"1790003600\"", "null", "-1", "1e400", "1e300", "true", "[1]"}) {
    std::string text = claims_.Text();
    const size_t at = text.find("\"exp\":") + 6;
    text.replace(at, text.find(',', at) - at, exp);
    EXPECT_TRUE(std::holds_alternative<DenyReason>(Verify(ed_->Token(text)))) << exp;
  }
  std::string deep = claims_.Text();
  deep.insert(deep.size() - 1, ",\"x\":" + std::string(2'000, '[') + std::string(2'000, ']'));
  ExpectDenied(ed_->Token(deep), DenyReason::kMalformed);
}

TEST(Jwks, LeavesOutWhatIsNotForUsAndRefusesWhatIsDamaged) {
  const SigningKey ec = SigningKey::Make(Algorithm::kEs256, "ec");
  const auto with = [&](const std::string& more) {
    return ParseJwks("{\"keys\":[" + ec.Jwk() + (more.empty() ? "" : ",") + more + "]}");
  };
  for (const char* other :
       {R"({"kty":"oct","kid":"s","k":"AAAA"})", R"({"kty":"EC","crv":"P-384","kid":"p"})",
        R"({"kty":"RSA","kid":"e","use":"enc","n":"AQAB","e":"AQAB"})",
        R"({"kty":"RSA","kid":"p","alg":"PS256","n":"AQAB","e":"AQAB"})",
        R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
        R"({"kty":"OKP","crv":"Ed25519","kid":"o","key_ops":["sign"],"x":"AAAA"})"}) {
    const auto keys = with(other);
    ASSERT_TRUE(keys.ok()) << other << keys.error().message();
    EXPECT_EQ(keys->size(), 1u) << other;
  }
  for (const std::string& bad :
       {std::string(R"({"kty":"RSA","kid":"weak","n":"AQAB","e":"AQAB"})"),
        std::string(R"({"kty":"OKP","crv":"Ed25519","kid":"o","x":"AAAA"})"),
        std::string(R"({"kty":"EC","crv":"P-256","kid":"off","x":")") + std::string(43, 'A') +
            R"(","y":")" + std::string(43, 'A') + "\"}",
        ec.Jwk(), std::string("1")}) {
    EXPECT_FALSE(with(bad).ok()) << bad;
  }
  for (const char* bad :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[],"keys":[]})"}) {
    EXPECT_FALSE(ParseJwks(bad).ok()) << bad;
  }
  EXPECT_FALSE(ParseJwks(std::string(kJwksBytesMax + 1, ' ')).ok());
}

TEST(Base64Url, RoundTripsAndIsStrict) {
  for (size_t size = 0; size < 70; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + size);
    EXPECT_EQ(DecodeBase64Url(EncodeBase64Url(bytes)), bytes);
  }
  EXPECT_EQ(DecodeBase64Url("AA"), std::string(1, '\0'));
  for (const char* bad : {"A", "AB", "AAAAA", "AA==", "A+AA", "A/AA", "A AA", "AAB"}) {
    EXPECT_FALSE(DecodeBase64Url(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace gtm::identity
