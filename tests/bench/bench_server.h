#pragma once
// Servers of benchmarks: each in a process of its own, on a core of its own.

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/core/result.h"
#include "common/process/process.h"
#include "services/gtm/platform.h"

namespace gtm::bench {

// The value, or the end of the program.
template <class T>
T Must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::exit(1);
}

// A server of its own, ended with this process.
class Child {
 public:
  explicit Child(const std::function<void(const std::function<void(int)>&)>& serve) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      Pin(0);
      serve([&](int port) { (void)!write(ends[1], &port, sizeof(port)); });
    }
    if (read(ends[0], &port_, sizeof(port_)) != sizeof(port_)) abort();
    close(ends[0]);
    close(ends[1]);
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  pid_t pid() const { return pid_; }
  // User and system time so far.
  double CpuSeconds() const {
    clockid_t clock;
    timespec time{};
    if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) abort();
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  // Keeps a process to one core; where there is only one, all share it.
  static void Pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core % std::max(1U, std::thread::hardware_concurrency()), &set);
    sched_setaffinity(0, sizeof(set), &set);
  }

 private:
  pid_t pid_;
  int port_ = 0;
};

// All services on a store in memory, with further flags.
[[noreturn]] inline void ServePlatform(const std::vector<std::string>& flags,
                                       const std::function<void(int)>& tell_port) {
  std::vector<std::string> arguments = {"--address=127.0.0.1:0",
                                        "--metrics-address=", "--log-level=error"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  auto config = config::Config::Load(config::ServeKeys(), arguments,
                                     [](const std::string&) { return std::nullopt; });
  auto process = process::Process::Start("gtm", std::move(config).value());
  auto platform = Platform::Start(**process, records::store::OpenMemory(), 1);
  if (!platform.ok()) {
    std::fprintf(stderr, "%s\n", platform.error().message().c_str());
    _exit(1);
  }
  const std::string address = (*process)->address();
  tell_port(std::stoi(address.substr(address.rfind(':') + 1)));
  pause();
  _exit(0);
}

}  // namespace gtm::bench
