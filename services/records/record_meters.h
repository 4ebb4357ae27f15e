#pragma once
// The metrics of the record store: what the store does, in what state it is, and what the
// handlers tell of.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "common/telemetry/metrics.h"
#include "services/records/handler/observer.h"
#include "services/records/store/store.h"

namespace gtm::records {

struct RecordMetersOptions {
  // False where Books of the same process tell how far the feed is.
  bool export_head = true;
  // How often the store is asked when its jobs last succeeded.
  absl::Duration job_interval = absl::Seconds(15);
};

// Thread-safe.
class RecordMeters final : public handler::Observer {
 public:
  // `metrics` outlives it.
  explicit RecordMeters(telemetry::Metrics& metrics, RecordMetersOptions options = {});
  ~RecordMeters() override;
  RecordMeters(const RecordMeters&) = delete;
  RecordMeters& operator=(const RecordMeters&) = delete;

  // The store, timed and counted. To be used, and destroyed, before this.
  std::unique_ptr<store::Store> Meter(std::unique_ptr<store::Store> store);

  void Rejected(Reason reason) override;
  void WatchEnded(Reason reason) override;
  // Counts a round of maintenance.
  void MaintenanceRan(bool ok);

 private:
  void WatchJobs(std::weak_ptr<store::Store> store);

  telemetry::Metrics& metrics_;
  const RecordMetersOptions options_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread jobs_;
};

}  // namespace gtm::records
