#include "services/records/record_meters.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/time/clock.h"

namespace gtm::records {
namespace {

const TenantId kTenant("acme");
constexpr int64_t kNowUs = 1'700'000'000'000'000;

store::WriteRequest PutOf(const std::string& request_id, const std::string& id) {
  store::WriteRequest request;
  request.request_id = request_id;
  request.method = "Commit";
  request.fingerprint = std::string(32, 'f');
  request.actor = "ada";
  store::Mutation put;
  put.key = {1, id};
  put.body = "body of " + id;
  request.mutations.push_back(put);
  return request;
}

double ValueOf(const telemetry::Metrics& metrics, const std::string& series) {
  const std::string text = metrics.Render();
  const size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) {
    ADD_FAILURE() << series << " is missing in\n" << text;
    return -1;
  }
  return std::stod(text.substr(at + series.size() + 2));
}

TEST(RecordMeters, CountsOperationsAndReplays) {
  telemetry::Metrics metrics;
  RecordMeters meters(metrics);
  const auto store = meters.Meter(store::OpenMemory());
  const std::string writes = "gtm_store_op_seconds_count{engine=\"memory\",op=\"write\"}";
  EXPECT_EQ(ValueOf(metrics, writes), 0) << "there before the first";
  EXPECT_EQ(ValueOf(metrics, "gtm_idempotent_replays_total"), 0);
  const store::WriteRequest put = PutOf("r1", "a");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->Write(kTenant, {&put, 1}, kNowUs).ok());
  EXPECT_EQ(ValueOf(metrics, writes), 3);
  EXPECT_EQ(ValueOf(metrics, "gtm_idempotent_replays_total"), 2);
  EXPECT_EQ(ValueOf(metrics, "gtm_feed_head_seq"), 1);
  EXPECT_EQ(metrics.Render().find("gtm_migration_version{"), std::string::npos)
      << "memory has no schema";
}

