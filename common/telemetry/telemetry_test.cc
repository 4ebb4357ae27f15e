#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include <set>

#include <nlohmann/json.hpp>

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
    EXPECT_TRUE(def.name.starts_with("gtm_") || def.name.starts_with("grpc_server_")) << def.name;
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
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(ParseTraceparent(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace gtm::telemetry
