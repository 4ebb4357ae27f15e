#include "common/records_client/follower.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/book/names.h"
#include "common/records_client/identity.h"
#include "common/records_client/watch_reader.h"

namespace gtm::records_client {
namespace {

using records::v1::Change;
using records::v1::RecordsService;
using records::v1::WatchRequest;
using records::v1::WatchResponse;

// How often a waiting call looks whether it is still wanted.
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);
// How long a revision is waited for before records is asked whether there is such a one:
// a Book is hardly ever further behind, and who waits holds a thread that others need.
constexpr absl::Duration kPatience = absl::Milliseconds(50);
// Failed attempts in a row after which who waits for a first Book is told.
constexpr int kFailuresToTell = 3;

bool NeedsList(const Error& error) {
  switch (error.reason()) {
    case Reason::REVISION_COMPACTED:
    case Reason::EPOCH_CHANGED:
    case Reason::REVISION_INVALID:
      return true;
    default:
      return false;
  }
}

}  // namespace

Follower::Follower(TenantId tenant, FollowerOptions options)
    : tenant_(std::move(tenant)),
      options_(std::move(options)),
      stub_(RecordsService::NewStub(options_.channel)),
      backoff_(options_.backoff_min, options_.backoff_max,
               book::StableHash(tenant_.value()) ^
                   static_cast<uint64_t>(absl::ToInt64Nanoseconds(options_.clock->Monotonic()))),
      heard_(options_.clock->Monotonic()),
      thread_([this] { Run(); }) {}

Follower::~Follower() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  call_.Stop();
  thread_.join();
}

void Follower::Run() {
  while (!call_.stopped()) {
    const Error error = Sync();
    if (call_.stopped()) return;
    if (MustForget()) {
      options_.log->Info("book_read_anew", {{"tenant", std::string_view(tenant_.value())},
                                            {"why", "a person was erased"}});
      erased_.reset();
      resume_.reset();
      loading_.reset();
      partial_.clear();
      continue;
    }
    if (NeedsList(error)) {
      resume_.reset();
      loading_.reset();
    }
    partial_.clear();
    options_.log->Warning("book_feed_interrupted", {{"tenant", std::string_view(tenant_.value())},
                                                    {"reason", ReasonName(error.reason())},
                                                    {"message", std::string_view(error.message())},
                                                    {"lists_again", NeedsList(error)}});
    {
      const std::lock_guard lock(mutex_);
      failure_ = error;
      ++failure_count_;
      watching_ = false;
    }
    changed_.notify_all();
    Sleep(backoff_.Next());
  }
}

void Follower::Sleep(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration), [this] { return stopped_; });
}

Error Follower::Sync() {
  if (!resume_.has_value()) {
    Status listed = ListIntoNewBook();
    if (!listed.ok()) return std::move(listed).error();
  }
  return Watch();
}

Status Follower::ListIntoNewBook() {
  {
    const std::lock_guard lock(mutex_);
    ++relist_count_;
  }
  auto book = std::make_shared<book::Book>();
  GTM_ASSIGN_OR_RETURN(
      const Listing listing,
      ListAll(*stub_, tenant_, std::nullopt, absl::InfiniteFuture(), options_, &call_, book.get()));
  loading_ = std::move(book);
  loading_until_seq_ = listing.last_seq;
  resume_ = listing.first;
  Publish();
  return {};
}

Error Follower::Watch() {
  grpc::ClientContext context;
  Status prepared = Prepare({tenant_.value(), "", "book", ""}, absl::InfiniteFuture(), &context);
  if (!prepared.ok()) return std::move(prepared).error();
  WatchRequest request;
  request.set_revision(FormatRevision(*resume_));
  if (!call_.Hold(&context)) return Error(Reason::CANCELLED_BY_CALLER, "stopped");
  {
    const std::lock_guard lock(mutex_);
    ++reconnect_count_;
    watch_start_ = options_.clock->Monotonic();
    watching_ = true;
  }
  WatchReader reader(*stub_, &context, request);
  WatchResponse response;
  Status taken;
  while (taken.ok() && reader.Read(&response)) taken = Take(&response);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = reader.Finish();
  call_.Release();
  if (!taken.ok()) return std::move(taken).error();
  if (status.ok()) return Error(Reason::RECORDS_UNAVAILABLE, "records ended the stream");
  return FromRecords(status, options_.log);
}

