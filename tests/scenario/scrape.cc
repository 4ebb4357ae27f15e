#include "tests/scenario/scrape.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

namespace gtm::scenario {
namespace {

std::string Get(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  std::string text;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0) {
    const std::string request = "GET /metrics HTTP/1.0\r\nHost: gtm\r\n\r\n";
    if (write(fd, request.data(), request.size()) > 0) {
      char buffer[65536];
      for (ssize_t count; (count = read(fd, buffer, sizeof(buffer))) > 0;) {
        text.append(buffer, static_cast<size_t>(count));
      }
    }
  }
  close(fd);
  EXPECT_EQ(text.rfind("HTTP/1.", 0), 0u) << address << " serves no metrics";
  const size_t body = text.find("\r\n\r\n");
  return body == std::string::npos ? "" : text.substr(body + 4);
}

std::string WithoutEnding(const std::string& name, const std::string& ending) {
  if (name.size() <= ending.size() || !name.ends_with(ending)) return name;
  return name.substr(0, name.size() - ending.size());
}

// The metric that a series belongs to: histograms have series of three names.
std::string MetricOf(const std::string& series_name, const Scrape& scrape) {
  for (const char* ending : {"_bucket", "_sum", "_count"}) {
    const std::string base = WithoutEnding(series_name, ending);
    const auto type = scrape.types.find(base);
    if (base != series_name && type != scrape.types.end() && type->second != "gauge") return base;
  }
  return series_name;
}

std::set<std::string> LabelsOf(const std::string& series) {
  std::set<std::string> names;
  bool quoted = false;
  std::string name;
  for (size_t i = series.find('{') + 1; i < series.size() && series.find('{') != series.npos; ++i) {
    const char c = series[i];
    if (c == '"' && series[i - 1] != '\\') quoted = !quoted;
    if (quoted || c == '"') continue;
    if (c == '=') names.insert(std::exchange(name, ""));
    if (c != '=' && c != ',' && c != '}') name += c;
  }
  return names;
}

}  // namespace

double Scrape::Value(const std::string& name) const {
  const auto found = series.find(name);
  if (found != series.end()) return found->second;
  ADD_FAILURE() << "no series " << name;
  return 0;
}

Scrape ScrapeMetrics(const std::string& address) {
  Scrape scrape;
  scrape.text = Get(address);
  std::istringstream lines(scrape.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# TYPE ", 0) == 0) {
      const size_t space = line.rfind(' ');
      scrape.types[line.substr(7, space - 7)] = line.substr(space + 1);
    }
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.rfind(' ');
    const std::string series = line.substr(0, space);
    scrape.series[series] = std::stod(line.substr(space + 1));
    const std::string metric = MetricOf(series.substr(0, series.find('{')), scrape);
    std::set<std::string> labels = LabelsOf(series);
    if (scrape.types[metric] != "gauge") labels.erase("le");
    if (scrape.types[metric] == "summary") labels.erase("quantile");
    scrape.labels[metric].merge(labels);
  }
  return scrape;
}

}  // namespace gtm::scenario
