#pragma once
// Bearer tokens: JSON Web Tokens (RFC 7519) that an identity provider has signed.

#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "common/identity/jwks.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call.h"

namespace gtm::identity {

// Longest token that is looked at.
inline constexpr size_t kTokenBytesMax = 8 * 1024;
// How far the clocks of others may be off.
inline constexpr absl::Duration kLeeway = absl::Seconds(60);

struct JwtOptions {
  std::string issuer;    // the only iss
  std::string audience;  // aud, or one of aud
};

// Who a good token is of, and until when it is good.
struct TokenBearer {
  rpc::Principal principal;
  absl::Time expire_time;  // exp, without leeway
};

// Verifies a token: header with the alg of the key that its kid names, no crit; signature;
// then the claims iss, aud, exp, nbf (where present), sub (1 to 120 bytes), gtm_tenant, and
// gtm_roles (array of reader, writer, approver, admin; absent: none; others are ignored).
// Names twice in an object are refused, wherever they are. Subject: "user:<sub>".
std::variant<TokenBearer, rpc::DenyReason> VerifyToken(std::string_view token, const KeySet& keys,
                                                       const JwtOptions& options, absl::Time now);

// The role of a name: "approver". Nothing for others.
std::optional<rpc::Role> RoleOf(std::string_view name);

}  // namespace gtm::identity
