#pragma once
// Files of an import: opening them, their columns, and the tables that joins look up.

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/core/result.h"
#include "services/gtm/import/csv_reader.h"
#include "services/gtm/import/mapping.h"

namespace gtm::importing {

// Opens a file by its path under the data folder. Null stream: it does not exist.
struct OpenedFile {
  std::unique_ptr<std::istream> stream;
  int64_t byte_count = 0;
};
using FileOpener = std::function<OpenedFile(const std::string& path)>;
// Opens files of a folder on disk.
FileOpener FolderOpener(std::string folder);

// A file being read. The header has been read already.
struct OpenSource {
  std::unique_ptr<std::istream> stream;
  std::unique_ptr<CsvReader> reader;
  std::vector<std::string> columns;
  int64_t byte_count = 0;
};
// Error: INVALID_FIELDS on the file's name: missing, no header, a column named twice.
// An optional file that is missing gives a source without a reader.
Result<OpenSource> OpenFile(const FileSpec& file, const FileOpener& opener);

// Rows of a file by key, with the columns that are asked for. Bounded by kTableRowsMax.
class LookupTable {
 public:
  static constexpr int64_t kTableRowsMax = 5'000'000;
  // Reads the whole file. `columns` are positions to keep.
  static Result<LookupTable> Read(OpenSource source, const FileSpec& file, size_t key,
                                  const std::vector<size_t>& columns,
                                  const std::vector<std::string>& empty_words);
  // The kept cells, or null. The first row of a key counts.
  const std::string* Find(std::string_view key) const;
  size_t width() const { return width_; }

 private:
  size_t width_ = 0;
  std::vector<std::string> cells_;  // width_ a row
  absl::flat_hash_map<std::string, size_t> rows_;
};

// What a ledger says about the row of a line. Empty where it says nothing.
struct LedgerTypes {
  std::string_view start_type;
  std::string_view end_type;
};
class LedgerTable {
 public:
  static Result<LedgerTable> Read(OpenSource source, const FileSpec& file, const Ledger& ledger,
                                  const std::vector<std::string>& empty_words);
  LedgerTypes Find(int64_t line) const;

 private:
  absl::flat_hash_map<int64_t, LedgerTypes> types_;
};

// Trims a cell, and empties it where it is one of the words for nothing.
void Normalize(const std::vector<std::string>& empty_words, std::string* cell);
// Position of a column, or nothing.
std::optional<size_t> FindColumn(const std::vector<std::string>& columns, std::string_view name);
// True where all conditions hold; their cells are positions in `cells`.
bool Holds(const Conditions& conditions, const std::vector<std::string_view>& cells);

}  // namespace gtm::importing
