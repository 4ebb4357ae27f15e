#include "common/identity/test_issuer.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "common/identity/strict_json.h"

namespace gtm::identity::testing {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "test issuer: %s failed\n", what);
  abort();
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Contents(const Memory& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string NumberParameter(const EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* number = nullptr;
  Check(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  const int size = bytes > 0 ? bytes : BN_num_bytes(number);
  std::string text(static_cast<size_t>(size), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), size);
  BN_free(number);
  return EncodeBase64Url(text);
}

Key NewKey(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return Key(EVP_RSA_gen(2048));
    case Algorithm::kEs256:
      return Key(EVP_EC_gen("P-256"));
    case Algorithm::kEdDsa:
      return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

// OpenSSL's signature of P-256 as JOSE wants it.
std::string FromDer(const std::string& der) {
  const unsigned char* at = Bytes(der);
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  Check(pair != nullptr, "d2i_ECDSA_SIG");
  std::string raw(64, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), reinterpret_cast<unsigned char*>(raw.data()), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
  ECDSA_SIG_free(pair);
  return raw;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string NamesOf(const CertificateSpec& spec) {
  std::string names;
  const auto add = [&](const char* type, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      names += (names.empty() ? "" : ",") + std::string(type) + ":" + value;
    }
  };
  add("URI", spec.uris);
  add("DNS", spec.dns_names);
  add("IP", spec.ip_addresses);
  return names;
}

Certificate ReadCertificate(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

Key ReadKey(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
}

}  // namespace

SigningKey SigningKey::Make(Algorithm algorithm, std::string kid) {
  SigningKey made;
  made.algorithm_ = algorithm;
  made.kid_ = std::move(kid);
  made.key_ = std::shared_ptr<evp_pkey_st>(NewKey(algorithm).release(), EVP_PKEY_free);
  Check(made.key_ != nullptr, "key generation");
  return made;
}

std::string SigningKey::Jwk() const {
  const std::string start = fmt::format("{{\"kid\":\"{}\",\"use\":\"sig\",\"alg\":\"{}\",", kid_,
                                        AlgorithmName(algorithm_));
  if (algorithm_ == Algorithm::kRs256) {
    return fmt::format("{}\"kty\":\"RSA\",\"n\":\"{}\",\"e\":\"{}\"}}", start,
                       NumberParameter(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0),
                       NumberParameter(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0));
  }
  if (algorithm_ == Algorithm::kEs256) {
    return fmt::format("{}\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{}\",\"y\":\"{}\"}}", start,
                       NumberParameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32),
                       NumberParameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32));
  }
  std::string raw(32, '\0');
  size_t size = raw.size();
  Check(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                    &size) == 1,
        "raw public key");
  return fmt::format("{}\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{}\"}}", start,
                     EncodeBase64Url(raw));
}

std::string SigningKey::PublicPem() const {
  const Memory memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(memory.get(), key_.get());
  return Contents(memory);
}

std::string SigningKey::Sign(const std::string& bytes) const {
  const Context context(EVP_MD_CTX_new());
  const EVP_MD* digest = algorithm_ == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  Check(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1, "sign");
  size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, Bytes(bytes), bytes.size());
  std::string signature(size, '\0');
  Check(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       Bytes(bytes), bytes.size()) == 1,
        "sign");
  signature.resize(size);
  return algorithm_ == Algorithm::kEs256 ? FromDer(signature) : signature;
}

std::string SigningKey::Token(const std::string& header, const std::string& payload) const {
  const std::string bytes = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  return bytes + "." + EncodeBase64Url(Sign(bytes));
}

std::string SigningKey::Token(const std::string& payload) const {
  return Token(fmt::format("{{\"alg\":\"{}\",\"kid\":\"{}\",\"typ\":\"JWT\"}}",
                           AlgorithmName(algorithm_), kid_),
               payload);
}

std::string JwksOf(const std::vector<const SigningKey*>& keys) {
  std::string text = "{\"keys\":[";
  for (const SigningKey* key : keys) text += (key == keys.front() ? "" : ",") + key->Jwk();
  return text + "]}";
}

std::string HmacToken(const std::string& header, const std::string& payload,
                      const std::string& secret) {
  const std::string bytes = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  std::array<unsigned char, 32> mac;
  unsigned size = mac.size();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), Bytes(bytes), bytes.size(),
       mac.data(), &size);
  return bytes + "." + EncodeBase64Url({reinterpret_cast<const char*>(mac.data()), size});
}

Claims Claims::At(absl::Time now) {
  Claims claims;
  claims.nbf = absl::ToUnixSeconds(now) - 5;
  claims.exp = absl::ToUnixSeconds(now) + 3'600;
  return claims;
}

std::string Claims::Text() const {
  std::string names;
  for (const std::string& role : roles) {
    names += (names.empty() ? "\"" : ",\"") + role + "\"";
  }
  return fmt::format(
      "{{\"iss\":\"{}\",\"aud\":\"{}\",\"sub\":\"{}\",\"gtm_tenant\":\"{}\",\"gtm_roles\":[{}],"
      "\"exp\":{},\"nbf\":{}{}}}",
      iss, aud, sub, tenant, names, exp, nbf, extra);
}

Pem MakeCertificate(const CertificateSpec& spec, const Pem* issuer) {
  const Key key = NewKey(Algorithm::kEs256);
  const Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()),
                  static_cast<long>(absl::ToInt64Seconds(spec.valid_from)));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()),
                  static_cast<long>(absl::ToInt64Seconds(spec.valid_to)));
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, Bytes(spec.name), -1, -1, 0);
  const Certificate signer = issuer == nullptr ? nullptr : ReadCertificate(issuer->cert);
  const Key signing_key = issuer == nullptr ? nullptr : ReadKey(issuer->key);
  X509* parent = signer == nullptr ? certificate.get() : signer.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent));
  AddExtension(certificate.get(), parent, NID_basic_constraints,
               spec.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (const std::string names = NamesOf(spec); !names.empty()) {
    AddExtension(certificate.get(), parent, NID_subject_alt_name, names);
  }
  Check(X509_sign(certificate.get(), signing_key == nullptr ? key.get() : signing_key.get(),
                  EVP_sha256()) > 0,
        "X509_sign");
  const Memory cert_memory(BIO_new(BIO_s_mem()));
  const Memory key_memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(cert_memory.get(), certificate.get());
  PEM_write_bio_PrivateKey(key_memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {Contents(cert_memory), Contents(key_memory)};
}

Pem MakeCa(const std::string& name) {
  return MakeCertificate({.name = name, .is_ca = true}, nullptr);
}

Folder::Folder() {
  path_ = std::filesystem::temp_directory_path() / "gtm-identity-XXXXXX";
  Check(mkdtemp(path_.data()) != nullptr, "mkdtemp");
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

std::string Folder::Write(const std::string& name, const std::string& text) const {
  const std::string next = Path(name + ".next");
  std::ofstream(next, std::ios::binary) << text;
  std::filesystem::rename(next, Path(name));
  return Path(name);
}

}  // namespace gtm::identity::testing
