#pragma once
// API keys: the text that a program sends, and what records keep of it.
//
// A key is "gtm_<tenant>_<id>.<secret>": the tenant in which its record is, with "%" and two
// hex digits for what is no letter, digit, ".", "-", "_" or "~"; the id of the record; and 256
// random bits as base64url, of which only the SHA-256 is kept.

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/core/ids.h"
#include "common/rpc/call.h"

namespace gtm::identity {

// What all keys begin with, and no token does.
inline constexpr std::string_view kKeyPrefix = "gtm_";

// A key as it is sent.
struct KeyText {
  TenantId tenant;
  std::string id;
  std::string secret;
};
// Nothing where it is no key.
std::optional<KeyText> ParseKeyText(std::string_view text);

// A key that nobody had before.
struct NewKey {
  std::string id;             // 16 hex digits
  std::string text;           // shown once
  std::string secret_sha256;  // kept
};
NewKey MakeKey(const TenantId& tenant);

// What records know of a key.
struct KeyFacts {
  unsigned roles = 0;  // bit per rpc::Role
  std::string secret_sha256;
  absl::Time expire_time = absl::InfiniteFuture();
  bool revoked = false;
};

// True where `secret` is the one of the key; takes as long whether it is or not.
bool IsSecretOf(std::string_view secret, const KeyFacts& facts);

// True where the two are equal; takes as long whether they are or not.
bool EqualSecrets(std::string_view a, std::string_view b);
// 256 random bits as base64url.
std::string MakeSecret();

}  // namespace gtm::identity
