#include "services/records/handler/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "common/core/time_limit.h"

namespace gtm::records::handler {
namespace {

constexpr int kRetryAfterMs = 100;

int64_t BytesOf(const store::WriteRequest& request) {
  int64_t bytes = 512;  // the request itself, roughly
  for (const store::Mutation& mutation : request.mutations) {
    bytes += static_cast<int64_t>(mutation.body.size() + mutation.key.id.size()) + 96;
  }
  return bytes + static_cast<int64_t>(request.guards.size()) * 64;
}

int RecordsOf(const store::WriteRequest& request) {
  return static_cast<int>(request.mutations.size() + request.guards.size());
}

Error ShuttingDown() {
  return Error(Reason::SHUTTING_DOWN, "the server is shutting down; another replica will answer")
      .RetryAfterMs(kRetryAfterMs);
}

Error Expired() {
  return Error(Reason::DEADLINE_EXPIRED,
               "the deadline passed before the write began; nothing was written");
}

}  // namespace

Committer::Committer(store::Store& store, EpochCache& epochs, const Clock& clock,
                     OnCommit on_commit, CommitterOptions options)
    : store_(store),
      epochs_(epochs),
      clock_(clock),
      on_commit_(std::move(on_commit)),
      options_(options) {
  for (int i = 0; i < std::max(1, options_.writer_threads); ++i) {
    writers_.emplace_back([this] { WriteLoop(); });
  }
  answerer_ = std::thread([this] { AnswerLoop(); });
}

Committer::~Committer() { Shutdown(); }

void Committer::Submit(const TenantId& tenant, store::WriteRequest request, absl::Time deadline,
                       Done done) {
  Item item{std::move(request), deadline, std::move(done), 0};
  item.bytes = BytesOf(item.request);
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    Tenant& queue = tenants_[tenant.value()];
    if (stopping_) {
      refusal = ShuttingDown();
    } else if (static_cast<int>(queue.waiting.size()) >= options_.tenant_queue_max) {
      refusal = Error(Reason::TENANT_QUOTA,
                      fmt::format("the tenant is at its limit of {} waiting writes; try again in "
                                  "{} ms",
                                  options_.tenant_queue_max, kRetryAfterMs))
                    .With("limit", std::to_string(options_.tenant_queue_max))
                    .RetryAfterMs(kRetryAfterMs);
    } else if (waiting_count_ >= options_.queue_max ||
               (waiting_count_ > 0 && waiting_bytes_ + item.bytes > options_.queue_bytes_max)) {
      refusal = Error(Reason::OVERLOADED,
                      fmt::format("the server is at its limit of {} waiting writes; try again in "
                                  "{} ms",
                                  options_.queue_max, kRetryAfterMs))
                    .With("limit", std::to_string(options_.queue_max))
                    .RetryAfterMs(kRetryAfterMs);
    } else {
      ++waiting_count_;
      waiting_bytes_ += item.bytes;
      queue.waiting.push_back(std::move(item));
      if (!queue.ready) {
        queue.ready = true;
        ready_.push_back(tenant.value());
      }
    }
    if (queue.waiting.empty() && !queue.ready) tenants_.erase(tenant.value());
  }
  if (refusal.has_value()) {
    item.done(std::move(*refusal));  // NOLINT(bugprone-use-after-move): not moved if refused
  } else {
    work_.notify_one();
  }
}

Committer::Group Committer::TakeGroup(Tenant* tenant) {
  Group group;
  int records = 0;
  while (!tenant->waiting.empty() &&
         static_cast<int>(group.items.size()) < options_.group_requests_max) {
    Item& next = tenant->waiting.front();
    records += RecordsOf(next.request);
    if (!group.items.empty() && records > limits::kGroupRecordsMax) break;
    --waiting_count_;
    waiting_bytes_ -= next.bytes;
    group.requests.push_back(std::move(next.request));
    group.items.push_back(std::move(next));
    tenant->waiting.pop_front();
  }
  return group;
}

