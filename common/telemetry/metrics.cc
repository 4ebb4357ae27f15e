#include "common/telemetry/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace gtm::telemetry {
namespace {

using Labels = std::map<std::string, std::string>;

template <class Values>
Labels LabelsOf(const MetricDef& def, const Values& values) {
  Labels labels;
  std::string_view names = def.labels;
  for (const std::string_view value : values) {
    const size_t comma = names.find(',');
    assert(!names.empty() && "more label values than the table has names");
    labels.emplace(names.substr(0, comma), value);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
  assert(names.empty() && "fewer label values than the table has names");
  return labels;
}

// The registry, and what is to be done before it is read.
class Refreshed final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    {
      const std::lock_guard lock(mutex_);
      for (const auto& refresh : refreshes_) refresh();
    }
    return registry_.Collect();
  }
  void Add(std::function<void()> refresh) {
    const std::lock_guard lock(mutex_);
    refreshes_.push_back(std::move(refresh));
  }
  prometheus::Registry& registry() { return registry_; }

 private:
  prometheus::Registry registry_;
  mutable std::mutex mutex_;
  std::vector<std::function<void()>> refreshes_;
};

class CivetServer final : public MetricsServer {
 public:
  CivetServer(const std::string& address, std::shared_ptr<prometheus::Collectable> all)
      : exposer_(address, 1), all_(std::move(all)) {
    exposer_.RegisterCollectable(all_);
  }
  int port() const override {
    const std::vector<int> ports = exposer_.GetListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

 private:
  prometheus::Exposer exposer_;
  std::shared_ptr<prometheus::Collectable> all_;
};

}  // namespace

struct Metrics::Families {
  std::shared_ptr<Refreshed> all = std::make_shared<Refreshed>();
  std::map<std::string_view, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string_view, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string_view, prometheus::Family<prometheus::Histogram>*> histograms;
  std::mutex sheets_mutex;
  std::map<std::string, std::map<prometheus::Gauge*, std::string_view>, std::less<>> sheets;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  for (const MetricDef& def : kMetrics) {
    const std::string name(def.name);
    const std::string help(def.help);
    auto& registry = families_->all->registry();
    switch (def.type) {
      case MetricType::kCounter:
        families_->counters[def.name] =
            &prometheus::BuildCounter().Name(name).Help(help).Register(registry);
        break;
      case MetricType::kGauge:
        families_->gauges[def.name] =
            &prometheus::BuildGauge().Name(name).Help(help).Register(registry);
        break;
      case MetricType::kHistogram:
        families_->histograms[def.name] =
            &prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        break;
    }
  }
}

Metrics::~Metrics() = default;

prometheus::Counter& Metrics::Counter(const MetricDef& def,
                                      std::initializer_list<std::string_view> values) {
  return families_->counters.at(def.name)->Add(LabelsOf(def, values));
}

prometheus::Gauge& Metrics::Gauge(const MetricDef& def,
                                  std::initializer_list<std::string_view> values) {
  return families_->gauges.at(def.name)->Add(LabelsOf(def, values));
}

prometheus::Histogram& Metrics::Histogram(const MetricDef& def,
                                          std::initializer_list<std::string_view> values) {
  return families_->histograms.at(def.name)->Add(
      LabelsOf(def, values),
      prometheus::Histogram::BucketBoundaries(kSecondsBuckets.begin(), kSecondsBuckets.end()));
}

prometheus::Gauge& Metrics::GaugeAt(const MetricDef& def, const std::vector<std::string>& values) {
  return families_->gauges.at(def.name)->Add(LabelsOf(def, values));
}

void Metrics::Replace(std::string_view owner, const GaugeSheet& sheet) {
  const std::lock_guard lock(families_->sheets_mutex);
  std::map<prometheus::Gauge*, std::string_view> shown;
  for (const GaugeSheet::Row& row : sheet.rows()) {
    prometheus::Gauge& gauge = GaugeAt(*row.def, row.values);
    gauge.Set(row.number);
    shown[&gauge] = row.def->name;
  }
  auto& before = families_->sheets[std::string(owner)];
  for (const auto& [gauge, name] : before) {
    if (!shown.contains(gauge)) families_->gauges.at(name)->Remove(gauge);
  }
  before = std::move(shown);
}

void Metrics::BeforeScrape(std::function<void()> refresh) {
  families_->all->Add(std::move(refresh));
}

std::shared_ptr<prometheus::Collectable> Metrics::collectable() const { return families_->all; }

std::string Metrics::Render() const {
  return prometheus::TextSerializer().Serialize(families_->all->Collect());
}

void SetCertificateExpiry(Metrics& metrics, std::string_view role, absl::Time not_after) {
  metrics.Gauge(kCertificateExpiry, {role})
      .Set(absl::ToDoubleSeconds(not_after - absl::UnixEpoch()));
}

void SetJwksLoaded(Metrics& metrics, absl::Time now) {
  metrics.Gauge(kJwksLoad, {}).Set(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& address,
                                                            const Metrics& metrics) {
  try {
    return std::unique_ptr<MetricsServer>(
        std::make_unique<CivetServer>(address, metrics.collectable()));
  } catch (const std::exception& e) {  // civetweb reports a failed bind by throwing
    return InvalidField(
        "metrics_address",
        fmt::format("\"{}\" cannot be listened on ({}); use a free host:port", address, e.what()));
  }
}

}  // namespace gtm::telemetry
