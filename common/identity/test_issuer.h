#pragma once
// Keys, tokens and certificates for tests, made when the test runs.

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/identity/jwks.h"

namespace gtm::identity::testing {

// A private key that signs tokens.
class SigningKey {
 public:
  static SigningKey Make(Algorithm algorithm, std::string kid);

  const std::string& kid() const { return kid_; }
  Algorithm algorithm() const { return algorithm_; }
  // The public key as a member of a key set.
  std::string Jwk() const;
  // The public key in PEM, as attackers have it.
  std::string PublicPem() const;
  // Raw signature of JOSE.
  std::string Sign(const std::string& bytes) const;
  // header.payload.signature, whatever the two texts are.
  std::string Token(const std::string& header, const std::string& payload) const;
  // With the header of this key.
  std::string Token(const std::string& payload) const;

 private:
  Algorithm algorithm_;
  std::string kid_;
  std::shared_ptr<evp_pkey_st> key_;
};

// {"keys":[...]}
std::string JwksOf(const std::vector<const SigningKey*>& keys);
// header.payload.HMAC-SHA256(secret)
std::string HmacToken(const std::string& header, const std::string& payload,
                      const std::string& secret);

// Claims with good values; a test changes what it wants to be wrong. As JSON: Text().
struct Claims {
  std::string iss = "https://login.acme.example";
  std::string aud = "gtm";
  std::string sub = "ada";
  std::string tenant = "acme";
  std::vector<std::string> roles = {"reader", "writer", "approver", "admin"};
  int64_t exp = 0;  // Unix seconds
  int64_t nbf = 0;
  std::string extra;  // further members, such as ",\"x\":1"
  // Good for an hour from `now` on.
  static Claims At(absl::Time now);
  std::string Text() const;
};

// A certificate and its key, in PEM.
struct Pem {
  std::string cert;
  std::string key;
};
struct CertificateSpec {
  std::string name = "test";      // common name
  std::vector<std::string> uris;  // subject alternative names
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  absl::Duration valid_from = -absl::Hours(1);  // from now
  absl::Duration valid_to = absl::Hours(24);
  bool is_ca = false;
};
// Signed by `issuer`; by itself where that is null.
Pem MakeCertificate(const CertificateSpec& spec, const Pem* issuer);
// A certificate authority.
Pem MakeCa(const std::string& name);

// A folder that is removed with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Writes a file anew, as a mount is replaced: a new file takes the name. Returns its path.
  std::string Write(const std::string& name, const std::string& text) const;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace gtm::identity::testing
