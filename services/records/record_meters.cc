#include "services/records/record_meters.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>

#include "common/core/clock.h"

namespace gtm::records {
namespace {

using store::Store;
using telemetry::Metrics;

// Operations of a store, by the name of the metric's label.
#define GTM_STORE_OPS(X)                \
  X(kWrite, "write")                    \
  X(kGetHead, "get_head")               \
  X(kGet, "get")                        \
  X(kList, "list")                      \
  X(kReadChanges, "read_changes")       \
  X(kReadHistory, "read_history")       \
  X(kSeqAt, "seq_at")                   \
  X(kCountByKind, "count_by_kind")      \
  X(kFindRequest, "find_request")       \
  X(kListHeads, "list_heads")           \
  X(kForgetRequests, "forget_requests") \
  X(kCompact, "compact")                \
  X(kErase, "erase")
enum class Op {
#define GTM_X(name, text) name,
  GTM_STORE_OPS(GTM_X)
#undef GTM_X
};
constexpr std::array kOpNames = {
#define GTM_X(name, text) std::string_view(text),
    GTM_STORE_OPS(GTM_X)
#undef GTM_X
};

// What the store could not do, as against what it was asked wrongly.
constexpr std::array kFailures = {Reason::STORE_UNAVAILABLE, Reason::STORE_FULL,
                                  Reason::STORE_DAMAGED, Reason::DEADLINE_EXPIRED,
                                  Reason::INTERNAL_ERROR};

double UnixSeconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

// Handles, resolved once.
struct StoreMeters {
  StoreMeters(Metrics& metrics, std::string_view engine)
      : replays(&metrics.Counter(telemetry::kReplays, {})) {
    for (size_t op = 0; op < kOpNames.size(); ++op) {
      seconds[op] = &metrics.Histogram(telemetry::kStoreSeconds, {engine, kOpNames[op]});
      for (size_t i = 0; i < kFailures.size(); ++i) {
        errors[op][i] = &metrics.Counter(telemetry::kStoreErrors,
                                         {engine, kOpNames[op], ReasonName(kFailures[i])});
      }
    }
  }
  std::array<prometheus::Histogram*, kOpNames.size()> seconds{};
  std::array<std::array<prometheus::Counter*, kFailures.size()>, kOpNames.size()> errors{};
  prometheus::Counter* replays;
};

class MeteredStore final : public Store {
 public:
  MeteredStore(std::shared_ptr<Store> store, Metrics& metrics, bool export_head)
      : store_(std::move(store)),
        meters_(metrics, store_->Stats().engine),
        head_(export_head ? &metrics.Gauge(telemetry::kFeedHeadSeq, {}) : nullptr) {}

  store::StoreStats Stats() const override { return store_->Stats(); }

