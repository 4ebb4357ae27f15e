#include "services/gtm/import/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "services/gtm/import/cell.h"

namespace gtm::importing {
namespace {

// One start or end of one thing of a customer.
struct LedgerEvent {
  std::string by;
  absl::Time time;
  bool end = false;
  int64_t line = 0;
  int64_t micros = 0;
};

bool Before(const LedgerEvent& a, const LedgerEvent& b) {
  if (a.by != b.by) return a.by < b.by;
  if (a.time != b.time) return a.time < b.time;
  if (a.end != b.end) return b.end;
  return a.line < b.line;
}

Result<size_t> ColumnOf(const OpenSource& source, const FileSpec& file, const std::string& name) {
  const auto column = FindColumn(source.columns, name);
  if (column) return *column;
  return InvalidField(
      file.path, fmt::format("has no column \"{}\"{}", name, DidYouMean(name, source.columns)));
}

// Reads the cells of a ledger's row; false where they cannot be read: the row itself is
// rejected where it becomes a record.
bool ReadEvents(const Ledger& ledger, const std::vector<std::string_view>& cells, int64_t line,
                std::vector<LedgerEvent>* events) {
  LedgerEvent event;
  event.by = std::string(cells[static_cast<size_t>(ledger.by.cell)]);
  event.line = line;
  const std::string_view amount = cells[static_cast<size_t>(ledger.amount.cell)];
  const std::string_view start = cells[static_cast<size_t>(ledger.start.cell)];
  const std::string_view end = cells[static_cast<size_t>(ledger.end.cell)];
  if (!ParseNumber(amount, ledger.format, &event.micros).empty() || event.micros <= 0) return false;
  if (!ParseTime(start, ledger.format, &event.time)) return false;
  LedgerEvent finish = event;
  finish.end = true;
  if (!end.empty() && (!ParseTime(end, ledger.format, &finish.time) || finish.time < event.time)) {
    return false;
  }
  events->push_back(event);
  if (!end.empty()) events->push_back(finish);
  return true;
}

}  // namespace

FileOpener FolderOpener(std::string folder) {
  return [folder = std::move(folder)](const std::string& path) {
    const std::filesystem::path full = std::filesystem::path(folder) / path;
    OpenedFile opened;
    std::error_code error;
    const auto size = std::filesystem::file_size(full, error);
    if (error) return opened;
    auto stream = std::make_unique<std::ifstream>(full, std::ios::binary);
    if (!stream->is_open()) return opened;
    opened.stream = std::move(stream);
    opened.byte_count = static_cast<int64_t>(size);
    return opened;
  };
}

Result<OpenSource> OpenFile(const FileSpec& file, const FileOpener& opener) {
  OpenSource source;
  OpenedFile opened = opener(file.path);
  if (opened.stream == nullptr) {
    if (file.optional) return source;
    return InvalidField(file.path,
                        "cannot be opened; is --data the right folder? A file that may "
                        "be missing is marked optional = true in the mapping");
  }
  source.stream = std::move(opened.stream);
  source.byte_count = opened.byte_count;
  source.reader = std::make_unique<CsvReader>(
      *source.stream, CsvFormat{.separator = file.separator, .latin1 = file.latin1});
  if (!file.columns.empty()) {
    source.columns = file.columns;
    return source;
  }
  CsvRow header;
  std::string problem = "is empty; a header line was expected";
  if (source.reader->Next(&header, &problem) != CsvReader::Outcome::kRow) {
    return InvalidField(fmt::format("{}:{}", file.path, header.line), problem);
  }
  for (std::string& name : header.cells) Normalize({}, &name);
  source.columns = header.cells;
  std::vector<std::string> sorted = source.columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end() && !twice->empty()) {
    return InvalidField(file.path, fmt::format("has the column \"{}\" twice; rename one", *twice));
  }
  return source;
}

void Normalize(const std::vector<std::string>& empty_words, std::string* cell) {
  const size_t first = cell->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    cell->clear();
    return;
  }
  const size_t last = cell->find_last_not_of(" \t\r\n");
  if (first != 0 || last + 1 != cell->size()) *cell = cell->substr(first, last - first + 1);
  if (std::find(empty_words.begin(), empty_words.end(), *cell) != empty_words.end()) cell->clear();
}

std::optional<size_t> FindColumn(const std::vector<std::string>& columns, std::string_view name) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

