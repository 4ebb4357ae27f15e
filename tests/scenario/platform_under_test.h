#pragma once
// The whole platform in the test's process over a store of the test's choice, asked with
// the commands that people use.

#include <memory>
#include <string>
#include <vector>

#include "common/process/process.h"
#include "services/gtm/cli/cli.h"
#include "services/gtm/cli/client.h"
#include "services/gtm/platform.h"
#include "services/records/store/store.h"

namespace gtm::scenario {

// "memory", "sqlite", and "postgres" where it is installed.
std::vector<std::string> Engines();

// What a command printed, and its exit code.
struct Answer {
  std::string out;
  std::string err;
  int exit_code = 0;
};
// One client command over a channel, such as {"forecast", "--as-of", "2026-08-20"}.
Answer Ask(const std::shared_ptr<grpc::Channel>& channel, std::vector<std::string> arguments);

// The text without what differs from run to run: revisions, fresh ids and times of now.
std::string Timeless(const std::string& text);

class PlatformUnderTest {
 public:
  explicit PlatformUnderTest(const std::string& engine);
  ~PlatformUnderTest();
  PlatformUnderTest(const PlatformUnderTest&) = delete;
  PlatformUnderTest& operator=(const PlatformUnderTest&) = delete;

  std::shared_ptr<grpc::Channel> channel() { return process_->server().InProcessChannel(); }
  process::Process& process() { return *process_; }
  cli::Client client(const std::string& tenant) { return {channel(), {.tenant = tenant}}; }
  Answer Ask(std::vector<std::string> arguments) {
    return scenario::Ask(channel(), std::move(arguments));
  }

 private:
  std::string folder_;  // of the SQLite file
  std::unique_ptr<process::Process> process_;
  std::unique_ptr<Platform> platform_;
};

}  // namespace gtm::scenario
