// PostgreSQL, and what speaks its protocol: a bounded pool of connections in pipeline
// mode, so that a batch is one round trip.

#include <endian.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "common/core/clock.h"
#include "common/core/time_limit.h"
#include "services/records/store/errors.h"
#include "services/records/store/postgres_parameter.h"
#include "services/records/store/sql_driver.h"

namespace gtm::records::store {
namespace {

constexpr absl::Duration kAcquireMax = absl::Seconds(10);
// How often who waits for the server looks whether the answer is still wanted.
constexpr absl::Duration kLookInterval = absl::Milliseconds(50);
struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

bool StartsWith(std::string_view state, std::string_view prefix) {
  return state.substr(0, prefix.size()) == prefix;
}

bool IsLost(std::string_view state) {
  // Connection, shutdown, too many connections, a server that only reads (fail-over).
  return StartsWith(state, "08") || StartsWith(state, "57P") || state == "53300" ||
         state == "25006";
}

Error FromState(std::string_view state) {
  if (state == "40001" || state == "40P01" || state == "53200" || state == "55P03" ||
      IsLost(state)) {
    return StoreUnavailable();
  }
  if (state == "53100") return StoreFull();
  if (state == "57014") return StoreTimeout();
  if (state == "XX001" || state == "XX002") return StoreDamaged(fmt::format("sqlstate {}", state));
  return StoreFailed(fmt::format("sqlstate {}", state));
}

// A connection and the names of what was prepared on it.
struct Connection {
  ~Connection() { PQfinish(pg); }
  PGconn* pg = nullptr;
  std::set<std::string_view> prepared;
};

class PostgresDriver final : public Driver {
 public:
  PostgresDriver(std::string conninfo, const StoreOptions& options)
      : conninfo_(std::move(conninfo)), options_(options) {}

  Dialect dialect() const override { return Dialect::kPostgres; }
  StoreStats::Pool pool() const override {
    const std::lock_guard lock(mutex_);
    const int idle = static_cast<int>(idle_.size());
    return {open_count_ - idle, idle, options_.connections_max, waiting_count_};
  }
  Result<std::unique_ptr<Session>> Acquire(Access access) override;

  // Closes a connection that nobody must use again.
  void Drop(std::unique_ptr<Connection> connection) {
    connection.reset();
    {
      std::lock_guard lock(mutex_);
      --open_count_;
    }
    changed_.notify_all();
  }

  // Takes a connection back; a broken one is closed, and so are the idle ones, which
  // have likely broken with it.
  void Release(std::unique_ptr<Connection> connection, bool is_good) {
    std::vector<std::unique_ptr<Connection>> closing;
    {
      std::lock_guard lock(mutex_);
      if (is_good) {
        idle_.push_back(std::move(connection));
      } else {
        closing = std::exchange(idle_, {});
        open_count_ -= 1 + static_cast<int>(closing.size());
      }
    }
    changed_.notify_all();
  }

 private:
  Result<std::unique_ptr<Connection>> Connect() const;

  const std::string conninfo_;
  const StoreOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int open_count_ = 0;
  int waiting_count_ = 0;
};

class PostgresSession final : public Session {
 public:
  PostgresSession(PostgresDriver& driver, std::unique_ptr<Connection> connection, Access access,
                  const StoreOptions& options)
      : driver_(driver), connection_(std::move(connection)), access_(access), options_(options) {}

  ~PostgresSession() override {
    queue_.clear();
    // The cancellation may still be on its way, and must not meet another caller's statement.
    if (is_cancelled_) {
      driver_.Drop(std::move(connection_));
      return;
    }
    if (failure_ != Failure::kLost && PQtransactionStatus(pg()) != PQTRANS_IDLE) {
      failure_ = Failure::kNone;
      queue_.push_back({nullptr, "ROLLBACK", {}, false});
      (void)Run();
    }
    driver_.Release(std::move(connection_), failure_ != Failure::kLost);
  }