void Committer::WriteLoop() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return !ready_.empty() || (stopping_ && waiting_count_ == 0); });
    if (ready_.empty()) return;
    const std::string name = std::move(ready_.front());
    ready_.pop_front();
    Group group = TakeGroup(&tenants_.at(name));
    lock.unlock();
    WriteGroup(TenantId(name), std::move(group));
    lock.lock();
    Tenant& tenant = tenants_.at(name);
    if (!tenant.waiting.empty()) {
      ready_.push_back(name);  // behind the others: no tenant starves them
      work_.notify_one();
    } else {
      tenants_.erase(name);
    }
    if (stopping_ && waiting_count_ == 0) work_.notify_all();
  }
}

void Committer::ExpireBefore(absl::Time time, const Error& error, Group* group) {
  Group kept;
  for (size_t i = 0; i < group->items.size(); ++i) {
    if (group->items[i].deadline < time) {
      Answer(std::move(group->items[i]), error);
    } else {
      kept.requests.push_back(std::move(group->requests[i]));
      kept.items.push_back(std::move(group->items[i]));
    }
  }
  *group = std::move(kept);
}

void Committer::AnswerAll(const Error& error, Group* group) {
  for (Item& item : group->items) Answer(std::move(item), error);
  *group = {};
}

void Committer::WriteGroup(const TenantId& tenant, Group group) {
  using Results = std::vector<Result<store::WriteOutcome>>;
  ExpireBefore(clock_.Now(), Expired(), &group);
  // The store stops when the last of those who wait no longer does.
  absl::Time last_deadline = absl::InfinitePast();
  for (const Item& item : group.items) last_deadline = std::max(last_deadline, item.deadline);
  const TimeLimit limit(last_deadline);
  for (absl::Duration wait = options_.retry_first; !group.items.empty(); wait *= 2) {
    // The epoch first: once the store has taken the writes, nothing may fail.
    const Result<std::string> epoch = epochs_.Of(tenant);
    Result<Results> results =
        epoch.ok() ? store_.Write(tenant, group.requests, absl::ToUnixMicros(clock_.Now()))
                   : Result<Results>(epoch.error());
    if (results.ok()) {
      int64_t seq = 0;
      for (const auto& result : *results) {
        if (result.ok()) seq = std::max(seq, result->seq);
      }
      if (seq > 0 && on_commit_) on_commit_(tenant, *epoch, seq);
      for (size_t i = 0; i < group.items.size(); ++i) {
        Result<store::WriteOutcome>& result = (*results)[i];
        Answer(std::move(group.items[i]),
               result.ok() ? Result<Committed>(Committed{std::move(result).value(), *epoch})
                           : Result<Committed>(std::move(result).error()));
      }
      return;
    }
    // Whether it was written is not known: a retry with the same request ids acts once.
    const Error error = results.error();
    wait = std::min(wait, options_.retry_max);
    if (error.reason() != Reason::STORE_UNAVAILABLE || !Sleep(wait)) {
      return AnswerAll(error, &group);
    }
    ExpireBefore(clock_.Now(), error, &group);
  }
}

bool Committer::Sleep(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  if (stopping_) return false;
  stop_.wait_for(lock, absl::ToChronoMilliseconds(duration), [&] { return stopping_; });
  return true;
}

void Committer::Answer(Item item, Result<Committed> result) {
  auto done = std::make_shared<Done>(std::move(item.done));
  auto shared = std::make_shared<Result<Committed>>(std::move(result));
  {
    const std::lock_guard lock(answer_mutex_);
    answers_.push_back([done, shared] { (*done)(std::move(*shared)); });
  }
  answer_work_.notify_one();
}

void Committer::AnswerLoop() {
  std::unique_lock lock(answer_mutex_);
  while (true) {
    answer_work_.wait(lock, [&] { return !answers_.empty() || answers_end_; });
    if (answers_.empty()) return;
    std::deque<std::function<void()>> batch;
    batch.swap(answers_);
    lock.unlock();
    for (auto& answer : batch) {
      answer();
      answer = nullptr;
    }
    lock.lock();
  }
}

void Committer::Shutdown() {
  std::call_once(shutdown_, [this] {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    stop_.notify_all();
    for (std::thread& writer : writers_) writer.join();
    {
      const std::lock_guard lock(answer_mutex_);
      answers_end_ = true;
    }
    answer_work_.notify_one();
    answerer_.join();
  });
}

}  // namespace gtm::records::handler
