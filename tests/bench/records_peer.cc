#include "tests/bench/records_peer.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/core/clock.h"
#include "common/testing/postgres_server.h"

namespace gtm::bench {
namespace {

namespace fs = std::filesystem;

fs::path BinaryFolder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

void RunSqlite(sqlite3* db, const char* text) {
  if (sqlite3_exec(db, text, nullptr, nullptr, nullptr) != SQLITE_OK) {
    Die(fmt::format("{}: {}", text, sqlite3_errmsg(db)));
  }
}

void RunPostgres(PGconn* db, const std::string& text) {
  PGresult* result = PQexec(db, text.c_str());
  if (PQresultStatus(result) != PGRES_COMMAND_OK) Die(PQerrorMessage(db));
  PQclear(result);
}

// '\x6162' for bytes, and 'it''s' for text.
std::string Quoted(PGconn* db, const std::string& bytes, bool is_text) {
  size_t size = 0;
  if (is_text) {
    char* literal = PQescapeLiteral(db, bytes.data(), bytes.size());
    std::string quoted = literal;
    PQfreemem(literal);
    return quoted;
  }
  unsigned char* hex = PQescapeByteaConn(db, reinterpret_cast<const unsigned char*>(bytes.data()),
                                         bytes.size(), &size);
  std::string quoted = fmt::format("'{}'", reinterpret_cast<const char*>(hex));
  PQfreemem(hex);
  return quoted;
}

}  // namespace

void Die(const std::string& what) {
  fmt::print(stderr, "records_bench: {}\n", what);
  std::exit(1);
}

double SecondsOf(const std::function<void()>& work) {
  const absl::Duration start = SystemClock().Monotonic();
  work();
  return absl::ToDoubleSeconds(SystemClock().Monotonic() - start);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double InsertIntoSqlite(const std::string& path, const std::vector<Row>& rows,
                        int rows_per_commit) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) Die("cannot open " + path);
  for (const char* text :
       {"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
        "CREATE TABLE raw (tenant_id TEXT, kind INTEGER, id TEXT, body BLOB, "
        "PRIMARY KEY (tenant_id, kind, id)) WITHOUT ROWID"}) {
    RunSqlite(db, text);
  }
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO raw VALUES ('default', ?, ?, ?)", -1, &insert, nullptr);
  const double seconds = SecondsOf([&] {
    int open_rows = 0;
    for (const Row& row : rows) {
      if (open_rows == 0) RunSqlite(db, "BEGIN IMMEDIATE");
      sqlite3_bind_int(insert, 1, row.kind);
      sqlite3_bind_text(insert, 2, row.id.data(), static_cast<int>(row.id.size()), SQLITE_STATIC);
      sqlite3_bind_blob(insert, 3, row.body.data(), static_cast<int>(row.body.size()),
                        SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) Die(sqlite3_errmsg(db));
      sqlite3_reset(insert);
      if (++open_rows < rows_per_commit && &row != &rows.back()) continue;
      RunSqlite(db, "COMMIT");
      open_rows = 0;
    }
  });
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return seconds;
}

double InsertIntoPostgres(const std::string& conninfo, const std::vector<Row>& rows,
                          int rows_per_commit) {
  PGconn* db = PQconnectdb(conninfo.c_str());
  if (PQstatus(db) != CONNECTION_OK) Die(PQerrorMessage(db));
  RunPostgres(db,
              "CREATE TABLE raw (tenant_id TEXT, kind INTEGER, id TEXT, body BYTEA, "
              "PRIMARY KEY (tenant_id, kind, id))");
  std::vector<std::string> texts;
  for (size_t at = 0; at < rows.size(); at += static_cast<size_t>(rows_per_commit)) {
    std::string text = "INSERT INTO raw VALUES ";
    const size_t end = std::min(rows.size(), at + static_cast<size_t>(rows_per_commit));
    for (size_t i = at; i < end; ++i) {
      text += fmt::format("{}('default', {}, {}, {})", i == at ? "" : ", ", rows[i].kind,
                          Quoted(db, rows[i].id, true), Quoted(db, rows[i].body, false));
    }
    texts.push_back(std::move(text));
  }
  const double seconds = SecondsOf([&] {
    for (const std::string& text : texts) RunPostgres(db, text);
  });
  PQfinish(db);
  return seconds;
}

ServerProcess::ServerProcess(const std::string& store_url) {
  int ends[2];
  if (pipe(ends) != 0) Die("cannot make a pipe");
  const std::string binary = (BinaryFolder() / "gtm-records").string();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) Die("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    const std::string store = "--store=" + store_url;
    execl(binary.c_str(), "gtm-records", store.c_str(), "--address=127.0.0.1:0",
          "--metrics-address=", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  log_ = ends[0];
  // Its first lines say where it listens.
  std::string log;
  char buffer[4096];
  while (log.find("\"port\":") == std::string::npos) {
    const ssize_t size = read(log_, buffer, sizeof buffer);
    if (size <= 0) Die("gtm-records ended at its start: " + log);
    log.append(buffer, static_cast<size_t>(size));
  }
  address_ = fmt::format("127.0.0.1:{}", std::atoi(log.c_str() + log.find("\"port\":") + 7));
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  close(log_);
}

Stores::Stores(bool is_postgres) : is_postgres_(is_postgres) {
  std::string folder = (BinaryFolder() / "records-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) Die("cannot make a folder");
  folder_ = folder;
}

Stores::~Stores() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Stores::NewUrl() {
  if (!is_postgres_) return fmt::format("sqlite:{}/{}.db", folder_, ++count_);
  test::PostgresServer& server = test::PostgresServer::Shared();
  const auto conninfo = server.MakeSchema();
  if (!conninfo.ok()) Die(conninfo.error().message());
  const size_t at = conninfo->find("search_path=") + 12;
  return fmt::format("postgres://gtm@127.0.0.1:{}/postgres?options=-c%20search_path%3D{}",
                     server.port(), conninfo->substr(at, conninfo->find('\'', at) - at));
}

std::string Stores::NewRaw() {
  if (!is_postgres_) return fmt::format("{}/raw{}.db", folder_, ++count_);
  const auto conninfo = test::PostgresServer::Shared().MakeSchema();
  if (!conninfo.ok()) Die(conninfo.error().message());
  return *conninfo;
}

}  // namespace gtm::bench
