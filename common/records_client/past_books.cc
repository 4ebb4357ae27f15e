#include "common/records_client/past_books.h"

namespace gtm::records_client {
namespace {

// An instant this close to now may still get records: clocks of servers differ.
constexpr absl::Duration kSettled = absl::Minutes(1);

}  // namespace

PastBooks::PastBooks(const BookCacheOptions& options)
    : options_(options), stub_(records::v1::RecordsService::NewStub(options.follower.channel)) {}

std::shared_ptr<PastBooks::Entry> PastBooks::Find(const TenantId& tenant, absl::Time time) {
  const std::lock_guard lock(mutex_);
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

void PastBooks::Drop(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard lock(mutex_);
  entries_.remove(entry);
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
    if (!entry->building.try_lock()) continue;
    if (entry->book != nullptr) bytes += entry->book->memory_bytes();
    entry->building.unlock();
  }
  return bytes;
}

Result<book::BookView> PastBooks::ViewAt(const TenantId& tenant, absl::Time time,
                                         absl::Time deadline) {
  Expire();
  const std::shared_ptr<Entry> entry = Find(tenant, time);
  const std::lock_guard building(entry->building);
  if (entry->book == nullptr) {
    auto book = std::make_shared<book::Book>();
    ContextHolder holder;
    Result<Listing> listed =
        ListAll(*stub_, tenant, time, deadline, options_.follower, &holder, book.get());
    const bool keep = listed.ok() && time < options_.follower.clock->Now() - kSettled;
    if (!keep) Drop(entry);
    if (!listed.ok()) return std::move(listed).error();
    entry->book = std::move(book);
  }
  return entry->book->View();
}

}  // namespace gtm::records_client