// Fails every read.
class Broken final : public store::Store {
 public:
  explicit Broken(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  Result<store::Head> GetHead(const TenantId&) override {
    return Error(reason, "as the test wants");
  }
  Result<std::vector<Result<store::WriteOutcome>>> Write(const TenantId& t,
                                                         std::span<const store::WriteRequest> r,
                                                         int64_t n) override {
    return store_->Write(t, r, n);
  }
  Result<store::GetResult> Get(const TenantId& t, std::span<const store::Key> k) override {
    return store_->Get(t, k);
  }
  Result<store::ListResult> List(const TenantId& t, const store::ListQuery& q) override {
    return store_->List(t, q);
  }
  Result<store::ChangesResult> ReadChanges(const TenantId& t,
                                           const store::ChangesQuery& q) override {
    return store_->ReadChanges(t, q);
  }
  Result<store::HistoryResult> ReadHistory(const TenantId& t,
                                           const store::HistoryQuery& q) override {
    return store_->ReadHistory(t, q);
  }
  Result<int64_t> SeqAt(const TenantId& t, int64_t u) override { return store_->SeqAt(t, u); }
  Result<std::map<int, int64_t>> CountByKind(const TenantId& t) override {
    return store_->CountByKind(t);
  }
  Result<std::optional<store::StoredRequest>> FindRequest(const TenantId& t,
                                                          std::string_view r) override {
    return store_->FindRequest(t, r);
  }
  Result<std::vector<store::TenantHead>> ListHeads(std::string_view a, int l) override {
    return store_->ListHeads(a, l);
  }
  Result<int64_t> ForgetRequests(int64_t n, int m) override { return store_->ForgetRequests(n, m); }
  Result<store::CompactResult> Compact(const TenantId& t, int64_t u, int m) override {
    return store_->Compact(t, u, m);
  }
  Result<store::WriteOutcome> Erase(const TenantId& t, const store::EraseRequest& r,
                                    int64_t n) override {
    return store_->Erase(t, r, n);
  }
  Status NewEpoch(const std::string& e) override { return store_->NewEpoch(e); }
  Status RecordJob(const std::string& j, int64_t t) override { return store_->RecordJob(j, t); }
  Result<std::map<std::string, int64_t>> JobTimes() override { return store_->JobTimes(); }

  static inline Reason reason = Reason::STORE_UNAVAILABLE;

 private:
  const std::unique_ptr<Store> store_;
};

TEST(RecordMeters, CountsFailuresOfTheStoreAndNotOfItsCallers) {
  telemetry::Metrics metrics;
  RecordMeters meters(metrics);
  const auto store = meters.Meter(std::make_unique<Broken>(store::OpenMemory()));
  Broken::reason = Reason::STORE_UNAVAILABLE;
  EXPECT_FALSE(store->GetHead(kTenant).ok());
  Broken::reason = Reason::REVISION_COMPACTED;
  EXPECT_FALSE(store->GetHead(kTenant).ok());
  const std::string series = "gtm_store_errors_total{engine=\"memory\",op=\"get_head\",reason=";
  EXPECT_EQ(ValueOf(metrics, series + "\"STORE_UNAVAILABLE\"}"), 1);
  EXPECT_EQ(metrics.Render().find("REVISION_COMPACTED"), std::string::npos);
}

TEST(RecordMeters, TellsTheStateOfAFile) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("record_meters_test." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  telemetry::Metrics metrics;
  {
    RecordMeters meters(metrics, {.export_head = true, .job_interval = absl::Milliseconds(10)});
    auto opened = store::OpenSqlite((folder / "gtm.db").string());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    const auto store = meters.Meter(std::move(opened).value());
    const store::WriteRequest put = PutOf("r1", "a");
    ASSERT_TRUE(store->Write(kTenant, {&put, 1}, kNowUs).ok());
    EXPECT_GT(ValueOf(metrics, "gtm_sqlite_wal_bytes"), 0);
    EXPECT_GE(ValueOf(metrics, "gtm_migration_version{engine=\"sqlite\"}"), 1);
    const double free = ValueOf(metrics, "gtm_disk_free_bytes");
    EXPECT_GT(free, 0);
    EXPECT_GE(ValueOf(metrics, "gtm_disk_size_bytes"), free);
    EXPECT_EQ(ValueOf(metrics, "gtm_store_pool_in_use{engine=\"sqlite\"}"), 0);
    EXPECT_GE(ValueOf(metrics, "gtm_store_pool_idle{engine=\"sqlite\"}"), 1);
    EXPECT_EQ(ValueOf(metrics, "gtm_store_pool_waiting{engine=\"sqlite\"}"), 0);
    EXPECT_EQ(ValueOf(metrics, "gtm_store_txn_retries_total{engine=\"sqlite\",reason=\"lost\"}"),
              0);
    ASSERT_TRUE(store->RecordJob(store::kBackupJob, kNowUs).ok());
    const std::string backup = "gtm_job_last_success_timestamp_seconds{task=\"backup\"}";
    for (int i = 0; i < 500 && metrics.Render().find(backup) == std::string::npos; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_EQ(ValueOf(metrics, backup), 1.7e9);
  }
  metrics.Render();  // the store is gone, the figures stay
  std::filesystem::remove_all(folder);
}

TEST(RecordMeters, CountsWhatHandlersTell) {
  telemetry::Metrics metrics;
  RecordMeters meters(metrics);
  meters.WatchEnded(Reason::WATCHER_TOO_SLOW);
  meters.WatchEnded(Reason::CANCELLED_BY_CALLER);
  meters.Rejected(Reason::INVALID_FIELDS);
  meters.MaintenanceRan(true);
  meters.MaintenanceRan(false);
  EXPECT_EQ(ValueOf(metrics, "gtm_watch_dropped_total{reason=\"too_slow\"}"), 1);
  EXPECT_EQ(ValueOf(metrics, "gtm_watch_dropped_total{reason=\"shutdown\"}"), 0);
  EXPECT_EQ(ValueOf(metrics, "gtm_data_rejected_rows_total{reason=\"INVALID_FIELDS\"}"), 1);
  EXPECT_EQ(ValueOf(metrics, "gtm_job_runs_total{result=\"error\",task=\"maintenance\"}"), 1);
  EXPECT_GT(ValueOf(metrics, "gtm_job_last_success_timestamp_seconds{task=\"maintenance\"}"),
            1.7e9);
}

TEST(ObservedImport, TellsEachRejectedRecordOnce) {
  class Sink final : public handler::ImportStream {
   public:
    Got Read(absl::Duration, v1::ImportRequest*) override { return Got::kEnd; }
    bool Write(const v1::ImportResponse&) override { return true; }
  } sink;
  telemetry::Metrics metrics;
  RecordMeters meters(metrics);
  handler::ObservedImport observed(sink, meters);
  v1::ImportResponse response;
  for (const int index : {0, 0, 0, 3}) {
    auto* rejection = response.add_rejections();
    rejection->set_index(index);
    rejection->set_reason("INVALID_FIELDS");
  }
  EXPECT_TRUE(observed.Write(response));
  EXPECT_EQ(ValueOf(metrics, "gtm_data_rejected_rows_total{reason=\"INVALID_FIELDS\"}"), 2);
}

}  // namespace
}  // namespace gtm::records
