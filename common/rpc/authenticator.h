#pragma once
// Who calls. Verified identities only: nothing in a request can name its tenant.

#include <array>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "common/core/result.h"
#include "common/rpc/call.h"

namespace gtm::rpc {

// Request metadata by lower-case key. Where a key is sent twice, the last counts. Borrows its
// texts: they live as long as the call, so that reading it copies nothing.
class Metadata {
 public:
  using Entry = std::pair<std::string_view, std::string_view>;
  Metadata() = default;
  Metadata(std::initializer_list<Entry> entries) : entries_(entries) {}  // NOLINT: as a list
  void Add(std::string_view key, std::string_view value) { entries_.emplace_back(key, value); }
  // Nothing where it was not sent.
  std::optional<std::string_view> Find(std::string_view key) const {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->first == key) return entry->second;
    }
    return std::nullopt;
  }

 private:
  absl::InlinedVector<Entry, 8> entries_;
};

// What a caller shows; valid while it is looked at.
struct Presented {
  const Metadata& metadata;
  // The URIs and DNS names of the client's certificate, which the TLS handshake has
  // verified; none without one. Empty function: there is no TLS.
  std::function<std::vector<std::string>()> certificate_names = {};
};

// Why a caller is refused, for metrics and the audit log; callers are not told.
#define GTM_DENY_REASONS(X)                                               \
  X(kMissing, "missing")     /* no credentials at all */                  \
  X(kMalformed, "malformed") /* no token, key or identity at all */       \
  X(kAlgorithm, "algorithm") /* none, HS256 or not the one of the key */  \
  X(kKeyId, "kid")           /* no such signing key */                    \
  X(kSignature, "signature") /* bad */                                    \
  X(kClaims, "claims")       /* missing, twice, or of a wrong type */     \
  X(kIssuer, "issuer")       /* another one */                            \
  X(kAudience, "audience")   /* another one */                            \
  X(kExpired, "expired")                                                  \
  X(kNotYetValid, "not_yet_valid")                                        \
  X(kUnknownKey, "unknown_key")  /* no such API key, or a wrong secret */ \
  X(kRevoked, "revoked")         /* an API key */                         \
  X(kCertificate, "certificate") /* nobody of the identities file */      \
  X(kTenant, "tenant")           /* metadata names another tenant */      \
  X(kUnavailable, "unavailable") /* the API key could not be looked up */ \
  X(kRole, "role")               /* known, but not allowed the method */

enum class DenyReason {
#define GTM_X(name, text) name,
  GTM_DENY_REASONS(GTM_X)
#undef GTM_X
};
inline constexpr std::array kDenyReasonNames = {
#define GTM_X(name, text) std::string_view(text),
    GTM_DENY_REASONS(GTM_X)
#undef GTM_X
};
inline std::string_view DenyReasonName(DenyReason reason) {
  return kDenyReasonNames[static_cast<size_t>(reason)];
}

// Why there is no principal.
struct Denial {
  Error error;  // what the caller is told: nothing that helps guessing
  DenyReason reason = DenyReason::kMissing;
  // Whom the credentials name, for the audit log: "key:acme/7f3a", a name of a certificate.
  // Never a secret, and "" where only the caller says so.
  std::string subject;
};

// Exactly one of the two.
struct Verdict {
  Verdict(Principal verified) : principal(std::move(verified)) {}  // NOLINT: a verdict
  Verdict(Denial denied) : denial(std::move(denied)) {}            // NOLINT: a verdict
  std::optional<Principal> principal;
  std::optional<Denial> denial;
};

// Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Errors of a denial: CREDENTIALS_MISSING, CREDENTIALS_INVALID, TENANT_NOT_ALLOWED;
  // RECORDS_UNAVAILABLE and OVERLOADED where it cannot be told now.
  virtual Verdict Authenticate(const Presented& presented) const = 0;
  // False where identities are believed and not verified: such a server must listen
  // on loopback only.
  virtual bool verifies() const = 0;
};

// Metadata keys that LoopbackAuthenticator believes, and a verifying one only of our own
// services.
inline constexpr std::string_view kTenantKey = "gtm-tenant";    // default "default"
inline constexpr std::string_view kServiceKey = "gtm-service";  // one of our services
inline constexpr std::string_view kActorKey = "gtm-actor";      // default "local"

// Every role.
inline constexpr unsigned kEveryRole = (1u << kRoleCount) - 1;
// True for "targeting", "sponsorship", "forecasting" and "growth".
bool IsService(std::string_view name);
// "service:targeting for ada".
std::string ServiceSubject(std::string_view service, std::string_view actor);
// The value of a key, or `otherwise`.
std::string_view Find(const Metadata& metadata, std::string_view key, std::string_view otherwise);

// Without configured authentication: believes the caller, who is on this machine, and
// gives every role. Error: CREDENTIALS_INVALID where a key is no valid id.
class LoopbackAuthenticator final : public Authenticator {
 public:
  Verdict Authenticate(const Presented& presented) const override;
  bool verifies() const override { return false; }
};

// True for "127.x.y.z:port", "localhost:port", "[::1]:port" and "unix:path".
bool IsLoopbackAddress(std::string_view address);

}  // namespace gtm::rpc
