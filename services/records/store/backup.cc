#include "services/records/store/backup.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "services/records/store/backup_file.h"
#include "services/records/store/backup_table.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

constexpr int64_t kFormat = 1;
constexpr uint8_t kCountsFrame = 6;
// Rows of one page read from the store; pages of large bodies end earlier.
constexpr int64_t kPageRows = 4'000;

// "format 1\ntime_us 5\n" and back.
using Numbers = std::map<std::string, int64_t, std::less<>>;

std::string TextOf(const Numbers& numbers) {
  std::string text;
  for (const auto& [name, number] : numbers) text += fmt::format("{} {}\n", name, number);
  return text;
}

std::optional<Numbers> NumbersOf(std::string_view text) {
  Numbers numbers;
  while (!text.empty()) {
    const size_t blank = text.find(' ');
    const size_t end = text.find('\n');
    if (blank == text.npos || end == text.npos || blank > end) return std::nullopt;
    int64_t number = 0;
    const auto parsed = std::from_chars(text.data() + blank + 1, text.data() + end, number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + end) return std::nullopt;
    numbers.emplace(text.substr(0, blank), number);
    text.remove_prefix(end + 1);
  }
  return numbers;
}

Numbers CountsOf(const BackupReport& report) {
  return {{"tenants", report.tenant_count},
          {"records", report.record_count},
          {"changes", report.change_count},
          {"requests", report.request_count}};
}

int64_t* CountOf(BackupReport* report, size_t table) {
  const std::array<int64_t*, 4> counts = {&report->tenant_count, &report->record_count,
                                          &report->change_count, &report->request_count};
  return counts[table];
}

// A key that is before every row. Tenant '' is no tenant.
std::vector<Value> FirstKey(const BackupTable& table) {
  std::vector<Value> key;
  for (const size_t column : table.key) {
    key.push_back(table.columns[column] == CellType::kInt ? Value(int64_t{-1})
                                                          : Value(std::string_view("")));
  }
  return key;
}

// Reads tables of one snapshot into frames.
class Dumper {
 public:
  Dumper(Session& session, BackupWriter& writer, const BackupProgress& progress)
      : session_(session), writer_(writer), progress_(progress) {}

  // Adds the number of rows to `count`.
  Status Dump(const BackupTable& table, int64_t* count) {
    Rows page;
    std::string frame;
    while (true) {
      std::vector<Value> values = FirstKey(table);
      for (size_t i = 0; page.size() > 0 && i < table.key.size(); ++i) {
        values[i] = table.columns[table.key[i]] == CellType::kInt
                        ? Value(page.Int(page.size() - 1, table.key[i]))
                        : Value(page.Text(page.size() - 1, table.key[i]));
      }
      values.emplace_back(kPageRows);
      if (*table.dump->page_order == '\0') {
        session_.Add(*table.dump, std::move(values));
      } else {
        session_.AddPage(*table.dump, std::move(values), kFrameBytes);
      }
      GTM_ASSIGN_OR_RETURN(auto rows, session_.Run());
      page = std::move(rows.back());
      for (size_t row = 0; row < page.size(); ++row) AppendRow(table, page, row, &frame);
      *count += static_cast<int64_t>(page.size());
      const bool is_done = page.size() == 0;
      if (frame.size() >= kFrameBytes || (is_done && !frame.empty())) {
        GTM_RETURN_IF_ERROR(writer_.Add(table.frame, frame));
        frame.clear();
        if (progress_) progress_(writer_.byte_count(), 0);
      }
      if (is_done) return {};
    }
  }

 private:
  Session& session_;
  BackupWriter& writer_;
  const BackupProgress& progress_;
};

// Holds what a whole backup must keep, row by row.
class Checker {
 public:
  Status TakeHeader(std::string_view payload, BackupReport* report) {
    const auto header = NumbersOf(payload);
    if (!header || !header->contains("format") || !header->contains("schema")) {
      return BackupDamaged("its header cannot be read");
    }
    if (header->at("format") != kFormat) {
      return Error(Reason::WRONG_STATE,
                   fmt::format("the backup has format {}, this program reads {}; use the release "
                               "that wrote it",
                               header->at("format"), kFormat));
    }
    report->schema_version = header->at("schema");
    report->time_us = header->contains("time_us") ? header->at("time_us") : 0;
    return {};
  }

  Status TakeRow(size_t table, const std::vector<Cell>& row) {
    const std::string_view tenant = row[0].text;
    if (table == kHeads) {
      heads_.emplace(tenant,
                     Span{row[head_column::kCompactedSeq].number, row[head_column::kSeq].number});
      return {};
    }
    const auto head = heads_.find(tenant);
    if (head == heads_.end()) return BackupDamaged(fmt::format("no head of tenant {}", tenant));
    const int64_t seq = table == kObjects   ? row[object_column::kSeq].number
                        : table == kChanges ? row[change_column::kSeq].number
                                            : 0;
    if (seq > head->second.last) {
      return BackupDamaged(fmt::format("change {} of tenant {} is beyond its head", seq, tenant));
    }
    if (table != kChanges) return {};
    Span& span = head->second;
    if (seq > span.done + 1) return Gap(tenant, span.done + 1);
    span.done = std::max(span.done, seq);
    return {};
  }

