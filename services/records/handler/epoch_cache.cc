#include "services/records/handler/epoch_cache.h"

namespace gtm::records::handler {
namespace {

// Tenants remembered; beyond that everything is forgotten and asked again.
constexpr size_t kEntriesMax = 10'000;

}  // namespace

Result<std::string> EpochCache::Of(const TenantId& tenant) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(tenant.value());
    if (at != entries_.end() && clock_.Monotonic() - at->second.seen < kFreshFor) {
      return at->second.epoch;
    }
  }
  GTM_ASSIGN_OR_RETURN(const store::Head head, store_.GetHead(tenant));
  Saw(tenant, head.epoch);
  return head.epoch;
}

void EpochCache::Saw(const TenantId& tenant, const std::string& epoch) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[tenant.value()] = {epoch, clock_.Monotonic()};
}

}  // namespace gtm::records::handler
