#pragma once
// Who calls. Verified identities only: nothing in a request can name its tenant.

#include <map>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/rpc/call.h"

namespace gtm::rpc {

// Request metadata by lower-case key. Where a key is sent twice, the last counts.
using Metadata = std::map<std::string, std::string, std::less<>>;

// Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Errors: CREDENTIALS_MISSING, CREDENTIALS_INVALID.
  virtual Result<Principal> Authenticate(const Metadata& metadata) const = 0;
  // False where identities are believed and not verified: such a server must listen
  // on loopback only.
  virtual bool verifies() const = 0;
};

// Metadata keys that LoopbackAuthenticator believes.
inline constexpr std::string_view kTenantKey = "gtm-tenant";    // default "default"
inline constexpr std::string_view kServiceKey = "gtm-service";  // one of our services
inline constexpr std::string_view kActorKey = "gtm-actor";      // default "local"

// Without configured authentication: believes the caller, who is on this machine, and
// gives every role. Error: CREDENTIALS_INVALID where a key is no valid id.
class LoopbackAuthenticator final : public Authenticator {
 public:
  Result<Principal> Authenticate(const Metadata& metadata) const override;
  bool verifies() const override { return false; }
};

// True for "127.x.y.z:port", "localhost:port", "[::1]:port" and "unix:path".
bool IsLoopbackAddress(std::string_view address);

}  // namespace gtm::rpc
