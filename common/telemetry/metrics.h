#pragma once
// Metrics by the table. Thread-safe; a handle lives as long as the Metrics object.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/telemetry/metric_table.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace gtm::telemetry {

// Owns a registry (never the global one) with one family a table row.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The series with these label values, in the order of the table row. Made on first
  // use: look handles up once and keep them.
  prometheus::Counter& Counter(const MetricDef& def,
                               std::initializer_list<std::string_view> values);
  prometheus::Gauge& Gauge(const MetricDef& def, std::initializer_list<std::string_view> values);
  prometheus::Histogram& Histogram(const MetricDef& def,
                                   std::initializer_list<std::string_view> values);
  std::shared_ptr<prometheus::Registry> registry() const;
  // Everything in the Prometheus text format.
  std::string Render() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// Serves /metrics over HTTP until destroyed. Error: INVALID_FIELDS
// ("metrics_address") where the address cannot be bound.
class MetricsServer {
 public:
  static Result<std::unique_ptr<MetricsServer>> Start(const std::string& address,
                                                      const Metrics& metrics);
  virtual ~MetricsServer() = default;
  virtual int port() const = 0;
};

}  // namespace gtm::telemetry
