#pragma once
// A store that can be slow or away, over a good one: for tests.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "services/records/store/store.h"

namespace gtm::records::handler {

class FaultyStore final : public store::Store {
 public:
  explicit FaultyStore(store::Store& store) : store_(store) {}

  // So many of the next writes fail: before they are done, or after (outcome unknown).
  std::atomic<int> fail_before{0};
  std::atomic<int> fail_after{0};
  std::atomic<int> write_count{0};
  std::atomic<int> read_changes_count{0};
  std::atomic<size_t> largest_group{0};
  std::string no_compaction_of;  // a tenant
  std::function<void()> before_get;
  // Called once, just before an erasure is done.
  std::function<void()> before_erase;

  // Writes wait until Release.
  void Hold() { held_ = true; }
  void Release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    released_.notify_all();
  }

  Result<std::vector<Result<store::WriteOutcome>>> Write(
      const TenantId& tenant, std::span<const store::WriteRequest> requests,
      int64_t now_us) override {
    ++write_count;
    if (requests.size() > largest_group) largest_group = requests.size();
    {
      std::unique_lock lock(mutex_);
      released_.wait(lock, [&] { return !held_; });
    }
    if (Take(&fail_before)) return Away();
    auto results = store_.Write(tenant, requests, now_us);
    if (Take(&fail_after)) return Away();
    return results;
  }
  Result<store::Head> GetHead(const TenantId& tenant) override { return store_.GetHead(tenant); }
  Result<store::GetResult> Get(const TenantId& tenant, std::span<const store::Key> keys) override {
    if (before_get) before_get();
    return store_.Get(tenant, keys);
  }
  Result<store::ListResult> List(const TenantId& tenant, const store::ListQuery& query) override {
    return store_.List(tenant, query);
  }
  Result<store::ChangesResult> ReadChanges(const TenantId& tenant,
                                           const store::ChangesQuery& query) override {
    ++read_changes_count;
    return store_.ReadChanges(tenant, query);
  }
  Result<store::HistoryResult> ReadHistory(const TenantId& tenant,
                                           const store::HistoryQuery& query) override {
    return store_.ReadHistory(tenant, query);
  }
  Result<int64_t> SeqAt(const TenantId& tenant, int64_t time_us) override {
    return store_.SeqAt(tenant, time_us);
  }
  Result<std::map<int, int64_t>> CountByKind(const TenantId& tenant) override {
    return store_.CountByKind(tenant);
  }
  Result<std::optional<store::StoredRequest>> FindRequest(const TenantId& tenant,
                                                          std::string_view id) override {
    return store_.FindRequest(tenant, id);
  }
  Result<std::vector<store::TenantHead>> ListHeads(std::string_view after, int limit) override {
    return store_.ListHeads(after, limit);
  }
  Result<int64_t> ForgetRequests(int64_t now_us, int max_rows) override {
    return store_.ForgetRequests(now_us, max_rows);
  }
  Result<store::CompactResult> Compact(const TenantId& tenant, int64_t up_to_seq,
                                       int max_rows) override {
    if (tenant.value() == no_compaction_of) return Away();
    return store_.Compact(tenant, up_to_seq, max_rows);
  }
  Result<store::WriteOutcome> Erase(const TenantId& tenant, const store::EraseRequest& request,
                                    int64_t now_us) override {
    if (const auto hook = std::exchange(before_erase, nullptr)) hook();
    return store_.Erase(tenant, request, now_us);
  }
  Status NewEpoch(const std::string& epoch) override { return store_.NewEpoch(epoch); }
  Status RecordJob(const std::string& job, int64_t time_us) override {
    return store_.RecordJob(job, time_us);
  }
  Result<std::map<std::string, int64_t>> JobTimes() override { return store_.JobTimes(); }

 private:
  static Error Away() {
    return Error(Reason::STORE_UNAVAILABLE, "the store cannot be reached; try again");
  }
  static bool Take(std::atomic<int>* count) {
    if (*count <= 0) return false;
    --*count;
    return true;
  }
  store::Store& store_;
  std::mutex mutex_;
  std::condition_variable released_;
  std::atomic<bool> held_{false};
};

}  // namespace gtm::records::handler
