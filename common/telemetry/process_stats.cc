// What Linux tells of this process, under the names that Prometheus clients use.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include "common/telemetry/metrics.h"

namespace gtm::telemetry {
namespace {

// Fields of /proc/self/stat, numbered from 1 as in proc(5).
constexpr int kUserTicks = 14;
constexpr int kSystemTicks = 15;
constexpr int kThreads = 20;
constexpr int kStartTicks = 22;
constexpr int kVirtualBytes = 23;
constexpr int kResidentPages = 24;

std::vector<double> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // The name, field 2, is in brackets and may hold anything.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  std::vector<double> fields = {0, 0, 0};  // from 0; the first three are no numbers
  std::string state;
  rest >> state;
  fields.push_back(0);
  for (double field; rest >> field;) fields.push_back(field);
  return fields;
}

double ReadBootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double CountOpenFds() {
  std::error_code failed;
  const auto fds = std::filesystem::directory_iterator("/proc/self/fd", failed);
  if (failed) return 0;
  // One of them is the listing itself.
  return static_cast<double>(std::distance(begin(fds), end(fds))) - 1;
}

void Refresh(Metrics& metrics) {
  const std::vector<double> stat = ReadStat();
  if (stat.size() <= kResidentPages) return;  // no Linux
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  prometheus::Counter& cpu = metrics.Counter(kProcessCpu, {});
  cpu.Increment((stat[kUserTicks] + stat[kSystemTicks]) / ticks - cpu.Value());
  metrics.Gauge(kProcessThreads, {}).Set(stat[kThreads]);
  metrics.Gauge(kProcessVirtual, {}).Set(stat[kVirtualBytes]);
  metrics.Gauge(kProcessRss, {})
      .Set(stat[kResidentPages] * static_cast<double>(sysconf(_SC_PAGESIZE)));
  metrics.Gauge(kProcessOpenFds, {}).Set(CountOpenFds());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  metrics.Gauge(kProcessMaxFds, {}).Set(static_cast<double>(limit.rlim_cur));
  static const double boot_time = ReadBootTime();
  metrics.Gauge(kProcessStart, {}).Set(boot_time + stat[kStartTicks] / ticks);
}

}  // namespace

void ExportProcess(Metrics& metrics) {
  metrics.BeforeScrape([&metrics] { Refresh(metrics); });
}

}  // namespace gtm::telemetry
