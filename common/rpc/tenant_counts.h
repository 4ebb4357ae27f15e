#pragma once
// How many calls each tenant has in flight.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace gtm::rpc {

// Thread-safe.
class TenantCounts {
 public:
  using Entry = std::atomic<int>;

  // Counts one more call of the tenant; null where it has `limit` of them. Give what is
  // returned to Leave once.
  Entry* Enter(std::string_view tenant, int limit) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= kForgetSize) Forget();
    auto& entry = entries_[absl::string_view(tenant.data(), tenant.size())];
    if (entry == nullptr) entry = std::make_unique<Entry>(0);
    // Only here it rises, under the lock: who leaves meanwhile only makes room.
    if (entry->load() >= limit) return nullptr;
    entry->fetch_add(1);
    return entry.get();
  }
  static void Leave(Entry* entry) { entry->fetch_sub(1); }

 private:
  // Entries of tenants without calls are kept for their next one, up to this many.
  static constexpr size_t kForgetSize = 4096;
  void Forget() {
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto at = it++;
      if (at->second->load() == 0) entries_.erase(at);
    }
  }

  std::mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace gtm::rpc
