#pragma once
// The tables of a backup and how a row becomes bytes.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/records/store/sql_driver.h"

namespace gtm::records::store {

enum class CellType { kInt, kText, kBytes };

// A table of the format. Its columns are those of its `dump` statement, in that order.
struct BackupTable {
  uint8_t frame = 0;
  const char* name = "";
  std::vector<CellType> columns;
  // The columns after which the next page goes on: the key.
  std::vector<size_t> key;
  const Statement* dump = nullptr;
};

// In the order of a backup: heads first, since the others are checked against them.
std::span<const BackupTable> BackupTables();
inline constexpr size_t kHeads = 0, kObjects = 1, kChanges = 2, kRequests = 3;

// Columns, by their places.
namespace head_column {
inline constexpr size_t kTenant = 0, kEpoch = 1, kSeq = 2, kCompactedSeq = 3, kCommitTime = 4,
                        kCompactedTime = 5;
}
namespace object_column {
inline constexpr size_t kTenant = 0, kKind = 1, kId = 2, kSeq = 3, kOrd = 4, kDigest = 5,
                        kCreated = 6, kUpdated = 7;
}
namespace change_column {
inline constexpr size_t kTenant = 0, kSeq = 1, kOrd = 2, kKind = 3, kId = 4, kOperation = 5,
                        kBody = 6, kActor = 7, kRequestId = 8, kCreated = 9, kCommitted = 10;
}
namespace request_column {
inline constexpr size_t kTenant = 0, kRequestId = 1, kMethod = 2, kFingerprint = 3, kResponse = 4,
                        kExpires = 5;
}

// Appends the cells of a row of the table's dump: numbers as eight bytes, little endian;
// texts and bytes behind their size in four.
void AppendRow(const BackupTable& table, const Rows& rows, size_t row, std::string* bytes);

// A cell of a row that was read back; texts belong to the frame.
struct Cell {
  int64_t number = 0;
  std::string_view text;
};
// Takes a row from the front of `bytes`; false where they do not hold one.
bool TakeRow(const BackupTable& table, std::string_view* bytes, std::vector<Cell>* row);

// Orders rows by the table's key.
bool KeyLess(const BackupTable& table, std::span<const Cell> left, std::span<const Cell> right);

}  // namespace gtm::records::store
