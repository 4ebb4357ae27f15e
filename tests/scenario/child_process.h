#pragma once
// A binary of ours as a process of its own, on a port that the system chooses.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace gtm::scenario {

// Started in the constructor, which returns when the process listens; killed with the test,
// also where the test crashes. The port is read from the process's own log.
class ChildProcess {
 public:
  // `binary` is a path; --address and --log-level are added, and no metrics are served where
  // the arguments do not say where.
  ChildProcess(const std::string& binary, std::vector<std::string> arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // "127.0.0.1:port".
  const std::string& address() const { return address_; }
  // Where health alone is served, if it is: "127.0.0.1:port".
  const std::string& health_address() const { return health_address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  // What it has said on standard error so far.
  std::string log() const;
  // SIGTERM; the exit code, or -1 where it was ended by a signal.
  int Stop();

 private:
  pid_t pid_ = -1;
  int log_ = -1;
  std::string address_;
  std::string health_address_;
  std::string metrics_address_;
  struct Said;
  std::shared_ptr<Said> said_;
};

}  // namespace gtm::scenario
