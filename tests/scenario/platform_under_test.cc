#include "tests/scenario/platform_under_test.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <regex>
#include <sstream>

#include "common/testing/postgres_server.h"

namespace gtm::scenario {
namespace {

std::unique_ptr<records::store::Store> Open(const std::string& engine, const std::string& folder) {
  Result<std::unique_ptr<records::store::Store>> store = records::store::OpenMemory();
  if (engine == "sqlite") store = records::store::OpenSqlite(folder + "/gtm.db");
  if (engine == "postgres") {
    const auto schema = test::PostgresServer::Shared().MakeSchema();
    EXPECT_TRUE(schema.ok()) << schema.error().message();
    store = records::store::OpenPostgres(*schema);
  }
  EXPECT_TRUE(store.ok()) << store.error().message();
  return std::move(store).value();
}

}  // namespace

std::vector<std::string> Engines() {
  std::vector<std::string> engines = {"memory", "sqlite"};
  if (test::PostgresServer::IsInstalled()) engines.push_back("postgres");
  return engines;
}

Answer Ask(const std::shared_ptr<grpc::Channel>& channel, std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Console console;
  console.out = &out;
  console.err = &err;
  const int code = cli::RunCommand(arguments, console, channel);
  return {out.str(), err.str(), code};
}

std::string Timeless(const std::string& text) {
  static const std::regex revision("e[0-9a-f]{12}:[0-9]+");
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}");
  return std::regex_replace(std::regex_replace(text, revision, "(revision)"), uuid, "(id)");
}

PlatformUnderTest::PlatformUnderTest(const std::string& engine) {
  std::string name = std::filesystem::temp_directory_path() / "gtm-scenario-XXXXXX";
  folder_ = mkdtemp(name.data());
  const std::vector<std::string> arguments = {"--address=127.0.0.1:0",
                                              "--metrics-address=", "--log-level=off"};
  auto config = config::Config::Load(config::ServeKeys(), arguments,
                                     [](const std::string&) { return std::nullopt; });
  EXPECT_TRUE(config.ok());
  auto process = process::Process::Start("gtm", std::move(config).value());
  EXPECT_TRUE(process.ok());
  process_ = std::move(process).value();
  auto platform = Platform::Start(*process_, Open(engine, folder_), 1);
  EXPECT_TRUE(platform.ok()) << platform.error().message();
  platform_ = std::move(platform).value();
}

PlatformUnderTest::~PlatformUnderTest() {
  platform_->Shutdown();
  process_->server().Drain(process_->gate(), absl::Seconds(5));
  platform_.reset();
  process_.reset();
  std::filesystem::remove_all(folder_);
}

}  // namespace gtm::scenario
