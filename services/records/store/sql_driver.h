#pragma once
// What the store needs from a database: sessions that run batches of statements. The
// texts are the same for every engine; a driver differs in how it sends them.

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/records/store/store.h"

namespace gtm::records::store {

enum class Dialect { kSqlite, kPostgres };

// A statement in the common subset of SQL, with parameters $1, $2, ... and macros:
//   {rows 2 kind:int id:text}  the rows of a batch, as a table named `k` with these
//                              columns; their arrays are the parameters from $2 on
//   {for_update}               locks the rows read until the end of the transaction
struct Statement {
  const char* name;
  const char* text;
  // Of a page: the columns of its ORDER BY. The statement selects `body` and ends with
  // LIMIT; the driver stops it once the bodies are too large.
  const char* page_order = "";
};

// The text for an engine.
std::string Render(const Statement& statement, Dialect dialect);

// A parameter. Texts and bytes are borrowed until Session::Run returns.
struct Bytes {
  std::string_view value;
};
using Value = std::variant<int64_t, std::string_view, Bytes>;
// One column of a batch of rows.
using IntColumn = std::vector<int64_t>;
using TextColumn = std::vector<std::string_view>;
struct BytesColumn {
  std::vector<std::string_view> values;
};
using Column = std::variant<IntColumn, TextColumn, BytesColumn>;
size_t SizeOf(const Column& column);
Value CellOf(const Column& column, size_t row);

// Rows that a statement gave, or the number that it changed.
class Rows {
 public:
  size_t size() const { return column_count_ == 0 ? 0 : cells_.size() / column_count_; }
  int64_t Int(size_t row, size_t column) const { return At(row, column).number; }
  // Text or bytes.
  std::string_view Text(size_t row, size_t column) const {
    const Cell& cell = At(row, column);
    return std::string_view(arena_).substr(cell.offset, static_cast<size_t>(cell.number));
  }
  std::string String(size_t row, size_t column) const { return std::string(Text(row, column)); }
  bool IsNull(size_t row, size_t column) const { return At(row, column).is_null; }
  int64_t affected() const { return affected_; }

  // For drivers: cells come row by row.
  void Reserve(size_t row_count, size_t column_count) { cells_.reserve(row_count * column_count); }
  void SetColumnCount(size_t count) { column_count_ = count; }
  void AddInt(int64_t number) { cells_.push_back({number, 0, false}); }
  void AddText(std::string_view text) {
    cells_.push_back({static_cast<int64_t>(text.size()), arena_.size(), false});
    arena_.append(text);
  }
  void AddNull() { cells_.push_back({0, 0, true}); }
  void AddAffected(int64_t count) { affected_ += count; }

 private:
  struct Cell {
    int64_t number;  // of a text: its size
    size_t offset;
    bool is_null;
  };
  const Cell& At(size_t row, size_t column) const { return cells_[row * column_count_ + column]; }

  size_t column_count_ = 0;
  std::vector<Cell> cells_;
  std::string arena_;
  int64_t affected_ = 0;
};

// Why a batch failed.
enum class Failure {
  kNone,
  kConflict,  // another transaction won: run the transaction again
  kLost,      // the connection broke: it is unknown whether a COMMIT happened
  kOther,
};

// A connection while it is used. Not thread-safe. Gives the connection back when
// destroyed, and rolls back what was not committed.
class Session {
 public:
  virtual ~Session() = default;
  // Queue the parts of a batch.
  virtual void Begin() = 0;  // a reader's transaction sees one snapshot
  virtual void Add(const Statement& statement, std::vector<Value> values) = 0;
  // A page: may end after the row with which its bodies exceed `bytes_max`, but not
  // before the second row.
  virtual void AddPage(const Statement& statement, std::vector<Value> values,
                       int64_t bytes_max) = 0;
  // $1 is `first`, the columns follow. All columns have the same, positive size. Gives one
  // Rows; a statement without {rows} is run for each row.
  virtual void AddRows(const Statement& statement, Value first, std::vector<Column> columns) = 0;
  virtual void AddText(std::string text) = 0;  // without parameters or rows: for migrations
  virtual void Commit() = 0;
  // Runs the queue in order, in one round trip where there are round trips. One Rows for
  // every Add, AddPage, AddRows and AddText. After an error the session must be destroyed.
  virtual Result<std::vector<Rows>> Run() = 0;
  virtual Failure failure() const = 0;
};

enum class Access { kRead, kWrite };

// Makes sessions. Thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual Dialect dialect() const = 0;
  virtual StoreStats::Pool pool() const = 0;
  virtual std::string file() const { return ""; }  // where there is one
  // Waits for a free connection, for a bounded time.
  virtual Result<std::unique_ptr<Session>> Acquire(Access access) = 0;
};

// What each PostgreSQL connection tells the planner: every statement is a walk along an
// index. A plan made while a table was small or its statistics were old must not become a
// scan of the table.
std::vector<const char*> PostgresPlannerSettings();

// Connects to a file (made where it is missing) or a server, whatever its schema.
Result<std::unique_ptr<Driver>> OpenSqliteDriver(const std::string& path,
                                                 const StoreOptions& options);
Result<std::unique_ptr<Driver>> OpenPostgresDriver(const std::string& conninfo,
                                                   const StoreOptions& options);

// Brings the schema to the version of this program as options.migration says, once, whoever
// comes first. Error: WRONG_STATE where the version is another one and must stay.
Status Migrate(Driver& driver, const StoreOptions& options);
// The same to an earlier version, for tests.
Status MigrateTo(Driver& driver, const StoreOptions& options, int64_t version);

// The store over a driver whose schema is up to date.
std::unique_ptr<Store> MakeSqlStore(std::unique_ptr<Driver> driver, const StoreOptions& options);

}  // namespace gtm::records::store
