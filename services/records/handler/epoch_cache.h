#pragma once
// The epoch of a tenant without asking the store for every answer.

#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/core/clock.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

// Thread-safe. An epoch changes only with a restore, and then within kFreshFor here.
class EpochCache {
 public:
  EpochCache(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Asks the store where what is known is older than kFreshFor.
  Result<std::string> Of(const TenantId& tenant);
  // Tells what a read of the store has shown.
  void Saw(const TenantId& tenant, const std::string& epoch);

  static constexpr absl::Duration kFreshFor = absl::Milliseconds(250);

 private:
  struct Entry {
    std::string epoch;
    absl::Duration seen;
  };
  store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_;
};

}  // namespace gtm::records::handler
