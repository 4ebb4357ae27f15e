// Death at any moment: of the process that writes, of the server, of the file.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/time/clock.h"
#include "common/core/random.h"
#include "common/testing/postgres_server.h"
#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

namespace fs = std::filesystem;

class CrashTest : public StoreTest {
 protected:
  static WriteRequest Numbered(int number) {
    const std::string name = std::to_string(number);
    return Request({Put("a" + name, name), Put("b" + name, name)}, "r" + name);
  }

  // Every acknowledged request is there, whole, once; the log has no gap.
  void CheckLog(int acknowledged_count) {
    const std::vector<Change> changes = ReadAll(tenant_);
    ASSERT_GE(changes.size(), static_cast<size_t>(acknowledged_count) * 2);
    ASSERT_EQ(changes.size() % 2, 0u) << "half a request";
    for (size_t i = 0; i < changes.size(); ++i) {
      ASSERT_EQ(changes[i].seq, static_cast<int64_t>(i / 2) + 1);
      ASSERT_EQ(changes[i].request_id, "r" + std::to_string(i / 2));
    }
  }
};

// A1, short: the process is killed while it writes; each acknowledgement that it gave
// holds, and the request that was under way happened once or not at all.
TEST_P(CrashTest, KeepsEveryAcknowledgedWriteOfAKilledProcess) {
  if (!deployment_->is_durable()) GTEST_SKIP() << "memory forgets";
  constexpr int kKills = 5;
  Random random(11);
  int next = 0;
  for (int kill_index = 0; kill_index < kKills; ++kill_index) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t writer = fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      auto store = deployment_->Open(TestOptions());
      for (int i = next; store.ok(); ++i) {
        const WriteRequest request = Numbered(i);
        auto results = (*store)->Write(tenant_, std::span(&request, 1), kNow);
        if (!results.ok() || !results->front().ok()) break;
        if (write(pipe_ends[1], &i, sizeof i) != sizeof i) break;
      }
      _exit(1);
    }
    close(pipe_ends[1]);
    int acknowledged = 0;
    ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof acknowledged),
              static_cast<ssize_t>(sizeof acknowledged));
    absl::SleepFor(absl::Microseconds(static_cast<int64_t>(random.Below(60'000))));
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    while (read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    close(pipe_ends[0]);
    store_ = Open();
    CheckLog(acknowledged + 1);
    // A retry of the one that may have been under way.
    MustWrite(tenant_, Numbered(acknowledged + 1));
    CheckLog(acknowledged + 2);
    next = acknowledged + 2;
  }
}

GTM_FOR_ALL_ENGINES(CrashTest);

// A2 and A1 for PostgreSQL: the server dies under the writers and comes back; they retry
// with the same request ids until they are answered.
TEST(PostgresCrash, ActsOnceThoughTheServerDies) {
  if (!test::PostgresServer::IsInstalled()) GTEST_SKIP() << "PostgreSQL is not installed";
  // Else recovery syncs each file of the server alone, for seconds.
  auto server = test::PostgresServer::Start({"recovery_init_sync_method=syncfs"});
  ASSERT_TRUE(server.ok()) << server.error().message();
  auto conninfo = (*server)->MakeSchema();
  ASSERT_TRUE(conninfo.ok());
  auto opened = OpenPostgres(*conninfo, TestOptions());
  ASSERT_TRUE(opened.ok());
  Store& store = **opened;
  const TenantId tenant("north");
  constexpr int kWriters = 4;
  std::atomic<bool> is_done = false;
  std::atomic<int> acknowledged_count = 0;
  std::atomic<int> odd_count = 0;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; !is_done; ++i) {
        const std::string name = std::to_string(w) + "-" + std::to_string(i);
        const WriteRequest request = Request({Create(name, "1")}, "r" + name);
        while (true) {
          auto results = store.Write(tenant, std::span(&request, 1), kNow);
          if (results.ok() && results->front().ok()) break;
          const Error& error = results.ok() ? results->front().error() : results.error();
          if (error.reason() != Reason::STORE_UNAVAILABLE) ++odd_count;
        }
        ++acknowledged_count;
      }
    });
  }
  for (int i = 0; i < 3; ++i) {
    absl::SleepFor(absl::Milliseconds(300));
    (*server)->Kill();
    ASSERT_TRUE((*server)->Restart().ok());
  }
  absl::SleepFor(absl::Milliseconds(200));
  is_done = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(odd_count, 0);
  EXPECT_EQ(store.GetHead(tenant)->seq, acknowledged_count) << "each request acted once";
  EXPECT_EQ((*store.CountByKind(tenant))[kAccount], acknowledged_count);
}

