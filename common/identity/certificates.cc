#include "common/identity/certificates.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>

namespace gtm::identity {
namespace {

constexpr size_t kPemBytesMax = 1024 * 1024;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

Memory Open(const std::string& pem) {
  return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate NextCertificate(const Memory& memory) {
  return Certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
}

// Keys behind a passphrase are refused instead of asked for.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Time EndOf(const Certificate& certificate) {
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) return absl::UnixEpoch();
  return absl::FromCivil(absl::CivilSecond(end.tm_year + 1900, end.tm_mon + 1, end.tm_mday,
                                           end.tm_hour, end.tm_min, end.tm_sec),
                         absl::UTCTimeZone());
}

Status CheckKey(const std::string& cert_pem, const std::string& key_pem) {
  const Memory cert_memory = Open(cert_pem);
  const Memory key_memory = Open(key_pem);
  const Certificate leaf = NextCertificate(cert_memory);
  const Key key(PEM_read_bio_PrivateKey(key_memory.get(), nullptr, NoPassphrase, nullptr));
  const bool fits =
      leaf != nullptr && key != nullptr && X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return InvalidField("--tls-key-file", "holds no private key in PEM without a passphrase");
  }
  if (!fits) {
    return InvalidField("--tls-key-file",
                        "is not the key of the first certificate in --tls-cert-file");
  }
  return {};
}

}  // namespace

Result<absl::Time> FirstEnd(const std::string& pem, const std::string& flag) {
  const Memory memory = Open(pem);
  absl::Time end = absl::InfiniteFuture();
  while (const Certificate certificate = NextCertificate(memory)) {
    end = std::min(end, EndOf(certificate));
  }
  ERR_clear_error();
  if (end == absl::InfiniteFuture()) return InvalidField(flag, "holds no certificate in PEM");
  return end;
}

Result<TlsMaterial> ReadTls(const TlsFiles& files) {
  TlsMaterial tls;
  GTM_ASSIGN_OR_RETURN(tls.cert_pem,
                       ReadWholeFile(files.cert_file, kPemBytesMax, "--tls-cert-file"));
  GTM_ASSIGN_OR_RETURN(tls.key_pem, ReadWholeFile(files.key_file, kPemBytesMax, "--tls-key-file"));
  GTM_ASSIGN_OR_RETURN(tls.cert_end, FirstEnd(tls.cert_pem, "--tls-cert-file"));
  GTM_RETURN_IF_ERROR(CheckKey(tls.cert_pem, tls.key_pem));
  tls.client_ca_end = absl::InfiniteFuture();
  if (!files.client_ca_file.empty()) {
    GTM_ASSIGN_OR_RETURN(tls.client_ca_pem,
                         ReadWholeFile(files.client_ca_file, kPemBytesMax, "--tls-client-ca-file"));
    GTM_ASSIGN_OR_RETURN(tls.client_ca_end, FirstEnd(tls.client_ca_pem, "--tls-client-ca-file"));
  }
  return tls;
}

TlsWatch::TlsWatch(TlsFiles files)
    : files_(std::move(files)),
      cert_(files_.cert_file),
      key_(files_.key_file),
      client_ca_(files_.client_ca_file) {}

Result<std::optional<TlsMaterial>> TlsWatch::Poll() {
  bool changed = false;
  for (WatchedFile* file : {&cert_, &key_, &client_ca_}) {
    if (!file->path().empty()) changed |= file->HasChanged();
  }
  if (!changed) return std::optional<TlsMaterial>();
  GTM_ASSIGN_OR_RETURN(TlsMaterial tls, ReadTls(files_));
  return std::optional<TlsMaterial>(std::move(tls));
}

}  // namespace gtm::identity
