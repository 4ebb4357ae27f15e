#include "common/identity/jwks.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/identity/strict_json.h"

namespace gtm::identity {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

constexpr int kRsaBitsMin = 2'048;
constexpr int kRsaBitsMax = 8'192;
constexpr size_t kCoordinateBytes = 32;  // P-256
constexpr size_t kEd25519Bytes = 32;
// Longest signature of any key that is taken: RSA of kRsaBitsMax.
constexpr size_t kSignatureBytesMax = kRsaBitsMax / 8;
constexpr size_t kKidBytesMax = 256;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number ToNumber(std::string_view bytes) {
  return Number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// The public key of a type from its parameters; null where they are no key.
Key FromParams(const char* type, const Builder& builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  Key made(key);
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return made;
}

Key RsaKey(const nlohmann::json& jwk) {
  const auto n = DecodeBase64Url(TextMember(jwk, "n").value_or(""));
  const auto e = DecodeBase64Url(TextMember(jwk, "e").value_or(""));
  if (!n.has_value() || !e.has_value() || n->empty() || e->empty()) return nullptr;
  if (n->size() > kRsaBitsMax / 8 || e->size() > 4) return nullptr;
  const Number modulus = ToNumber(*n);
  const Number exponent = ToNumber(*e);
  if (modulus == nullptr || exponent == nullptr || BN_num_bits(modulus.get()) < kRsaBitsMin ||
      !BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) {
    return nullptr;
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return FromParams("RSA", builder);
}

Key EcKey(const nlohmann::json& jwk) {
  const auto x = DecodeBase64Url(TextMember(jwk, "x").value_or(""));
  const auto y = DecodeBase64Url(TextMember(jwk, "y").value_or(""));
  if (!x.has_value() || !y.has_value() || x->size() != kCoordinateBytes ||
      y->size() != kCoordinateBytes) {
    return nullptr;
  }
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParams("EC", builder);
}

Key EdKey(const nlohmann::json& jwk) {
  const auto x = DecodeBase64Url(TextMember(jwk, "x").value_or(""));
  if (!x.has_value() || x->size() != kEd25519Bytes) return nullptr;
  return Key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(*x), x->size()));
}

// What a key of the set is for; nothing where it is not for signatures that we verify.
std::optional<Algorithm> AlgorithmOf(const nlohmann::json& jwk) {
  const std::string type = TextMember(jwk, "kty").value_or("");
  const std::string curve = TextMember(jwk, "crv").value_or("");
  std::optional<Algorithm> algorithm;
  if (type == "RSA") algorithm = Algorithm::kRs256;
  if (type == "EC" && curve == "P-256") algorithm = Algorithm::kEs256;
  if (type == "OKP" && curve == "Ed25519") algorithm = Algorithm::kEdDsa;
  if (!algorithm.has_value()) return std::nullopt;
  if (jwk.contains("use") && TextMember(jwk, "use") != "sig") return std::nullopt;
  if (jwk.contains("alg") && TextMember(jwk, "alg") != AlgorithmName(*algorithm)) {
    return std::nullopt;
  }
  if (const auto uses = jwk.find("key_ops"); uses != jwk.end()) {
    const bool verifies =
        uses->is_array() && std::find(uses->begin(), uses->end(), "verify") != uses->end();
    if (!verifies) return std::nullopt;
  }
  return algorithm;
}

Error Wrong(std::string description) { return InvalidField("jwks", std::move(description)); }

// JOSE's r and s of ES256 as OpenSSL wants them; "" where they are none.
std::string ToDer(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return "";
  Number r = ToNumber(signature.substr(0, kCoordinateBytes));
  Number s = ToNumber(signature.substr(kCoordinateBytes));
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || pair == nullptr ||
      ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
    return "";
  }
  (void)r.release();  // the pair's now
  (void)s.release();
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  std::string bytes;
  if (length > 0) bytes.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kEdDsa:
      return "EdDSA";
  }
  return "";
}

VerificationKey::VerificationKey(Algorithm algorithm, evp_pkey_st* key)
    : algorithm_(algorithm), key_(key) {}
VerificationKey::~VerificationKey() { EVP_PKEY_free(key_); }

bool VerificationKey::Verify(std::string_view bytes, std::string_view signature) const {
  std::string der;
  if (signature.empty() || signature.size() > kSignatureBytesMax) return false;
  if (algorithm_ == Algorithm::kEs256) {
    der = ToDer(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  const DigestContext context(EVP_MD_CTX_new());
  const bool good = context != nullptr &&
                    EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_) == 1 &&
                    EVP_DigestVerify(context.get(), Bytes(signature), signature.size(),
                                     Bytes(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<KeySet> ParseJwks(std::string_view text) {
  if (text.size() > kJwksBytesMax) return Wrong("longer than 256 KiB; give signing keys only");
  const auto json = ParseStrictObject(text);
  if (!json.has_value() || !json->contains("keys") || !json->at("keys").is_array()) {
    return Wrong("no JSON Web Key Set; give {\"keys\": [...]}, no name twice");
  }
  const nlohmann::json& keys = json->at("keys");
  if (keys.size() > kJwksKeysMax) return Wrong("more than 64 keys; give signing keys only");
  KeySet set;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i].is_object()) return Wrong(fmt::format("keys[{}] is no object", i));
    const auto algorithm = AlgorithmOf(keys[i]);
    const auto kid = TextMember(keys[i], "kid");
    if (!algorithm.has_value() || !kid.has_value() || kid->empty()) continue;
    if (kid->size() > kKidBytesMax) return Wrong(fmt::format("keys[{}].kid is too long", i));
    Key key = *algorithm == Algorithm::kRs256   ? RsaKey(keys[i])
              : *algorithm == Algorithm::kEs256 ? EcKey(keys[i])
                                                : EdKey(keys[i]);
    ERR_clear_error();
    if (key == nullptr) {
      return Wrong(
          fmt::format("keys[{}] is no {} key that can be trusted (RSA: 2,048 to 8,192 bits)", i,
                      AlgorithmName(*algorithm)));
    }
    auto shared = std::make_shared<const VerificationKey>(*algorithm, key.release());
    if (!set.emplace(*kid, std::move(shared)).second) {
      return Wrong(fmt::format("keys[{}] has the kid of another; give each its own", i));
    }
  }
  if (set.empty()) {
    return Wrong("no key that verifies RS256, ES256 or EdDSA and has a kid");
  }
  return set;
}

}  // namespace gtm::identity
