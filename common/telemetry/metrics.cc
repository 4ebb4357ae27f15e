#include "common/telemetry/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <map>
#include <vector>

namespace gtm::telemetry {
namespace {

using Labels = std::map<std::string, std::string>;

Labels LabelsOf(const MetricDef& def, std::initializer_list<std::string_view> values) {
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

class CivetServer final : public MetricsServer {
 public:
  CivetServer(const std::string& address, std::shared_ptr<prometheus::Registry> registry)
      : exposer_(address, 1), registry_(std::move(registry)) {
    exposer_.RegisterCollectable(registry_);
  }
  int port() const override {
    const std::vector<int> ports = exposer_.GetListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

 private:
  prometheus::Exposer exposer_;
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace

struct Metrics::Families {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::map<std::string_view, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string_view, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string_view, prometheus::Family<prometheus::Histogram>*> histograms;
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  for (const MetricDef& def : kMetrics) {
    const std::string name(def.name);
    const std::string help(def.help);
    auto& registry = *families_->registry;
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

std::shared_ptr<prometheus::Registry> Metrics::registry() const { return families_->registry; }

std::string Metrics::Render() const {
  return prometheus::TextSerializer().Serialize(families_->registry->Collect());
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::Start(const std::string& address,
                                                            const Metrics& metrics) {
  try {
    return std::unique_ptr<MetricsServer>(
        std::make_unique<CivetServer>(address, metrics.registry()));
  } catch (const std::exception& e) {  // civetweb reports a failed bind by throwing
    return InvalidField(
        "metrics_address",
        fmt::format("\"{}\" cannot be listened on ({}); use a free host:port", address, e.what()));
  }
}

}  // namespace gtm::telemetry
