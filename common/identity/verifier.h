#pragma once
// The authenticator of a process that believes nobody: bearer tokens, API keys and client
// certificates.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/core/clock.h"
#include "common/identity/identities.h"
#include "common/identity/jwks.h"
#include "common/identity/jwt.h"
#include "common/identity/key_cache.h"
#include "common/identity/watched_file.h"
#include "common/rpc/authenticator.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace gtm::identity {

struct VerifierOptions {
  std::string jwks_file;  // "": tokens are refused
  JwtOptions jwt;
  std::string identities_file;  // "": certificates say nothing
  const Clock* clock = &SystemClock();
  telemetry::Log* log = &telemetry::NullLog();
  telemetry::Metrics* metrics = nullptr;  // null: nothing is counted
};

// How often replaced files are looked for; and how often the key set is read again because
// a token names a key that it does not have.
inline constexpr absl::Duration kFilePoll = absl::Seconds(1);
inline constexpr absl::Duration kUnknownKidPoll = absl::Seconds(30);
// Longest that a verified token is not verified again, and tokens remembered.
inline constexpr absl::Duration kTokenCacheMax = absl::Seconds(60);
inline constexpr size_t kTokensMax = 8'192;
inline constexpr size_t kTokenBytesKept = 8 << 20;  // of all of them

// A file that became damaged or cannot be read leaves what was read last in force: that is
// logged and counted (gtm_job_runs_total, jobs "jwks_load" and "identities_load").
class Verifier final : public rpc::Authenticator {
 public:
  // Error: INVALID_FIELDS ("--jwks-file", "--identities-file").
  static Result<std::unique_ptr<Verifier>> Make(VerifierOptions options);

  // API keys are refused until it is known where they are kept. Before the first call.
  void SetKeyLookup(KeyLookup lookup);
  // Makes a key that only this process knows, and that may name any tenant and has every
  // role: for what the process asks itself. Value of the metadata "authorization".
  const std::string& own_authorization() const { return own_authorization_; }

  // With metadata "authorization" ("Bearer ..."): the token or key decides, whatever the
  // certificate is. Else the certificate. Metadata gtm-tenant, where sent, must name the
  // tenant of the credentials; only our services name it themselves, and gtm-actor with it.
  rpc::Verdict Authenticate(const rpc::Presented& presented) const override;
  bool verifies() const override { return true; }

  // Reads replaced files; often enough if called once a second, and done by Authenticate
  // itself, too.
  void Refresh() const;

 private:
  struct Verified {
    rpc::Principal principal;
    absl::Time until;             // wall clock
    absl::Duration until_uptime;  // whatever happens to the wall clock
  };

  explicit Verifier(VerifierOptions options);
  rpc::Verdict FromAuthorization(std::string_view authorization,
                                 const rpc::Metadata& metadata) const;
  rpc::Verdict FromToken(std::string_view token) const;
  rpc::Verdict FromKey(std::string_view text) const;
  rpc::Verdict FromCertificate(const std::vector<std::string>& names,
                               const rpc::Metadata& metadata) const;
  std::shared_ptr<const KeySet> Keys() const;
  Status LoadKeys(bool anyway) const;
  Status LoadIdentities() const;
  // Reads the key set again; true where it is another one.
  bool LoadForUnknownKid() const;
  void Report(std::string_view job, const Status& status, std::string* last_problem) const;

  const VerifierOptions options_;
  std::string own_authorization_;
  std::unique_ptr<KeyCache> api_keys_;

  mutable std::atomic<int64_t> next_poll_ns_{0};  // monotonic
  mutable std::mutex files_mutex_;                // the six below
  mutable WatchedFile jwks_file_;
  mutable WatchedFile identities_file_;
  mutable absl::Duration next_unknown_kid_ = -absl::InfiniteDuration();
  mutable std::string jwks_problem_;
  mutable bool jwks_is_good_ = false;  // what was read last could be used
  mutable std::string identities_problem_;

  // Tokens that were verified, by their whole text: a look-up costs less than a digest would.
  // In parts, so that calls hardly ever wait for one another.
  struct TokenPart {
    std::mutex mutex;
    absl::flat_hash_map<std::string, Verified> tokens;
    size_t bytes = 0;
  };
  static constexpr size_t kTokenPartCount = 16;
  TokenPart& PartOf(std::string_view token) const;
  void Remember(std::string_view token, const std::shared_ptr<const KeySet>& keys,
                Verified verified) const;
  mutable std::array<TokenPart, kTokenPartCount> tokens_;  // locked before mutex_

  mutable std::mutex mutex_;  // the two below
  mutable std::shared_ptr<const KeySet> keys_ = std::make_shared<const KeySet>();
  mutable std::shared_ptr<const Identities> identities_ = std::make_shared<const Identities>();
};

}  // namespace gtm::identity
