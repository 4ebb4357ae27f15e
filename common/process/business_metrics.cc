#include "common/process/business_metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/core/ids.h"

namespace gtm::process {
namespace {

// How long a tenant's Book may take to be read.
constexpr absl::Duration kAskMax = absl::Seconds(30);
// A pause is at least so many times as long as the round before it.
constexpr int kPauseFactor = 9;
constexpr int kNice = 10;
constexpr char kJob[] = "business_metrics";

}  // namespace

Result<BusinessMetricsOptions> ReadBusinessOptions(const config::Config& config,
                                                   size_t tenants_max) {
  constexpr char kField[] = "--business-metrics-tenants";
  BusinessMetricsOptions options;
  options.interval = absl::Seconds(config.Number(config::kBusinessMetricsIntervalS));
  const std::string& text = config.Text(config::kBusinessMetricsTenants);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string tenant = text.substr(begin, end - begin);
    if (!IsValidId(tenant)) {
      return InvalidField(
          kField, fmt::format("\"{}\" is no tenant; use names with commas between them", tenant));
    }
    const auto& known = options.tenants;
    if (std::find(known.begin(), known.end(), tenant) == known.end()) {
      options.tenants.push_back(std::move(tenant));
    }
    begin = end + 1;
  }
  if (options.tenants.size() > tenants_max) {
    return InvalidField(kField,
                        fmt::format("{} tenants, at most {} are allowed in this process, so that "
                                    "its metrics stay few; a service's own process takes {}",
                                    options.tenants.size(), tenants_max, kBusinessTenantsMax));
  }
  return options;
}

BusinessMetrics::BusinessMetrics(telemetry::Metrics& metrics, telemetry::Log& log,
                                 std::vector<BusinessPart> parts, BusinessMetricsOptions options)
    : metrics_(metrics), log_(log), parts_(std::move(parts)), options_(std::move(options)) {
  for (const char* result : {"ok", "error"}) metrics.Counter(telemetry::kJobRuns, {kJob, result});
}

BusinessMetrics::~BusinessMetrics() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BusinessMetrics::Start() {
  if (options_.tenants.empty()) return;
  thread_ = std::thread([this] { Loop(); });
}

void BusinessMetrics::Loop() {
  // Of this thread alone, on Linux.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const absl::Duration start = options_.clock->Monotonic();
    RunOnce();
    const absl::Duration spent = options_.clock->Monotonic() - start;
    const absl::Duration pause = std::max(options_.interval, spent * kPauseFactor);
    lock.lock();
    stop_.wait_for(lock, absl::ToChronoMilliseconds(pause), [this] { return stopping_; });
  }
}

bool BusinessMetrics::RunOnce() {
  bool ok = true;
  for (const std::string& tenant : options_.tenants) {
    for (const BusinessPart& part : parts_) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return ok;
      }
      ok = Refresh(part, tenant) && ok;
    }
  }
  metrics_.Counter(telemetry::kJobRuns, {kJob, ok ? "ok" : "error"}).Increment();
  if (ok) {
    metrics_.Gauge(telemetry::kJobSuccess, {kJob})
        .Set(absl::ToDoubleSeconds(options_.clock->Now() - absl::UnixEpoch()));
  }
  return ok;
}

bool BusinessMetrics::Refresh(const BusinessPart& part, const std::string& tenant) {
  const std::string owner = fmt::format("{} {}", part.service, tenant);
  rpc::Call call;
  call.method = kJob;
  call.principal.tenant = TenantId(tenant);
  call.principal.service = part.service;
  call.principal.subject = kJob;
  call.now = options_.clock->Now();
  call.deadline = call.now + kAskMax;
  call.is_cancelled = [this] {
    const std::lock_guard lock(mutex_);
    return stopping_;
  };
  telemetry::GaugeSheet sheet;
  const auto question = part.records->Ask(call, {});
  Status status = question.ok() ? Status() : Status(question.error());
  if (status.ok()) {
    const auto known = known_.find(owner);
    const bool is_fresh = !part.ages && known != known_.end() &&
                          known->second.revision == question->view.revision() &&
                          call.now - known->second.as_of < options_.recompute;
    if (is_fresh) return true;
    // Of a tenant that has no records nothing is said.
    if (question->view.seq() > 0) status = part.gauges(*question, tenant, &sheet);
  }
  if (!status.ok()) {
    log_.Warning("business_metrics_failed",
                 {{"service", std::string_view(part.service)},
                  {"tenant", std::string_view(tenant)},
                  {"reason", ReasonName(status.error().reason())},
                  {"message", std::string_view(status.error().message())}});
    known_.erase(owner);
    metrics_.Replace(owner, {});
    return false;
  }
  metrics_.Replace(owner, sheet);
  known_[owner] = {question->view.revision(), call.now};
  return true;
}

}  // namespace gtm::process
