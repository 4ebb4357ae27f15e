#include "common/identity/key_cache.h"

#include <chrono>

namespace gtm::identity {
namespace {

Error TooMany() {
  return Error(Reason::OVERLOADED, "too many API keys are being looked up; try again in 100 ms")
      .RetryAfterMs(100);
}

}  // namespace

Result<std::optional<KeyFacts>> KeyCache::Find(const TenantId& tenant, const std::string& id) {
  const Name name(tenant.value(), id);
  std::unique_lock lock(mutex_);
  const absl::Duration now = clock_.Monotonic();
  auto found = entries_.find(name);
  if (found != entries_.end()) {
    Entry& entry = found->second;
    const absl::Duration age = now - entry.asked;
    if (age < kKeyFresh || (age < kKeyUsable && entry.is_asking)) return entry.answer;
    if (entry.is_asking) {
      // Another call asks already.
      const bool came = answered_.wait_for(lock, absl::ToChronoMilliseconds(kLookupWait), [&] {
        found = entries_.find(name);
        return found == entries_.end() || !found->second.is_asking;
      });
      if (!came || found == entries_.end()) return TooMany();
      return found->second.answer;
    }
  }
  if (lookups_ >= kLookupsMax) return TooMany();
  if (found == entries_.end()) {
    MakeRoom(now);
    found = entries_.emplace(name, Entry()).first;
  }
  found->second.is_asking = true;
  ++lookups_;
  lock.unlock();
  Result<std::optional<KeyFacts>> answer = lookup_(tenant, id);
  lock.lock();
  --lookups_;
  Entry& entry = found->second;  // entries that ask are never dropped
  entry.is_asking = false;
  entry.asked = now;
  entry.answer = answer;
  answered_.notify_all();
  return answer;
}

void KeyCache::MakeRoom(absl::Duration now) {
  if (entries_.size() < kKeysMax) return;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const bool is_useless = !it->second.is_asking && now - it->second.asked >= kKeyUsable;
    it = is_useless ? entries_.erase(it) : std::next(it);
  }
  for (auto it = entries_.begin(); it != entries_.end() && entries_.size() >= kKeysMax;) {
    it = it->second.is_asking ? std::next(it) : entries_.erase(it);
  }
}

}  // namespace gtm::identity
