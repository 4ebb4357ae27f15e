#include "services/records/handler/feed.h"

#include <algorithm>
#include <deque>

namespace gtm::records::handler {
namespace {

using store::Change;
using store::ChangesQuery;
using store::ChangesResult;
using store::Position;

constexpr int kFillChanges = 1'000;
constexpr int64_t kFillBytes = int64_t{2} << 20;
constexpr int kHeadsPage = 1'000;
// Below this many watched tenants, heads are asked one by one.
constexpr size_t kFewTenants = 8;

Position PositionOf(const Change& change) { return {change.seq, change.ord}; }

int64_t BytesOf(const Change& change) {
  return static_cast<int64_t>(change.body.size() + change.key.id.size() + change.actor.size()) +
         200;
}

}  // namespace

// A watched tenant. `head` is guarded by Feed::mutex_, the ring by ring_mutex.
struct Feed::Tenant {
  explicit Tenant(TenantId tenant_id) : id(std::move(tenant_id)) {}
  struct Entry {
    Change change;
    absl::Duration seen;
  };

  const TenantId id;
  std::condition_variable changed;
  store::Head head;
  int watcher_count = 0;

  // Every change of (start, end], in order; everything up to complete_seq is before `end`.
  std::mutex ring_mutex;
  bool ring_valid = false;
  std::string ring_epoch;
  std::deque<Entry> ring;
  Position start;
  Position end;
  int64_t complete_seq = 0;
  int64_t ring_bytes = 0;

  void Reset(Position at) {
    ring.clear();
    ring_bytes = 0;
    start = end = at;
    complete_seq = at.ord == Position::AfterSeq(at.seq).ord ? at.seq : at.seq - 1;
    ring_valid = true;
  }
  void DropFront() {
    start = PositionOf(ring.front().change);
    ring_bytes -= BytesOf(ring.front().change);
    ring.pop_front();
  }
  // Forgets what was seen before `time`.
  void DropOlder(absl::Duration time) {
    while (!ring.empty() && ring.front().seen < time) DropFront();
  }
  void Append(ChangesResult result, absl::Duration now) {
    for (Change& change : result.changes) {
      // What was before an erasure may hold what was erased.
      while (change.operation == store::Operation::kErase && !ring.empty()) DropFront();
      ring_bytes += BytesOf(change);
      ring.push_back({std::move(change), now});
    }
    if (ring.empty()) start = result.next;
    end = result.next;
    complete_seq = result.complete_seq;
  }
  ChangesResult Copy(const ChangesQuery& query) const;
};

ChangesResult Feed::Tenant::Copy(const ChangesQuery& query) const {
  ChangesResult result;
  result.next = end;
  result.complete_seq = complete_seq;
  auto at = std::partition_point(ring.begin(), ring.end(), [&](const Entry& entry) {
    return PositionOf(entry.change) <= query.after;
  });
  int64_t bytes = 0;
  Position last = query.after;
  for (; at != ring.end(); ++at) {
    const Change& change = at->change;
    const bool wanted = query.kinds.empty() || std::find(query.kinds.begin(), query.kinds.end(),
                                                         change.key.kind) != query.kinds.end();
    if (wanted) {
      const int64_t size = static_cast<int64_t>(change.body.size());
      if (!result.changes.empty() && (static_cast<int>(result.changes.size()) >= query.limit ||
                                      bytes + size > query.bytes_max)) {
        result.next = last;
        result.complete_seq = change.seq - 1;
        result.has_more = true;
        break;
      }
      bytes += size;
      result.changes.push_back(change);
    }
    last = PositionOf(change);
  }
  return result;
}

Feed::Feed(store::Store& store, const Clock& clock, FeedOptions options)
    : store_(store), clock_(clock), options_(options), poller_([this] { PollLoop(); }) {}

Feed::~Feed() { Shutdown(); }

void Feed::Shutdown() {
  std::call_once(shutdown_, [this] {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (auto& [name, tenant] : tenants_) tenant->changed.notify_all();
    }
    poll_.notify_all();
    poller_.join();
  });
}

