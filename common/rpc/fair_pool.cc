#include "common/rpc/fair_pool.h"

#include <algorithm>
#include <utility>

namespace gtm::rpc {

FairPool::FairPool(Options options) : options_(options) {}

FairPool::~FairPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Duration FairPool::WaitOf(const Queue& queue, absl::Duration cost) const {
  absl::Duration ahead = queue.cost;
  for (const auto& [tenant, other] : queues_) {
    if (&other != &queue) ahead += std::min(other.cost, queue.cost + cost);
  }
  int threads = options_.threads_max;
  if (options_.tenant_threads_max > 0) threads = std::min(threads, options_.tenant_threads_max);
  return ahead / threads;
}

void FairPool::TakeTurn(const std::string& tenant, Queue* queue) {
  const bool may_run =
      options_.tenant_threads_max == 0 || queue->running < options_.tenant_threads_max;
  if (queue->in_turn || queue->items.empty() || !may_run) return;
  queue->in_turn = true;
  turns_.push_back(tenant);
}

absl::Duration FairPool::Post(std::string_view tenant, absl::Duration cost, absl::Duration wait_max,
                              std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    const std::string name(tenant);
    Queue& queue = queues_[name];
    const absl::Duration wait = WaitOf(queue, cost);
    if (wait > wait_max) {
      if (queue.items.empty() && queue.running == 0) queues_.erase(name);
      return wait;
    }
    queue.items.push_back({cost, std::move(work)});
    queue.cost += cost;
    TakeTurn(name, &queue);
    const bool is_short = static_cast<int>(turns_.size()) > idle_;
    if (is_short && static_cast<int>(threads_.size()) < options_.threads_max) {
      threads_.emplace_back([this] { Run(); });
    }
  }
  work_.notify_one();
  return absl::ZeroDuration();
}

void FairPool::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    work_.wait(lock, [this] { return !turns_.empty() || (stopping_ && queues_.empty()); });
    --idle_;
    if (turns_.empty()) return;
    const std::string tenant = std::move(turns_.front());
    turns_.pop_front();
    Queue& taken = queues_.at(tenant);
    taken.in_turn = false;
    Item item = std::move(taken.items.front());
    taken.items.pop_front();
    taken.cost = taken.items.empty() ? absl::ZeroDuration() : taken.cost - item.cost;
    ++taken.running;
    TakeTurn(tenant, &taken);  // behind the others
    lock.unlock();
    item.work();
    item.work = nullptr;  // what it holds is freed without the lock
    lock.lock();
    Queue& queue = queues_.at(tenant);
    --queue.running;
    TakeTurn(tenant, &queue);
    if (!turns_.empty() && idle_ > 0) work_.notify_one();
    if (queue.items.empty() && queue.running == 0) queues_.erase(tenant);
    if (stopping_ && queues_.empty()) work_.notify_all();
  }
}

}  // namespace gtm::rpc
