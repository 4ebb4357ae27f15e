#pragma once
// Threads that tenants share fairly: each tenant has a queue of its own, and the tenants
// take turns, so that who asks much waits for itself and not for others.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace gtm::rpc {

// Thread-safe. Threads are started when there is work for them and end with the pool.
class FairPool {
 public:
  struct Options {
    int threads_max = 2;
    // Threads that one tenant may hold at once; 0: all of them.
    int tenant_threads_max = 0;
  };
  explicit FairPool(Options options);
  // Runs what was posted, then ends.
  ~FairPool();
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  // Queues `work`, which may take about `cost`; not where it would wait for a thread for
  // longer than `wait_max`: then says how long, else zero.
  absl::Duration Post(std::string_view tenant, absl::Duration cost, absl::Duration wait_max,
                      std::function<void()> work);

 private:
  struct Item {
    absl::Duration cost;
    std::function<void()> work;
  };
  struct Queue {
    std::deque<Item> items;
    absl::Duration cost = absl::ZeroDuration();  // of `items`
    int running = 0;
    bool in_turn = false;  // in turns_
  };

  void Run();
  // How long a new item of the queue waits, with the tenants in turn. Under the lock.
  absl::Duration WaitOf(const Queue& queue, absl::Duration cost) const;
  // Puts the tenant into the round where it has work and may use one more thread.
  void TakeTurn(const std::string& tenant, Queue* queue);

  const Options options_;
  std::mutex mutex_;
  std::condition_variable work_;
  absl::flat_hash_map<std::string, Queue> queues_;
  std::deque<std::string> turns_;
  int idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gtm::rpc