  Status Finish() const {
    for (const auto& [tenant, span] : heads_) {
      if (span.done < span.last) return Gap(tenant, span.done + 1);
    }
    return {};
  }

 private:
  // Changes after compacted_seq are complete: `done` of them have been seen.
  struct Span {
    int64_t done;
    int64_t last;
  };
  static Error Gap(std::string_view tenant, int64_t seq) {
    return BackupDamaged(fmt::format("change {} of tenant {} is missing", seq, tenant));
  }

  std::map<std::string, Span, std::less<>> heads_;
};

// Writes the rows of a backup into a store.
class Loader {
 public:
  Loader(Session& session, const std::string& epoch) : session_(session), epoch_(epoch) {}

  // Begins the transaction. The lock of the row of '' keeps a second restore out.
  Status Begin() {
    session_.Begin();
    session_.Add(sql::kNewEpoch, {std::string_view(epoch_)});
    session_.Add(sql::kDumpHeads, {std::string_view(""), int64_t{1}});
    GTM_ASSIGN_OR_RETURN(const auto rows, session_.Run());
    if (rows[1].size() == 0) return {};
    return Error(Reason::WRONG_STATE,
                 fmt::format("the store is not empty: it has tenant \"{}\"; restore into a new "
                             "file or an empty database",
                             rows[1].Text(0, 0)));
  }

  // Texts must live until Flush.
  Status Take(size_t table, const std::vector<Cell>& row) {
    if (!rows_.empty() && (table != table_ || row[0].text != rows_.front()[0].text)) {
      GTM_RETURN_IF_ERROR(Flush());
    }
    table_ = table;
    rows_.push_back(row);
    return {};
  }

  Status Flush() {
    if (rows_.empty()) return {};
    const BackupTable& table = BackupTables()[table_];
    if (table_ == kHeads) {
      AddHead();
    } else {
      // The statements of writers, whose columns are those of the table without the tenant.
      static constexpr std::array<const Statement*, 4> kInserts = {
          nullptr, &sql::kPutObjects, &sql::kAddChanges, &sql::kAddRequests};
      std::vector<Column> columns;
      for (size_t i = 1; i < table.columns.size(); ++i) {
        columns.push_back(ColumnOf(table.columns[i], i));
      }
      session_.AddRows(*kInserts[table_], rows_.front()[0].text, std::move(columns));
    }
    const auto done = session_.Run();
    if (!done.ok()) return done.error();
    rows_.clear();
    return {};
  }

  Status Commit() {
    session_.Commit();
    const auto done = session_.Run();
    if (!done.ok()) return done.error();
    return {};
  }

 private:
  void AddHead() {
    for (const std::vector<Cell>& row : rows_) {
      session_.Add(sql::kRestoreHead,
                   {row[head_column::kTenant].text, std::string_view(epoch_),
                    row[head_column::kSeq].number, row[head_column::kCompactedSeq].number,
                    row[head_column::kCommitTime].number, row[head_column::kCompactedTime].number});
    }
  }

  Column ColumnOf(CellType type, size_t place) const {
    IntColumn numbers;
    TextColumn texts;
    for (const std::vector<Cell>& row : rows_) {
      if (type == CellType::kInt) {
        numbers.push_back(row[place].number);
      } else {
        texts.push_back(row[place].text);
      }
    }
    if (type == CellType::kInt) return numbers;
    if (type == CellType::kText) return texts;
    return BytesColumn{std::move(texts)};
  }

  Session& session_;
  const std::string epoch_;
  size_t table_ = 0;
  std::vector<std::vector<Cell>> rows_;
};

// The table of a frame; none: tables may not come in another order.
std::optional<size_t> TableOf(uint8_t frame, size_t earliest) {
  for (size_t table = earliest; table < BackupTables().size(); ++table) {
    if (BackupTables()[table].frame == frame) return table;
  }
  return std::nullopt;
}

// Reads a backup to its end, checks it, and hands its rows to `loader`, if any.
class Walk {
 public:
  Walk(BackupReader& reader, Loader* loader) : reader_(reader), loader_(loader) {}

