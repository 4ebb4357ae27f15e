#pragma once
// What a BookView points to, and the tables that it shares with its Book. Internal to
// common/book.

#include <bitset>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "common/book/event_block.h"
#include "common/book/message_table.h"
#include "common/book/record_codec.h"
#include "common/book/record_heap.h"
#include "common/book/sorted_rows.h"
#include "common/book/table.h"

namespace gtm::book {

// Accounts with the heads of the lists of what belongs to them.
struct AccountChunk : RefCounted {
  static constexpr uint32_t kRows = 256;
  RecordHeap<kRows> records;
  std::array<uint32_t, kRows> first_contact;
  std::array<uint32_t, kRows> first_opportunity;
  AccountChunk() {
    first_contact.fill(kNoRow);
    first_opportunity.fill(kNoRow);
  }
  static void Free(AccountChunk* chunk) { delete chunk; }
};

// Engagements by account. Apart from the accounts and small, since every engagement
// that comes in changes one.
struct EventChunk : RefCounted {
  static constexpr uint32_t kRows = 32;
  std::array<Ref<EventBlock>, kRows> blocks;
  static void Free(EventChunk* chunk) { delete chunk; }
};

// Contacts or opportunities, linked into the list of their account.
template <uint32_t kChunkRows>
struct MemberChunk : RefCounted {
  static constexpr uint32_t kRows = kChunkRows;
  RecordHeap<kRows> records;
  std::array<uint32_t, kRows> account;  // row of the account, recorded or not
  std::array<uint32_t, kRows> previous;
  std::array<uint32_t, kRows> next;
  MemberChunk() {
    account.fill(kNoRow);
    previous.fill(kNoRow);
    next.fill(kNoRow);
  }
  static void Free(MemberChunk* chunk) { delete chunk; }
};
using ContactChunk = MemberChunk<256>;
struct OpportunityChunk : MemberChunk<64> {
  // Which of them answer why now, so that asking all deals of an account decodes few.
  std::bitset<kRows> answers_why_now;
  static void Free(OpportunityChunk* chunk) { delete chunk; }
};

// A copy is a snapshot.
struct Tables {
  Table<AccountChunk> accounts;
  Table<EventChunk> events;
  Table<ContactChunk> contacts;
  Table<OpportunityChunk> opportunities;
  Table<EventChunk> visitors;  // their engagements
};

// Sums that do not depend on the order of what was added.
struct UnorderedDigest {
  int64_t count = 0;
  uint64_t sum = 0;
  uint64_t sum_of_folds = 0;
};

// Rates of the exchange_rate records by currency, then by first day.
using ExchangeRates = std::map<std::string, std::map<absl::CivilDay, int64_t>, std::less<>>;

struct Messages {
#define GTM_X(Name, field, plural, Type) \
  std::shared_ptr<const MessageList<Type>> field = std::make_shared<const MessageList<Type>>();
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
};

// Unix seconds by Record::PayloadCase; 0 is never.
using NewestChanges = std::map<int, int64_t>;

struct BookView::Data {
  std::string epoch;
  int64_t seq = 0;
  std::shared_ptr<const NameSet> names;
  std::shared_ptr<const Settings> settings;
  std::shared_ptr<const ExchangeRates> exchange_rates;
  Tables tables;
  Messages messages;
  int64_t unknown_stage_count = 0;
  int64_t attached_count = 0;    // engagements of recorded accounts
  int64_t unattached_count = 0;  // of others and of none
  UnorderedDigest accountless;   // engagements that name no account
  NewestChanges newest_changes;
  std::shared_ptr<SortedRows> accounts_by_id;
  std::shared_ptr<SortedRows> contacts_by_id;
  std::shared_ptr<SortedRows> opportunities_by_id;

  // A state without records.
  static std::shared_ptr<const Data> Empty();
};

}  // namespace gtm::book
