#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "common/core/clock.h"
#include "services/records/store/store.h"

namespace gtm::records::store {
namespace {

bool Put(Store& store, const std::string& body) {
  WriteRequest request;
  Mutation mutation;
  mutation.key = {11, "a"};
  mutation.body = body;
  request.mutations.push_back(mutation);
  const auto written = store.Write(TenantId("north"), std::span(&request, 1), 1);
  return written.ok() && written->front().ok();
}

// A backup or a long read next to the store: the checkpoint of an idle store must not wait
// for it (up to the busy timeout of 5 s), since writers wait for the checkpoint.
TEST(SqliteDriver, IdleCheckpointDoesNotWaitForReaders) {
  std::string folder = (std::filesystem::temp_directory_path() / "gtm-store-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/store.db";
  {
    auto store = OpenSqlite(path);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(Put(**store, "1"));
    sqlite3* reader = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &reader), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM change_log", nullptr, nullptr, nullptr),
        SQLITE_OK);
    ASSERT_TRUE(Put(**store, "2"));
    absl::SleepFor(absl::Milliseconds(2'300));  // the checkpoint comes after 1 to 2 s
    const absl::Duration start = SystemClock().Monotonic();
    EXPECT_TRUE(Put(**store, "3"));
    EXPECT_LT(SystemClock().Monotonic() - start, absl::Milliseconds(3'000));
    sqlite3_close(reader);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gtm::records::store