  Result<BackupReport> Run(const BackupProgress& progress) {
    GTM_ASSIGN_OR_RETURN(BackupReader::Frame frame, reader_.Next());
    if (frame.kind != kHeaderFrame) return BackupDamaged("it has no header");
    GTM_RETURN_IF_ERROR(checker_.TakeHeader(frame.payload, &report_));
    while (true) {
      GTM_ASSIGN_OR_RETURN(frame, reader_.Next());
      if (progress) progress(reader_.byte_count(), reader_.size());
      if (frame.kind == kTrailerFrame) break;
      if (counts_) return BackupDamaged("rows follow its counts");
      if (frame.kind == kCountsFrame) {
        counts_ = NumbersOf(frame.payload);
        if (!counts_) return BackupDamaged("its counts cannot be read");
        continue;
      }
      GTM_RETURN_IF_ERROR(TakeFrame(frame));
    }
    GTM_RETURN_IF_ERROR(checker_.Finish());
    if (counts_ != CountsOf(report_)) return BackupDamaged("its counts are not those of its rows");
    report_.byte_count = reader_.byte_count();
    report_.digest = frame.payload;
    return report_;
  }

 private:
  Status TakeFrame(const BackupReader::Frame& frame) {
    const auto table = TableOf(frame.kind, table_);
    if (!table) return BackupDamaged(fmt::format("an unknown frame of kind {}", frame.kind));
    const BackupTable& shape = BackupTables()[*table];
    if (*table != table_) last_key_.clear();
    table_ = *table;
    std::string_view bytes = frame.payload;
    std::vector<Cell> row;
    std::vector<Cell> previous;
    bool is_first = true;
    while (!bytes.empty()) {
      if (!TakeRow(shape, &bytes, &row)) return BackupDamaged("a row is cut");
      if (!is_first && !KeyLess(shape, previous, row)) return BackupDamaged("rows out of order");
      if (is_first && !IsAfterLast(shape, row)) return BackupDamaged("frames out of order");
      GTM_RETURN_IF_ERROR(checker_.TakeRow(table_, row));
      if (loader_ != nullptr) GTM_RETURN_IF_ERROR(loader_->Take(table_, row));
      ++*CountOf(&report_, table_);
      std::swap(previous, row);
      is_first = false;
    }
    KeepKey(previous);
    return loader_ == nullptr ? Status() : loader_->Flush();
  }

  // The last row of the frame before, whose bytes are gone.
  void KeepKey(const std::vector<Cell>& row) {
    last_key_.clear();
    for (const Cell& cell : row) last_key_.push_back({cell.number, std::string(cell.text)});
  }
  bool IsAfterLast(const BackupTable& shape, const std::vector<Cell>& row) const {
    if (last_key_.empty()) return true;
    std::vector<Cell> last;
    for (const auto& [number, text] : last_key_) last.push_back({number, text});
    return KeyLess(shape, last, row);
  }

  BackupReader& reader_;
  Loader* const loader_;
  Checker checker_;
  BackupReport report_;
  size_t table_ = 0;
  std::vector<std::pair<int64_t, std::string>> last_key_;
  std::optional<Numbers> counts_;
};

}  // namespace

Result<BackupReport> WriteBackup(Driver& driver, const std::string& path, int64_t now_us,
                                 const BackupProgress& progress) {
  GTM_ASSIGN_OR_RETURN(const auto writer, BackupWriter::Create(path));
  GTM_ASSIGN_OR_RETURN(const auto session, driver.Acquire(Access::kRead));
  BackupReport report;
  report.time_us = now_us;
  session->Begin();
  session->Add(sql::kSchemaVersion, {});
  GTM_ASSIGN_OR_RETURN(const auto version, session->Run());
  report.schema_version = version[0].Int(0, 0);
  GTM_RETURN_IF_ERROR(writer->Add(
      kHeaderFrame,
      TextOf({{"format", kFormat}, {"schema", report.schema_version}, {"time_us", now_us}})));
  Dumper dumper(*session, *writer, progress);
  for (size_t table = 0; table < BackupTables().size(); ++table) {
    GTM_RETURN_IF_ERROR(dumper.Dump(BackupTables()[table], CountOf(&report, table)));
  }
  session->Commit();
  GTM_ASSIGN_OR_RETURN(const auto ended, session->Run());
  GTM_RETURN_IF_ERROR(writer->Add(kCountsFrame, TextOf(CountsOf(report))));
  GTM_ASSIGN_OR_RETURN(report.digest, writer->Finish());
  report.byte_count = writer->byte_count();
  return report;
}

Result<BackupReport> VerifyBackup(const std::string& path, const BackupProgress& progress) {
  GTM_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(path));
  return Walk(*reader, nullptr).Run(progress);
}

Result<BackupReport> RestoreBackup(const std::string& path, Driver& driver,
                                   const std::string& epoch, const BackupProgress& progress) {
  GTM_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(path));
  GTM_ASSIGN_OR_RETURN(const auto session, driver.Acquire(Access::kWrite));
  Loader loader(*session, epoch);
  GTM_RETURN_IF_ERROR(loader.Begin());
  GTM_ASSIGN_OR_RETURN(const BackupReport report, Walk(*reader, &loader).Run(progress));
  GTM_RETURN_IF_ERROR(loader.Commit());
  return report;
}

}  // namespace gtm::records::store
