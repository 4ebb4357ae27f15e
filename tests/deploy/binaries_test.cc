// What manifests say of our programs is true: binaries, flags, environment.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "common/config/config.h"
#include "tests/deploy/manifests.h"
#include "tests/deploy/run.h"

namespace gtm::deploy {
namespace {

// "gtm-records", "gtm serve", "gtm backup": program and subcommand of a container.
std::vector<std::string> CommandOf(const Json& container) {
  std::vector<std::string> command;
  for (const char* list : {"/command", "/args"}) {
    for (const Json& word : At(container, list)) command.push_back(word);
  }
  return command;
}

std::string Help(const std::string& program, const std::string& subcommand) {
  static std::map<std::string, std::string> known;
  const auto [it, is_new] = known.try_emplace(program + " " + subcommand);
  if (is_new) {
    std::vector<std::string> command = {GTM_BINARY_FOLDER "/" + program};
    if (!subcommand.empty()) command.push_back(subcommand);
    command.push_back("--help");
    const Output output = Run(command);
    EXPECT_EQ(output.exit_code, 0) << program << " " << subcommand << ": " << output.error;
    it->second = output.text;
  }
  return it->second;
}

bool HasWord(const std::string& text, const std::string& word) {
  return std::regex_search(text, std::regex("(^|[^A-Za-z0-9_-])" + word + "($|[^A-Za-z0-9_-])"));
}

// What the program does not know of the container's flags and GTM_ environment.
std::vector<std::string> Unknown(const Objects& objects, const Json& container,
                                 const std::string& help) {
  std::vector<std::string> unknown;
  for (const std::string& word : CommandOf(container)) {
    const std::string flag = word.substr(0, word.find('='));
    if (flag.starts_with("--") && !HasWord(help, flag)) unknown.push_back(flag);
  }
  for (const auto& [name, value] : EnvironmentOf(objects, container)) {
    if (name.starts_with("GTM_") && !HasWord(help, name)) unknown.push_back(name);
  }
  return unknown;
}

std::string HelpOf(const Json& container) {
  const std::vector<std::string> command = CommandOf(container);
  const std::string program = command[0].substr(std::string("/usr/bin/").size());
  EXPECT_TRUE(std::filesystem::exists(GTM_BINARY_FOLDER "/" + program)) << program;
  const bool has_subcommand = command.size() > 1 && !command[1].starts_with("-");
  return Help(program, has_subcommand ? command[1] : "");
}

TEST(Binaries, KnowEveryFlagAndEveryVariable) {
  size_t container_count = 0;
  for (const char* overlay : {"k8s/overlays/local", "k8s/overlays/production"}) {
    const Objects objects = Render(overlay);
    for (const Json* workload : Workloads(objects)) {
      for (const Json* container : ContainersOf(PodOf(*workload))) {
        if (!IsOurs(*container)) continue;
        ++container_count;
        for (const std::string& name : Unknown(objects, *container, HelpOf(*container))) {
          ADD_FAILURE() << overlay << ": " << IdOf(*workload) << ": its program does not know "
                        << name;
        }
      }
    }
  }
  EXPECT_EQ(container_count, 9u) << "local: 1; production: 5 services, 1 migration, 2 of backups";
}

TEST(Binaries, AMisspeltFlagIsNoticed) {
  const Objects objects = Render("k8s/overlays/local");
  Json container = *ContainersOf(PodOf(*Find(objects, "StatefulSet/gtm")))[0];
  const std::string help = HelpOf(container);
  container["args"] = {"--drian-ms", "5"};
  container["env"].push_back({{"name", "GTM_BOOK_MEMORY_MB"}, {"value", "5"}});
  EXPECT_EQ(Unknown(objects, container, help),
            (std::vector<std::string>{"--drian-ms", "GTM_BOOK_MEMORY_MB"}));
}

// Values, too: each configuration loads as it stands, numbers within their ranges.
TEST(Binaries, LoadTheConfiguration) {
  for (const char* overlay : {"k8s/overlays/local", "k8s/overlays/production"}) {
    const Objects objects = Render(overlay);
    for (const Json* server : Servers(objects)) {
      const Json& container = *ContainersOf(PodOf(*server))[0];
      if (!IsOurs(container)) continue;
      auto environment = EnvironmentOf(objects, container);
      environment["GTM_POOL_THREADS"] = TextAt(container, "/resources/requests/cpu");
      const std::string program = TextAt(container, "/command/0");
      const auto keys = program == "/usr/bin/gtm"           ? config::ServeKeys()
                        : program == "/usr/bin/gtm-records" ? config::RecordsKeys()
                                                            : config::ServiceKeys();
      const auto config = config::Config::Load(
          keys, {}, [&](const std::string& name) -> std::optional<std::string> {
            const auto it = environment.find(name);
            return it == environment.end() ? std::nullopt : std::optional(it->second);
          });
      EXPECT_TRUE(config.ok()) << IdOf(*server) << ": " << config.error().message();
    }
  }
}

TEST(Binaries, AreAllInTheImage) {
  std::ifstream file("k8s/image/assemble");
  const std::string script{std::istreambuf_iterator<char>(file), {}};
  const Objects objects = Render("k8s/overlays/production");
  for (const Json* workload : Workloads(objects)) {
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      if (!IsOurs(*container)) continue;
      const std::string program = CommandOf(*container)[0].substr(9);
      EXPECT_TRUE(HasWord(script, program)) << program;
    }
  }
}

}  // namespace
}  // namespace gtm::deploy