bool Holds(const Conditions& conditions, const std::vector<std::string_view>& cells) {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const std::string_view cell = cells[static_cast<size_t>(condition.cell)];
    const auto& words = condition.words;
    switch (condition.test) {
      case Condition::Test::kEmpty:
        return cell.empty();
      case Condition::Test::kNotEmpty:
        return !cell.empty();
      case Condition::Test::kIn:
        return std::find(words.begin(), words.end(), cell) != words.end();
      case Condition::Test::kNotIn:
        return std::find(words.begin(), words.end(), cell) == words.end();
    }
    return false;
  });
}

Result<LookupTable> LookupTable::Read(OpenSource source, const FileSpec& file, size_t key,
                                      const std::vector<size_t>& columns,
                                      const std::vector<std::string>& empty_words) {
  LookupTable table;
  table.width_ = std::max<size_t>(columns.size(), 1);
  if (source.reader == nullptr) return table;
  CsvRow row;
  std::string problem;
  while (true) {
    const CsvReader::Outcome outcome = source.reader->Next(&row, &problem);
    if (outcome == CsvReader::Outcome::kEnd) return table;
    if (outcome == CsvReader::Outcome::kMalformed) {
      return InvalidField(fmt::format("{}:{}", file.path, row.line), problem);
    }
    if (row.cells.size() <= key) continue;
    if (static_cast<int64_t>(table.rows_.size()) >= kTableRowsMax) {
      return InvalidField(file.path, fmt::format("has more than {} rows; a joined file is held in "
                                                 "memory",
                                                 kTableRowsMax));
    }
    Normalize(empty_words, &row.cells[key]);
    if (row.cells[key].empty()) continue;
    const auto [at, added] = table.rows_.try_emplace(row.cells[key], table.cells_.size());
    if (!added) continue;
    for (const size_t column : columns) {
      table.cells_.emplace_back(column < row.cells.size() ? row.cells[column] : "");
      Normalize(empty_words, &table.cells_.back());
    }
    table.cells_.resize(at->second + table.width_);
  }
}

const std::string* LookupTable::Find(std::string_view key) const {
  const auto row = rows_.find(absl::string_view(key.data(), key.size()));
  return row == rows_.end() ? nullptr : &cells_[row->second];
}

Result<LedgerTable> LedgerTable::Read(OpenSource source, const FileSpec& file, const Ledger& ledger,
                                      const std::vector<std::string>& empty_words) {
  LedgerTable table;
  if (source.reader == nullptr) return table;
  Ledger bound = ledger;
  for (TextPart* part : {&bound.by, &bound.start, &bound.end, &bound.amount}) {
    GTM_ASSIGN_OR_RETURN(const size_t column, ColumnOf(source, file, part->column));
    part->cell = static_cast<int>(column);
  }
  for (Condition& condition : bound.when) {
    GTM_ASSIGN_OR_RETURN(const size_t column, ColumnOf(source, file, condition.column));
    condition.cell = static_cast<int>(column);
  }
  std::vector<LedgerEvent> events;
  CsvRow row;
  std::string problem;
  std::vector<std::string_view> cells;
  while (true) {
    const CsvReader::Outcome outcome = source.reader->Next(&row, &problem);
    if (outcome == CsvReader::Outcome::kEnd) break;
    if (outcome == CsvReader::Outcome::kMalformed) continue;
    if (row.cells.size() != source.columns.size()) continue;
    for (std::string& cell : row.cells) Normalize(empty_words, &cell);
    cells.assign(row.cells.begin(), row.cells.end());
    if (Holds(bound.when, cells)) ReadEvents(bound, cells, row.line, &events);
  }
  std::sort(events.begin(), events.end(), Before);
  int64_t balance = 0;
  bool customer_before = false;
  for (size_t i = 0; i < events.size(); ++i) {
    const LedgerEvent& event = events[i];
    if (i == 0 || events[i - 1].by != event.by) {
      balance = 0;
      customer_before = false;
    }
    if (!event.end) {
      table.types_[event.line].start_type = balance > 0       ? "expansion"
                                            : customer_before ? "reactivation"
                                                              : "new";
      customer_before = true;
      balance += event.micros;
    } else {
      balance -= event.micros;
      table.types_[event.line].end_type = balance > 0 ? "contraction" : "churn";
    }
  }
  return table;
}

LedgerTypes LedgerTable::Find(int64_t line) const {
  const auto found = types_.find(line);
  return found == types_.end() ? LedgerTypes{} : found->second;
}

}  // namespace gtm::importing
