#include "common/book/book.h"

#include "common/book/book_state.h"

namespace gtm::book {
namespace {

std::shared_ptr<const ExchangeRates> RatesOf(const MessageList<crm::v1::ExchangeRate>& list) {
  auto rates = std::make_shared<ExchangeRates>();
  for (const auto& rate : list) {
    const type::v1::Date& date = rate->effective_date();
    // Of two rates for one day the one with the greater id holds.
    (*rates)[rate->currency_code()][absl::CivilDay(date.year(), date.month(), date.day())] =
        rate->rate_micros();
  }
  return rates;
}

// The order of the rows after some came or went; the same order where none did.
std::shared_ptr<SortedRows> Following(const std::shared_ptr<SortedRows>& last,
                                      std::vector<uint32_t>* changed) {
  if (changed->empty()) return last;
  return last->After(std::exchange(*changed, {}));
}

}  // namespace

std::shared_ptr<const BookView::Data> Book::State::MakeView() {
  SortAllEvents();
  auto data = std::make_shared<BookView::Data>();
  data->epoch = epoch;
  data->seq = seq;
  data->names = names_;
  data->settings = settings_;
  const auto old_rates = message_tables_.exchange_rate.list();
#define GTM_X(Name, field, plural, Type) data->messages.field = message_tables_.field.Publish();
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
  if (data->messages.exchange_rate != old_rates) {
    exchange_rates_ = RatesOf(*data->messages.exchange_rate);
  }
  data->exchange_rates = exchange_rates_;
  data->tables = tables_;
  data->unknown_stage_count = unknown_stage_count_;
  data->newest_changes = newest_changes_;
  data->attached_count = attached_count_;
  data->unattached_count = unattached_count_ + accountless_.count - linked_count_;
  data->accountless = accountless_;
  data->accounts_by_id = Following(published->accounts_by_id, &accounts_changed_);
  data->contacts_by_id = Following(published->contacts_by_id, &contacts_changed_);
  data->opportunities_by_id = Following(published->opportunities_by_id, &opportunities_changed_);
  return data;
}

int64_t Book::State::CountBytes() const {
  int64_t bytes = heap_bytes_ + chunk_bytes_ + event_bytes_;
  bytes += names_->accounts.memory_bytes() + names_->contacts.memory_bytes() +
           names_->opportunities.memory_bytes() + names_->visitors.memory_bytes() +
           names_->symbols.memory_bytes() + names_->details.memory_bytes();
  using Visited = decltype(accountless_visitors_)::value_type;
  bytes += static_cast<int64_t>(accountless_visitors_.capacity() * (sizeof(Visited) + 1));
  bytes += static_cast<int64_t>(visitor_targets_.capacity() * sizeof(VisitorTarget));
#define GTM_X(Name, field, plural, Type) bytes += message_tables_.field.memory_bytes();
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
  return bytes;
}

Book::Book() : state_(std::make_unique<State>()) {}
Book::~Book() = default;

void Book::Apply(std::vector<Change> changes, std::string_view epoch, int64_t seq) {
  const std::lock_guard lock(state_->mutex);
  for (Change& change : changes) state_->Apply(&change.record, change.deleted);
  MoveTo(epoch, seq);
}

void Book::ApplyPage(Page* page, std::string_view epoch, int64_t seq) {
  const std::lock_guard lock(state_->mutex);
  for (records::v1::Record& record : *page) state_->Apply(&record, false);
  MoveTo(epoch, seq);
}

// The caller holds the mutex.
void Book::MoveTo(std::string_view epoch, int64_t seq) {
  state_->epoch = epoch;
  state_->seq = seq;
  state_->memory_bytes.store(state_->CountBytes(), std::memory_order_relaxed);
  state_->changed_since_published.store(true, std::memory_order_release);
}

BookView Book::View() const {
  const auto published = [this] {
    const std::lock_guard lock(state_->published_mutex);
    return state_->published;
  };
  if (!state_->changed_since_published.load(std::memory_order_acquire)) {
    return BookView(published());
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->changed_since_published.load(std::memory_order_acquire)) {
    auto data = state_->MakeView();
    const std::lock_guard publish(state_->published_mutex);
    state_->published = std::move(data);
    state_->changed_since_published.store(false, std::memory_order_release);
    state_->memory_bytes.store(state_->CountBytes(), std::memory_order_relaxed);
  }
  return BookView(published());
}

int64_t Book::memory_bytes() const { return state_->memory_bytes.load(std::memory_order_relaxed); }

}  // namespace gtm::book
