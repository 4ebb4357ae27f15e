// SQLite: one connection that writes, some that read, write-ahead log, every commit synced.

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "common/core/time_limit.h"
#include "services/records/store/errors.h"
#include "services/records/store/sql_driver.h"

namespace gtm::records::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;
constexpr absl::Duration kAcquireMax = absl::Seconds(10);
constexpr std::chrono::milliseconds kIdleBeforeCheckpoint{1'000};
// Steps of the virtual machine between two looks at the clock.
constexpr int kProgressSteps = 20'000;

Error FromCode(const StoreOptions& options, int code, const char* detail) {
  LogDetail(options, fmt::format("sqlite: {} ({}): {}", sqlite3_errstr(code), code, detail));
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return StoreUnavailable();
    case SQLITE_FULL:
      return StoreFull();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StoreDamaged(sqlite3_errstr(code));
    case SQLITE_INTERRUPT:
      return StoreTimeout();
    default:
      return StoreFailed(fmt::format("sqlite {}", code));
  }
}

// Once, before SQLite is first used. Its counts of memory take one lock for all connections
// at every allocation, and readers would stop the writer there.
void ConfigureSqlite() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)configured;  // refused where something else began to use SQLite before: slower only
}

// A statement made ready, with the place of each $n.
struct Prepared {
  sqlite3_stmt* statement = nullptr;
  std::vector<std::vector<int>> places;  // [n - 1]
  std::vector<std::string> column_names;
};

class Connection {
 public:
  explicit Connection(const StoreOptions& options) : options_(options) {}
  Connection(const Connection&) = delete;
  ~Connection() {
    for (auto& [statement, prepared] : prepared_) sqlite3_finalize(prepared.statement);
    sqlite3_close(db_);
  }

