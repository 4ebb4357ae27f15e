#include "common/book/book_state.h"

#include <algorithm>

namespace gtm::book {
namespace {

template <class Chunk>
std::array<uint32_t, AccountChunk::kRows> AccountChunk::*HeadOf() {
  if constexpr (std::is_same_v<Chunk, ContactChunk>) {
    return &AccountChunk::first_contact;
  } else {
    return &AccountChunk::first_opportunity;
  }
}

}  // namespace

Book::State::State()
    : settings_(std::make_shared<const Settings>(DecodeSettings({}))), stages_(*settings_) {
  published = BookView::Data::Empty();
}

void Book::State::GrowTables() {
  const uint32_t accounts = names_->accounts.count();
  if (accounts > tables_.accounts.row_count()) {
    chunk_bytes_ += int64_t{tables_.accounts.Grow(accounts)} * sizeof(AccountChunk);
    chunk_bytes_ += int64_t{tables_.events.Grow(accounts)} * sizeof(EventChunk);
  }
  if (names_->contacts.count() > tables_.contacts.row_count()) {
    chunk_bytes_ += int64_t{tables_.contacts.Grow(names_->contacts.count())} * sizeof(ContactChunk);
  }
  if (names_->opportunities.count() > tables_.opportunities.row_count()) {
    chunk_bytes_ += int64_t{tables_.opportunities.Grow(names_->opportunities.count())} *
                    sizeof(OpportunityChunk);
  }
  if (names_->visitors.count() > tables_.visitors.row_count()) {
    chunk_bytes_ += int64_t{tables_.visitors.Grow(names_->visitors.count())} * sizeof(EventChunk);
    visitor_targets_.resize(names_->visitors.count());
  }
}

template <class Chunk, class Edit>
void Book::State::ChangeRecords(Chunk* chunk, Edit edit) {
  heap_bytes_ -= chunk->records.capacity_bytes();
  edit(&chunk->records);
  heap_bytes_ += chunk->records.capacity_bytes();
}

// ---- accounts

bool Book::State::AccountIsLive(uint32_t row) const {
  return tables_.accounts.chunk(row).records.has(Table<AccountChunk>::slot(row));
}

void Book::State::PutAccount(const crm::v1::Account& account) {
  const uint32_t row = names_->accounts.Add(account.id());
  const EncodedRecord record = encoder_.Encode(account);
  GrowTables();
  const bool is_new = !AccountIsLive(row);
  ChangeRecords(&tables_.accounts.MutableChunk(row),
                [&](auto* records) { records->Put(Table<AccountChunk>::slot(row), record); });
  if (!is_new) return;
  accounts_changed_.push_back(row);
  const auto& block = tables_.events.chunk(row).blocks[Table<EventChunk>::slot(row)];
  const int64_t event_count = block ? block->sorted_count() : 0;
  attached_count_ += event_count;
  unattached_count_ -= event_count;
}

void Book::State::DeleteAccount(std::string_view id) {
  const uint32_t row = names_->accounts.FindOwn(id);
  if (row == Names::kNone || !AccountIsLive(row)) return;
  ChangeRecords(&tables_.accounts.MutableChunk(row),
                [&](auto* records) { records->Remove(Table<AccountChunk>::slot(row)); });
  accounts_changed_.push_back(row);
  const auto& block = tables_.events.chunk(row).blocks[Table<EventChunk>::slot(row)];
  const int64_t event_count = block ? block->sorted_count() : 0;
  attached_count_ -= event_count;
  unattached_count_ += event_count;
}

// ---- contacts and opportunities

template <class Chunk>
void Book::State::Link(Table<Chunk>* table, uint32_t row, uint32_t account) {
  Chunk& chunk = table->MutableChunk(row);
  const uint32_t slot = table->slot(row);
  chunk.account[slot] = account;
  if (account == kNoRow) return;
  uint32_t& head =
      (tables_.accounts.MutableChunk(account).*HeadOf<Chunk>())[Table<AccountChunk>::slot(account)];
  chunk.previous[slot] = kNoRow;
  chunk.next[slot] = head;
  if (head != kNoRow) table->MutableChunk(head).previous[table->slot(head)] = row;
  head = row;
}

template <class Chunk>
void Book::State::Unlink(Table<Chunk>* table, uint32_t row) {
  Chunk& chunk = table->MutableChunk(row);
  const uint32_t slot = table->slot(row);
  const uint32_t account = chunk.account[slot];
  if (account == kNoRow) return;
  const uint32_t previous = chunk.previous[slot];
  const uint32_t next = chunk.next[slot];
  if (next != kNoRow) table->MutableChunk(next).previous[table->slot(next)] = previous;
  if (previous != kNoRow) {
    table->MutableChunk(previous).next[table->slot(previous)] = next;
  } else {
    (tables_.accounts.MutableChunk(account).*HeadOf<Chunk>())[Table<AccountChunk>::slot(account)] =
        next;
  }
  chunk.account[slot] = chunk.previous[slot] = chunk.next[slot] = kNoRow;
}

template <class Chunk>
void Book::State::PutMember(Table<Chunk>* table, uint32_t row, const EncodedRecord& record,
                            std::string_view account_id, std::vector<uint32_t>* came_or_went) {
  const uint32_t account = account_id.empty() ? kNoRow : names_->accounts.Add(account_id);
  GrowTables();
  Chunk& chunk = table->MutableChunk(row);
  const uint32_t slot = table->slot(row);
  if (!chunk.records.has(slot)) came_or_went->push_back(row);
  ChangeRecords(&chunk, [&](auto* records) { records->Put(slot, record); });
  if (chunk.account[slot] == account) return;
  Unlink(table, row);
  Link(table, row, account);
}

template <class Chunk>
void Book::State::DeleteMember(Table<Chunk>* table, uint32_t row,
                               std::vector<uint32_t>* came_or_went) {
  Unlink(table, row);
  ChangeRecords(&table->MutableChunk(row),
                [&](auto* records) { records->Remove(table->slot(row)); });
  came_or_went->push_back(row);
}

void Book::State::PutContact(const crm::v1::Contact& contact) {
  const uint32_t row = names_->contacts.Add(contact.id());
  PutMember(&tables_.contacts, row, encoder_.Encode(contact), contact.account_id(),
            &contacts_changed_);
}

void Book::State::DeleteContact(std::string_view id) {
  const uint32_t row = names_->contacts.FindOwn(id);
  if (row == Names::kNone || row >= tables_.contacts.row_count()) return;
  if (!tables_.contacts.chunk(row).records.has(Table<ContactChunk>::slot(row))) return;
  DeleteMember(&tables_.contacts, row, &contacts_changed_);
}

int Book::State::UnknownStagesOf(uint32_t row) const {
  if (row >= tables_.opportunities.row_count()) return 0;
  const OpportunityChunk& chunk = tables_.opportunities.chunk(row);
  const uint32_t slot = Table<OpportunityChunk>::slot(row);
  if (!chunk.records.has(slot)) return 0;
  return CountUnknownStages(stages_, DecodeStages(chunk.records.Get(slot)));
}

void Book::State::PutOpportunity(const crm::v1::Opportunity& opportunity) {
  const uint32_t row = names_->opportunities.Add(opportunity.id());
  unknown_stage_count_ -= UnknownStagesOf(row);
  PutMember(&tables_.opportunities, row, encoder_.Encode(opportunity, stages_),
            opportunity.account_id(), &opportunities_changed_);
  tables_.opportunities.MutableChunk(row).answers_why_now[Table<OpportunityChunk>::slot(row)] =
      !opportunity.urgency_answer().empty();
  unknown_stage_count_ += UnknownStagesOf(row);
}

void Book::State::DeleteOpportunity(std::string_view id) {
  const uint32_t row = names_->opportunities.FindOwn(id);
  if (row == Names::kNone || row >= tables_.opportunities.row_count()) return;
  const OpportunityChunk& chunk = tables_.opportunities.chunk(row);
  if (!chunk.records.has(Table<OpportunityChunk>::slot(row))) return;
  unknown_stage_count_ -= UnknownStagesOf(row);
  DeleteMember(&tables_.opportunities, row, &opportunities_changed_);
  tables_.opportunities.MutableChunk(row).answers_why_now.reset(Table<OpportunityChunk>::slot(row));
}

// ---- settings

void Book::State::PutSettings(const crm::v1::TenantSettings& message) {
  settings_ = std::make_shared<const Settings>(DecodeSettings(message));
  StageTable stages(*settings_);
  if (stages == stages_) return;
  stages_ = std::move(stages);
  ResolveAllStages();
}

void Book::State::ResolveAllStages() {
  unknown_stage_count_ = 0;
  for (uint32_t row = 0; row < tables_.opportunities.row_count(); ++row) {
    const uint32_t slot = Table<OpportunityChunk>::slot(row);
    if (!tables_.opportunities.chunk(row).records.has(slot)) continue;
    const EncodedRecord record = tables_.opportunities.MutableChunk(row).records.Get(slot);
    const std::span<const StageChange> stages = DecodeStages(record);
    // The chunk is this thread's own now.
    unknown_stage_count_ +=
        ResolveStages(stages_, {const_cast<StageChange*>(stages.data()), stages.size()});
  }
}

// ---- all kinds

bool Book::State::ApplyMessage(records::v1::Record* record, bool deleted) {
  switch (record->payload_case()) {
#define GTM_X(Name, field, plural, Type)                                \
  case records::v1::Record::k##Name:                                    \
    if (deleted) {                                                      \
      message_tables_.field.Delete(record->field().id());               \
    } else {                                                            \
      message_tables_.field.Put(std::move(*record->mutable_##field())); \
    }                                                                   \
    return true;
    GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
    default:
      return false;
  }
}

namespace {

// When the record was written, as records says; 0 where it does not.
int64_t UpdateSecondsOf(const records::v1::Record& record) {
  switch (record.payload_case()) {
    case records::v1::Record::kTenantSettings:
      return record.tenant_settings().update_time().seconds();
    case records::v1::Record::kAccount:
      return record.account().update_time().seconds();
    case records::v1::Record::kContact:
      return record.contact().update_time().seconds();
    case records::v1::Record::kOpportunity:
      return record.opportunity().update_time().seconds();
    case records::v1::Record::kEngagement:
      return record.engagement().update_time().seconds();
#define GTM_X(Name, field, plural, Type) \
  case records::v1::Record::k##Name:     \
    return record.field().update_time().seconds();
      GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
    default:
      return 0;
  }
}

}  // namespace

void Book::State::NoteTime(const records::v1::Record& record) {
  const int64_t seconds = UpdateSecondsOf(record);
  if (seconds <= 0) return;
  int64_t& newest = newest_changes_[record.payload_case()];
  newest = std::max(newest, seconds);
}

void Book::State::Apply(records::v1::Record* consumed, bool deleted) {
  using Record = records::v1::Record;
  const Record& record = *consumed;
  NoteTime(record);
  switch (record.payload_case()) {
    case Record::kTenantSettings:
      return PutSettings(deleted ? crm::v1::TenantSettings() : record.tenant_settings());
    case Record::kAccount:
      return deleted ? DeleteAccount(record.account().id()) : PutAccount(record.account());
    case Record::kContact:
      return deleted ? DeleteContact(record.contact().id()) : PutContact(record.contact());
    case Record::kOpportunity:
      return deleted ? DeleteOpportunity(record.opportunity().id())
                     : PutOpportunity(record.opportunity());
    case Record::kEngagement:
      return deleted ? DeleteEngagement(record.engagement()) : PutEngagement(record.engagement());
    case Record::kVisitorLink:
      LinkVisitor(record.visitor_link(), deleted);
      ApplyMessage(consumed, deleted);
      return;
    default:
      // A kind of a newer version is not ours to keep.
      ApplyMessage(consumed, deleted);
  }
}

}  // namespace gtm::book