  void Begin() override {
    queue_.push_back(
        {nullptr,
         access_ == Access::kRead ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN",
         {},
         false});
  }
  void Commit() override { queue_.push_back({nullptr, "COMMIT", {}, false}); }
  void AddText(std::string text) override {
    queue_.push_back({nullptr, std::move(text), {}, true});
  }
  void Add(const Statement& statement, std::vector<Value> values) override {
    Part part{&statement, "", {}, true};
    for (const Value& value : values) part.parameters.emplace_back(value);
    queue_.push_back(std::move(part));
  }
  void AddPage(const Statement& statement, std::vector<Value> values, int64_t bytes_max) override {
    values.emplace_back(bytes_max);
    Add(statement, std::move(values));
  }
  void AddRows(const Statement& statement, Value first, std::vector<Column> columns) override {
    const bool is_batch = std::string_view(statement.text).find("{rows ") != std::string::npos;
    const size_t run_count = is_batch ? 1 : SizeOf(columns.front());
    for (size_t run = 0; run < run_count; ++run) {
      Part part{&statement, "", {}, true, run > 0};
      part.parameters.emplace_back(first);
      for (const Column& column : columns) {
        if (is_batch) {
          part.parameters.emplace_back(column);
        } else {
          part.parameters.emplace_back(CellOf(column, run));
        }
      }
      queue_.push_back(std::move(part));
    }
  }

  Result<std::vector<Rows>> Run() override;
  Failure failure() const override { return failure_; }

 private:
  struct Part {
    const Statement* statement;  // null: `text`
    std::string text;
    std::vector<Parameter> parameters;
    bool has_rows;
    bool adds_to_previous = false;  // another run of the previous part
  };

  PGconn* pg() { return connection_->pg; }
  // The next result, as PQgetResult; asks the server to stop once nobody wants it.
  ResultPtr NextResult();
  void Cancel();
  bool Send(const Part& part);
  bool SendPrepare(const Part& part);
  void Receive(const Part* part, bool is_commit, Rows* rows);
  void Fail(const PGresult* result);
  static void Read(const PGresult* result, Rows* rows);