  Status Open(const std::string& path, Access access) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &db_, flags, nullptr);
    if (code != SQLITE_OK) return FromCode(options_, code, path.c_str());
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
    sqlite3_progress_handler(db_, kProgressSteps, &Connection::IsLate, this);
    for (const char* text :
         {"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
          "PRAGMA foreign_keys = ON", "PRAGMA cache_size = -65536", "PRAGMA temp_store = MEMORY",
          // Pages are rewritten often: fewer, larger checkpoints (32 MiB) copy each one once.
          "PRAGMA wal_autocheckpoint = 4000", "PRAGMA journal_size_limit = 67108864"}) {
      GTM_RETURN_IF_ERROR(Execute(text));
    }
    if (options_.file_bytes_max > 0) {
      GTM_RETURN_IF_ERROR(Execute(fmt::format("PRAGMA max_page_count = {}",
                                              std::max<int64_t>(1, options_.file_bytes_max / 8192))
                                      .c_str()));
    }
    return access == Access::kRead ? Execute("PRAGMA query_only = ON") : Status();
  }

  Status Execute(const char* text) {
    StartClock();
    const int code = sqlite3_exec(db_, text, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? Status() : Status(Fail(code));
  }

  Result<Prepared*> Prepare(const Statement& statement) {
    const auto found = prepared_.find(&statement);
    if (found != prepared_.end()) return &found->second;
    Prepared prepared;
    const std::string text = Render(statement, Dialect::kSqlite);
    const int code = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared.statement, nullptr);
    if (code != SQLITE_OK) return Fail(code);
    for (int place = 1; place <= sqlite3_bind_parameter_count(prepared.statement); ++place) {
      const auto number = static_cast<size_t>(
          std::atoi(sqlite3_bind_parameter_name(prepared.statement, place) + 1));
      if (prepared.places.size() < number) prepared.places.resize(number);
      prepared.places[number - 1].push_back(place);
    }
    for (int i = 0; i < sqlite3_column_count(prepared.statement); ++i) {
      prepared.column_names.emplace_back(sqlite3_column_name(prepared.statement, i));
    }
    return &prepared_.emplace(&statement, std::move(prepared)).first->second;
  }

  // Runs a prepared and bound statement; stops once the bodies exceed bytes_max >= 0.
  Status Step(const Prepared& prepared, int64_t bytes_max, Rows* rows) {
    sqlite3_stmt* const statement = prepared.statement;
    const int column_count = static_cast<int>(prepared.column_names.size());
    rows->SetColumnCount(prepared.column_names.size());
    int body_column = -1;
    for (int i = 0; bytes_max >= 0 && i < column_count; ++i) {
      if (prepared.column_names[static_cast<size_t>(i)] == "body") body_column = i;
    }
    int64_t bytes = 0;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      for (int i = 0; i < column_count; ++i) AddCell(statement, i, rows);
      if (body_column < 0) continue;
      bytes += sqlite3_column_bytes(statement, body_column);
      if (bytes > bytes_max && rows->size() > 1) {
        code = SQLITE_DONE;
        break;
      }
    }
    if (code == SQLITE_DONE && column_count == 0) rows->AddAffected(sqlite3_changes64(db_));
    const Status status = code == SQLITE_DONE ? Status() : Status(Fail(code));
    sqlite3_reset(statement);
    return status;
  }

  // Where a reader is in the way it stays as it is: an optimisation, not a promise. It must
  // not wait for readers, since writers wait for it.
  void Checkpoint() {
    sqlite3_busy_timeout(db_, 0);
    (void)Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
  }

  // Waits for another process's transaction, but not for longer than this call is wanted.
  Status BeginToWrite() {
    const absl::Duration wait =
        TimeLimit::Left(SystemClock().Now(), absl::Milliseconds(kBusyTimeoutMs));
    sqlite3_busy_timeout(db_, static_cast<int>(absl::ToInt64Milliseconds(wait)));
    const Status begun = Execute("BEGIN IMMEDIATE");
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
    return begun;
  }

  Error Fail(int code) {
    if ((code & 0xff) == SQLITE_BUSY && SystemClock().Now() >= TimeLimit::Deadline()) {
      return StoreTimeout();
    }
    return FromCode(options_, code, sqlite3_errmsg(db_));
  }
  // Before a statement: how long it may run.
  void StartClock() {
    const absl::Duration most = absl::Milliseconds(options_.statement_timeout_ms);
    deadline_ = SystemClock().Monotonic() + TimeLimit::Left(SystemClock().Now(), most);
  }
  bool InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

 private:
  static void AddCell(sqlite3_stmt* statement, int column, Rows* rows) {
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_INTEGER:
        rows->AddInt(sqlite3_column_int64(statement, column));
        break;
      case SQLITE_NULL:
        rows->AddNull();
        break;
      default:
        rows->AddText({static_cast<const char*>(sqlite3_column_blob(statement, column)),
                       static_cast<size_t>(sqlite3_column_bytes(statement, column))});
    }
  }

  static int IsLate(void* self) {
    const bool is_late = SystemClock().Monotonic() > static_cast<Connection*>(self)->deadline_;
    return is_late || TimeLimit::IsCancelled() ? 1 : 0;
  }

  const StoreOptions& options_;
  sqlite3* db_ = nullptr;
  absl::Duration deadline_ = absl::InfiniteDuration();
  std::unordered_map<const Statement*, Prepared> prepared_;
};

int Bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, place, *number);
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return sqlite3_bind_text64(statement, place, text->data() == nullptr ? "" : text->data(),
                               text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  const std::string_view bytes = std::get<Bytes>(value).value;
  return sqlite3_bind_blob64(statement, place, bytes.data() == nullptr ? "" : bytes.data(),
                             bytes.size(), SQLITE_STATIC);
}

class SqliteDriver final : public Driver {
 public:
  SqliteDriver(std::string path, const StoreOptions& options)
      : path_(std::move(path)), options_(options), writer_(options_) {}

  ~SqliteDriver() override {
    {
      std::lock_guard lock(mutex_);
      is_closing_ = true;
    }
    changed_.notify_all();
    if (checkpointer_.joinable()) checkpointer_.join();
  }

