#pragma once
// A PostgreSQL server of the test's own: made in a temporary folder, reachable on a free
// loopback port and a socket in that folder, gone with the test, also where it crashes.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "common/core/result.h"

namespace gtm::test {

// Not thread-safe, besides ConnInfo. Start and Restart belong to the main thread: the
// server dies with the thread that started it.
class PostgresServer {
 public:
  // Whether PostgreSQL's server programs are on this machine at all. Where not, a test
  // may be skipped; any other trouble is a failure.
  static bool IsInstalled();
  // The one server of this process, started at the first call (a few seconds) and stopped
  // at exit. Aborts with a message where it cannot be started.
  static PostgresServer& Shared();

  // `settings`: "name=value" for the server, such as "max_connections=50".
  static Result<std::unique_ptr<PostgresServer>> Start(std::vector<std::string> settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Connects to a new, empty schema (made here) of the test database. `settings` are those
  // of the session: {"default_transaction_isolation=serializable"}.
  Result<std::string> MakeSchema(const std::vector<std::string>& settings = {});
  // Connects to the test database over TCP.
  std::string ConnInfo() const;
  int port() const { return port_; }

  // As a crash: SIGKILL to the server. Restart brings it back on the same port.
  void Kill();
  Status Restart();

 private:
  explicit PostgresServer(std::vector<std::string> settings);
  Status Initialize();
  Status Launch();
  Status AwaitReady();
  void Stop();

  const std::vector<std::string> settings_;
  std::string folder_;
  int port_ = 0;
  pid_t pid_ = -1;
  int schema_count_ = 0;
};

}  // namespace gtm::test
