#pragma once
// From rows to values, in the column order of statements.h.

#include "services/records/store/decide.h"
#include "services/records/store/errors.h"
#include "services/records/store/sql_driver.h"

namespace gtm::records::store {

inline Value Text(const TenantId& tenant) { return std::string_view(tenant.value()); }
inline Value Text(std::string_view text) { return text; }

inline HeadRow HeadFrom(const Rows& rows, size_t row) {
  return {{rows.String(row, 0), rows.Int(row, 1), rows.Int(row, 2)},
          rows.Int(row, 3),
          rows.Int(row, 4)};
}

// Of kReadHead: the tenant's own row, else an empty tenant in the epoch of all.
inline HeadRow TenantHeadFrom(const Rows& rows) {
  if (rows.size() == 2) return HeadFrom(rows, 1);
  HeadRow head;
  if (rows.size() == 1) head.head.epoch = rows.String(0, 0);
  return head;
}

inline Change ChangeFrom(const Rows& rows, size_t row) {
  Change change;
  change.seq = rows.Int(row, 0);
  change.ord = static_cast<int>(rows.Int(row, 1));
  change.operation = static_cast<Operation>(rows.Int(row, 2));
  change.key = {static_cast<int>(rows.Int(row, 3)), rows.String(row, 4)};
  change.body = rows.String(row, 5);
  change.actor = rows.String(row, 6);
  change.request_id = rows.String(row, 7);
  change.create_time_us = rows.Int(row, 8);
  change.commit_time_us = rows.Int(row, 9);
  return change;
}
inline constexpr size_t kChangeBodyColumn = 5;

inline StoredRecord RecordFrom(const Rows& rows, size_t row) {
  return {{static_cast<int>(rows.Int(row, 0)), rows.String(row, 1)},
          rows.Int(row, 2),
          rows.Int(row, 3),
          rows.Int(row, 4),
          rows.String(row, 5)};
}
inline constexpr size_t kRecordVersionColumn = 2;
inline constexpr size_t kRecordBodyColumn = 5;

inline int64_t SizeOf(const Rows& rows, size_t row, size_t column) {
  return static_cast<int64_t>(rows.Text(row, column).size());
}

inline const Key& KeyIn(const Key& key) { return key; }
inline const Key& KeyIn(const Key* key) { return *key; }

// Of keys, or of pointers to some.
template <class K>
std::vector<Column> KeyColumns(std::span<const K> keys) {
  IntColumn kinds;
  TextColumn ids;
  kinds.reserve(keys.size());
  ids.reserve(keys.size());
  for (const K& key : keys) {
    kinds.push_back(KeyIn(key).kind);
    ids.push_back(KeyIn(key).id);
  }
  return {std::move(kinds), std::move(ids)};
}

inline Result<StoredRequest> RequestFrom(const Rows& rows, size_t row) {
  const auto outcome = DecodeOutcome(rows.Text(row, 3));
  if (!outcome) return StoreDamaged("an unreadable answer in request_log");
  return StoredRequest{rows.String(row, 1), rows.String(row, 2), *outcome};
}

}  // namespace gtm::records::store
