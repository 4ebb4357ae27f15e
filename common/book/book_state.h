#pragma once
// The mutable tables of a Book. Internal to common/book.

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/book/settings.h"
#include "common/book/view_data.h"

namespace gtm::book {

// Tables of the smaller kinds.
struct MessageTables {
#define GTM_X(Name, field, plural, Type) MessageTable<Type> field;
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
};

// Whom a visitor is linked to; kNoRow where to none.
struct VisitorTarget {
  uint32_t account = kNoRow;
  uint32_t contact = kNoRow;
  friend bool operator==(const VisitorTarget&, const VisitorTarget&) = default;
};

struct Book::State {
  State();

  // One record as it is from now on, or its deletion. Consumes it. The caller holds `mutex`.
  void Apply(records::v1::Record* record, bool deleted);
  // A snapshot; sorts what is not sorted yet. The caller holds `mutex`.
  std::shared_ptr<const BookView::Data> MakeView();
  int64_t CountBytes() const;

  // Guards everything below but what is published.
  std::mutex mutex;
  std::string epoch;
  int64_t seq = 0;
  std::atomic<int64_t> memory_bytes{0};

  std::mutex published_mutex;
  std::shared_ptr<const BookView::Data> published;
  std::atomic<bool> changed_since_published{false};

 private:
  void NoteTime(const records::v1::Record& record);
  void PutSettings(const crm::v1::TenantSettings& message);
  void ResolveAllStages();
  void PutAccount(const crm::v1::Account& account);
  void DeleteAccount(std::string_view id);
  void PutContact(const crm::v1::Contact& contact);
  void DeleteContact(std::string_view id);
  void PutOpportunity(const crm::v1::Opportunity& opportunity);
  void DeleteOpportunity(std::string_view id);
  void PutEngagement(const crm::v1::Engagement& engagement);
  void DeleteEngagement(const crm::v1::Engagement& engagement);
  void LinkVisitor(const crm::v1::VisitorLink& link, bool deleted);
  bool ApplyMessage(records::v1::Record* record, bool deleted);

  // Makes rows for all ids that have a number.
  void GrowTables();
  template <class Chunk>
  void PutMember(Table<Chunk>* table, uint32_t row, const EncodedRecord& record,
                 std::string_view account_id, std::vector<uint32_t>* came_or_went);
  template <class Chunk>
  void DeleteMember(Table<Chunk>* table, uint32_t row, std::vector<uint32_t>* came_or_went);
  template <class Chunk>
  void Link(Table<Chunk>* table, uint32_t row, uint32_t account);
  template <class Chunk>
  void Unlink(Table<Chunk>* table, uint32_t row);
  template <class Chunk, class Edit>
  void ChangeRecords(Chunk* chunk, Edit edit);
  int UnknownStagesOf(uint32_t opportunity) const;

  bool AccountIsLive(uint32_t row) const;
  // Events (book_events.cc). `Edit` takes a Ref<EventBlock>*.
  template <class Edit>
  void EditEvents(Ref<EventBlock>* block, Edit edit);
  void CountEvents(uint32_t account, int64_t added);
  void SortEventsOf(uint32_t account);
  void SortEventsOfVisitor(uint32_t visitor);
  void SortAllEvents();
  void AppendEventOf(uint32_t account, EventKey key, const EngagementEvent& event);
  void AppendEventOfVisitor(uint32_t visitor, EventKey key, const EngagementEvent& event);
  bool RemoveEventOf(uint32_t account, EventKey key, const UnixSeconds* time);
  void RemoveEventOfVisitor(uint32_t visitor, EventKey key, const UnixSeconds* time);

  std::shared_ptr<NameSet> names_ = std::make_shared<NameSet>();
  RecordEncoder encoder_{names_.get()};
  std::shared_ptr<const Settings> settings_;
  StageTable stages_;
  Tables tables_;
  MessageTables message_tables_;
  std::shared_ptr<const ExchangeRates> exchange_rates_ = std::make_shared<ExchangeRates>();
  // Engagements that name no account, with the row of their visitor (kNoRow: of none).
  absl::flat_hash_map<EventKey, uint32_t> accountless_visitors_;
  UnorderedDigest accountless_;
  std::vector<VisitorTarget> visitor_targets_;  // by row
  int64_t linked_count_ = 0;                    // of accountless engagements, by their visitor
  NewestChanges newest_changes_;
  int64_t unknown_stage_count_ = 0;
  int64_t attached_count_ = 0;
  int64_t unattached_count_ = 0;  // with an account id, but without such an account
  int64_t heap_bytes_ = 0;
  int64_t chunk_bytes_ = 0;
  int64_t event_bytes_ = 0;
  std::vector<uint32_t> unsorted_accounts_, unsorted_visitors_;  // with a tail of events
  // Rows that came or went since the last view.
  std::vector<uint32_t> accounts_changed_, contacts_changed_, opportunities_changed_;
};

}  // namespace gtm::book
