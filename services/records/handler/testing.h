#pragma once
// What handler tests share: a clock that stands, a caller, and streams made of queues.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/rpc/call.h"
#include "services/records/domain/sample_records.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {

// Wall time stands until it is moved; monotonic time is the machine's.
class StandingClock final : public Clock {
 public:
  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  absl::Duration Monotonic() const override { return SystemClock().Monotonic(); }
  void Advance(absl::Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

inline rpc::Call CallOf(const std::string& tenant, const Clock& clock,
                        const std::string& service = "") {
  rpc::Call call;
  call.principal.subject = service.empty() ? "user:ada" : "service:" + service;
  call.principal.tenant = TenantId(tenant);
  call.principal.service = service;
  call.principal.roles = 0xF;
  call.now = clock.Now();
  return call;
}

// A UUID made of a number.
inline std::string RequestId(int number) {
  std::string digits = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

// Collects what a watch sends.
class CollectingSink final : public WatchSink {
 public:
  bool Write(const v1::WatchResponse& response) override {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !blocked_ || cancelled_; });
    if (cancelled_) return false;
    responses_.push_back(response);
    arrived_.notify_all();
    return true;
  }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    arrived_.notify_all();
  }
  // A client that does not read.
  void Block() {
    const std::lock_guard lock(mutex_);
    blocked_ = true;
  }
  bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }
  // Waits until so many changes have arrived, at most 10 s.
  std::vector<v1::Change> WaitForChanges(size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return Changes().size() >= count; });
    return Changes();
  }
  std::vector<v1::WatchResponse> responses() const {
    const std::lock_guard lock(mutex_);
    return responses_;
  }
  // Waits for a response, at most 10 s.
  void WaitForResponses(size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return responses_.size() >= count; });
  }

 private:
  std::vector<v1::Change> Changes() const {
    std::vector<v1::Change> changes;
    for (const auto& response : responses_) {
      changes.insert(changes.end(), response.changes().begin(), response.changes().end());
    }
    return changes;
  }
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<v1::WatchResponse> responses_;
  bool cancelled_ = false;
  bool blocked_ = false;
};

// An import of given batches.
class ListedImport final : public ImportStream {
 public:
  explicit ListedImport(std::vector<v1::ImportRequest> batches) : batches_(std::move(batches)) {}
  Got Read(absl::Duration, v1::ImportRequest* request) override {
    if (next_ == batches_.size()) return silent_at_end ? Got::kNothing : Got::kEnd;
    *request = batches_[next_++];
    return Got::kMessage;
  }
  bool Write(const v1::ImportResponse& response) override {
    responses.push_back(response);
    return true;
  }
  std::vector<v1::ImportResponse> responses;
  bool silent_at_end = false;  // neither sends more nor ends

 private:
  const std::vector<v1::ImportRequest> batches_;
  size_t next_ = 0;
};

}  // namespace gtm::records::handler
