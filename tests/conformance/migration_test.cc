// Schema: made once, by whoever comes first (A24).

#include <atomic>
#include <mutex>
#include <thread>

#include "services/records/store/statements.h"
#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

const int kMigrations = static_cast<int>(sql::MigrationCount());

class MigrationTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    if (!deployment_->is_durable()) GTEST_SKIP() << "memory has no schema";
    fresh_ = GetParam().deploy();
  }

  // Options whose log counts the migrations that ran.
  StoreOptions Counting() {
    StoreOptions options = TestOptions();
    options.log = [this](std::string_view message) {
      if (message.find("applied") != std::string_view::npos) ++applied_count_;
    };
    return options;
  }

  std::unique_ptr<Deployment> fresh_;
  std::atomic<int> applied_count_ = 0;
};

TEST_P(MigrationTest, RunsOnceThoughOpenedTwice) {
  ASSERT_OK(fresh_->Open(Counting()));
  EXPECT_EQ(applied_count_, kMigrations);
  ASSERT_OK(fresh_->Open(Counting()));
  EXPECT_EQ(applied_count_, kMigrations);
}

TEST_P(MigrationTest, RunsOnceThoughManyOpenAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> failure_count = 0;
  std::mutex mutex;
  std::vector<std::string> epochs;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      StoreOptions options = Counting();
      options.first_epoch = "";
      auto store = fresh_->Open(options);
      if (!store.ok()) {
        ++failure_count;
        return;
      }
      auto head = (*store)->GetHead(tenant_);
      std::lock_guard lock(mutex);
      if (head.ok()) epochs.push_back(head->epoch);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failure_count, 0);
  EXPECT_EQ(applied_count_, kMigrations);
  ASSERT_EQ(epochs.size(), 6u);
  for (const std::string& epoch : epochs) EXPECT_EQ(epoch, epochs[0]) << "one epoch for all";
}

TEST_P(MigrationTest, NeverMakesNothingAndSaysWhatToDo) {
  StoreOptions never = Counting();
  never.migration = Migration::kNever;
  const auto refused = fresh_->Open(never);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), Reason::WRONG_STATE);
  EXPECT_NE(refused.error().message().find("--migrate only"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(applied_count_, 0);
  // Another process brings it up to date; then `never` is content.
  ASSERT_OK(fresh_->Open(Counting()));
  const auto store = fresh_->Open(never);
  ASSERT_OK(store);
  ASSERT_OK((*store)->GetHead(tenant_));
}

// A24: up from every earlier version, with data that stays.
TEST_P(MigrationTest, UpFromEveryEarlierVersionKeepsTheData) {
  for (int version = 1; version < kMigrations; ++version) {
    auto deployment = GetParam().deploy();
    std::vector<Change> before;
    {
      const StoreOptions options = TestOptions();
      auto driver = deployment->OpenDriver(options);
      ASSERT_OK(driver);
      ASSERT_OK(MigrateTo(**driver, options, version));
      store_ = MakeSqlStore(*std::move(driver), options);
      MustWrite(tenant_, Request({Put("acme", "1"), Put("globex", "2")}, "r1"));
      MustWrite(tenant_, Request({Delete("acme")}, "r2"));
      before = ReadAll(tenant_);
      store_.reset();
    }
    auto opened = deployment->Open(Counting());
    ASSERT_OK(opened);
    store_ = *opened;
    EXPECT_EQ(applied_count_, kMigrations - version);
    EXPECT_EQ(ReadAll(tenant_), before);
    EXPECT_EQ(ListText(tenant_), "globex=2");
    EXPECT_TRUE(MustWrite(tenant_, Request({Delete("acme")}, "r2")).replayed);
    applied_count_ = 0;
  }
}

// A program must not write by rules that it does not know.
TEST_P(MigrationTest, ANewerSchemaIsRefused) {
  ASSERT_OK(fresh_->Open(Counting()));
  {
    const StoreOptions options = TestOptions();
    auto driver = fresh_->OpenDriver(options);
    ASSERT_OK(driver);
    auto session = (*driver)->Acquire(Access::kWrite);
    ASSERT_OK(session);
    (*session)->Add(sql::kAddMigration,
                    {int64_t{kMigrations} + 1, std::string_view("a later release"), int64_t{1}});
    ASSERT_OK((*session)->Run());
  }
  for (const Migration migration : {Migration::kAuto, Migration::kNever}) {
    StoreOptions options = TestOptions();
    options.migration = migration;
    const auto refused = fresh_->Open(options);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().reason(), Reason::WRONG_STATE);
    EXPECT_NE(refused.error().message().find("newer release"), std::string::npos)
        << refused.error().message();
  }
}

GTM_FOR_ALL_ENGINES(MigrationTest);

}  // namespace
}  // namespace gtm::records::store
