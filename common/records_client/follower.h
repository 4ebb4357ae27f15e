#pragma once
// One tenant's Book, kept by list and watch.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/book/book.h"
#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/records_client/backoff.h"
#include "common/records_client/revision.h"
#include "common/telemetry/log.h"
#include "gtm/records/v1/service.grpc.pb.h"

namespace gtm::records_client {

struct FollowerOptions {
  std::shared_ptr<grpc::ChannelInterface> channel;
  const Clock* clock = &SystemClock();
  telemetry::Log* log = &telemetry::NullLog();
  absl::Duration backoff_min = absl::Milliseconds(50);
  absl::Duration backoff_max = absl::Seconds(5);
  // A page that takes longer is asked for again.
  absl::Duration page_timeout = absl::Seconds(30);
  // A stream without even a bookmark for so long is dead: three bookmarks.
  absl::Duration silence_max = absl::Seconds(15);
  // Answers from a Book that has not been heard of for longer are refused.
  absl::Duration staleness_max = absl::Minutes(5);
  // So long after the erasure of a person the Book is read anew: until then words such as
  // interests stay in it, though nothing leads from them to the person.
  absl::Duration forget_after = absl::Minutes(10);
  int page_size = 5'000;
  // Told of each revision that is applied: the time since it was committed, by the clocks
  // of two machines. From many threads; quick.
  std::function<void(absl::Duration)> on_lag = [](absl::Duration) {};
};

// The context of the call that a thread is in, so that another can cancel it.
class ContextHolder {
 public:
  // False where the holder is stopped: then the call must not be made.
  bool Hold(grpc::ClientContext* context);
  void Release();
  // Cancels the call under way, if any.
  void Cancel();
  // Cancels the call under way and every later one.
  void Stop();
  bool stopped() const;

 private:
  mutable std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  bool stopped_ = false;
};

// What ListAll has read.
struct Listing {
  Revision first;        // of the first page: watch from here
  int64_t last_seq = 0;  // newest of any page: before it is applied, the Book is a mixture
};
// Where records is now, for the price of reading one record.
Result<Revision> ReadHead(records::v1::RecordsService::StubInterface& stub, const TenantId& tenant,
                          absl::Time deadline, ContextHolder* holder);
// Reads every record of a tenant into `book`; with `recorded_as_of` as recorded then.
Result<Listing> ListAll(records::v1::RecordsService::StubInterface& stub, const TenantId& tenant,
                        std::optional<absl::Time> recorded_as_of, absl::Time deadline,
                        const FollowerOptions& options, ContextHolder* holder, book::Book* book);

// Thread-safe. Its thread lists, then watches, then resumes from the last revision
// received for as long as it lives; it lists again where that revision is gone.
class Follower {
 public:
  Follower(TenantId tenant, FollowerOptions options);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // A view with at least `min_revision`, waiting for it until `deadline` (wall clock).
  Result<book::BookView> ViewAt(const std::optional<Revision>& min_revision, absl::Time deadline,
                                const std::function<bool()>& is_cancelled);
  // What ViewAt gives, where it would answer at once; else nothing.
  Result<std::optional<book::BookView>> ViewNow(const std::optional<Revision>& min_revision) const;
  // As Records::WaitForNewer.
  bool WaitForNewer(const book::BookView& seen, absl::Duration patience,
                    const std::function<bool()>& is_cancelled);
  // Records that somebody saw this revision: the head is at least there.
  void SawHead(const Revision& revision);
  // Cancels a stream that has been silent for too long.
  void CheckSilence();

  struct Stats {
    bool ready = false;
    int64_t applied_seq = 0;
    int64_t head_seq = 0;                             // highest heard of
    absl::Duration staleness = absl::ZeroDuration();  // since records was last heard
    int64_t relist_count = 0;                         // lists after the first
    int64_t reconnect_count = 0;                      // streams after the first
    int64_t memory_bytes = 0;
  };
  Stats stats() const;
  int64_t memory_bytes() const;

 private:
  void Run();
  // Lists where needed, then watches until the stream ends. The error tells why.
  Error Sync();
  Status ListIntoNewBook();
  Error Watch();
  Status Take(records::v1::WatchResponse* response);
  // True once an erasure is so long ago that the Book must be read anew.
  bool MustForget() const;
  void Publish();
  void Sleep(absl::Duration duration);
  Status WaitFor(const std::optional<Revision>& min_revision, absl::Time deadline,
                 const std::function<bool()>& is_cancelled, std::unique_lock<std::mutex>* lock);
  // Under the lock, as the next three. True where a Book is there, and as new as that.
  bool IsReached(const std::optional<Revision>& min_revision) const;
  // Error: RECORDS_UNAVAILABLE where records was not heard of for too long.
  Status CheckStaleness() const;
  Error NotInTime(const std::optional<Revision>& min_revision) const;
  // As WaitFor; a revision that records itself has not reached is not waited for.
  Status WaitForRevision(const Revision& min_revision, absl::Time deadline,
                         const std::function<bool()>& is_cancelled,
                         std::unique_lock<std::mutex>* lock);
  // EPOCH_CHANGED where the revision is of an epoch that records has left,
  // REVISION_NOT_REACHED where records is not there.
  Status CheckRevision(const Revision& min_revision, absl::Time deadline);

  const TenantId tenant_;
  const FollowerOptions options_;
  const std::unique_ptr<records::v1::RecordsService::StubInterface> stub_;
  ContextHolder call_;

  // Of the thread alone.
  Backoff backoff_;
  std::shared_ptr<book::Book> loading_;  // a newer book, not consistent yet
  int64_t loading_until_seq_ = 0;
  std::optional<Revision> resume_;               // nothing: list first
  std::vector<book::Book::Change> partial_;      // of a revision that is not complete yet
  absl::Time committed_ = absl::InfinitePast();  // the newest of partial_
  std::optional<absl::Duration> erased_;  // monotonic: of the first erasure not forgotten yet

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<book::Book> book_;  // null until the first is complete
  Revision applied_;
  int64_t head_seq_ = 0;
  absl::Duration heard_ = absl::ZeroDuration();  // monotonic
  std::optional<Error> failure_;                 // of the last attempt
  int failure_count_ = 0;                        // in a row
  int64_t relist_count_ = -1;
  int64_t reconnect_count_ = -1;
  bool watching_ = false;
  absl::Duration watch_start_ = absl::ZeroDuration();  // monotonic
  bool stopped_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gtm::records_client
