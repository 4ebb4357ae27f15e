#include "common/records_client/book_cache.h"

#include <algorithm>
#include <list>

#include "absl/container/flat_hash_map.h"
#include "common/records_client/past_books.h"

namespace gtm::records_client {
namespace {

constexpr absl::Duration kTidyInterval = absl::Seconds(1);
constexpr int64_t kFirstSecond = -62135596800;  // year 1
constexpr int64_t kLastSecond = 253402300799;   // year 9999

Result<absl::Time> TimeOf(const google::protobuf::Timestamp& stamp, std::string_view field) {
  if (stamp.seconds() < kFirstSecond || stamp.seconds() > kLastSecond || stamp.nanos() < 0 ||
      stamp.nanos() > 999'999'999) {
    return InvalidField(std::string(field), "no valid timestamp; use years 1 to 9999");
  }
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

}  // namespace

struct BookCache::Shared {
  explicit Shared(BookCacheOptions o)
      : options(std::move(o)), past(options), tidier([this] { Tidy(); }) {}
  ~Shared() {
    {
      const std::lock_guard lock(mutex);
      stopped = true;
    }
    wake.notify_all();
    tidier.join();
  }

  std::shared_ptr<Follower> Of(const TenantId& tenant);
  std::shared_ptr<Follower> FindOf(const TenantId& tenant);
  // Takes Books beyond the limits out of `used`; never the one used last.
  std::vector<std::shared_ptr<Follower>> TakeSurplus();
  void Tidy();

  const BookCacheOptions options;
  PastBooks past;
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopped = false;
  int64_t dropped_count = 0;
  using Used = std::list<std::pair<TenantId, std::shared_ptr<Follower>>>;
  Used used;  // most recently used first
  absl::flat_hash_map<TenantId, Used::iterator> by_tenant;
  std::thread tidier;  // last: it uses all of the above
};

std::shared_ptr<Follower> BookCache::Shared::FindOf(const TenantId& tenant) {
  const std::lock_guard lock(mutex);
  const auto found = by_tenant.find(tenant);
  return found == by_tenant.end() ? nullptr : found->second->second;
}

std::shared_ptr<Follower> BookCache::Shared::Of(const TenantId& tenant) {
  const std::lock_guard lock(mutex);
  const auto found = by_tenant.find(tenant);
  if (found != by_tenant.end()) {
    used.splice(used.begin(), used, found->second);
  } else {
    used.emplace_front(tenant, std::make_shared<Follower>(tenant, options.follower));
    by_tenant[tenant] = used.begin();
  }
  return used.front().second;
}

std::vector<std::shared_ptr<Follower>> BookCache::Shared::TakeSurplus() {
  const std::lock_guard lock(mutex);
  int64_t bytes = 0;
  for (const auto& [tenant, follower] : used) bytes += follower->memory_bytes();
  std::vector<std::shared_ptr<Follower>> surplus;
  while (used.size() > 1 && (bytes > options.memory_bytes_max ||
                             used.size() > static_cast<size_t>(options.books_max))) {
    surplus.push_back(std::move(used.back().second));
    bytes -= surplus.back()->memory_bytes();
    by_tenant.erase(used.back().first);
    used.pop_back();
    ++dropped_count;
  }
  return surplus;
}

void BookCache::Shared::Tidy() {
  std::unique_lock lock(mutex);
  while (!stopped) {
    wake.wait_for(lock, absl::ToChronoMilliseconds(kTidyInterval));
    std::vector<std::shared_ptr<Follower>> followers;
    for (const auto& [tenant, follower] : used) followers.push_back(follower);
    lock.unlock();
    for (const auto& follower : followers) follower->CheckSilence();
    followers.clear();
    past.Expire();
    TakeSurplus();
    lock.lock();
  }
}

namespace {

// Before the call's own deadline, so that the caller hears what it waited for.
absl::Time WaitUntil(absl::Time deadline, absl::Time now) {
  constexpr absl::Duration kAnswerTime = absl::Milliseconds(100);
  if (deadline == absl::InfiniteFuture()) return deadline;
  return deadline - std::min(kAnswerTime, (deadline - now) / 10);
}

}  // namespace

BookCache::BookCache(BookCacheOptions options)
    : shared_(std::make_unique<Shared>(std::move(options))) {}
BookCache::~BookCache() = default;

Result<Question> BookCache::Ask(const rpc::Call& call, const type::v1::PointInTime& point) {
  Question question;
  question.as_of = call.now;
  if (point.has_as_of()) {
    GTM_ASSIGN_OR_RETURN(question.as_of, TimeOf(point.as_of(), "point.as_of"));
  }
  std::optional<absl::Time> recorded;
  if (point.has_recorded_as_of()) {
    GTM_ASSIGN_OR_RETURN(recorded, TimeOf(point.recorded_as_of(), "point.recorded_as_of"));
  }
  std::optional<Revision> min_revision;
  if (!point.min_revision().empty()) {
    GTM_ASSIGN_OR_RETURN(min_revision, ParseRevision(point.min_revision()));
  }
  const bool may_wait = call.patience == rpc::Patience::kLong;
  const auto wait_until = [&] {
    return WaitUntil(call.deadline, shared_->options.follower.clock->Now());
  };
  if (recorded.has_value()) {
    if (!may_wait) return call.WantsToWait();
    GTM_ASSIGN_OR_RETURN(question.view,
                         shared_->past.ViewAt(call.tenant(), *recorded, wait_until()));
    return question;
  }
  const std::shared_ptr<Follower> follower = shared_->Of(call.tenant());
  GTM_ASSIGN_OR_RETURN(auto view, follower->ViewNow(min_revision));
  if (view.has_value()) {
    question.view = *std::move(view);
    return question;
  }
  if (!may_wait) return call.WantsToWait();
  GTM_ASSIGN_OR_RETURN(question.view,
                       follower->ViewAt(min_revision, wait_until(), call.is_cancelled));
  return question;
}

bool BookCache::WaitForNewer(const rpc::Call& call, const book::BookView& seen,
                             absl::Duration patience) {
  return shared_->Of(call.tenant())->WaitForNewer(seen, patience, call.is_cancelled);
}

void BookCache::SawHead(const TenantId& tenant, const std::string& revision) {
  const Result<Revision> parsed = ParseRevision(revision);
  if (!parsed.ok()) return;
  if (const auto follower = shared_->FindOf(tenant)) follower->SawHead(*parsed);
}

void BookCache::Warm(const TenantId& tenant) { shared_->Of(tenant); }

BookCacheStats BookCache::stats() const {
  BookCacheStats all;
  const std::lock_guard lock(shared_->mutex);
  for (const auto& [tenant, follower] : shared_->used) {
    const Follower::Stats one = follower->stats();
    ++all.book_count;
    all.memory_bytes += one.memory_bytes;
    all.applied_seq_max = std::max(all.applied_seq_max, one.applied_seq);
    all.head_seq_max = std::max(all.head_seq_max, one.head_seq);
    all.lag_max = std::max(all.lag_max, one.head_seq - one.applied_seq);
    all.staleness_max = std::max(all.staleness_max, one.staleness);
    all.relist_count += one.relist_count;
    all.reconnect_count += one.reconnect_count;
  }
  all.memory_bytes += shared_->past.memory_bytes();
  all.dropped_count = shared_->dropped_count;
  return all;
}

}  // namespace gtm::records_client
