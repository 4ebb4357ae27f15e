#include "tests/scenario/child_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace gtm::scenario {
namespace {

constexpr int kStartMs = 30'000;

// The "listening" line of the log, or null.
nlohmann::json FindListening(const std::string& log) {
  size_t at = 0;
  for (size_t end; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
    auto line = nlohmann::json::parse(log.substr(at, end - at), nullptr, false);
    if (line.is_object() && line.value("event", "") == "listening") return line;
  }
  return nullptr;
}

}  // namespace

struct ChildProcess::Said {
  std::mutex mutex;
  std::string text;
};

ChildProcess::ChildProcess(const std::string& binary, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), binary);
  arguments.insert(arguments.end(), {"--address=127.0.0.1:0", "--log-level=info"});
  const bool has_metrics = std::any_of(
      arguments.begin(), arguments.end(),
      [](const std::string& argument) { return argument.rfind("--metrics-address=", 0) == 0; });
  if (!has_metrics) arguments.emplace_back("--metrics-address=");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) abort();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    execv(binary.c_str(), argv.data());
    _exit(127);
  }
  close(ends[1]);
  log_ = ends[0];
  std::string log;
  nlohmann::json line;
  pollfd ready{log_, POLLIN, 0};
  while (line.is_null() && poll(&ready, 1, kStartMs) == 1) {
    char buffer[4096];
    const ssize_t count = read(log_, buffer, sizeof(buffer));
    if (count <= 0) break;
    log.append(buffer, static_cast<size_t>(count));
    line = FindListening(log);
  }
  EXPECT_TRUE(line.is_object()) << binary << " did not listen; it said: " << log;
  if (line.is_object()) {
    address_ = "127.0.0.1:" + std::to_string(line.at("port").get<int>());
    health_address_ = line.value("health_address", "");
    metrics_address_ = line.value("metrics_address", "");
  }
  said_ = std::make_shared<Said>();
  said_->text = std::move(log);
  // Whatever it says from now on is read at once, so that it never waits for us.
  std::thread([fd = dup(log_), said = said_] {
    char buffer[4096];
    for (ssize_t count; (count = read(fd, buffer, sizeof(buffer))) > 0;) {
      const std::lock_guard lock(said->mutex);
      said->text.append(buffer, static_cast<size_t>(count));
    }
    close(fd);
  }).detach();
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (log_ >= 0) close(log_);
}

std::string ChildProcess::log() const {
  const std::lock_guard lock(said_->mutex);
  return said_->text;
}

int ChildProcess::Stop() {
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace gtm::scenario