Status Follower::Take(WatchResponse* response) {
  for (Change& change : *response->mutable_changes()) {
    committed_ = absl::FromUnixSeconds(change.commit_time().seconds()) +
                 absl::Nanoseconds(change.commit_time().nanos());
    if (change.operation() == Change::OPERATION_ERASE && !erased_.has_value()) {
      erased_ = options_.clock->Monotonic();
    }
    partial_.push_back(
        {std::move(*change.mutable_record()), change.operation() == Change::OPERATION_DELETE});
  }
  if (!response->revision().empty()) {
    GTM_ASSIGN_OR_RETURN(const Revision revision, ParseRevision(response->revision()));
    const bool moved = !(revision == *resume_);
    if (moved || !partial_.empty()) {
      // Only this thread changes book_, so that it may read it without the lock.
      book::Book& book = loading_ != nullptr ? *loading_ : *book_;
      const bool has_changes = !partial_.empty();
      book.Apply(std::exchange(partial_, {}), revision.epoch, revision.seq);
      if (has_changes) options_.on_lag(options_.clock->Now() - committed_);
      resume_ = revision;
    }
    Publish();
  }
  backoff_.Reset();
  if (MustForget()) return Error(Reason::CANCELLED_BY_CALLER, "the Book is read anew");
  return {};
}

bool Follower::MustForget() const {
  return erased_.has_value() && loading_ == nullptr && partial_.empty() &&
         options_.clock->Monotonic() - *erased_ >= options_.forget_after;
}

bool Follower::WaitForNewer(const book::BookView& seen, absl::Duration patience,
                            const std::function<bool()>& is_cancelled) {
  const absl::Duration end = options_.clock->Monotonic() + patience;
  std::unique_lock lock(mutex_);
  while (true) {
    if (book_ != nullptr && (applied_.epoch != seen.epoch() || applied_.seq > seen.seq())) {
      return true;
    }
    const absl::Duration left = end - options_.clock->Monotonic();
    if (left <= absl::ZeroDuration() || stopped_ || is_cancelled()) return false;
    changed_.wait_for(lock, absl::ToChronoMicroseconds(std::min(left, kLookInterval)));
  }
}

void Follower::Publish() {
  {
    const std::lock_guard lock(mutex_);
    heard_ = options_.clock->Monotonic();
    failure_.reset();
    failure_count_ = 0;
    if (loading_ != nullptr && resume_->seq >= loading_until_seq_) book_ = std::move(loading_);
    if (loading_ == nullptr) {
      if (applied_.epoch != resume_->epoch) head_seq_ = 0;
      applied_ = *resume_;
      head_seq_ = std::max(head_seq_, applied_.seq);
    }
  }
  changed_.notify_all();
}

void Follower::SawHead(const Revision& revision) {
  const std::lock_guard lock(mutex_);
  if (revision.epoch == applied_.epoch) head_seq_ = std::max(head_seq_, revision.seq);
}

void Follower::CheckSilence() {
  const std::lock_guard lock(mutex_);
  const absl::Duration since = std::max(heard_, watch_start_);
  if (!watching_ || options_.clock->Monotonic() - since < options_.silence_max) return;
  watching_ = false;
  call_.Cancel();
}

Error Follower::NotInTime(const std::optional<Revision>& min_revision) const {
  if (book_ == nullptr && failure_.has_value()) {
    return Error(Reason::RECORDS_UNAVAILABLE,
                 fmt::format("records cannot be read ({}: {}); try again",
                             ReasonName(failure_->reason()), failure_->message()));
  }
  if (book_ == nullptr) {
    return Error(Reason::DEADLINE_EXPIRED,
                 "the tenant's records are still being read into memory; try again, or allow "
                 "more time");
  }
  const std::string wanted = FormatRevision(*min_revision);
  const std::string reached = FormatRevision(applied_);
  return Error(Reason::REVISION_NOT_REACHED,
               fmt::format("revision {}: not reached before the deadline (at {})", wanted, reached))
      .With("revision", wanted)
      .With("reached", reached);
}

Status Follower::WaitFor(const std::optional<Revision>& min_revision, absl::Time deadline,
                         const std::function<bool()>& is_cancelled,
                         std::unique_lock<std::mutex>* lock) {
  while (true) {
    if (IsReached(min_revision)) return {};
    if (stopped_) return Error(Reason::SHUTTING_DOWN, "the server is shutting down");
    if (is_cancelled()) return Error(Reason::CANCELLED_BY_CALLER, "the caller cancelled");
    if (book_ == nullptr && failure_count_ >= kFailuresToTell) return NotInTime(min_revision);
    const absl::Duration left = deadline - options_.clock->Now();
    if (left <= absl::ZeroDuration()) return NotInTime(min_revision);
    // A failed wait is looked at again above.
    changed_.wait_for(*lock, absl::ToChronoMicroseconds(std::min(left, kLookInterval)));
  }
}

