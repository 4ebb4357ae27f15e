#include "common/rpc/fair_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace gtm::rpc {
namespace {

constexpr absl::Duration kForEver = absl::InfiniteDuration();

// Holds threads of a pool until it is opened.
class Gateway {
 public:
  void Wait() { opened_.wait(); }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};

TEST(FairPool, TenantsTakeTurns) {
  std::mutex mutex;
  std::string order;
  Gateway gateway;
  {
    FairPool pool({.threads_max = 1});
    std::promise<void> entered;
    pool.Post("a", absl::ZeroDuration(), kForEver, [&] {
      entered.set_value();
      gateway.Wait();
    });
    entered.get_future().wait();
    for (const char* tenant : {"a", "a", "a", "b", "c", "b"}) {
      pool.Post(tenant, absl::ZeroDuration(), kForEver, [&, tenant] {
        const std::lock_guard lock(mutex);
        order += tenant;
      });
    }
    gateway.Open();
  }
  EXPECT_EQ(order, "abcaba");
}

TEST(FairPool, OneTenantCannotHoldEveryThread) {
  Gateway gateway;
  std::promise<void> other;
  FairPool pool({.threads_max = 3, .tenant_threads_max = 2});
  std::atomic<int> entered{0};
  for (int i = 0; i < 8; ++i) {
    pool.Post("greedy", absl::ZeroDuration(), kForEver, [&] {
      ++entered;
      gateway.Wait();
    });
  }
  pool.Post("other", absl::ZeroDuration(), kForEver, [&] { other.set_value(); });
  other.get_future().wait();
  EXPECT_LE(entered, 2);
  gateway.Open();
}

TEST(FairPool, RefusesWhatWouldWaitTooLongButNotOtherTenants) {
  Gateway gateway;
  std::atomic<int> ran{0};
  {
    FairPool pool({.threads_max = 1});
    const auto work = [&] { ++ran; };
    const absl::Duration cost = absl::Milliseconds(10);
    pool.Post("a", cost, kForEver, [&] { gateway.Wait(); });
    int accepted = 0;
    absl::Duration wait = absl::ZeroDuration();
    while (wait == absl::ZeroDuration() && accepted < 100) {
      wait = pool.Post("a", cost, absl::Milliseconds(100), work);
      if (wait == absl::ZeroDuration()) ++accepted;
    }
    EXPECT_GE(accepted, 9);
    EXPECT_LE(accepted, 12);
    EXPECT_GT(wait, absl::Milliseconds(100));
    // Another tenant waits for one call of the first, not for all of them.
    EXPECT_EQ(pool.Post("b", cost, absl::Milliseconds(20), work), absl::ZeroDuration());
    // Who has nothing queued is never refused for what it costs itself.
    EXPECT_EQ(pool.Post("c", absl::Seconds(5), absl::Seconds(1), work), absl::ZeroDuration());
    gateway.Open();
    EXPECT_LE(ran, accepted + 2);
  }
  EXPECT_GE(ran, 11);
}

TEST(FairPool, RunsEverythingBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    FairPool pool({.threads_max = 4, .tenant_threads_max = 1});
    for (int i = 0; i < 1'000; ++i) {
      pool.Post("tenant" + std::to_string(i % 7), absl::ZeroDuration(), kForEver, [&] { ++ran; });
    }
  }
  EXPECT_EQ(ran, 1'000);
}

}  // namespace
}  // namespace gtm::rpc