void Feed::Learn(Tenant* tenant, const store::Head& head) {
  store::Head& known = tenant->head;
  if (known.epoch == head.epoch && known.seq >= head.seq) {
    known.compacted_seq = std::max(known.compacted_seq, head.compacted_seq);
    return;
  }
  known = head;
  tenant->changed.notify_all();
}

void Feed::Notify(const TenantId& tenant, const std::string& epoch, int64_t seq) {
  const std::lock_guard lock(mutex_);
  const auto at = tenants_.find(tenant.value());
  if (at == tenants_.end()) return;
  // An epoch that is not known here may be an old one: the poll finds out.
  if (at->second->head.epoch != epoch) return;
  Learn(at->second.get(), {epoch, seq, at->second->head.compacted_seq});
}

void Feed::Forget(const TenantId& tenant) {
  std::shared_ptr<Tenant> found;
  {
    const std::lock_guard lock(mutex_);
    const auto at = tenants_.find(tenant.value());
    if (at == tenants_.end()) return;
    found = at->second;
  }
  const std::lock_guard lock(found->ring_mutex);
  found->ring_valid = false;
  found->ring.clear();
  found->ring_bytes = 0;
}

Result<std::unique_ptr<Feed::Subscription>> Feed::Subscribe(const TenantId& tenant,
                                                            std::function<void()> cancel) {
  GTM_ASSIGN_OR_RETURN(const store::Head head, store_.GetHead(tenant));
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Tenant>& slot = tenants_[tenant.value()];
  if (slot == nullptr) slot = std::make_shared<Tenant>(tenant);
  ++slot->watcher_count;
  Learn(slot.get(), head);
  std::unique_ptr<Subscription> subscription(new Subscription(*this, slot, std::move(cancel)));
  subscriptions_.insert(subscription.get());
  return subscription;
}

int64_t Feed::RingBytesMax() {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<int64_t>(std::max<size_t>(1, tenants_.size()));
  return std::min(options_.tenant_ring_bytes_max, options_.ring_bytes_max / count);
}

// Reads what comes after the ring. With ring_mutex held: the others wait for this read
// instead of reading themselves.
Status Feed::Fill(Tenant* tenant) {
  ChangesQuery query;
  query.after = tenant->end;
  query.limit = kFillChanges;
  query.bytes_max = kFillBytes;
  GTM_ASSIGN_OR_RETURN(ChangesResult read, store_.ReadChanges(tenant->id, query));
  {
    const std::lock_guard lock(mutex_);
    Learn(tenant, read.head);
  }
  if (read.head.epoch != tenant->ring_epoch) {
    tenant->ring_valid = false;  // a restore: the numbers mean something else now
    return {};
  }
  const absl::Duration now = clock_.Monotonic();
  tenant->Append(std::move(read), now);
  const int64_t bytes_max = RingBytesMax();
  tenant->DropOlder(now - options_.ring_age_max);
  while (tenant->ring.size() > 1 && tenant->ring_bytes > bytes_max) tenant->DropFront();
  return {};
}

Result<ChangesResult> Feed::Read(Tenant* tenant, const ChangesQuery& query) {
  store::Head known;
  {
    const std::lock_guard lock(mutex_);
    known = tenant->head;
  }
  {
    const std::lock_guard lock(tenant->ring_mutex);
    const bool usable = tenant->ring_valid && tenant->ring_epoch == known.epoch;
    if (!usable || query.after > tenant->end) {
      tenant->Reset(query.after);
      tenant->ring_epoch = known.epoch;
    }
    if (query.after >= tenant->start) {
      // Also where the last revision was read in part only.
      if (query.after.seq >= tenant->complete_seq && known.seq > tenant->complete_seq) {
        GTM_RETURN_IF_ERROR(Fill(tenant));
      }
      if (tenant->ring_valid && query.after >= tenant->start) {
        ChangesResult result = tenant->Copy(query);
        result.head = known;
        result.has_more = result.has_more || known.seq > result.complete_seq;
        return result;
      }
    }
  }
  GTM_ASSIGN_OR_RETURN(ChangesResult read, store_.ReadChanges(tenant->id, query));
  const std::lock_guard lock(mutex_);
  Learn(tenant, read.head);
  return read;
}

