#pragma once
// A binary of ours as a process of its own, on a port that the system chooses.

#include <sys/types.h>

#include <string>
#include <vector>

namespace gtm::scenario {

// Started in the constructor, which returns when the process listens; killed with the test,
// also where the test crashes. The port is read from the process's own log.
class ChildProcess {
 public:
  // `binary` is a path; --address, --metrics-address and --log-level are added.
  ChildProcess(const std::string& binary, std::vector<std::string> arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // "127.0.0.1:port".
  const std::string& address() const { return address_; }
  // SIGTERM; the exit code, or -1 where it was ended by a signal.
  int Stop();

 private:
  pid_t pid_ = -1;
  int log_ = -1;
  std::string address_;
};

}  // namespace gtm::scenario