  Result<std::vector<Result<store::WriteOutcome>>> Write(
      const TenantId& tenant, std::span<const store::WriteRequest> requests,
      int64_t now_us) override {
    auto written = Time(Op::kWrite, [&] { return store_->Write(tenant, requests, now_us); });
    if (!written.ok()) return written;
    for (const auto& one : *written) {
      if (!one.ok()) continue;
      if (one->replayed) meters_.replays->Increment();
      SawHead(one->seq);
    }
    return written;
  }
  Result<store::Head> GetHead(const TenantId& tenant) override {
    return Time(Op::kGetHead, [&] { return store_->GetHead(tenant); });
  }
  Result<store::GetResult> Get(const TenantId& tenant, std::span<const store::Key> keys) override {
    return Time(Op::kGet, [&] { return store_->Get(tenant, keys); });
  }
  Result<store::ListResult> List(const TenantId& tenant, const store::ListQuery& query) override {
    return Time(Op::kList, [&] { return store_->List(tenant, query); });
  }
  Result<store::ChangesResult> ReadChanges(const TenantId& tenant,
                                           const store::ChangesQuery& query) override {
    return Time(Op::kReadChanges, [&] { return store_->ReadChanges(tenant, query); });
  }
  Result<store::HistoryResult> ReadHistory(const TenantId& tenant,
                                           const store::HistoryQuery& query) override {
    return Time(Op::kReadHistory, [&] { return store_->ReadHistory(tenant, query); });
  }
  Result<int64_t> SeqAt(const TenantId& tenant, int64_t time_us) override {
    return Time(Op::kSeqAt, [&] { return store_->SeqAt(tenant, time_us); });
  }
  Result<std::map<int, int64_t>> CountByKind(const TenantId& tenant) override {
    return Time(Op::kCountByKind, [&] { return store_->CountByKind(tenant); });
  }
  Result<std::optional<store::StoredRequest>> FindRequest(const TenantId& tenant,
                                                          std::string_view request_id) override {
    return Time(Op::kFindRequest, [&] { return store_->FindRequest(tenant, request_id); });
  }
  Result<std::vector<store::TenantHead>> ListHeads(std::string_view after_tenant,
                                                   int limit) override {
    auto heads = Time(Op::kListHeads, [&] { return store_->ListHeads(after_tenant, limit); });
    if (!heads.ok()) return heads;
    for (const store::TenantHead& head : *heads) SawHead(head.head.seq);
    return heads;
  }
  Result<int64_t> ForgetRequests(int64_t now_us, int max_rows) override {
    return Time(Op::kForgetRequests, [&] { return store_->ForgetRequests(now_us, max_rows); });
  }
  Result<store::CompactResult> Compact(const TenantId& tenant, int64_t up_to_seq,
                                       int max_rows) override {
    return Time(Op::kCompact, [&] { return store_->Compact(tenant, up_to_seq, max_rows); });
  }
  Result<store::WriteOutcome> Erase(const TenantId& tenant, const store::EraseRequest& request,
                                    int64_t now_us) override {
    auto erased = Time(Op::kErase, [&] { return store_->Erase(tenant, request, now_us); });
    if (erased.ok() && erased->replayed) meters_.replays->Increment();
    return erased;
  }
  // Not of a running server, and seldom.
  Status NewEpoch(const std::string& epoch) override { return store_->NewEpoch(epoch); }
  Status RecordJob(const std::string& job, int64_t time_us) override {
    return store_->RecordJob(job, time_us);
  }
  Result<std::map<std::string, int64_t>> JobTimes() override { return store_->JobTimes(); }

 private:
  template <class Work>
  std::invoke_result_t<Work> Time(Op op, Work work) {
    const absl::Duration start = SystemClock().Monotonic();
    auto result = work();
    const auto i = static_cast<size_t>(op);
    meters_.seconds[i]->Observe(absl::ToDoubleSeconds(SystemClock().Monotonic() - start));
    if (!result.ok()) {
      const auto failure = std::find(kFailures.begin(), kFailures.end(), result.error().reason());
      if (failure != kFailures.end()) {
        meters_.errors[i][static_cast<size_t>(failure - kFailures.begin())]->Increment();
      }
    }
    return result;
  }

  void SawHead(int64_t seq) {
    if (head_ == nullptr) return;
    int64_t known = head_seq_.load();
    while (seq > known && !head_seq_.compare_exchange_weak(known, seq)) {
    }
    if (seq > known) head_->Set(static_cast<double>(seq));
  }

  const std::shared_ptr<Store> store_;
  const StoreMeters meters_;
  prometheus::Gauge* const head_;
  std::atomic<int64_t> head_seq_{0};
};

// The state of a store, at each scrape.
class StateExport {
 public:
  StateExport(Metrics& metrics, const store::StoreStats& stats) : metrics_(metrics) {
    conflicts_ = &metrics.Counter(telemetry::kStoreRetries, {stats.engine, "conflict"});
    losses_ = &metrics.Counter(telemetry::kStoreRetries, {stats.engine, "lost"});
    if (stats.schema_version.has_value()) {
      metrics.Gauge(telemetry::kMigrationVersion, {stats.engine})
          .Set(static_cast<double>(*stats.schema_version));
    }
  }

  void Refresh(const store::StoreStats& stats) {
    conflicts_->Increment(static_cast<double>(stats.conflict_count) - conflicts_->Value());
    losses_->Increment(static_cast<double>(stats.lost_count) - losses_->Value());
    if (stats.pool.has_value()) {
      metrics_.Gauge(telemetry::kPoolInUse, {stats.engine}).Set(stats.pool->in_use);
      metrics_.Gauge(telemetry::kPoolIdle, {stats.engine}).Set(stats.pool->idle);
      metrics_.Gauge(telemetry::kPoolMax, {stats.engine}).Set(stats.pool->max);
      metrics_.Gauge(telemetry::kPoolWaiting, {stats.engine}).Set(stats.pool->waiting);
    }
    if (!stats.file.empty()) RefreshFile(stats.file);
  }

