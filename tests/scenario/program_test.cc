// The `gtm` program as a person runs it: words on the command line, what it prints, how it ends.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tests/scenario/child_process.h"

namespace gtm::scenario {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int code = -1;
  std::string text;  // both streams
};

Outcome Execute(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen((std::string(GTM_BINARY_FOLDER) + "/" + command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe)) {
    outcome.text.append(buffer, size);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

class Program : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "gtm-program-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string Store(const std::string& name) const { return "sqlite:" + folder_ + "/" + name; }

  std::string folder_;
};

TEST_F(Program, TellsItsVersionWithoutACommand) {
  const Outcome outcome = Execute("gtm --version");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.text, testing::StartsWith("gtm "));
}

// Our error and nothing of gRPC's own.
TEST_F(Program, ATakenPortIsOneLine) {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  for (const std::string command : {"gtm serve", "gtm-records"}) {
    const Outcome outcome =
        Execute(command + " --store memory: --metrics-address= --log-level off --address " + where);
    EXPECT_NE(outcome.code, 0);
    EXPECT_THAT(outcome.text, HasSubstr(where));
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
  }
  close(taken);
}

TEST_F(Program, MigratesOnlyOrNeverAsToldTo) {
  for (const std::string command : {"gtm serve", "gtm-records"}) {
    const std::string store = " --store " + Store(command == "gtm serve" ? "a.db" : "b.db");
    const Outcome never = Execute(command + store + " --migrate never --metrics-address=");
    EXPECT_EQ(never.code, 1) << never.text;
    EXPECT_THAT(never.text, HasSubstr("--migrate only"));
    const Outcome only = Execute(command + store + " --migrate only");
    EXPECT_EQ(only.code, 0) << only.text;
    EXPECT_THAT(only.text, HasSubstr("up to date"));
    const Outcome sometimes = Execute(command + store + " --migrate sometimes --metrics-address=");
    EXPECT_NE(sometimes.code, 0);
    EXPECT_THAT(sometimes.text, HasSubstr("none of auto, only, never"));
  }
}

TEST_F(Program, DemoCompaniesOfTwoDaysDoNotMix) {
  const ChildProcess platform(std::string(GTM_BINARY_FOLDER) + "/gtm",
                              {"serve", "--store", Store("demo.db")});
  const std::string demo = "gtm demo --size 20 --address " + platform.address();
  const Outcome first = Execute(demo + " --today 2026-08-20");
  EXPECT_EQ(first.code, 0) << first.text;
  const Outcome other = Execute(demo + " --today 2026-05-11");
  EXPECT_EQ(other.code, 1) << other.text;
  EXPECT_THAT(other.text, HasSubstr("--tenant demo2"));
  const Outcome again = Execute(demo + " --today 2026-08-20");
  EXPECT_EQ(again.code, 0) << again.text;
  const Outcome elsewhere = Execute(demo + " --today 2026-05-11 --tenant demo2");
  EXPECT_EQ(elsewhere.code, 0) << elsewhere.text;
  // A backup beside the running platform, restored as another store.
  const std::string file = folder_ + "/b.gtmbackup";
  const Outcome backup = Execute("gtm backup --store " + Store("demo.db") + " --to " + file);
  EXPECT_EQ(backup.code, 0) << backup.text;
  EXPECT_THAT(backup.text, HasSubstr("tenants 2"));
  const Outcome restored = Execute("gtm restore --from " + file + " --store " + Store("new.db"));
  EXPECT_EQ(restored.code, 0) << restored.text;
  const ChildProcess second(std::string(GTM_BINARY_FOLDER) + "/gtm",
                            {"serve", "--store", Store("new.db")});
  const std::string list = "gtm record list account --limit 100 -o csv --address ";
  EXPECT_EQ(Execute(list + platform.address()).text, Execute(list + second.address()).text);
}

// Calls are told from the first day, and a second loading submits none again.
TEST_F(Program, DemoSellersHaveCalledTheirQuarter) {
  const ChildProcess platform(std::string(GTM_BINARY_FOLDER) + "/gtm",
                              {"serve", "--store", Store("calls.db")});
  const std::string at = " --address " + platform.address();
  EXPECT_EQ(Execute("gtm demo --size 200" + at).code, 0);
  const Outcome calls = Execute("gtm record list forecast_call --limit 100 -o csv" + at);
  EXPECT_EQ(calls.code, 0) << calls.text;
  const auto lines = std::count(calls.text.begin(), calls.text.end(), '\n');
  EXPECT_GE(lines, 4) << calls.text;
  EXPECT_LE(lines, 30) << calls.text;
  EXPECT_EQ(Execute("gtm demo --size 200" + at).code, 0);
  EXPECT_EQ(Execute("gtm record list forecast_call --limit 100 -o csv" + at).text, calls.text);
}

}  // namespace
}  // namespace gtm::scenario