Status Follower::CheckRevision(const Revision& min_revision, absl::Time deadline) {
  ContextHolder holder;
  GTM_ASSIGN_OR_RETURN(const Revision now, ReadHead(*stub_, tenant_, deadline, &holder));
  const std::string wanted = FormatRevision(min_revision);
  if (now.epoch != min_revision.epoch) {
    return Error(Reason::EPOCH_CHANGED,
                 fmt::format("revision {}: from before a restore (epoch is now {}); ask without it",
                             wanted, now.epoch))
        .With("epoch", now.epoch);
  }
  if (now.seq >= min_revision.seq) return {};
  const std::string reached = FormatRevision(now);
  return Error(
             Reason::REVISION_NOT_REACHED,
             fmt::format("revision {}: not reached by records itself (at {}); use a revision that "
                         "an answer for this tenant carried",
                         wanted, reached))
      .With("revision", wanted)
      .With("reached", reached);
}

Status Follower::WaitForRevision(const Revision& min_revision, absl::Time deadline,
                                 const std::function<bool()>& is_cancelled,
                                 std::unique_lock<std::mutex>* lock) {
  const bool same_epoch = min_revision.epoch == applied_.epoch;
  if (same_epoch) {
    const absl::Time patience = options_.clock->Now() + kPatience;
    Status waited = WaitFor(min_revision, std::min(deadline, patience), is_cancelled, lock);
    const bool late = !waited.ok() && waited.error().reason() == Reason::REVISION_NOT_REACHED;
    if (!late || deadline <= patience) return waited;
  }
  lock->unlock();
  Status checked = CheckRevision(min_revision, deadline);
  lock->lock();
  // Where records cannot be asked, the feed may still bring the revision in time.
  const bool unknown =
      same_epoch && !checked.ok() && checked.error().reason() == Reason::RECORDS_UNAVAILABLE;
  if (!checked.ok() && !unknown) return checked;
  return WaitFor(min_revision, deadline, is_cancelled, lock);
}

Result<book::BookView> Follower::ViewAt(const std::optional<Revision>& min_revision,
                                        absl::Time deadline,
                                        const std::function<bool()>& is_cancelled) {
  std::shared_ptr<book::Book> book;
  {
    std::unique_lock lock(mutex_);
    GTM_RETURN_IF_ERROR(WaitFor(std::nullopt, deadline, is_cancelled, &lock));
    if (min_revision.has_value()) {
      GTM_RETURN_IF_ERROR(WaitForRevision(*min_revision, deadline, is_cancelled, &lock));
    }
    GTM_RETURN_IF_ERROR(CheckStaleness());
    book = book_;
  }
  return book->View();
}

Result<std::optional<book::BookView>> Follower::ViewNow(
    const std::optional<Revision>& min_revision) const {
  std::shared_ptr<book::Book> book;
  {
    const std::lock_guard lock(mutex_);
    if (!IsReached(min_revision)) return std::optional<book::BookView>();
    GTM_RETURN_IF_ERROR(CheckStaleness());
    book = book_;
  }
  return std::optional(book->View());
}

bool Follower::IsReached(const std::optional<Revision>& min_revision) const {
  if (book_ == nullptr) return false;
  return !min_revision.has_value() ||
         (applied_.epoch == min_revision->epoch && applied_.seq >= min_revision->seq);
}

Status Follower::CheckStaleness() const {
  const absl::Duration staleness = options_.clock->Monotonic() - heard_;
  if (staleness <= options_.staleness_max) return {};
  return Error(Reason::RECORDS_UNAVAILABLE,
               fmt::format("records cannot be reached, and what is known is {} old; try again",
                           absl::FormatDuration(absl::Trunc(staleness, absl::Seconds(1)))));
}

Follower::Stats Follower::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats;
  stats.ready = book_ != nullptr;
  stats.applied_seq = applied_.seq;
  stats.head_seq = head_seq_;
  stats.staleness = options_.clock->Monotonic() - heard_;
  stats.relist_count = std::max<int64_t>(relist_count_, 0);
  stats.reconnect_count = std::max<int64_t>(reconnect_count_, 0);
  stats.memory_bytes = book_ == nullptr ? 0 : book_->memory_bytes();
  return stats;
}

int64_t Follower::memory_bytes() const { return stats().memory_bytes; }

}  // namespace gtm::records_client