  Status Open() {
    GTM_RETURN_IF_ERROR(writer_.Open(path_, Access::kWrite));
    checkpointer_ = std::thread([this] { CheckpointWhenIdle(); });
    return {};
  }

  Dialect dialect() const override { return Dialect::kSqlite; }
  // The writer counts as one connection.
  StoreStats::Pool pool() const override {
    const std::lock_guard lock(mutex_);
    const int idle = static_cast<int>(readers_.size()) + (is_writing_ ? 0 : 1);
    return {reader_count_ + 1 - idle, idle, options_.connections_max + 1, waiting_count_};
  }
  std::string file() const override { return path_; }
  Result<std::unique_ptr<Session>> Acquire(Access access) override;

  void Release(std::unique_ptr<Connection> reader) {
    {
      std::lock_guard lock(mutex_);
      if (reader != nullptr) {
        readers_.push_back(std::move(reader));
      } else {
        is_writing_ = false;
        ++write_count_;
      }
    }
    changed_.notify_all();
  }

 private:
  // Moves the log into the file and cuts it, once nobody has written for a while: a
  // quiet store is one compact file.
  void CheckpointWhenIdle() {
    uint64_t done = 0;
    std::unique_lock lock(mutex_);
    while (!is_closing_) {
      changed_.wait(lock, [&] { return is_closing_ || write_count_ != done; });
      const uint64_t seen = write_count_;
      if (changed_.wait_for(lock, kIdleBeforeCheckpoint, [&] { return is_closing_; })) return;
      if (write_count_ != seen || is_writing_) continue;
      is_writing_ = true;
      lock.unlock();
      writer_.Checkpoint();
      lock.lock();
      is_writing_ = false;
      done = seen;
      changed_.notify_all();
    }
  }

  const std::string path_;
  const StoreOptions options_;
  Connection writer_;
  std::thread checkpointer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Connection>> readers_;  // free ones
  int reader_count_ = 0;
  int waiting_count_ = 0;
  uint64_t write_count_ = 0;
  bool is_writing_ = false;
  bool is_closing_ = false;
};

class SqliteSession final : public Session {
 public:
  SqliteSession(SqliteDriver& driver, Connection& connection, std::unique_ptr<Connection> reader)
      : driver_(driver), connection_(connection), reader_(std::move(reader)) {}

  ~SqliteSession() override {
    if (connection_.InTransaction()) (void)connection_.Execute("ROLLBACK");
    driver_.Release(std::move(reader_));
  }

  // Nothing is gained by waiting: parts run as they come, up to the first error.
  void Begin() override {
    if (reader_ != nullptr) return AddCommand("BEGIN");
    if (status_.ok()) status_ = connection_.BeginToWrite();
  }
  void Commit() override { AddCommand("COMMIT"); }
  void Add(const Statement& statement, std::vector<Value> values) override {
    AddPage(statement, std::move(values), -1);
  }
  void AddPage(const Statement& statement, std::vector<Value> values, int64_t bytes_max) override {
    if (!status_.ok()) return;
    Rows rows;
    status_ = RunPage(statement, values, bytes_max, &rows);
    results_.push_back(std::move(rows));
  }
  void AddRows(const Statement& statement, Value first, std::vector<Column> columns) override {
    Rows rows;
    if (status_.ok()) status_ = RunRows(statement, first, columns, &rows);
    results_.push_back(std::move(rows));
  }
  void AddText(std::string text) override {
    AddCommand(text.c_str());
    results_.emplace_back();
  }

  Result<std::vector<Rows>> Run() override {
    if (!status_.ok()) return status_.error();
    return std::exchange(results_, {});
  }
  // A writer waits for the others in BEGIN IMMEDIATE, so there are no conflicts to repeat.
  Failure failure() const override { return status_.ok() ? Failure::kNone : Failure::kOther; }

 private:
  void AddCommand(const char* text) {
    if (status_.ok()) status_ = connection_.Execute(text);
  }