  PostgresDriver& driver_;
  std::unique_ptr<Connection> connection_;
  const Access access_;
  const StoreOptions& options_;
  std::vector<Part> queue_;
  Failure failure_ = Failure::kNone;
  Error error_ = StoreUnavailable();
  bool is_cancelled_ = false;
};

void PostgresSession::Cancel() {
  is_cancelled_ = true;
  PGcancel* cancel = PQgetCancel(pg());
  char error[256];
  if (cancel != nullptr && PQcancel(cancel, error, sizeof error) == 0) {
    LogDetail(options_, fmt::format("postgres: cancel: {}", error));
  }
  PQfreeCancel(cancel);
}

ResultPtr PostgresSession::NextResult() {
  while (PQisBusy(pg()) == 1) {
    const absl::Duration left = TimeLimit::Left(SystemClock().Now(), kLookInterval);
    pollfd ready{PQsocket(pg()), POLLIN, 0};
    const int wait_ms = is_cancelled_ ? -1 : static_cast<int>(absl::ToInt64Milliseconds(left));
    if (poll(&ready, 1, wait_ms) == 0) {
      const bool is_late = SystemClock().Now() >= TimeLimit::Deadline();
      if (is_late || TimeLimit::IsCancelled()) Cancel();
      continue;
    }
    if (PQconsumeInput(pg()) == 0) break;  // PQgetResult says what is wrong
  }
  return ResultPtr(PQgetResult(pg()));
}

bool PostgresSession::SendPrepare(const Part& part) {
  std::vector<Oid> types;
  for (const Parameter& parameter : part.parameters) types.push_back(parameter.type());
  return PQsendPrepare(pg(), part.statement->name,
                       Render(*part.statement, Dialect::kPostgres).c_str(),
                       static_cast<int>(types.size()), types.data()) == 1;
}

bool PostgresSession::Send(const Part& part) {
  if (part.statement == nullptr) {
    return PQsendQueryParams(pg(), part.text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) ==
           1;
  }
  std::vector<const char*> values;
  std::vector<int> sizes;
  for (const Parameter& parameter : part.parameters) {
    values.push_back(parameter.data());
    sizes.push_back(parameter.size());
  }
  const std::vector<int> formats(values.size(), 1);
  return PQsendQueryPrepared(pg(), part.statement->name, static_cast<int>(values.size()),
                             values.data(), sizes.data(), formats.data(), 1) == 1;
}

void PostgresSession::Fail(const PGresult* result) {
  if (failure_ != Failure::kNone) return;
  const char* text = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = text == nullptr ? "" : text;
  LogDetail(options_,
            fmt::format("postgres: {} {}", state,
                        result == nullptr ? PQerrorMessage(pg()) : PQresultErrorMessage(result)));
  if (state.empty() || PQstatus(pg()) == CONNECTION_BAD || IsLost(state)) {
    failure_ = Failure::kLost;
    error_ = StoreUnavailable();
    return;
  }
  // 23505: another replica answered the same request between our look and our insert; the
  // next try finds its answer.
  failure_ = state == "40001" || state == "40P01" || state == "23505" ? Failure::kConflict
                                                                      : Failure::kOther;
  error_ = FromState(state);
}

void PostgresSession::Read(const PGresult* result, Rows* rows) {
  const int column_count = PQnfields(result);
  rows->SetColumnCount(static_cast<size_t>(column_count));
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int column = 0; column < column_count; ++column) {
      const char* data = PQgetvalue(result, row, column);
      const auto size = static_cast<size_t>(PQgetlength(result, row, column));
      if (PQgetisnull(result, row, column) != 0) {
        rows->AddNull();
      } else if (PQftype(result, column) == kInt8) {
        uint64_t wire = 0;
        std::memcpy(&wire, data, sizeof wire);
        rows->AddInt(static_cast<int64_t>(be64toh(wire)));
      } else {
        rows->AddText({data, size});
      }
    }
  }
}

// Reads the answer to one part (null: a PREPARE).
void PostgresSession::Receive(const Part* part, bool is_commit, Rows* rows) {
  bool is_answered = false;
  while (true) {
    const ResultPtr result = NextResult();
    if (result == nullptr) break;
    is_answered = true;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
        Read(result.get(), rows);
        break;
      case PGRES_COMMAND_OK:
        rows->AddAffected(std::atoll(PQcmdTuples(result.get())));
        if (is_commit && std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
          Fail(result.get());
        }
        break;
      case PGRES_PIPELINE_ABORTED:
        break;  // an earlier part failed and has said so
      default:
        Fail(result.get());
    }
    if (PQstatus(pg()) == CONNECTION_BAD) break;
  }
  if (!is_answered || PQstatus(pg()) == CONNECTION_BAD) Fail(nullptr);
}

Result<std::vector<Rows>> PostgresSession::Run() {
  const std::vector<Part> parts = std::exchange(queue_, {});
  std::vector<bool> prepares;
  bool is_sent = true;
  for (const Part& part : parts) {
    const bool is_new =
        part.statement != nullptr && connection_->prepared.insert(part.statement->name).second;
    prepares.push_back(is_new);
    is_sent = is_sent && (!is_new || SendPrepare(part)) && Send(part);
  }
  if (!is_sent || PQpipelineSync(pg()) != 1) {
    failure_ = Failure::kNone;
    Fail(nullptr);
    failure_ = Failure::kLost;  // what was sent and what not is not worth finding out
    return error_;
  }
  std::vector<Rows> results;
  for (size_t i = 0; i < parts.size() && failure_ != Failure::kLost; ++i) {
    Rows rows;
    if (prepares[i]) {
      Receive(nullptr, false, &rows);
      if (failure_ != Failure::kNone) connection_->prepared.erase(parts[i].statement->name);
    }
    if (failure_ == Failure::kLost) break;
    Receive(&parts[i], parts[i].text == "COMMIT", &rows);
    if (parts[i].adds_to_previous) {
      results.back().AddAffected(rows.affected());
    } else if (parts[i].has_rows) {
      results.push_back(std::move(rows));
    }
  }
  if (failure_ != Failure::kLost) {
    const ResultPtr sync = NextResult();
    if (sync == nullptr || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) {
      failure_ = Failure::kLost;
    }
  }
  if (failure_ != Failure::kNone) return error_;
  return results;
}

