#pragma once
// Keys that tokens are signed with: a JSON Web Key Set (RFC 7517) of public keys.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/core/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace gtm::identity {

// The algorithm is the key's and never the token's choice: RSA is RS256, EC P-256 is ES256,
// Ed25519 is EdDSA (RFC 7518, RFC 8037).
enum class Algorithm { kRs256, kEs256, kEdDsa };
// "RS256", as in the header of a token.
std::string_view AlgorithmName(Algorithm algorithm);

// One public key. Immutable, thread-safe.
class VerificationKey {
 public:
  VerificationKey(Algorithm algorithm, evp_pkey_st* key);  // takes the key
  ~VerificationKey();
  VerificationKey(const VerificationKey&) = delete;
  VerificationKey& operator=(const VerificationKey&) = delete;

  Algorithm algorithm() const { return algorithm_; }
  // True where `signature` (raw bytes; of ES256 exactly the 64 of JOSE) is that of `bytes`.
  bool Verify(std::string_view bytes, std::string_view signature) const;

 private:
  const Algorithm algorithm_;
  evp_pkey_st* const key_;
};

// Longest key set that is read, and most keys in it.
inline constexpr size_t kJwksBytesMax = 256 * 1024;
inline constexpr size_t kJwksKeysMax = 64;

// Signing keys by kid.
using KeySet = std::map<std::string, std::shared_ptr<const VerificationKey>, std::less<>>;

// Keys for other uses and of other types (encryption, secrets, other curves) and keys
// without a kid are left out. Errors: INVALID_FIELDS where the text is no key set, a usable
// key is damaged, weak (RSA below 2,048 bits) or has the kid of another, or none is usable.
Result<KeySet> ParseJwks(std::string_view json);

}  // namespace gtm::identity
