#pragma once
// The command line of the platform. `RunCli` is all of main; `RunCommand` runs a client
// command inside a process that has a channel already, such as `gtm demo` after it has
// started the platform.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/gtm/cli/console.h"

namespace grpc {
class Channel;
}

namespace gtm::cli {

// Arguments after the command's name, unread: "serve --store memory:" gives
// {"--store", "memory:"}.
struct ServeOptions {
  std::vector<std::string> arguments;
};

// Commands that this library does not implement. An empty function: the command does not
// exist. Each returns the exit code; `--help` among the arguments is theirs to answer.
struct ServeHooks {
  std::function<int(const ServeOptions&)> serve;
  std::function<int(const ServeOptions&)> demo;
  std::function<int(const ServeOptions&)> backup;
  std::function<int(const ServeOptions&)> restore;
};

// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part (some records rejected).
int RunCli(int argc, char** argv, const ServeHooks& hooks);

// One client command, such as {"forecast", "-o", "json"}. `channel` null: as --address and
// GTM_ADDRESS say; else with `authorization` as metadata of each call, where it is given.
int RunCommand(const std::vector<std::string>& arguments, const Console& console,
               std::shared_ptr<grpc::Channel> channel, const std::string& authorization = "");

}  // namespace gtm::cli