void Feed::PollLoop() {
  absl::Duration wait = options_.poll_interval;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    poll_.wait_for(lock, absl::ToChronoMilliseconds(wait), [&] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    const absl::Duration start = clock_.Monotonic();
    PollOnce();
    ForgetOld();
    CutStalled();
    // A store with very many tenants is not asked all the time.
    wait = std::max(options_.poll_interval, 4 * (clock_.Monotonic() - start));
    lock.lock();
  }
}

void Feed::PollOnce() {
  std::vector<std::shared_ptr<Tenant>> watched;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, tenant] : tenants_) watched.push_back(tenant);
  }
  if (watched.empty()) return;
  if (watched.size() <= kFewTenants) {
    for (const auto& tenant : watched) {
      const auto head = store_.GetHead(tenant->id);
      if (!head.ok()) return;  // the next poll asks again
      const std::lock_guard lock(mutex_);
      Learn(tenant.get(), *head);
    }
    return;
  }
  const std::string last = watched.back()->id.value();
  for (std::string after; after < last;) {
    const auto heads = store_.ListHeads(after, kHeadsPage);
    if (!heads.ok() || heads->empty()) return;
    const std::lock_guard lock(mutex_);
    for (const store::TenantHead& head : *heads) {
      const auto at = tenants_.find(head.tenant);
      if (at != tenants_.end()) Learn(at->second.get(), head.head);
    }
    after = heads->back().tenant;
  }
}

// A tenant to which nothing is written keeps its ring for no longer than others do: an
// erasure elsewhere makes no change where the person's records are deleted already.
void Feed::ForgetOld() {
  std::vector<std::shared_ptr<Tenant>> watched;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, tenant] : tenants_) watched.push_back(tenant);
  }
  const absl::Duration oldest = clock_.Monotonic() - options_.ring_age_max;
  for (const auto& tenant : watched) {
    // Who holds it reads the store: the next poll looks again.
    const std::unique_lock lock(tenant->ring_mutex, std::try_to_lock);
    if (lock.owns_lock()) tenant->DropOlder(oldest);
  }
}

void Feed::CutStalled() {
  const absl::Duration now = clock_.Monotonic();
  const std::lock_guard lock(mutex_);
  for (Subscription* subscription : subscriptions_) {
    if (subscription->stalled_ || now - subscription->send_start_ < options_.stall_max) continue;
    subscription->stalled_ = true;
    subscription->cancel_();
  }
}

Feed::Subscription::~Subscription() {
  const std::lock_guard lock(feed_.mutex_);
  feed_.subscriptions_.erase(this);
  if (--tenant_->watcher_count == 0) feed_.tenants_.erase(tenant_->id.value());
}

Result<ChangesResult> Feed::Subscription::Read(const ChangesQuery& query) {
  return feed_.Read(tenant_.get(), query);
}

bool Feed::Subscription::WaitBeyond(const std::string& epoch, int64_t seq, absl::Duration timeout) {
  std::unique_lock lock(feed_.mutex_);
  tenant_->changed.wait_for(lock, absl::ToChronoMilliseconds(timeout), [&] {
    return feed_.stopping_ || tenant_->head.epoch != epoch || tenant_->head.seq > seq;
  });
  return !feed_.stopping_;
}

store::Head Feed::Subscription::KnownHead() const {
  const std::lock_guard lock(feed_.mutex_);
  return tenant_->head;
}

void Feed::Subscription::SendBegins() {
  const std::lock_guard lock(feed_.mutex_);
  send_start_ = feed_.clock_.Monotonic();
}

void Feed::Subscription::SendEnds() {
  const std::lock_guard lock(feed_.mutex_);
  send_start_ = absl::InfiniteDuration();
}

bool Feed::Subscription::stalled() const {
  const std::lock_guard lock(feed_.mutex_);
  return stalled_;
}

}  // namespace gtm::records::handler