  Status RunPage(const Statement& statement, const std::vector<Value>& values, int64_t bytes_max,
                 Rows* rows) {
    GTM_ASSIGN_OR_RETURN(Prepared * prepared, connection_.Prepare(statement));
    for (size_t i = 0; i < prepared->places.size(); ++i) {
      GTM_RETURN_IF_ERROR(BindTo(*prepared, i, values[i]));
    }
    connection_.StartClock();
    return connection_.Step(*prepared, bytes_max, rows);
  }

  // As one statement: with one limit of time for all rows.
  Status RunRows(const Statement& statement, const Value& first, const std::vector<Column>& columns,
                 Rows* rows) {
    GTM_ASSIGN_OR_RETURN(Prepared * prepared, connection_.Prepare(statement));
    const size_t row_count = SizeOf(columns.front());
    rows->Reserve(row_count, prepared->column_names.size());
    GTM_RETURN_IF_ERROR(BindTo(*prepared, 0, first));
    connection_.StartClock();
    for (size_t row = 0; row < row_count; ++row) {
      for (size_t i = 1; i < prepared->places.size(); ++i) {
        GTM_RETURN_IF_ERROR(BindTo(*prepared, i, CellOf(columns[i - 1], row)));
      }
      GTM_RETURN_IF_ERROR(connection_.Step(*prepared, -1, rows));
    }
    return {};
  }

  Status BindTo(const Prepared& prepared, size_t i, const Value& value) {
    for (const int place : prepared.places[i]) {
      const int code = Bind(prepared.statement, place, value);
      if (code != SQLITE_OK) return connection_.Fail(code);
    }
    return {};
  }

  SqliteDriver& driver_;
  Connection& connection_;
  std::unique_ptr<Connection> reader_;  // null: the writer
  Status status_;
  std::vector<Rows> results_;
};

Error NotAcquired() {
  return SystemClock().Now() >= TimeLimit::Deadline() ? StoreTimeout() : StoreUnavailable();
}

Result<std::unique_ptr<Session>> SqliteDriver::Acquire(Access access) {
  const auto wait = absl::ToChronoMilliseconds(TimeLimit::Left(SystemClock().Now(), kAcquireMax));
  std::unique_lock lock(mutex_);
  if (access == Access::kWrite) {
    ++waiting_count_;
    const bool is_free = changed_.wait_for(lock, wait, [&] { return !is_writing_; });
    --waiting_count_;
    if (!is_free) return NotAcquired();
    is_writing_ = true;
    return std::unique_ptr<Session>(new SqliteSession(*this, writer_, nullptr));
  }
  ++waiting_count_;
  const bool is_free = changed_.wait_for(
      lock, wait, [&] { return !readers_.empty() || reader_count_ < options_.connections_max; });
  --waiting_count_;
  if (!is_free) return NotAcquired();
  std::unique_ptr<Connection> reader;
  if (!readers_.empty()) {
    reader = std::move(readers_.back());
    readers_.pop_back();
  } else {
    ++reader_count_;
    lock.unlock();
    reader = std::make_unique<Connection>(options_);
    const Status opened = reader->Open(path_, Access::kRead);
    if (!opened.ok()) {
      lock.lock();
      --reader_count_;
      return opened.error();
    }
  }
  Connection& connection = *reader;
  return std::unique_ptr<Session>(new SqliteSession(*this, connection, std::move(reader)));
}

}  // namespace

Result<std::unique_ptr<Driver>> OpenSqliteDriver(const std::string& path,
                                                 const StoreOptions& options) {
  ConfigureSqlite();
  auto driver = std::make_unique<SqliteDriver>(path, options);
  GTM_RETURN_IF_ERROR(driver->Open());
  return std::unique_ptr<Driver>(std::move(driver));
}

Result<std::unique_ptr<Store>> OpenSqlite(const std::string& path, const StoreOptions& options) {
  GTM_ASSIGN_OR_RETURN(auto driver, OpenSqliteDriver(path, options));
  GTM_RETURN_IF_ERROR(Migrate(*driver, options));
  return MakeSqlStore(std::move(driver), options);
}

}  // namespace gtm::records::store
