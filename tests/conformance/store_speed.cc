// How fast the store writes, next to the same rows inserted by hand.
// `store_speed [engine]` prints figures and judges nothing.

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>

#include "common/core/clock.h"
#include "common/testing/postgres_server.h"
#include "services/records/store/sql_driver.h"
#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

constexpr int kRowsPerRequest = 1'000;
constexpr int kRequests = 60;
constexpr int kGroups = 100;
constexpr int kGroupSize = 64;
constexpr int kBodyBytes = 300;

std::string BodyOf(int64_t number) {
  std::string body = std::to_string(number);
  body.resize(kBodyBytes, 'x');
  return body;
}

double SecondsOf(const std::function<void()>& work) {
  const absl::Duration start = SystemClock().Monotonic();
  work();
  return absl::ToDoubleSeconds(SystemClock().Monotonic() - start);
}

void Check(bool is_ok, const std::string& what) {
  if (is_ok) return;
  fmt::print(stderr, "failed: {}\n", what);
  std::exit(1);
}

// Rows a second of 1,000-record requests.
double BulkRate(Store& store) {
  std::vector<WriteRequest> requests;
  for (int r = 0; r < kRequests; ++r) {
    std::vector<Mutation> mutations;
    for (int i = 0; i < kRowsPerRequest; ++i) {
      const int64_t number = int64_t{r} * kRowsPerRequest + i;
      mutations.push_back(Put(fmt::format("id{:09}", number), BodyOf(number)));
    }
    requests.push_back(Request(std::move(mutations)));
  }
  const double seconds = SecondsOf([&] {
    for (const WriteRequest& request : requests) {
      auto results = store.Write(TenantId("bulk"), std::span(&request, 1), kNow);
      Check(results.ok() && results->front().ok(), "bulk write");
    }
  });
  return kRequests * kRowsPerRequest / seconds;
}

// Requests a second where 64 with ids wait for each group.
double GroupRate(Store& store) {
  std::vector<std::vector<WriteRequest>> groups;
  for (int g = 0; g < kGroups; ++g) {
    std::vector<WriteRequest>& group = groups.emplace_back();
    for (int i = 0; i < kGroupSize; ++i) {
      const int64_t number = int64_t{g} * kGroupSize + i;
      group.push_back(
          Request({Put(fmt::format("one{:07}", number * 7919 % 1'000'003), BodyOf(number))},
                  fmt::format("0190{:032}", number)));
    }
  }
  const double seconds = SecondsOf([&] {
    for (const auto& group : groups) {
      Check(store.Write(TenantId("single"), group, kNow).ok(), "group write");
    }
  });
  return kGroups * kGroupSize / seconds;
}

// One at a time, each waiting for the disk.
double SingleRate(Store& store) {
  constexpr int kWrites = 300;
  const double seconds = SecondsOf([&] {
    for (int i = 0; i < kWrites; ++i) {
      const WriteRequest request =
          Request({Put("alone" + std::to_string(i), BodyOf(i))}, "alone" + std::to_string(i));
      Check(store.Write(TenantId("single"), std::span(&request, 1), kNow).ok(), "single write");
    }
  });
  return kWrites / seconds;
}

