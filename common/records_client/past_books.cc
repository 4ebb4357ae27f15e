#include "common/records_client/past_books.h"

#include <algorithm>

namespace gtm::records_client {
namespace {

// An instant this close to now may still get records: clocks of servers differ.
constexpr absl::Duration kSettled = absl::Minutes(1);
// How often who waits for another's reading looks at the clock.
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);

}  // namespace

PastBooks::PastBooks(const BookCacheOptions& options)
    : options_(options), stub_(records::v1::RecordsService::NewStub(options.follower.channel)) {}

std::shared_ptr<PastBooks::Entry> PastBooks::Find(const TenantId& tenant, absl::Time time) {
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if ((*it)->tenant != tenant || (*it)->time != time) continue;
    entries_.splice(entries_.begin(), entries_, it);
    return entries_.front();
  }
  auto entry = std::make_shared<Entry>();
  entry->tenant = tenant;
  entry->time = time;
  entry->made = options_.follower.clock->Monotonic();
  entries_.push_front(entry);
  if (entries_.size() > static_cast<size_t>(options_.past_books_max)) entries_.pop_back();
  return entry;
}

void PastBooks::Expire() {
  const std::lock_guard lock(mutex_);
  const absl::Duration now = options_.follower.clock->Monotonic();
  entries_.remove_if(
      [&](const auto& entry) { return now - entry->made > options_.past_book_age_max; });
}

int64_t PastBooks::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  int64_t bytes = 0;
  for (const auto& entry : entries_) {
    if (entry->book != nullptr) bytes += entry->book->memory_bytes();
  }
  return bytes;
}

Result<std::shared_ptr<book::Book>> PastBooks::Await(Entry* entry, absl::Time deadline,
                                                     std::unique_lock<std::mutex>* lock) {
  while (entry->building) {
    const absl::Duration left = deadline - options_.follower.clock->Now();
    if (left <= absl::ZeroDuration()) {
      return Error(Reason::DEADLINE_EXPIRED,
                   "the tenant's records of that time are still being read into memory; try "
                   "again, or allow more time");
    }
    built_.wait_for(*lock, absl::ToChronoMicroseconds(std::min(left, kLookInterval)));
  }
  if (entry->book == nullptr) entry->building = true;
  return entry->book;
}

Result<book::BookView> PastBooks::ViewAt(const TenantId& tenant, absl::Time time,
                                         absl::Time deadline) {
  Expire();
  std::shared_ptr<Entry> entry;
  {
    std::unique_lock lock(mutex_);
    entry = Find(tenant, time);
    GTM_ASSIGN_OR_RETURN(const std::shared_ptr<book::Book> known,
                         Await(entry.get(), deadline, &lock));
    lock.unlock();
    if (known != nullptr) return known->View();
  }
  auto book = std::make_shared<book::Book>();
  ContextHolder holder;
  Result<Listing> listed =
      ListAll(*stub_, tenant, time, deadline, options_.follower, &holder, book.get());
  const bool keep = listed.ok() && time < options_.follower.clock->Now() - kSettled;
  {
    const std::lock_guard lock(mutex_);
    entry->building = false;
    if (listed.ok()) entry->book = book;
    if (!keep) entries_.remove(entry);
  }
  built_.notify_all();
  if (!listed.ok()) return std::move(listed).error();
  return book->View();
}

}  // namespace gtm::records_client
