#pragma once
// The store's housekeeping: compaction and forgetting, in small bounded steps.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "common/core/clock.h"
#include "common/core/limits.h"
#include "common/telemetry/log.h"
#include "services/records/store/store.h"

namespace gtm::records::handler {

struct MaintenanceOptions {
  absl::Duration interval = absl::Minutes(5);
  absl::Duration keep = absl::Hours(limits::kLogKeepHours);
  int64_t keep_rows = limits::kLogKeepRows;
  // Rows of one step, and the pause after it: writers get their turn.
  int step_rows = 2'000;
  absl::Duration step_pause = absl::Milliseconds(20);
  telemetry::Log* log = &telemetry::NullLog();
  // Told after each round of the thread whether everything went well.
  std::function<void(bool ok)> on_round = [](bool) {};
};

// What one round did.
struct MaintenanceRound {
  int64_t deleted_rows = 0;
  int64_t forgotten_requests = 0;
  int failed_tenants = 0;  // logged, and tried again in the next round
};

// Compacts what is both older than `keep` and beyond the newest `keep_rows` sequences of its
// tenant, and forgets requests whose time is over.
class Maintenance {
 public:
  Maintenance(store::Store& store, const Clock& clock, MaintenanceOptions options = {});
  // Stop().
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  // Runs a round every interval on a thread of its own, the first after one interval.
  void Start();
  // Ends the thread after the step that it is in.
  void Stop();
  // One round on this thread. A tenant that fails is logged and does not keep the others
  // from their turn. Errors, logged as well: the store cannot tell its tenants.
  Result<MaintenanceRound> RunOnce();

 private:
  Status ForgetRequests(MaintenanceRound* round);
  Status CompactAll(MaintenanceRound* round);
  Status CompactTenant(const store::TenantHead& tenant, MaintenanceRound* round);
  void LogFailure(std::string_view work, std::string_view tenant, const Error& error);
  // False where Stop was called.
  bool Pause(absl::Duration duration);

  store::Store& store_;
  const Clock& clock_;
  const MaintenanceOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::mutex stop_mutex_;  // one Stop at a time joins
  std::thread thread_;
};

}  // namespace gtm::records::handler
