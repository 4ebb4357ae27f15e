#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/trace.h"
#include "common/testing/golden.h"

namespace gtm::telemetry {
namespace {

TEST(MetricTable, NamesAreDistinctAndConventional) {
  std::set<std::string_view> names;
  for (const MetricDef& def : kMetrics) {
    EXPECT_TRUE(names.insert(def.name).second) << def.name;
    EXPECT_EQ(def.name.ends_with("_total"), def.type == MetricType::kCounter) << def.name;
    const bool ours = def.name.starts_with("gtm_");
    EXPECT_TRUE(ours || def.name.starts_with("grpc_") || def.name.starts_with("process_"))
        << def.name;
    EXPECT_TRUE(def.help.ends_with(".")) << def.name;
  }
}

TEST(MetricTable, IsDocumented) {
  constexpr const char* kTypes[] = {"counter", "gauge", "histogram"};
  std::string table = "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricDef& def : kMetrics) {
    table += fmt::format("| `{}` | {} | {} | {} |\n", def.name, kTypes[static_cast<int>(def.type)],
                         def.labels, def.help);
  }
  test::ExpectSection("common/telemetry/README.md", "metrics", table);
}

TEST(Metrics, RenderShowsSeriesWithTheirLabels) {
  Metrics metrics;
  metrics.Counter(kShed, {"inflight"}).Increment(3);
  EXPECT_NE(metrics.Render().find("gtm_admission_shed_total{reason=\"inflight\"} 3"),
            std::string::npos)
      << metrics.Render();
}

TEST(Metrics, ASheetReplacesTheOneBefore) {
  Metrics metrics;
  GaugeSheet first;
  first.Set(kBuildInfo, {"1"}, 1);
  first.Set(kBuildInfo, {"2"}, 2);
  metrics.Replace("a", first);
  GaugeSheet other;
  other.Set(kBooks, {}, 5);
  metrics.Replace("b", other);
  GaugeSheet second;
  second.Set(kBuildInfo, {"2"}, 3);
  metrics.Replace("a", second);
  const std::string text = metrics.Render();
  EXPECT_EQ(text.find("gtm_build_info{version=\"1\"}"), std::string::npos) << "gone";
  EXPECT_NE(text.find("gtm_build_info{version=\"2\"} 3"), std::string::npos);
  EXPECT_NE(text.find("gtm_books 5"), std::string::npos) << "of another owner";
  metrics.Replace("a", {});
  EXPECT_EQ(metrics.Render().find("gtm_build_info{"), std::string::npos);
}

double ValueOf(const std::string& text, const std::string& series) {
  const size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) ADD_FAILURE() << series << " is missing in " << text;
  return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
}

TEST(Metrics, AProcessTellsOfItselfAtEachScrape) {
  Metrics metrics;
  ExportProcess(metrics);
  const std::string before = metrics.Render();
  EXPECT_GT(ValueOf(before, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(ValueOf(before, "process_virtual_memory_bytes"),
            ValueOf(before, "process_resident_memory_bytes"));
  EXPECT_GE(ValueOf(before, "process_threads"), 1);
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_NEAR(ValueOf(before, "process_start_time_seconds"), now, 600) << "this test's start";
  const double fds = ValueOf(before, "process_open_fds");
  EXPECT_GT(ValueOf(before, "process_max_fds"), fds);
  const std::vector<std::ifstream> files = [] {
    std::vector<std::ifstream> opened;
    for (int i = 0; i < 5; ++i) opened.emplace_back("/proc/self/stat");
    return opened;
  }();
  volatile double burnt = 1;
  for (const absl::Time until = absl::Now() + absl::Milliseconds(60); absl::Now() < until;) {
    burnt = burnt * 1.0000001;
  }
  const std::string after = metrics.Render();
  EXPECT_EQ(ValueOf(after, "process_open_fds"), fds + 5);
  EXPECT_GT(ValueOf(after, "process_cpu_seconds_total"),
            ValueOf(before, "process_cpu_seconds_total"));
}

TEST(Metrics, IdentityFilesTellTheirAge) {
  Metrics metrics;
  SetCertificateExpiry(metrics, "server", absl::FromUnixSeconds(1'900'000'000));
  SetJwksLoaded(metrics, absl::FromUnixSeconds(1'800'000'000));
  const std::string text = metrics.Render();
  EXPECT_EQ(ValueOf(text, "gtm_tls_certificate_expiry_timestamp_seconds{role=\"server\"}"), 1.9e9);
  EXPECT_EQ(ValueOf(text, "gtm_jwks_last_load_timestamp_seconds"), 1.8e9);
}

TEST(MetricsServer, AnAddressInUseIsAClearError) {
  Metrics metrics;
  const auto first = MetricsServer::Start("127.0.0.1:0", metrics);
  ASSERT_TRUE(first.ok());
  const auto second =
      MetricsServer::Start("127.0.0.1:" + std::to_string((*first)->port()), metrics);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().violations()[0].field, "metrics_address");
}

TEST(Log, ALineIsJsonWhateverTheBytes) {
  const std::string line = FormatLine("t", LogLevel::kInfo, "records", "call",
                                      {{"text", "a\"b\n\xff"}, {"count", int64_t{3}}});
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["count"], 3);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Trace, ParseTakesOnlyWellFormedHeaders) {
  Random random(1);
  const TraceContext trace = MakeTraceContext(random);
  const auto back = ParseTraceparent(FormatTraceparent(trace));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->trace_id, trace.trace_id);
  for (const char* bad : {"", "00-00000000000000000000000000000000-0000000000000001-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                          "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more"}) {
    EXPECT_FALSE(ParseTraceparent(bad).has_value()) << bad;
  }
  EXPECT_TRUE(ParseTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-of-later"))
      << "a later version may add to the end";
}

TEST(Trace, AChildIsANewSpanOfTheSameTrace) {
  Random random(1);
  const auto parent = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  ASSERT_TRUE(parent.has_value());
  const TraceContext child = MakeChild(*parent, random);
  EXPECT_EQ(child.trace_id, parent->trace_id);
  EXPECT_NE(child.span_id, parent->span_id);
  EXPECT_EQ(FormatTraceparent(child).substr(52), "-00") << "not sampled stays so";
}

}  // namespace
}  // namespace gtm::telemetry
