#pragma once
// What the records benchmark compares with: rows inserted by hand, and the same server as a
// process of its own.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gtm::bench {

// A row as it is stored: nothing but a key and the bytes.
struct Row {
  int kind = 0;
  std::string id;
  std::string body;
};

// Seconds that it takes to insert the rows, `rows_per_commit` in a durable transaction, into
// a new table whose only index is its key.
double InsertIntoSqlite(const std::string& path, const std::vector<Row>& rows, int rows_per_commit);
double InsertIntoPostgres(const std::string& conninfo, const std::vector<Row>& rows,
                          int rows_per_commit);

// gtm-records over a store, on a free loopback port. Ends with its owner, also in a crash.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& store_url);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  const std::string& address() const { return address_; }

 private:
  pid_t pid_ = -1;
  int log_ = -1;
  std::string address_;
};

// Stores of one engine, each empty. Beside the binary: temporary folders may lie in memory,
// where syncing is free.
class Stores {
 public:
  explicit Stores(bool is_postgres);
  ~Stores();
  // A URL for gtm-records, and what the raw inserts connect to.
  std::string NewUrl();
  std::string NewRaw();

 private:
  const bool is_postgres_;
  std::string folder_;
  int count_ = 0;
};

double Median(std::vector<double> values);
double SecondsOf(const std::function<void()>& work);
// Ends the program with a message.
[[noreturn]] void Die(const std::string& what);

}  // namespace gtm::bench
