#include "common/identity/verifier.h"

#include <prometheus/counter.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace gtm::identity {
namespace {

using rpc::Denial;
using rpc::DenyReason;
using rpc::Principal;
using rpc::Verdict;

constexpr std::string_view kAuthorizationKey = "authorization";
constexpr std::string_view kBearer = "bearer ";

Denial Deny(DenyReason reason, std::string subject = "") {
  return {Error(Reason::CREDENTIALS_INVALID, "the credentials are not valid"), reason,
          std::move(subject)};
}

Denial DenyTenant(std::string subject) {
  return {Error(Reason::TENANT_NOT_ALLOWED,
                "the credentials are of another tenant; leave gtm-tenant out"),
          DenyReason::kTenant, std::move(subject)};
}

// What stands behind "Bearer "; "" where it is another scheme.
std::string_view BearerOf(std::string_view authorization) {
  if (authorization.size() <= kBearer.size()) return "";
  for (size_t i = 0; i < kBearer.size(); ++i) {
    const auto c = static_cast<unsigned char>(authorization[i]);
    if (std::tolower(c) != kBearer[i]) return "";
  }
  return authorization.substr(kBearer.size());
}

// A caller that names the tenant of the call itself. `service` is "" for this process.
Verdict OnBehalf(std::string service, unsigned roles, const rpc::Metadata& metadata) {
  const std::string_view tenant =
      rpc::Find(metadata, rpc::kTenantKey, service.empty() ? "default" : "");
  const std::string_view actor = rpc::Find(metadata, rpc::kActorKey, "local");
  if (!IsValidId(tenant) || !IsValidId(actor)) return Deny(DenyReason::kMalformed, service);
  Principal principal;
  principal.tenant = TenantId(std::string(tenant));
  principal.subject = service.empty() ? std::string(actor) : rpc::ServiceSubject(service, actor);
  principal.service = std::move(service);
  principal.roles = roles;
  return principal;
}

// Another tenant in the metadata is a mistake or worse: never silently ignored.
Verdict WithinTenant(Principal principal, const rpc::Metadata& metadata) {
  const auto named = metadata.Find(rpc::kTenantKey);
  if (named.has_value() && *named != principal.tenant.value()) {
    return DenyTenant(std::move(principal.subject));
  }
  return principal;
}

}  // namespace

Verifier::Verifier(VerifierOptions options)
    : options_(std::move(options)),
      own_authorization_("Bearer gtm_own." + MakeSecret()),
      jwks_file_(options_.jwks_file),
      identities_file_(options_.identities_file) {}

