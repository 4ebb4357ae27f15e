#pragma once
// What a process of ours exports, read as Prometheus reads it.

#include <map>
#include <set>
#include <string>

namespace gtm::scenario {

struct Scrape {
  std::string text;
  // "gtm_books" -> "gauge".
  std::map<std::string, std::string> types;
  // Names of labels by metric, without those of its type (le, quantile of a summary).
  std::map<std::string, std::set<std::string>> labels;
  // `grpc_server_started_total{grpc_method="Get",...}` as it stands in the text -> value.
  std::map<std::string, double> series;

  // A test failure and 0 where there is no such series.
  double Value(const std::string& name) const;
  bool Has(const std::string& name) const { return series.contains(name); }
};

// GET /metrics of "127.0.0.1:port".
Scrape ScrapeMetrics(const std::string& address);

}  // namespace gtm::scenario
