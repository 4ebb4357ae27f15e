#pragma once
// A binary of ours on a port of its own that it keeps over restarts.

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace gtm::load {

// Ended with the test, also where the test crashes.
class Server {
 public:
  // `binary`: "gtm", "gtm-records", ...; `arguments` without the address.
  Server(std::string binary, std::vector<std::string> arguments);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Starts it and waits until its health is SERVING.
  void Start();
  // SIGTERM, without waiting.
  void Terminate();
  struct Ended {
    int exit_code = -1;  // -1: by a signal, or not within `patience`
    absl::Duration took;
  };
  // Waits for its end after Terminate.
  Ended WaitForEnd(absl::Duration patience);
  bool alive() const;
  int64_t MemoryBytes() const;
  const std::string& address() const { return address_; }

 private:
  const std::string binary_;
  std::vector<std::string> arguments_;
  std::string address_;
  pid_t pid_ = -1;
};

// A folder that is gone with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace gtm::load
