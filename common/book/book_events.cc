// Engagements: of accounts, and of visitors who may be linked to an account (C04).
//
// A visitor's engagements are kept under the visitor, linked or not, and a second time among
// those of the account while there is a link. So a link comes and goes without loss, whatever
// else changes in between.

#include <algorithm>

#include "common/book/book_state.h"

namespace gtm::book {
namespace {

// What the memory allocator adds to a block.
constexpr int64_t kAllocationBytes = 8;

uint64_t FoldOf(EventKey key) { return key * key * 0x9e3779b97f4a7c15 ^ (key << 7); }

EngagementEvent EventOf(const crm::v1::Engagement& m, NameSet* names) {
  EngagementEvent event;
  event.time_s = m.occur_time().seconds();
  event.type = static_cast<uint8_t>(m.type());
  event.direction = static_cast<uint8_t>(m.direction());
  const int64_t count = std::max(m.count(), 1);
  event.count = static_cast<uint16_t>(std::min<int64_t>(count, UINT16_MAX));
  if (!m.contact_id().empty()) event.contact = ContactRow{names->contacts.Add(m.contact_id())};
  event.details = DetailsOf(m, names);
  if (!m.opportunity_id().empty()) {
    event.opportunity = OpportunityRow{names->opportunities.Add(m.opportunity_id())};
  }
  return event;
}

Ref<EventBlock>& MutableBlock(Table<EventChunk>* table, uint32_t row) {
  return table->MutableChunk(row).blocks[Table<EventChunk>::slot(row)];
}

int64_t BytesOf(const Ref<EventBlock>& block) {
  return block ? block->memory_bytes() + kAllocationBytes : 0;
}

int64_t CountOf(const Ref<EventBlock>& block) { return block ? block->sorted_count() : 0; }

// An event of a visitor as one of the account that the visitor is linked to.
EngagementEvent Attributed(EngagementEvent event, const VisitorTarget& target) {
  if (!IsRow(event.contact)) event.contact = ContactRow{target.contact};
  return event;
}

}  // namespace

template <class Edit>
void Book::State::EditEvents(Ref<EventBlock>* block, Edit edit) {
  event_bytes_ -= BytesOf(*block);
  edit(block);
  event_bytes_ += BytesOf(*block);
}

void Book::State::CountEvents(uint32_t account, int64_t added) {
  (AccountIsLive(account) ? attached_count_ : unattached_count_) += added;
}

void Book::State::SortEventsOf(uint32_t account) {
  Ref<EventBlock>& block = MutableBlock(&tables_.events, account);
  if (!block || !block->has_tail()) return;
  const int64_t count = CountOf(block);
  EditEvents(&block, SortEvents);
  CountEvents(account, CountOf(block) - count);
}

void Book::State::SortEventsOfVisitor(uint32_t visitor) {
  Ref<EventBlock>& block = MutableBlock(&tables_.visitors, visitor);
  if (!block || !block->has_tail()) return;
  const int64_t count = CountOf(block);
  EditEvents(&block, SortEvents);
  if (visitor_targets_[visitor].account != kNoRow) linked_count_ += CountOf(block) - count;
}

void Book::State::SortAllEvents() {
  for (const uint32_t account : unsorted_accounts_) SortEventsOf(account);
  unsorted_accounts_.clear();
  for (const uint32_t visitor : unsorted_visitors_) SortEventsOfVisitor(visitor);
  unsorted_visitors_.clear();
}

void Book::State::AppendEventOf(uint32_t account, EventKey key, const EngagementEvent& event) {
  Ref<EventBlock>& block = MutableBlock(&tables_.events, account);
  if (!block || !block->has_tail()) unsorted_accounts_.push_back(account);
  EditEvents(&block, [&](Ref<EventBlock>* b) { AppendEvent(b, key, event); });
  // The account stays in the list: sorting it again finds nothing to do.
  if (block->tail_is_long()) SortEventsOf(account);
}

void Book::State::AppendEventOfVisitor(uint32_t visitor, EventKey key,
                                       const EngagementEvent& event) {
  Ref<EventBlock>& block = MutableBlock(&tables_.visitors, visitor);
  if (!block || !block->has_tail()) unsorted_visitors_.push_back(visitor);
  EditEvents(&block, [&](Ref<EventBlock>* b) { AppendEvent(b, key, event); });
  if (block->tail_is_long()) SortEventsOfVisitor(visitor);
  const VisitorTarget& target = visitor_targets_[visitor];
  if (target.account != kNoRow) AppendEventOf(target.account, key, Attributed(event, target));
}

bool Book::State::RemoveEventOf(uint32_t account, EventKey key, const UnixSeconds* time) {
  SortEventsOf(account);
  Ref<EventBlock>& block = MutableBlock(&tables_.events, account);
  if (!block) return false;
  bool removed = false;
  EditEvents(&block, [&](Ref<EventBlock>* b) { removed = RemoveEvent(b, key, time); });
  if (removed) CountEvents(account, -1);
  return removed;
}

void Book::State::RemoveEventOfVisitor(uint32_t visitor, EventKey key, const UnixSeconds* time) {
  if (visitor == kNoRow) return;
  SortEventsOfVisitor(visitor);
  Ref<EventBlock>& block = MutableBlock(&tables_.visitors, visitor);
  if (!block) return;
  bool removed = false;
  EditEvents(&block, [&](Ref<EventBlock>* b) { removed = RemoveEvent(b, key, time); });
  const VisitorTarget& target = visitor_targets_[visitor];
  if (!removed || target.account == kNoRow) return;
  --linked_count_;
  RemoveEventOf(target.account, key, time);
}

void Book::State::PutEngagement(const crm::v1::Engagement& engagement) {
  const EventKey key = EventKeyOf(engagement.id());
  if (!engagement.account_id().empty()) {
    const uint32_t account = names_->accounts.Add(engagement.account_id());
    const EngagementEvent event = EventOf(engagement, names_.get());
    GrowTables();
    AppendEventOf(account, key, event);
    return;
  }
  const bool is_visit = !engagement.visitor_id().empty();
  const uint32_t visitor = is_visit ? names_->visitors.Add(engagement.visitor_id()) : kNoRow;
  const auto [known, is_new] = accountless_visitors_.try_emplace(key, visitor);
  if (is_new) {
    ++accountless_.count;
    accountless_.sum += key;
    accountless_.sum_of_folds += FoldOf(key);
  } else if (known->second != visitor) {
    RemoveEventOfVisitor(std::exchange(known->second, visitor), key, nullptr);
  }
  if (!is_visit) return;
  const EngagementEvent event = EventOf(engagement, names_.get());
  GrowTables();
  AppendEventOfVisitor(visitor, key, event);
}

void Book::State::DeleteEngagement(const crm::v1::Engagement& engagement) {
  const EventKey key = EventKeyOf(engagement.id());
  const UnixSeconds occurred = engagement.occur_time().seconds();
  const UnixSeconds* const time = engagement.has_occur_time() ? &occurred : nullptr;
  if (!engagement.account_id().empty()) {
    const uint32_t account = names_->accounts.FindOwn(engagement.account_id());
    if (account == Names::kNone || account >= tables_.events.row_count()) return;
    RemoveEventOf(account, key, time);
    return;
  }
  if (const auto known = accountless_visitors_.find(key); known != accountless_visitors_.end()) {
    --accountless_.count;
    accountless_.sum -= key;
    accountless_.sum_of_folds -= FoldOf(key);
    const uint32_t visitor = known->second;
    accountless_visitors_.erase(known);
    RemoveEventOfVisitor(visitor, key, time);
    return;
  }
  // Only the id is given: it may be anyone's. Watch never asks for this.
  if (time != nullptr) return;
  for (uint32_t account = 0; account < tables_.events.row_count(); ++account) {
    if (!tables_.events.chunk(account).blocks[Table<EventChunk>::slot(account)]) continue;
    if (RemoveEventOf(account, key, nullptr)) return;
  }
}

void Book::State::LinkVisitor(const crm::v1::VisitorLink& link, bool deleted) {
  const uint32_t visitor = names_->visitors.Add(link.id());
  VisitorTarget target;
  if (!deleted) {
    target.account = names_->accounts.Add(link.account_id());
    if (!link.contact_id().empty()) target.contact = names_->contacts.Add(link.contact_id());
  }
  GrowTables();
  const VisitorTarget before = visitor_targets_[visitor];
  if (before == target) return;
  SortEventsOfVisitor(visitor);  // counted as they are linked until now
  visitor_targets_[visitor] = target;
  const Ref<EventBlock> visits = MutableBlock(&tables_.visitors, visitor);
  if (!visits) return;
  if (before.account != kNoRow) {
    linked_count_ -= visits->sorted_count();
    SortEventsOf(before.account);
    Ref<EventBlock>& block = MutableBlock(&tables_.events, before.account);
    const int64_t count = CountOf(block);
    EditEvents(&block, [&](Ref<EventBlock>* b) { RemoveEvents(b, *visits); });
    CountEvents(before.account, CountOf(block) - count);
  }
  if (target.account == kNoRow) return;
  linked_count_ += visits->sorted_count();
  uint32_t index = 0;
  for (const EngagementEvent& event : visits->sorted()) {
    AppendEventOf(target.account, visits->key(index++), Attributed(event, target));
  }
}

}  // namespace gtm::book
