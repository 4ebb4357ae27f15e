// Schema: made once, by whoever comes first (A24).

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

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
  EXPECT_EQ(applied_count_, 1);
  ASSERT_OK(fresh_->Open(Counting()));
  EXPECT_EQ(applied_count_, 1);
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
  EXPECT_EQ(applied_count_, 1);
  ASSERT_EQ(epochs.size(), 6u);
  for (const std::string& epoch : epochs) EXPECT_EQ(epoch, epochs[0]) << "one epoch for all";
}

GTM_FOR_ALL_ENGINES(MigrationTest);

}  // namespace
}  // namespace gtm::records::store
