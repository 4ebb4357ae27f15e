#pragma once
// The change feed hub: wakes those who follow a tenant, and reads the store once for all of
// them.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/core/limits.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

struct FeedOptions {
  // How often the store is asked what other replicas wrote.
  absl::Duration poll_interval = absl::Milliseconds(50);
  // Recent changes kept for all watched tenants together, and for one of them.
  int64_t ring_bytes_max = int64_t{64} << 20;
  int64_t tenant_ring_bytes_max = int64_t{4} << 20;
  // What another replica erased must not stay here: older changes are forgotten.
  absl::Duration ring_age_max = absl::Seconds(60);
  // A stream that could not send for so long is cut.
  absl::Duration stall_max = absl::Milliseconds(limits::kWatchStallMs);
};

// Thread-safe. Outlives its subscriptions.
class Feed {
 public:
  Feed(store::Store& store, const Clock& clock, FeedOptions options = {});
  // Shutdown().
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // A commit of this process has landed.
  void Notify(const TenantId& tenant, const std::string& epoch, int64_t seq);
  // Versions were rewritten: recent changes are read again from the store.
  void Forget(const TenantId& tenant);

  class Subscription;
  // Begins to follow a tenant. `cancel` ends a stream whose client does not read; it is
  // called from another thread and must not block.
  Result<std::unique_ptr<Subscription>> Subscribe(const TenantId& tenant,
                                                  std::function<void()> cancel);

  // Ends every wait; WaitBeyond answers false from now on.
  void Shutdown();

 private:
  struct Tenant;
  void PollLoop();
  void PollOnce();
  void ForgetOld();
  void CutStalled();
  // Takes a head that was read; wakes those who wait for it. Under mutex_.
  void Learn(Tenant* tenant, const store::Head& head);
  Result<store::ChangesResult> Read(Tenant* tenant, const store::ChangesQuery& query);
  Status Fill(Tenant* tenant);
  int64_t RingBytesMax();

  store::Store& store_;
  const Clock& clock_;
  const FeedOptions options_;

  std::mutex mutex_;
  std::condition_variable poll_;
  std::map<std::string, std::shared_ptr<Tenant>> tenants_;  // those watched
  std::set<Subscription*> subscriptions_;
  bool stopping_ = false;
  std::once_flag shutdown_;
  std::thread poller_;
};

// One watcher of one tenant; used by one thread.
class Feed::Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // Changes after a position, from the recent ones where they are held, else from the
  // store. Errors as of Store::ReadChanges.
  Result<store::ChangesResult> Read(const store::ChangesQuery& query);
  // Waits until the tenant's head is known to be beyond `seq` or of another epoch, at
  // most `timeout`. False where the feed has shut down.
  bool WaitBeyond(const std::string& epoch, int64_t seq, absl::Duration timeout);
  // The last head known of the tenant.
  store::Head KnownHead() const;
  // Around each send: a send that takes too long ends the stream.
  void SendBegins();
  void SendEnds();
  // True where this stream was cut because its client did not read.
  bool stalled() const;

 private:
  friend class Feed;
  Subscription(Feed& feed, std::shared_ptr<Tenant> tenant, std::function<void()> cancel)
      : feed_(feed), tenant_(std::move(tenant)), cancel_(std::move(cancel)) {}
  Feed& feed_;
  const std::shared_ptr<Tenant> tenant_;
  const std::function<void()> cancel_;
  // Both guarded by feed_.mutex_.
  absl::Duration send_start_ = absl::InfiniteDuration();
  bool stalled_ = false;
};

}  // namespace gtm::records::handler