// By hand: one table, one index (its key), `rows` a transaction.
double RawSqliteRate(const std::string& path, int transactions, int rows) {
  sqlite3* db = nullptr;
  Check(sqlite3_open(path.c_str(), &db) == SQLITE_OK, "open");
  auto run = [&](const char* text) {
    Check(sqlite3_exec(db, text, nullptr, nullptr, nullptr) == SQLITE_OK, text);
  };
  run("PRAGMA page_size = 8192");
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = FULL");
  run("CREATE TABLE IF NOT EXISTS raw (tenant_id TEXT, id TEXT, body BLOB, "
      "PRIMARY KEY (tenant_id, id)) WITHOUT ROWID");
  run("DELETE FROM raw");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO raw VALUES (?, ?, ?)", -1, &insert, nullptr);
  const double seconds = SecondsOf([&] {
    for (int t = 0; t < transactions; ++t) {
      run("BEGIN IMMEDIATE");
      for (int i = 0; i < rows; ++i) {
        const int64_t number = int64_t{t} * rows + i;
        const std::string id = fmt::format("id{:09}", number);
        const std::string body = BodyOf(number);
        sqlite3_bind_text(insert, 1, "bulk", 4, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
        sqlite3_bind_blob(insert, 3, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        Check(sqlite3_step(insert) == SQLITE_DONE, "insert");
        sqlite3_reset(insert);
      }
      run("COMMIT");
    }
  });
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return transactions * rows / seconds;
}

// The same with a multi-row INSERT of text parameters in one round trip.
double RawPostgresRate(const std::string& conninfo, int transactions, int rows) {
  PGconn* db = PQconnectdb(conninfo.c_str());
  auto run = [&](const std::string& text) {
    PGresult* result = PQexec(db, text.c_str());
    Check(PQresultStatus(result) == PGRES_COMMAND_OK, PQerrorMessage(db));
    PQclear(result);
  };
  run("CREATE TABLE IF NOT EXISTS raw (tenant_id TEXT, id TEXT, body BYTEA, "
      "PRIMARY KEY (tenant_id, id))");
  run("TRUNCATE raw");
  std::vector<std::string> texts;
  for (int t = 0; t < transactions; ++t) {
    std::string text = "INSERT INTO raw VALUES ";
    for (int i = 0; i < rows; ++i) {
      const int64_t number = int64_t{t} * rows + i;
      text +=
          fmt::format("{}('bulk', 'id{:09}', '{}')", i == 0 ? "" : ", ", number, BodyOf(number));
    }
    texts.push_back(std::move(text));
  }
  const double seconds = SecondsOf([&] {
    for (const std::string& text : texts) run(text);
  });
  PQfinish(db);
  return transactions * rows / seconds;
}

void Report(const std::string& engine, Store& store, double raw_bulk, double raw_group) {
  const double bulk = BulkRate(store);
  const double group = GroupRate(store);
  fmt::print("{:10} bulk of 1,000: {:8.0f} rows/s, raw {:8.0f}, ratio {:.2f}\n", engine, bulk,
             raw_bulk, bulk / raw_bulk);
  fmt::print("{:10} groups of 64:  {:8.0f} writes/s, raw {:8.0f}, ratio {:.2f}\n", engine, group,
             raw_group, group / raw_group);
  fmt::print("{:10} one by one:    {:8.0f} writes/s\n", engine, SingleRate(store));
}

void Measure(const std::string& only) {
  for (const Engine& engine : Engines()) {
    if (!only.empty() && engine.name != only) continue;
    if (engine.needs_postgres && !test::PostgresServer::IsInstalled()) continue;
    auto deployment = engine.deploy();
    auto store = deployment->Open(TestOptions());
    Check(store.ok(), "open " + engine.name);
    double raw_bulk = 0;
    double raw_group = 0;
    if (engine.name == "sqlite") {
      const std::string path =
          (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "raw.db").string();
      raw_bulk = RawSqliteRate(path, kRequests, kRowsPerRequest);
      raw_group = RawSqliteRate(path, kGroups, kGroupSize);
      for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    } else if (engine.needs_postgres) {
      auto conninfo = test::PostgresServer::Shared().MakeSchema();
      Check(conninfo.ok(), "schema");
      raw_bulk = RawPostgresRate(*conninfo, kRequests, kRowsPerRequest);
      raw_group = RawPostgresRate(*conninfo, kGroups, kGroupSize);
    }
    Report(engine.name, **store, raw_bulk, raw_group);
  }
}

}  // namespace
}  // namespace gtm::records::store

int main(int argc, char** argv) {
  gtm::records::store::Measure(argc > 1 ? argv[1] : "");
  return 0;
}
