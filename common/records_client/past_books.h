#pragma once
// Books as they were recorded at some instant, read once and kept for a while.

#include <condition_variable>
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
    absl::Duration made;    // monotonic
    bool building = false;  // somebody reads it
    std::shared_ptr<book::Book> book;
  };
  // With mutex_.
  std::shared_ptr<Entry> Find(const TenantId& tenant, absl::Time time);
  // The Book of an entry; null where the caller has to read it. Error: DEADLINE_EXPIRED.
  Result<std::shared_ptr<book::Book>> Await(Entry* entry, absl::Time deadline,
                                            std::unique_lock<std::mutex>* lock);

  const BookCacheOptions options_;
  const std::unique_ptr<records::v1::RecordsService::StubInterface> stub_;
  mutable std::mutex mutex_;  // also of the entries
  std::condition_variable built_;
  std::list<std::shared_ptr<Entry>> entries_;  // most recently used first
};

}  // namespace gtm::records_client
