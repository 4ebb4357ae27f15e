#pragma once
// Group commit: writes that wait for the same tenant share one transaction, so that one
// fsync serves many calls.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/core/limits.h"
#include "services/records/handler/epoch_cache.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

struct CommitterOptions {
  // Transactions at once, each of another tenant: 1 for SQLite, some for PostgreSQL.
  int writer_threads = 1;
  // Requests that share a transaction at most; 1 gives each its own sync.
  int group_requests_max = limits::kGroupRequestsMax;
  // Requests that may wait, per tenant and in all; bytes of their bodies in all.
  int tenant_queue_max = limits::kWriteQueueMax;
  int queue_max = 4 * limits::kWriteQueueMax;
  int64_t queue_bytes_max = int64_t{128} << 20;
  // First wait after STORE_UNAVAILABLE; doubles up to retry_max.
  absl::Duration retry_first = absl::Milliseconds(20);
  absl::Duration retry_max = absl::Seconds(1);
};

// What became of a write that the store took.
struct Committed {
  store::WriteOutcome outcome;
  std::string epoch;
};

// Thread-safe. Requests of one tenant are written in the order of their submission.
class Committer {
 public:
  using Done = std::function<void(Result<Committed>)>;
  // Called after a group is durable and before its callers learn of it.
  using OnCommit = std::function<void(const TenantId&, const std::string& epoch, int64_t seq)>;

  Committer(store::Store& store, EpochCache& epochs, const Clock& clock, OnCommit on_commit,
            CommitterOptions options = {});
  // Shutdown().
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Returns at once. `done` is called exactly once: after the write is durable or has
  // failed, from a thread of the committer; or from here where it is refused
  // (TENANT_QUOTA, OVERLOADED, SHUTTING_DOWN). While the store is unavailable the same
  // request is tried again until `deadline` (wall clock).
  void Submit(const TenantId& tenant, store::WriteRequest request, absl::Time deadline, Done done);

  // Takes no more, writes and answers what it has taken, and ends its threads. While the
  // store is unavailable it is tried once more, then the waiting are told.
  void Shutdown();

 private:
  struct Item {
    store::WriteRequest request;
    absl::Time deadline;
    Done done;
    int64_t bytes = 0;
  };
  // Requests and those who wait for them, position by position.
  struct Group {
    std::vector<store::WriteRequest> requests;
    std::vector<Item> items;
  };
  struct Tenant {
    std::deque<Item> waiting;
    bool ready = false;  // in ready_, or with a writer
  };

  void WriteLoop();
  void AnswerLoop();
  Group TakeGroup(Tenant* tenant);
  void WriteGroup(const TenantId& tenant, Group group);
  // Removes and answers the requests whose deadline is before `time`.
  void ExpireBefore(absl::Time time, const Error& error, Group* group);
  void AnswerAll(const Error& error, Group* group);
  void Answer(Item item, Result<Committed> result);
  // False where shutdown began meanwhile.
  bool Sleep(absl::Duration duration);

  store::Store& store_;
  EpochCache& epochs_;
  const Clock& clock_;
  const OnCommit on_commit_;
  const CommitterOptions options_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable stop_;
  absl::flat_hash_map<std::string, Tenant> tenants_;
  std::deque<std::string> ready_;  // tenants with work and without a writer
  int waiting_count_ = 0;
  int64_t waiting_bytes_ = 0;
  bool stopping_ = false;

  std::mutex answer_mutex_;
  std::condition_variable answer_work_;
  std::deque<std::function<void()>> answers_;
  bool answers_end_ = false;

  std::once_flag shutdown_;
  std::vector<std::thread> writers_;
  std::thread answerer_;
};

}  // namespace gtm::records::handler