TEST(PostgresCrash, SaysThatTheStoreCannotBeReached) {
  auto store = OpenPostgres("host=127.0.0.1 port=1 user=nobody dbname=none");
  EXPECT_REASON(store, Reason::STORE_UNAVAILABLE);
  EXPECT_GT(store.error().retry_after_ms(), 0);
}

class SqliteFileTest : public ::testing::Test {
 protected:
  SqliteFileTest() {
    const fs::path self = fs::read_symlink("/proc/self/exe");
    std::string folder = (self.parent_path() / "gtm-file-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  ~SqliteFileTest() override { fs::remove_all(folder_); }
  std::string folder_;
};

TEST_F(SqliteFileTest, SaysThatTheFileIsDamaged) {
  std::ofstream(folder_ + "/records.db") << std::string(20'000, 'x');
  std::string log;
  StoreOptions options;
  options.log = [&log](std::string_view message) { log += message; };
  EXPECT_REASON(OpenSqlite(folder_ + "/records.db", options), Reason::STORE_DAMAGED);
  EXPECT_NE(log.find("sqlite"), std::string::npos) << "the detail goes to the log";
}

TEST_F(SqliteFileTest, SaysThatTheFileCannotBeReached) {
  EXPECT_REASON(OpenSqlite(folder_ + "/no/such/folder/records.db"), Reason::STORE_UNAVAILABLE);
}

TEST_F(SqliteFileTest, StopsAStatementThatTakesTooLong) {
  StoreOptions options;
  auto store = OpenSqlite(folder_ + "/records.db", options);
  ASSERT_OK(store);
  std::vector<Mutation> mutations;
  for (int i = 0; i < 20'000; ++i) mutations.push_back(Put(std::to_string(i), "x"));
  const WriteRequest request = Request(std::move(mutations));
  ASSERT_OK((*store)->Write(TenantId("t"), std::span(&request, 1), kNow));
  options.statement_timeout_ms = 0;
  auto hasty = OpenSqlite(folder_ + "/records.db", options);
  ASSERT_OK(hasty);
  EXPECT_REASON((*hasty)->CountByKind(TenantId("t")), Reason::DEADLINE_EXPIRED);
  EXPECT_TRUE((*hasty)->GetHead(TenantId("t")).ok()) << "and goes on";
}

// A16, short: a full store refuses writes and goes on reading; with room again it goes on
// writing, and nothing acknowledged is lost.
TEST(SqliteFull, RefusesWritesReadsOnAndRecovers) {
  std::string folder = fs::temp_directory_path() / "gtm-full-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const TenantId tenant("t");
  StoreOptions options = TestOptions();
  options.file_bytes_max = 1 << 20;
  int acknowledged = 0;
  {
    const auto store = OpenSqlite(folder + "/gtm.db", options);
    ASSERT_TRUE(store.ok()) << store.error().message();
    for (;; ++acknowledged) {
      ASSERT_LT(acknowledged, 1'000) << "the limit does not hold";
      const WriteRequest request =
          Request({Put(std::to_string(acknowledged), std::string(20'000, 'x'))}, "");
      const auto written = (*store)->Write(tenant, std::span(&request, 1), kNow);
      if (written.ok()) continue;
      EXPECT_EQ(written.error().reason(), Reason::STORE_FULL) << written.error().message();
      break;
    }
    EXPECT_GT(acknowledged, 10);
    EXPECT_EQ((*store)->GetHead(tenant)->seq, acknowledged) << "reads go on";
  }
  const auto store = OpenSqlite(folder + "/gtm.db", TestOptions());
  ASSERT_TRUE(store.ok());
  EXPECT_EQ((*store)->GetHead(tenant)->seq, acknowledged);
  const WriteRequest request = Request({Put("more", "x")}, "");
  EXPECT_TRUE((*store)->Write(tenant, std::span(&request, 1), kNow).ok());
  fs::remove_all(folder);
}

}  // namespace
}  // namespace gtm::records::store
