#pragma once
// Gauges of the business: computed on a thread of their own from the same Books, and by the
// same domain code, as the answers; never on a call's way.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/config/config.h"
#include "common/core/clock.h"
#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace gtm::process {

// Adds what one service says of one tenant. `tenant` is the first label of every row. Called
// by one thread. Adds nothing where there is not enough data.
using BusinessGauges = std::function<Status(const records_client::Question& question,
                                            const std::string& tenant, telemetry::GaugeSheet*)>;

// One service of a process.
struct BusinessPart {
  std::string service;  // "growth"
  records_client::Records* records = nullptr;
  BusinessGauges gauges;
  bool ages = false;  // some gauges are ages: computed each time, changed or not
};

struct BusinessMetricsOptions {
  std::vector<std::string> tenants;
  absl::Duration interval = absl::Seconds(60);
  // Where nothing has changed, gauges are computed again after so long: time goes by.
  absl::Duration recompute = absl::Minutes(10);
  const Clock* clock = &SystemClock();
};

// Most tenants in `--business-metrics-tenants`: of one service, and of all in one process.
// With the series of the calls that stays below 5,000 a process (RELIABILITY D).
inline constexpr size_t kBusinessTenantsMax = 100;
inline constexpr size_t kBusinessTenantsMaxTogether = 22;

// Error: INVALID_FIELDS ("--business-metrics-tenants") for what is no list of tenants, or
// more than `tenants_max`.
Result<BusinessMetricsOptions> ReadBusinessOptions(const config::Config& config,
                                                   size_t tenants_max);

// Refreshes until destroyed. Takes at most a tenth of a processor, at a low priority.
class BusinessMetrics {
 public:
  // Everything outlives it.
  BusinessMetrics(telemetry::Metrics& metrics, telemetry::Log& log, std::vector<BusinessPart> parts,
                  BusinessMetricsOptions options);
  ~BusinessMetrics();
  BusinessMetrics(const BusinessMetrics&) = delete;
  BusinessMetrics& operator=(const BusinessMetrics&) = delete;

  // Begins to refresh, the first time at once. Without tenants it does nothing.
  void Start();
  // One round on this thread; for tests. False where a part failed: its gauges are gone.
  bool RunOnce();

 private:
  struct Known {
    std::string revision;
    absl::Time as_of;
  };
  void Loop();
  bool Refresh(const BusinessPart& part, const std::string& tenant);

  telemetry::Metrics& metrics_;
  telemetry::Log& log_;
  const std::vector<BusinessPart> parts_;
  const BusinessMetricsOptions options_;
  std::map<std::string, Known> known_;  // by owner: part and tenant
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gtm::process
