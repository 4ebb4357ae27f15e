#pragma once
// What records say of API keys, remembered for about a second, so that a revoked key is
// refused everywhere within two.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/core/clock.h"
#include "common/core/result.h"
#include "common/identity/api_key.h"

namespace gtm::identity {

// Reads a key where it is kept; nothing where there is none. Thread-safe; ends within
// kLookupMax. May be asked by any tenant's caller, so `id` and tenant may be anything valid.
using KeyLookup =
    std::function<Result<std::optional<KeyFacts>>(const TenantId& tenant, const std::string& id)>;

// From this age on an answer is asked for again, by one caller; the others still take it.
inline constexpr absl::Duration kKeyFresh = absl::Seconds(1);
// Never used when older.
inline constexpr absl::Duration kKeyUsable = absl::Milliseconds(1'400);
// Longest that a lookup takes, and longest that another caller waits for it.
inline constexpr absl::Duration kLookupMax = absl::Milliseconds(500);
inline constexpr absl::Duration kLookupWait = absl::Milliseconds(100);
// Lookups at once: what strangers make up must not hold the threads of those who are known.
inline constexpr int kLookupsMax = 4;
// Keys remembered.
inline constexpr size_t kKeysMax = 10'000;

// Thread-safe.
class KeyCache {
 public:
  // `clock` outlives it.
  KeyCache(const Clock& clock, KeyLookup lookup) : clock_(clock), lookup_(std::move(lookup)) {}

  // Errors: those of the lookup; OVERLOADED where too many are under way.
  Result<std::optional<KeyFacts>> Find(const TenantId& tenant, const std::string& id);

 private:
  using Name = std::pair<std::string, std::string>;  // tenant, id
  struct Entry {
    Result<std::optional<KeyFacts>> answer = std::optional<KeyFacts>();
    absl::Duration asked = -absl::InfiniteDuration();  // when the lookup of `answer` began
    bool is_asking = false;
  };
  void MakeRoom(absl::Duration now);

  const Clock& clock_;
  const KeyLookup lookup_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<Name, Entry> entries_;
  int lookups_ = 0;
};

}  // namespace gtm::identity
