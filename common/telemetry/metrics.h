#pragma once
// Metrics by the table. Thread-safe; a handle lives as long as the Metrics object.

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/core/result.h"
#include "common/telemetry/metric_table.h"

namespace prometheus {
class Collectable;
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace gtm::telemetry {

// Gauges that are computed together and shown together.
class GaugeSheet {
 public:
  struct Row {
    const MetricDef* def;
    std::vector<std::string> values;  // of the labels, in the order of the table row
    double number;
  };
  // `def` is a row of the table.
  void Set(const MetricDef& def, std::vector<std::string> values, double number) {
    rows_.push_back({&def, std::move(values), number});
  }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
};

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
  // Shows the rows of `sheet` in place of those that were shown for `owner` before: what is
  // not in it any more is gone. Owners must not share series.
  void Replace(std::string_view owner, const GaugeSheet& sheet);
  // Runs `refresh` before everything that is read from here, for values that are looked up
  // and not counted. It must be quick; one runs at a time.
  void BeforeScrape(std::function<void()> refresh);
  // Everything, refreshed, for a server. Lives on its own.
  std::shared_ptr<prometheus::Collectable> collectable() const;
  // Everything in the Prometheus text format.
  std::string Render() const;

 private:
  prometheus::Gauge& GaugeAt(const MetricDef& def, const std::vector<std::string>& values);

  struct Families;
  std::unique_ptr<Families> families_;
};

// Keeps process_* current, at each scrape.
void ExportProcess(Metrics& metrics);
// Tells when the first of the certificates in a loaded file ends. `role`: "server", "client"
// or "client_ca".
void SetCertificateExpiry(Metrics& metrics, std::string_view role, absl::Time not_after);
// Tells that the keys which verify tokens have been read well.
void SetJwksLoaded(Metrics& metrics, absl::Time now);

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