 private:
  void RefreshFile(const std::string& file) {
    std::error_code failed;
    const auto wal_bytes = std::filesystem::file_size(file + "-wal", failed);
    metrics_.Gauge(telemetry::kWalBytes, {}).Set(failed ? 0 : static_cast<double>(wal_bytes));
    struct statvfs disk {};
    if (statvfs(file.c_str(), &disk) != 0) return;
    const auto block_bytes = static_cast<double>(disk.f_frsize);
    metrics_.Gauge(telemetry::kDiskFree, {}).Set(static_cast<double>(disk.f_bavail) * block_bytes);
    metrics_.Gauge(telemetry::kDiskSize, {}).Set(static_cast<double>(disk.f_blocks) * block_bytes);
  }

  Metrics& metrics_;
  prometheus::Counter* conflicts_;
  prometheus::Counter* losses_;
};

// Why the server ended a watch; "" where it was the client.
std::string_view DropNameOf(Reason reason) {
  switch (reason) {
    case Reason::WATCHER_TOO_SLOW:
      return "too_slow";
    case Reason::REVISION_COMPACTED:
      return "compacted";
    case Reason::EPOCH_CHANGED:
      return "epoch_changed";
    case Reason::SHUTTING_DOWN:
      return "shutdown";
    default:
      return "";
  }
}

}  // namespace

RecordMeters::RecordMeters(Metrics& metrics, RecordMetersOptions options)
    : metrics_(metrics), options_(options) {
  for (const char* reason : {"too_slow", "compacted", "epoch_changed", "shutdown"}) {
    metrics.Counter(telemetry::kWatchDropped, {reason});
  }
  for (const Reason reason : {Reason::INVALID_FIELDS, Reason::KIND_NOT_WRITABLE,
                              Reason::STORE_UNAVAILABLE, Reason::STORE_FULL}) {
    metrics.Counter(telemetry::kRejectedRows, {ReasonName(reason)});
  }
  for (const char* result : {"ok", "error"}) {
    metrics.Counter(telemetry::kJobRuns, {"maintenance", result});
  }
}

RecordMeters::~RecordMeters() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (jobs_.joinable()) jobs_.join();
}

std::unique_ptr<Store> RecordMeters::Meter(std::unique_ptr<Store> store) {
  const std::shared_ptr<Store> inner = std::move(store);
  auto state = std::make_shared<StateExport>(metrics_, inner->Stats());
  metrics_.BeforeScrape([state, weak = std::weak_ptr(inner)] {
    if (const auto alive = weak.lock()) state->Refresh(alive->Stats());
  });
  jobs_ = std::thread([this, weak = std::weak_ptr(inner)] { WatchJobs(weak); });
  return std::make_unique<MeteredStore>(inner, metrics_, options_.export_head);
}

// Not at the scrape: a store that cannot be reached must not hide the other metrics.
void RecordMeters::WatchJobs(std::weak_ptr<Store> store) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (const auto alive = store.lock()) {
      const auto times = alive->JobTimes();
      if (times.ok()) {
        for (const auto& [job, time_us] : *times) {
          metrics_.Gauge(telemetry::kJobSuccess, {job}).Set(static_cast<double>(time_us) / 1e6);
        }
      }
    }
    lock.lock();
    stop_.wait_for(lock, absl::ToChronoMilliseconds(options_.job_interval),
                   [this] { return stopping_; });
  }
}

void RecordMeters::Rejected(Reason reason) {
  metrics_.Counter(telemetry::kRejectedRows, {ReasonName(reason)}).Increment();
}

void RecordMeters::WatchEnded(Reason reason) {
  const std::string_view name = DropNameOf(reason);
  if (!name.empty()) metrics_.Counter(telemetry::kWatchDropped, {name}).Increment();
}

void RecordMeters::MaintenanceRan(bool ok) {
  metrics_.Counter(telemetry::kJobRuns, {"maintenance", ok ? "ok" : "error"}).Increment();
  if (ok) {
    metrics_.Gauge(telemetry::kJobSuccess, {"maintenance"}).Set(UnixSeconds(SystemClock().Now()));
  }
}

}  // namespace gtm::records