Result<std::unique_ptr<Connection>> PostgresDriver::Connect() const {
  // What the caller's conninfo says comes later and wins.
  const char* const keywords[] = {"connect_timeout", "tcp_user_timeout", "application_name",
                                  "dbname",          "client_encoding",  nullptr};
  const char* const values[] = {"5", "10000", "gtm-records", conninfo_.c_str(), "UTF8", nullptr};
  auto connection = std::make_unique<Connection>();
  connection->pg = PQconnectdbParams(keywords, values, 1);
  if (PQstatus(connection->pg) != CONNECTION_OK) {
    LogDetail(options_, fmt::format("postgres: {}", PQerrorMessage(connection->pg)));
    return StoreUnavailable();
  }
  PQsetNoticeProcessor(
      connection->pg, [](void*, const char*) {}, nullptr);
  const ResultPtr timeouts(
      PQexec(connection->pg, fmt::format("SET statement_timeout = {0}; "
                                         "SET idle_in_transaction_session_timeout = {0}",
                                         options_.statement_timeout_ms)
                                 .c_str()));
  // Engines without these settings refuse them without harm.
  for (const char* text : PostgresPlannerSettings()) ResultPtr(PQexec(connection->pg, text));
  if (PQstatus(connection->pg) != CONNECTION_OK || PQenterPipelineMode(connection->pg) != 1) {
    return StoreUnavailable();
  }
  return connection;
}

Result<std::unique_ptr<Session>> PostgresDriver::Acquire(Access access) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    const absl::Duration wait = TimeLimit::Left(SystemClock().Now(), kAcquireMax);
    ++waiting_count_;
    const bool is_free = changed_.wait_for(lock, absl::ToChronoMilliseconds(wait), [&] {
      return !idle_.empty() || open_count_ < options_.connections_max;
    });
    --waiting_count_;
    if (!is_free) {
      return wait < kAcquireMax ? StoreTimeout() : StoreUnavailable();
    }
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    } else {
      ++open_count_;
    }
  }
  if (connection == nullptr) {
    auto made = Connect();
    if (!made.ok()) {
      Release(nullptr, false);
      return made.error();
    }
    connection = *std::move(made);
  }
  return std::unique_ptr<Session>(
      new PostgresSession(*this, std::move(connection), access, options_));
}

}  // namespace

std::vector<const char*> PostgresPlannerSettings() {
  return {"SET plan_cache_mode = force_generic_plan",
          "SET enable_seqscan = off",
          "SET enable_hashjoin = off",
          "SET enable_mergejoin = off",
          "SET enable_bitmapscan = off",
          "SET enable_material = off",
          "SET enable_memoize = off",
          "SET jit = off"};
}

Result<std::unique_ptr<Driver>> OpenPostgresDriver(const std::string& conninfo,
                                                   const StoreOptions& options) {
  return std::unique_ptr<Driver>(std::make_unique<PostgresDriver>(conninfo, options));
}

Result<std::unique_ptr<Store>> OpenPostgres(const std::string& conninfo,
                                            const StoreOptions& options) {
  GTM_ASSIGN_OR_RETURN(auto driver, OpenPostgresDriver(conninfo, options));
  GTM_RETURN_IF_ERROR(Migrate(*driver, options));
  return MakeSqlStore(std::move(driver), options);
}

}  // namespace gtm::records::store
