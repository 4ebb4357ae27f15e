#pragma once
// Certificates and keys in PEM files, as TLS is served with them.

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/core/result.h"
#include "common/identity/watched_file.h"

namespace gtm::identity {

// Files of a server. `client_ca_file` "": client certificates cannot be verified.
struct TlsFiles {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;
};

// What the files hold, at a moment when they fit together.
struct TlsMaterial {
  std::string cert_pem;
  std::string key_pem;
  std::string client_ca_pem;
  absl::Time cert_end;       // of the certificate in the chain that ends first
  absl::Time client_ca_end;  // InfiniteFuture without
};

// Error: INVALID_FIELDS ("--tls-cert-file", ...) where a file cannot be read, holds no
// certificate or key, or the key is not the certificate's.
Result<TlsMaterial> ReadTls(const TlsFiles& files);

// When the first of the certificates in a PEM text ends. Error: INVALID_FIELDS (`flag`)
// where there is none.
Result<absl::Time> FirstEnd(const std::string& pem, const std::string& flag);

// Follows replaced files. Files that do not fit together, such as half of a replacement,
// leave what there was in force. Not thread-safe.
class TlsWatch {
 public:
  explicit TlsWatch(TlsFiles files);
  // What the files hold now, where it is good and not what was given last; nothing
  // otherwise. The first call gives what there is, or why it cannot be used; later calls
  // give the error once for each state of the files.
  Result<std::optional<TlsMaterial>> Poll();

 private:
  const TlsFiles files_;
  WatchedFile cert_;
  WatchedFile key_;
  WatchedFile client_ca_;
};

}  // namespace gtm::identity