Result<std::unique_ptr<Verifier>> Verifier::Make(VerifierOptions options) {
  std::unique_ptr<Verifier> verifier(new Verifier(std::move(options)));
  const std::lock_guard lock(verifier->files_mutex_);
  std::vector<FieldViolation> violations;
  const auto note = [&](std::string_view flag, const Status& status) {
    if (status.ok()) return;
    for (const FieldViolation& violation : status.error().violations()) {
      violations.push_back({std::string(flag), violation.field + ": " + violation.description});
    }
  };
  if (!verifier->options_.jwks_file.empty()) note("--jwks-file", verifier->LoadKeys(false));
  if (!verifier->options_.identities_file.empty()) {
    note("--identities-file", verifier->LoadIdentities());
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  return verifier;
}

void Verifier::SetKeyLookup(KeyLookup lookup) {
  api_keys_ = std::make_unique<KeyCache>(*options_.clock, std::move(lookup));
}

Verdict Verifier::Authenticate(const rpc::Presented& presented) const {
  Refresh();
  const std::string_view authorization = rpc::Find(presented.metadata, kAuthorizationKey, "");
  if (!authorization.empty()) return FromAuthorization(authorization, presented.metadata);
  std::vector<std::string> names;
  if (presented.certificate_names) names = presented.certificate_names();
  if (!names.empty()) return FromCertificate(names, presented.metadata);
  return Denial{Error(Reason::CREDENTIALS_MISSING,
                      "no credentials: send a bearer token, an API key or a client certificate"),
                DenyReason::kMissing, ""};
}

Verdict Verifier::FromAuthorization(std::string_view authorization,
                                    const rpc::Metadata& metadata) const {
  if (EqualSecrets(authorization, own_authorization_)) {
    return OnBehalf("", rpc::kEveryRole, metadata);
  }
  const std::string_view bearer = BearerOf(authorization);
  if (bearer.empty() || bearer.size() > kTokenBytesMax) return Deny(DenyReason::kMalformed);
  Verdict verdict = bearer.starts_with(kKeyPrefix) ? FromKey(bearer) : FromToken(bearer);
  if (!verdict.principal.has_value()) return verdict;
  return WithinTenant(*std::move(verdict.principal), metadata);
}

Verifier::TokenPart& Verifier::PartOf(std::string_view token) const {
  const absl::string_view text(token.data(), token.size());
  return tokens_[absl::Hash<absl::string_view>()(text) % kTokenPartCount];
}

void Verifier::Remember(std::string_view token, const std::shared_ptr<const KeySet>& keys,
                        Verified verified) const {
  TokenPart& part = PartOf(token);
  const std::lock_guard lock(part.mutex);
  if (keys != Keys()) return;  // a key may be gone by now
  const bool is_full = part.tokens.size() >= kTokensMax / kTokenPartCount ||
                       part.bytes + token.size() > kTokenBytesKept / kTokenPartCount;
  if (is_full) {
    part.tokens.clear();
    part.bytes = 0;
  }
  if (part.tokens.insert_or_assign(std::string(token), std::move(verified)).second) {
    part.bytes += token.size();
  }
}

Verdict Verifier::FromToken(std::string_view token) const {
  const absl::Time now = options_.clock->Now();
  const absl::Duration uptime = options_.clock->Monotonic();
  {
    TokenPart& part = PartOf(token);
    const std::lock_guard lock(part.mutex);
    const auto known = part.tokens.find(absl::string_view(token.data(), token.size()));
    if (known != part.tokens.end() && now < known->second.until &&
        uptime < known->second.until_uptime) {
      return known->second.principal;
    }
  }
  std::shared_ptr<const KeySet> keys = Keys();
  auto verified = VerifyToken(token, *keys, options_.jwt, now);
  const auto* denied = std::get_if<DenyReason>(&verified);
  if (denied != nullptr && *denied == DenyReason::kKeyId && LoadForUnknownKid()) {
    keys = Keys();
    verified = VerifyToken(token, *keys, options_.jwt, now);
    denied = std::get_if<DenyReason>(&verified);
  }
  if (denied != nullptr) return Deny(*denied);
  auto& bearer = std::get<TokenBearer>(verified);
  Remember(token, keys,
           {bearer.principal, std::min(bearer.expire_time, now + kTokenCacheMax),
            uptime + kTokenCacheMax});
  return std::move(bearer.principal);
}

Verdict Verifier::FromKey(std::string_view text) const {
  const auto key = ParseKeyText(text);
  if (!key.has_value()) return Deny(DenyReason::kMalformed);
  const std::string claimed = "key:" + key->id;
  if (api_keys_ == nullptr) return Deny(DenyReason::kUnknownKey, claimed);
  const auto found = api_keys_->Find(key->tenant, key->id);
  if (!found.ok()) {
    Error error(found.error().reason() == Reason::OVERLOADED ? Reason::OVERLOADED
                                                             : Reason::RECORDS_UNAVAILABLE,
                "API keys cannot be looked up now; try again");
    return Denial{error.RetryAfterMs(100), DenyReason::kUnavailable, claimed};
  }
  if (!found->has_value() || !IsSecretOf(key->secret, **found)) {
    return Deny(DenyReason::kUnknownKey, claimed);
  }
  const KeyFacts& facts = **found;
  if (facts.revoked) return Deny(DenyReason::kRevoked, claimed);
  if (options_.clock->Now() >= facts.expire_time) return Deny(DenyReason::kExpired, claimed);
  Principal principal;
  principal.subject = claimed;
  principal.tenant = key->tenant;
  principal.roles = facts.roles;
  return principal;
}

Verdict Verifier::FromCertificate(const std::vector<std::string>& names,
                                  const rpc::Metadata& metadata) const {
  std::shared_ptr<const Identities> identities;
  {
    const std::lock_guard lock(mutex_);
    identities = identities_;
  }
  const auto* found = FindIdentity(*identities, names);
  if (found == nullptr) return Deny(DenyReason::kCertificate, names.front());
  const Identity& identity = found->second;
  if (!identity.service.empty()) return OnBehalf(identity.service, identity.roles, metadata);
  Principal principal;
  principal.subject = "cert:" + found->first.substr(0, kIdBytesMax - 5);
  principal.tenant = identity.tenant;
  principal.roles = identity.roles;
  return WithinTenant(std::move(principal), metadata);
}

std::shared_ptr<const KeySet> Verifier::Keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void Verifier::Refresh() const {
  const int64_t now_ns = absl::ToInt64Nanoseconds(options_.clock->Monotonic());
  int64_t next_ns = next_poll_ns_.load(std::memory_order_relaxed);
  if (now_ns < next_ns) return;
  const int64_t then_ns = now_ns + absl::ToInt64Nanoseconds(kFilePoll);
  if (!next_poll_ns_.compare_exchange_strong(next_ns, then_ns)) return;  // another call does it
  const std::lock_guard lock(files_mutex_);
  if (!options_.jwks_file.empty()) Report("jwks_load", LoadKeys(false), &jwks_problem_);
  if (!options_.identities_file.empty()) {
    Report("identities_load", LoadIdentities(), &identities_problem_);
  }
}

bool Verifier::LoadForUnknownKid() const {
  const std::lock_guard lock(files_mutex_);
  const absl::Duration now = options_.clock->Monotonic();
  if (now < next_unknown_kid_) return false;
  next_unknown_kid_ = now + kUnknownKidPoll;
  const auto before = Keys();
  Report("jwks_load", LoadKeys(true), &jwks_problem_);
  return Keys() != before;
}

Status Verifier::LoadKeys(bool anyway) const {
  GTM_ASSIGN_OR_RETURN(const auto text, jwks_file_.ReadIfChanged(kJwksBytesMax, anyway));
  // An unchanged file counts as a good look where it was good: an old time means trouble.
  if (text.has_value()) jwks_is_good_ = false;
  std::optional<KeySet> keys;
  if (text.has_value()) {
    GTM_ASSIGN_OR_RETURN(keys, ParseJwks(*text));
    jwks_is_good_ = true;
  }
  if (jwks_is_good_ && options_.metrics != nullptr) {
    telemetry::SetJwksLoaded(*options_.metrics, options_.clock->Now());
  }
  if (!keys.has_value()) return {};
  const auto key_count = static_cast<int64_t>(keys->size());
  {
    const std::lock_guard lock(mutex_);
    keys_ = std::make_shared<const KeySet>(*std::move(keys));
  }
  for (TokenPart& part : tokens_) {
    const std::lock_guard lock(part.mutex);
    part.tokens.clear();
    part.bytes = 0;
  }
  options_.log->Info("jwks_loaded", {{"key_count", key_count}});
  return {};
}

Status Verifier::LoadIdentities() const {
  GTM_ASSIGN_OR_RETURN(const auto text, identities_file_.ReadIfChanged(kIdentitiesBytesMax));
  if (!text.has_value()) return {};
  GTM_ASSIGN_OR_RETURN(Identities identities, ParseIdentities(*text));
  const std::lock_guard lock(mutex_);
  identities_ = std::make_shared<const Identities>(std::move(identities));
  options_.log->Info("identities_loaded",
                     {{"identity_count", static_cast<int64_t>(identities_->size())}});
  return {};
}

void Verifier::Report(std::string_view job, const Status& status, std::string* last_problem) const {
  const std::string problem = status.ok() ? "" : status.error().message();
  if (problem == *last_problem) return;
  *last_problem = problem;
  if (problem.empty()) return;
  options_.log->Error("identity_file_not_loaded",
                      {{"job", job}, {"problem", std::string_view(problem)}});
  if (options_.metrics != nullptr) {
    options_.metrics->Counter(telemetry::kJobRuns, {job, "error"}).Increment();
  }
}

}  // namespace gtm::identity
