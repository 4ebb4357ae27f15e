#include "common/identity/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "common/core/ids.h"
#include "common/identity/strict_json.h"

namespace gtm::identity {
namespace {

using nlohmann::json;
using rpc::DenyReason;

constexpr size_t kSubjectBytesMax = 120;
// Years 1970 to 9999.
constexpr double kUnixSecondsMax = 253'402'300'799.0;

// The three parts of "header.payload.signature".
struct Parts {
  std::string_view signed_bytes;  // header.payload
  json header;
  json payload;
  std::string signature;
};

std::optional<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  const auto header = DecodeBase64Url(token.substr(0, first));
  const auto payload = DecodeBase64Url(token.substr(first + 1, second - first - 1));
  auto signature = DecodeBase64Url(token.substr(second + 1));
  if (!header.has_value() || !payload.has_value() || !signature.has_value()) return std::nullopt;
  auto header_json = ParseStrictObject(*header);
  auto payload_json = ParseStrictObject(*payload);
  if (!header_json.has_value() || !payload_json.has_value()) return std::nullopt;
  return Parts{token.substr(0, second), *std::move(header_json), *std::move(payload_json),
               *std::move(signature)};
}

// A NumericDate (RFC 7519 section 2).
std::optional<absl::Time> TimeClaim(const json& payload, const char* name) {
  const auto claim = payload.find(name);
  if (claim == payload.end() || !claim->is_number()) return std::nullopt;
  const auto seconds = claim->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kUnixSecondsMax) return std::nullopt;
  return absl::FromUnixMillis(static_cast<int64_t>(seconds * 1'000));
}

bool HasAudience(const json& payload, const std::string& audience) {
  const auto claim = payload.find("aud");
  if (claim == payload.end()) return false;
  if (claim->is_string()) return claim->get_ref<const std::string&>() == audience;
  return claim->is_array() && std::find(claim->begin(), claim->end(), audience) != claim->end();
}

std::optional<unsigned> RolesClaim(const json& payload) {
  unsigned roles = 0;
  const auto claim = payload.find("gtm_roles");
  if (claim == payload.end()) return roles;
  if (!claim->is_array()) return std::nullopt;
  for (const json& name : *claim) {
    if (!name.is_string()) return std::nullopt;
    const auto role = RoleOf(name.get_ref<const std::string&>());
    if (role.has_value()) roles |= 1u << static_cast<int>(*role);
  }
  return roles;
}

std::optional<DenyReason> CheckSignature(const Parts& parts, const KeySet& keys) {
  const auto kid = TextMember(parts.header, "kid");
  const auto alg = TextMember(parts.header, "alg");
  if (!alg.has_value() || parts.header.contains("crit")) return DenyReason::kMalformed;
  if (alg != "RS256" && alg != "ES256" && alg != "EdDSA") return DenyReason::kAlgorithm;
  if (!kid.has_value()) return DenyReason::kKeyId;
  const auto key = keys.find(*kid);
  if (key == keys.end()) return DenyReason::kKeyId;
  if (*alg != AlgorithmName(key->second->algorithm())) return DenyReason::kAlgorithm;
  if (!key->second->Verify(parts.signed_bytes, parts.signature)) return DenyReason::kSignature;
  return std::nullopt;
}

std::optional<DenyReason> CheckClaims(const json& payload, const JwtOptions& options,
                                      absl::Time now, absl::Time* expire_time) {
  if (TextMember(payload, "iss") != options.issuer) return DenyReason::kIssuer;
  if (!HasAudience(payload, options.audience)) return DenyReason::kAudience;
  const auto exp = TimeClaim(payload, "exp");
  if (!exp.has_value()) return DenyReason::kClaims;
  if (now >= *exp + kLeeway) return DenyReason::kExpired;
  if (payload.contains("nbf")) {
    const auto nbf = TimeClaim(payload, "nbf");
    if (!nbf.has_value()) return DenyReason::kClaims;
    if (now + kLeeway < *nbf) return DenyReason::kNotYetValid;
  }
  *expire_time = *exp;
  return std::nullopt;
}

}  // namespace

std::optional<rpc::Role> RoleOf(std::string_view name) {
  for (int role = 0; role < rpc::kRoleCount; ++role) {
    if (rpc::RoleName(static_cast<rpc::Role>(role)) == name) return static_cast<rpc::Role>(role);
  }
  return std::nullopt;
}

std::variant<TokenBearer, DenyReason> VerifyToken(std::string_view token, const KeySet& keys,
                                                  const JwtOptions& options, absl::Time now) {
  if (token.size() > kTokenBytesMax) return DenyReason::kMalformed;
  const auto parts = Split(token);
  if (!parts.has_value()) return DenyReason::kMalformed;
  // Nothing of the payload is looked at before the signature is known to be good.
  if (const auto denied = CheckSignature(*parts, keys)) return *denied;
  TokenBearer bearer;
  if (const auto denied = CheckClaims(parts->payload, options, now, &bearer.expire_time)) {
    return *denied;
  }
  const auto subject = TextMember(parts->payload, "sub");
  const auto tenant = TextMember(parts->payload, "gtm_tenant");
  const auto roles = RolesClaim(parts->payload);
  if (!subject.has_value() || !IsValidId(*subject) || subject->size() > kSubjectBytesMax ||
      !tenant.has_value() || !IsValidId(*tenant) || !roles.has_value()) {
    return DenyReason::kClaims;
  }
  bearer.principal.subject = "user:" + *subject;
  bearer.principal.tenant = TenantId(*tenant);
  bearer.principal.roles = *roles;
  return bearer;
}

}  // namespace gtm::identity
