// What differs between two views of one Book: told by the chunks that they share.

#include <algorithm>

#include "common/book/view_data.h"

namespace gtm::book {
namespace {

// Calls visit(first row, older chunk or null, newer chunk) for each chunk that is not shared.
template <class Chunk, class Visit>
void ForEachChanged(const Table<Chunk>& older, const Table<Chunk>& newer, Visit visit) {
  for (uint32_t row = 0; row < newer.row_count(); row += Chunk::kRows) {
    const Chunk* const now = &newer.chunk(row);
    const Chunk* const then = row < older.row_count() ? &older.chunk(row) : nullptr;
    if (now != then) visit(row, then, *now);
  }
}

// Whether a row is recorded alike in two states of a chunk. One change makes a copy of a whole
// chunk; whoever scores accounts anew must not be sent to all of them.
template <class Chunk>
bool IsLike(const Chunk& then, const Chunk& now, uint32_t slot) {
  if (then.records.has(slot) != now.records.has(slot)) return false;
  if (!now.records.has(slot)) return true;
  const EncodedRecord before = then.records.Get(slot), after = now.records.Get(slot);
  return before.aligned == after.aligned && before.bytes == after.bytes;
}

// Accounts of the members of a chunk that changed, as they were and as they are. Their places in
// the lists of their accounts say nothing more.
template <class Chunk>
void AddAccounts(const Table<Chunk>& older, const Table<Chunk>& newer,
                 std::vector<uint32_t>* accounts) {
  ForEachChanged(older, newer, [&](uint32_t, const Chunk* then, const Chunk& now) {
    for (uint32_t slot = 0; slot < Chunk::kRows; ++slot) {
      if (then != nullptr && then->account[slot] == now.account[slot] && IsLike(*then, now, slot)) {
        continue;
      }
      if (now.account[slot] != kNoRow) accounts->push_back(now.account[slot]);
      if (then != nullptr && then->account[slot] != kNoRow) {
        accounts->push_back(then->account[slot]);
      }
    }
  });
}

// Accounts of the messages that came, went or changed. Both lists are by rising id and share
// what did not change.
template <class Message>
void AddAccounts(const MessageList<Message>& older, const MessageList<Message>& newer,
                 const NameSet& names, std::vector<uint32_t>* accounts) {
  if (&older == &newer) return;
  const auto add = [&](const Message& message) {
    const uint32_t row = names.accounts.Find(message.account_id());
    if (row != Names::kNone) accounts->push_back(row);
  };
  auto then = older.begin();
  for (auto now = newer.begin(); now != newer.end() || then != older.end();) {
    if (now != newer.end() && then != older.end() && *now == *then) {
      ++now, ++then;
    } else if (then == older.end() || (now != newer.end() && (*now)->id() < (*then)->id())) {
      add(**now++);
    } else if (now == newer.end() || (*then)->id() < (*now)->id()) {
      add(**then++);
    } else {  // changed
      add(**now++);
      add(**then++);
    }
  }
}

}  // namespace

std::optional<std::vector<AccountRow>> BookView::AccountsChangedSince(const BookView& older) const {
  const Data& then = *older.data_;
  const Data& now = *data_;
  // Names are numbered by the Book: another Book's rows are others. Rates and settings bear on
  // every account.
  if (then.names != now.names || then.settings != now.settings ||
      then.exchange_rates != now.exchange_rates) {
    return std::nullopt;
  }
  std::vector<uint32_t> rows;
  const uint32_t row_count = now.tables.accounts.row_count();
  ForEachChanged(then.tables.accounts, now.tables.accounts,
                 [&](uint32_t first, const AccountChunk* before, const AccountChunk& after) {
                   for (uint32_t slot = 0; slot < AccountChunk::kRows; ++slot) {
                     const bool is_same =
                         before != nullptr && IsLike(*before, after, slot) &&
                         before->first_contact[slot] == after.first_contact[slot] &&
                         before->first_opportunity[slot] == after.first_opportunity[slot];
                     if (!is_same) rows.push_back(first + slot);
                   }
                 });
  ForEachChanged(then.tables.events, now.tables.events,
                 [&](uint32_t first, const EventChunk* before, const EventChunk& after) {
                   for (uint32_t slot = 0; slot < EventChunk::kRows; ++slot) {
                     const EventBlock* const old =
                         before != nullptr ? before->blocks[slot].get() : nullptr;
                     if (after.blocks[slot].get() != old) rows.push_back(first + slot);
                   }
                 });
  // Rows that were only named meanwhile, in a chunk that did not change for it.
  for (uint32_t row = then.tables.accounts.row_count(); row < row_count; ++row) rows.push_back(row);
  AddAccounts(then.tables.contacts, now.tables.contacts, &rows);
  AddAccounts(then.tables.opportunities, now.tables.opportunities, &rows);
  AddAccounts(*then.messages.trigger_event, *now.messages.trigger_event, *now.names, &rows);
  AddAccounts(*then.messages.call_summary, *now.messages.call_summary, *now.names, &rows);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::vector<AccountRow> accounts;
  accounts.reserve(rows.size());
  for (const uint32_t row : rows) {
    if (row < row_count) accounts.push_back(static_cast<AccountRow>(row));
  }
  return accounts;
}

}  // namespace gtm::book
