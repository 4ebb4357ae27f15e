#include "services/records/store/backup_table.h"

#include <array>

#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

void AppendNumber(uint64_t number, int byte_count, std::string* bytes) {
  for (int i = 0; i < byte_count; ++i) *bytes += static_cast<char>(number >> (8 * i) & 0xff);
}

bool TakeNumber(int byte_count, std::string_view* bytes, uint64_t* number) {
  if (bytes->size() < static_cast<size_t>(byte_count)) return false;
  *number = 0;
  for (int i = 0; i < byte_count; ++i) {
    *number |= uint64_t{static_cast<uint8_t>((*bytes)[static_cast<size_t>(i)])} << (8 * i);
  }
  bytes->remove_prefix(static_cast<size_t>(byte_count));
  return true;
}

}  // namespace

std::span<const BackupTable> BackupTables() {
  using enum CellType;
  static const std::array<BackupTable, 4> tables = {{
      {2, "tenants", {kText, kText, kInt, kInt, kInt, kInt}, {0}, &sql::kDumpHeads},
      {3,
       "records",
       {kText, kInt, kText, kInt, kInt, kBytes, kInt, kInt},
       {0, 1, 2},
       &sql::kDumpObjects},
      {4,
       "changes",
       {kText, kInt, kInt, kInt, kText, kInt, kBytes, kText, kText, kInt, kInt},
       {0, 1, 2},
       &sql::kDumpChanges},
      {5, "requests", {kText, kText, kText, kBytes, kBytes, kInt}, {0, 1}, &sql::kDumpRequests},
  }};
  return tables;
}

void AppendRow(const BackupTable& table, const Rows& rows, size_t row, std::string* bytes) {
  for (size_t column = 0; column < table.columns.size(); ++column) {
    if (table.columns[column] == CellType::kInt) {
      AppendNumber(static_cast<uint64_t>(rows.Int(row, column)), 8, bytes);
    } else {
      const std::string_view text = rows.Text(row, column);
      AppendNumber(text.size(), 4, bytes);
      bytes->append(text);
    }
  }
}

bool TakeRow(const BackupTable& table, std::string_view* bytes, std::vector<Cell>* row) {
  row->clear();
  for (const CellType type : table.columns) {
    uint64_t number = 0;
    if (!TakeNumber(type == CellType::kInt ? 8 : 4, bytes, &number)) return false;
    if (type == CellType::kInt) {
      row->push_back({static_cast<int64_t>(number), {}});
      continue;
    }
    if (bytes->size() < number) return false;
    row->push_back({0, bytes->substr(0, number)});
    bytes->remove_prefix(number);
  }
  return true;
}

bool KeyLess(const BackupTable& table, std::span<const Cell> left, std::span<const Cell> right) {
  for (const size_t column : table.key) {
    const int texts = left[column].text.compare(right[column].text);
    if (texts != 0) return texts < 0;
    if (left[column].number != right[column].number) {
      return left[column].number < right[column].number;
    }
  }
  return false;
}

}  // namespace gtm::records::store
