#pragma once
// Books as they were recorded at some instant, read once and kept for a while.

#include <list>
#include <memory>
#include <mutex>

#include "common/records_client/book_cache.h"

namespace gtm::records_client {

// Thread-safe.
class PastBooks {
 public:
  explicit PastBooks(const BookCacheOptions& options);
  // The tenant's records as recorded at `time`; several who ask for the same wait for
  // one reading.
  Result<book::BookView> ViewAt(const TenantId& tenant, absl::Time time, absl::Time deadline);
  int64_t memory_bytes() const;
  // Drops what is too old.
  void Expire();

 private:
  struct Entry {
    TenantId tenant;
    absl::Time time;
    absl::Duration made;  // monotonic
    std::mutex building;  // held by who reads
    std::shared_ptr<book::Book> book;
  };
  std::shared_ptr<Entry> Find(const TenantId& tenant, absl::Time time);
  void Drop(const std::shared_ptr<Entry>& entry);

  const BookCacheOptions options_;
  const std::unique_ptr<records::v1::RecordsService::StubInterface> stub_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<Entry>> entries_;  // most recently used first
};

}  // namespace gtm::records_client
