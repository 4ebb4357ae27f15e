#pragma once
// Books of many tenants over one connection to records. Shared by all services of a
// process.

#include <memory>
#include <string>
#include <vector>

#include "common/records_client/follower.h"
#include "common/records_client/records_client.h"

namespace gtm::records_client {

struct BookCacheOptions {
  FollowerOptions follower;
  // Books are dropped, least recently used first, where they hold more than this.
  int64_t memory_bytes_max = int64_t{4} << 30;
  // Most Books. Each follows with one stream and one thread; below the streams that a
  // records server accepts (limits::kWatchStreamsMax), shared by several processes.
  int books_max = 128;
  // Books of the past (recorded_as_of) that are kept, and for how long: what is erased
  // must not live on here.
  int past_books_max = 4;
  absl::Duration past_book_age_max = absl::Minutes(10);
};

// For metrics, over all tenants of this process.
struct BookCacheStats {
  int book_count = 0;
  int64_t memory_bytes = 0;
  int64_t applied_seq_max = 0;
  int64_t head_seq_max = 0;
  int64_t lag_max = 0;  // changes heard of but not applied, of the tenant with the most
  absl::Duration staleness_max = absl::ZeroDuration();
  int64_t relist_count = 0;
  int64_t reconnect_count = 0;
  int64_t dropped_count = 0;  // Books dropped for memory
};

// Thread-safe. Blocks its callers while they wait: call it from threads that may block.
class BookCache {
 public:
  explicit BookCache(BookCacheOptions options);
  ~BookCache();
  BookCache(const BookCache&) = delete;
  BookCache& operator=(const BookCache&) = delete;

  // As Records::Ask.
  Result<Question> Ask(const rpc::Call& call, const type::v1::PointInTime& point);
  // As Records::WaitForNewer.
  bool WaitForNewer(const rpc::Call& call, const book::BookView& seen, absl::Duration patience);
  // Tells of a revision that records answered with.
  void SawHead(const TenantId& tenant, const std::string& revision);
  // Begins to read a tenant's records, so that the first question finds them.
  void Warm(const TenantId& tenant);
  BookCacheStats stats() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace gtm::records_client
