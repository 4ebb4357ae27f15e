// What operators see is what is so: names, numbers and traces of real processes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/time/clock.h"
#include "common/rpc/server.h"
#include "common/telemetry/metric_table.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "gtm/growth/v1/service.grpc.pb.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/demo/load.h"
#include "tests/scenario/child_process.h"
#include "tests/scenario/scrape.h"

namespace gtm::scenario {
namespace {

using forecasting::v1::ForecastingService;
using growth::v1::GrowthService;
using records::v1::RecordsService;
using sponsorship::v1::SponsorshipService;
using targeting::v1::TargetingService;

constexpr char kMetricsPort[] = "--metrics-address=127.0.0.1:0";
constexpr absl::Duration kPatience = absl::Seconds(60);

std::string Binary(const std::string& name) { return std::string(GTM_BINARY_FOLDER) + "/" + name; }

cli::Client ClientOf(const std::string& address, const std::string& tenant = "") {
  return {rpc::MakeChannel(address), {.tenant = tenant, .address = address}};
}

void LoadDemo(const cli::Client& client, int account_count) {
  const demo::Options options{.seed = 4,
                              .account_count = account_count,
                              .today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone())};
  const auto report = demo::LoadRecords(client, options, [](int64_t) {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  const auto decided = demo::LoadDecisions(client);
  ASSERT_TRUE(decided.ok()) << decided.error().message();
}

// Scrapes until `there`, for a bounded time.
template <class There>
Scrape ScrapeUntil(const std::string& address, There there, absl::Duration patience = kPatience) {
  const absl::Time end = absl::Now() + patience;
  Scrape scrape = ScrapeMetrics(address);
  while (!there(scrape) && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(100));
    scrape = ScrapeMetrics(address);
  }
  EXPECT_TRUE(there(scrape)) << "not in time";
  return scrape;
}

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    folder_ = std::filesystem::temp_directory_path() / "gtm-metrics-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) abort();
  }
  ~MetricsTest() override { std::filesystem::remove_all(folder_); }

  std::string Store() const { return "--store=sqlite:" + folder_ + "/gtm.db"; }

  std::string folder_;
};

std::set<std::string> Split(std::string_view names) {
  std::set<std::string> parts;
  std::istringstream text{std::string(names)};
  for (std::string part; std::getline(text, part, ',');) parts.insert(part);
  return parts;
}

// Every metric of the running platform stands in the table with its type and labels, and
// every row of the table is exported.
void ExpectTheTable(const Scrape& scrape) {
  constexpr const char* kTypes[] = {"counter", "gauge", "histogram"};
  // Without TLS, tokens and a backup; what only processes apart have; and a verdict that the few
  // hand-overs of a small company do not carry (business_gauges_test has it).
  const std::set<std::string> absent = {"gtm_tls_certificate_expiry_timestamp_seconds",
                                        "gtm_jwks_last_load_timestamp_seconds",
                                        "gtm_handover_acceptance_ratio"};
  std::set<std::string> known;
  for (const telemetry::MetricDef& def : telemetry::kMetrics) {
    const std::string name(def.name);
    known.insert(name);
    if (absent.contains(name)) continue;
    const auto type = scrape.types.find(name);
    if (type == scrape.types.end()) {
      ADD_FAILURE() << name << " is in the table, but not exported";
      continue;
    }
    EXPECT_EQ(type->second, kTypes[static_cast<int>(def.type)]) << name;
    EXPECT_EQ(scrape.labels.at(name), Split(def.labels)) << name;
  }
  for (const auto& [name, type] : scrape.types) {
    // Three of the HTTP server's library.
    if (name.rfind("exposer_", 0) == 0) continue;
    EXPECT_TRUE(known.contains(name)) << name << " is exported, but not in the table";
  }
}

// promtool knows the conventions of Prometheus. It objects to a label "quantile" on a gauge,
// which is what a forecast has.
void ExpectPromtoolIsContent(const Scrape& scrape, const std::string& folder) {
  if (std::system("command -v promtool > /dev/null 2>&1") != 0) {
    std::cout << "promtool is not installed: its opinion is missing here\n";
    return;
  }
  const std::string in = folder + "/metrics.txt";
  const std::string out = folder + "/promtool.txt";
  std::ofstream(in) << scrape.text;
  const std::string command = "promtool check metrics < " + in + " > " + out + " 2>&1";
  (void)!std::system(command.c_str());
  std::ifstream said(out);
  for (std::string line; std::getline(said, line);) {
    if (line.rfind("gtm_forecast_amount ", 0) == 0 || line.rfind("exposer_", 0) == 0) continue;
    ADD_FAILURE() << "promtool: " << line;
  }
}

void ExpectSignals(const Scrape& scrape, const growth::v1::SignalReport& report) {
  using growth::v1::SignalKind;
  const std::map<int, std::string> names = {
      {growth::v1::SIGNAL_KIND_NET_NEW_CUSTOMERS, "net_new_customers"},
      {growth::v1::SIGNAL_KIND_EXPANSION_WITHOUT_INCENTIVES, "expansion_without_incentives"},
      {growth::v1::SIGNAL_KIND_NEW_QUALIFIED_OPPORTUNITIES, "new_qualified_opportunities"},
      {growth::v1::SIGNAL_KIND_FIRST_DEAL, "first_deal"},
      {growth::v1::SIGNAL_KIND_QUOTA, "quota"}};
  const std::map<int, std::string> states = {{growth::v1::SIGNAL_STATUS_OK, "ok"},
                                             {growth::v1::SIGNAL_STATUS_WATCH, "watch"},
                                             {growth::v1::SIGNAL_STATUS_ACT, "act"},
                                             {growth::v1::SIGNAL_STATUS_UNKNOWN, "unknown"}};
  EXPECT_EQ(report.signals_size(), 5);
  for (const auto& signal : report.signals()) {
    const std::string& name = names.at(signal.kind());
    const bool enough = signal.value().sufficiency() == type::v1::SUFFICIENCY_ENOUGH;
    const std::string value = "gtm_signal_value{signal=\"" + name + "\",tenant=\"default\"}";
    EXPECT_EQ(scrape.Has(value), enough) << name;
    if (enough) {
      EXPECT_DOUBLE_EQ(scrape.Value(value), signal.value().value()) << name;
    }
    double sum = 0;
    for (const auto& [status, state] : states) {
      const double is = scrape.Value("gtm_signal_state{signal=\"" + name + "\",state=\"" + state +
                                     "\",tenant=\"default\"}");
      EXPECT_EQ(is, signal.status() == status ? 1 : 0) << name << " " << state;
      sum += is;
    }
    EXPECT_EQ(sum, 1) << name;
  }
}

double UnitsOf(const type::v1::Money& money) { return money.units() + money.nanos() / 1e9; }

void ExpectForecast(const Scrape& scrape, const forecasting::v1::Forecast& forecast,
                    const forecasting::v1::GetCoverageResponse& coverage) {
  const auto amount = [&](const std::string& quantile) {
    return scrape.Value("gtm_forecast_amount{currency=\"USD\",period=\"this_quarter\",quantile=\"" +
                        quantile + "\",segment=\"all\",tenant=\"default\"}");
  };
  // Both were computed a few seconds apart; what is left of the quarter has shrunk.
  const auto near = [](double a, double b) { EXPECT_NEAR(a, b, 0.01 * b + 1); };
  near(amount("0.1"), UnitsOf(forecast.bookings().p10()));
  near(amount("0.5"), UnitsOf(forecast.bookings().p50()));
  near(amount("0.9"), UnitsOf(forecast.bookings().p90()));
  const std::string period = "{period=\"this_quarter\",tenant=\"default\"}";
  const double target = UnitsOf(forecast.target().amount());
  ASSERT_GT(target, 0);
  EXPECT_DOUBLE_EQ(
      scrape.Value("gtm_forecast_target_amount{currency=\"USD\",period=\"this_quarter\","
                   "segment=\"all\",tenant=\"default\"}"),
      target);
  EXPECT_NEAR(scrape.Value("gtm_forecast_attainment_ratio" + period),
              UnitsOf(coverage.won_amount()) / target, 1e-9);
  EXPECT_NEAR(scrape.Value("gtm_pipeline_coverage_ratio" + period), coverage.coverage_ratio(),
              1e-9);
}

void ExpectSponsors(const Scrape& scrape, const sponsorship::v1::GetCapacityResponse& capacity) {
  EXPECT_EQ(scrape.Value("gtm_sponsor_capacity_slots{tenant=\"default\"}"), capacity.slot_count());
}

void ExpectReachAndUrgency(const Scrape& scrape, const cli::Client& client) {
  const auto value = [&](const std::string& name, const std::string& label) {
    return scrape.Value("gtm_" + name + "{" + label + ",tenant=\"default\"}");
  };
  const auto reach = client.Call<TargetingService>(&TargetingService::Stub::GetReach,
                                                   targeting::v1::GetReachRequest());
  ASSERT_TRUE(reach.ok()) << reach.error().message();
  const auto& share = reach->current().account_penetration();
  EXPECT_NEAR(value("market_penetration_ratio", "bound=\"low\""), share.low(), 1e-9);
  EXPECT_NEAR(value("market_penetration_ratio", "bound=\"high\""), share.high(), 1e-9);
  EXPECT_EQ(value("buying_groups", "coverage=\"partial\""),
            reach->current().group_counts(2).account_count());
  const auto simmering = client.Call<TargetingService>(&TargetingService::Stub::ListSimmering,
                                                       targeting::v1::ListSimmeringRequest());
  ASSERT_TRUE(simmering.ok()) << simmering.error().message();
  EXPECT_EQ(value("urgency_accounts", "state=\"live\""), simmering->active_count());
  EXPECT_EQ(value("urgency_accounts", "state=\"overdue\""), simmering->overdue_count());
  const auto experiments = client.Call<TargetingService>(&TargetingService::Stub::ListExperiments,
                                                         targeting::v1::ListExperimentsRequest());
  ASSERT_TRUE(experiments.ok()) << experiments.error().message();
  double sum = 0;
  for (const char* state : {"not_begun", "running", "decided", "stopped_early", "uneven_split"}) {
    sum += value("experiments", "state=\"" + std::string(state) + "\"");
  }
  EXPECT_EQ(sum, experiments->experiments_size());
}

TEST_F(MetricsTest, ThePlatformExportsTheTableAndWhatItAnswers) {
  ChildProcess all(Binary("gtm"),
                   {"serve", Store(), kMetricsPort, "--business-metrics-interval-s=1"});
  const cli::Client client = ClientOf(all.address());
  LoadDemo(client, 300);
  targeting::v1::RecordHandoverRequest handover;
  handover.set_request_id(cli::NewRequestId());
  handover.mutable_handover()->set_account_id("somebody");
  ASSERT_TRUE(
      client.Call<TargetingService>(&TargetingService::Stub::RecordHandover, handover).ok());
  const auto is_complete = [](const Scrape& scrape) {
    return scrape.types.contains("gtm_forecast_calibration_ratio") &&
           scrape.types.contains("gtm_signal_state") && scrape.types.contains("gtm_handovers") &&
           scrape.types.contains("gtm_sponsor_capacity_slots") &&
           scrape.types.contains("gtm_target_definition_active_since_timestamp_seconds") &&
           scrape.types.contains("gtm_experiments");
  };
  const Scrape scrape = ScrapeUntil(all.metrics_address(), is_complete);
  ExpectTheTable(scrape);
  ExpectPromtoolIsContent(scrape, folder_);
  const auto signals =
      client.Call<GrowthService>(&GrowthService::Stub::GetSignals, growth::v1::GetSignalsRequest());
  ASSERT_TRUE(signals.ok()) << signals.error().message();
  ExpectSignals(scrape, signals->report());
  const auto forecast = client.Call<ForecastingService>(&ForecastingService::Stub::GetForecast,
                                                        forecasting::v1::GetForecastRequest());
  const auto coverage = client.Call<ForecastingService>(&ForecastingService::Stub::GetCoverage,
                                                        forecasting::v1::GetCoverageRequest());
  ASSERT_TRUE(forecast.ok() && coverage.ok());
  ExpectForecast(scrape, forecast->forecast(), *coverage);
  const auto capacity = client.Call<SponsorshipService>(&SponsorshipService::Stub::GetCapacity,
                                                        sponsorship::v1::GetCapacityRequest());
  ASSERT_TRUE(capacity.ok()) << capacity.error().message();
  ExpectSponsors(scrape, *capacity);
  ExpectReachAndUrgency(scrape, client);
  EXPECT_EQ(all.Stop(), 0);
}

std::string ServerSeries(const std::string& metric, const std::string& method,
                         const std::string& code = "") {
  return metric + "{" + (code.empty() ? "" : "grpc_code=\"" + code + "\",") + "grpc_method=\"" +
         method + "\",grpc_service=\"gtm.records.v1.RecordsService\",grpc_type=\"unary\"}";
}

// A30: the counts of the server are those of its clients.
TEST_F(MetricsTest, CountsWhatClientsCount) {
  ChildProcess records(Binary("gtm-records"), {"--store=memory:", kMetricsPort});
  const cli::Client client = ClientOf(records.address());
  records::v1::GetRequest get;
  get.mutable_key()->set_kind(records::v1::RECORD_KIND_ACCOUNT);
  get.mutable_key()->set_id("nobody");
  const Scrape before = ScrapeMetrics(records.metrics_address());
  EXPECT_EQ(before.Value(ServerSeries("grpc_server_handled_total", "Get", "Unavailable")), 0)
      << "there before the first call";
  constexpr int kFound = 40, kMissing = 23;
  for (int i = 0; i < kFound; ++i) {
    ASSERT_TRUE(
        client.Call<RecordsService>(&RecordsService::Stub::GetHead, records::v1::GetHeadRequest())
            .ok());
  }
  for (int i = 0; i < kMissing; ++i) {
    EXPECT_FALSE(client.Call<RecordsService>(&RecordsService::Stub::Get, get).ok());
  }
  const Scrape after = ScrapeMetrics(records.metrics_address());
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_started_total", "GetHead")), kFound);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_handled_total", "GetHead", "OK")), kFound);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_handling_seconds_count", "GetHead")), kFound);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_msg_sent_total", "GetHead")), kFound);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_handled_total", "Get", "NotFound")), kMissing);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_msg_received_total", "Get")), kMissing);
  EXPECT_EQ(after.Value(ServerSeries("grpc_server_msg_sent_total", "Get")), 0);
  EXPECT_EQ(after.Value("gtm_call_errors_total{grpc_service=\"gtm.records.v1.RecordsService\","
                        "reason=\"RECORD_NOT_FOUND\"}"),
            kMissing);
  EXPECT_EQ(after.Value("gtm_auth_decisions_total{method_kind=\"reader\",reason=\"ok\","
                        "result=\"allow\"}"),
            kFound + kMissing);
  EXPECT_EQ(records.Stop(), 0);
}

// RELIABILITY D: at most 5,000 series a replica, with as many tenants of business metrics as
// one process may have, and a hundred that call.
TEST_F(MetricsTest, StaysWithinTheSeriesBudgetWithAHundredTenants) {
  constexpr int kTenants = 22;
  std::string listed;
  for (int i = 0; i < kTenants; ++i) listed += (i == 0 ? "t" : ",t") + std::to_string(i);
  ChildProcess all(Binary("gtm"), {"serve", "--store=memory:", kMetricsPort,
                                   "--business-metrics-tenants=" + listed,
                                   "--business-metrics-interval-s=1", "--tenant-inflight-max=64"});
  for (int i = 0; i < 100; ++i) {
    const cli::Client client = ClientOf(all.address(), "t" + std::to_string(i));
    if (i < kTenants) LoadDemo(client, 60);
    const auto signals = client.Call<GrowthService>(&GrowthService::Stub::GetSignals,
                                                    growth::v1::GetSignalsRequest());
    EXPECT_TRUE(signals.ok()) << signals.error().message();
  }
  // The first round of so many tenants takes a minute and more without optimization.
  const Scrape scrape = ScrapeUntil(
      all.metrics_address(),
      [](const Scrape& s) {
        return s.text.find("gtm_signal_state{signal=\"quota\",state=\"ok\",tenant=\"t21\"}") !=
               std::string::npos;
      },
      absl::Minutes(6));
  EXPECT_LE(scrape.series.size(), 5'000u);
  EXPECT_GT(scrape.series.size(), 3'000u) << "the tenants are there";
  EXPECT_EQ(scrape.text.find("tenant=\"t22\""), std::string::npos) << "not listed";
  RecordProperty("series", static_cast<int>(scrape.series.size()));
  std::cout << scrape.series.size() << " series\n";
  EXPECT_EQ(all.Stop(), 0);
}

// The access log lines of a method, once there is one.
nlohmann::json CallLine(const ChildProcess& process, const std::string& method) {
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
    std::istringstream lines(process.log());
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_object() && json.value("event", "") == "call" &&
          json.value("method", "") == method) {
        return json;
      }
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  ADD_FAILURE() << "no call of " << method << " in " << process.log();
  return nlohmann::json::object();
}

TEST_F(MetricsTest, ATraceGoesThroughTwoProcesses) {
  ChildProcess records(Binary("gtm-records"), {"--store=memory:", "--access-log=all"});
  ChildProcess targeting(Binary("gtm-targeting"),
                         {"--records-address=" + records.address(), "--access-log=all"});
  const auto stub = TargetingService::NewStub(rpc::MakeChannel(targeting.address()));
  grpc::ClientContext context;
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  targeting::v1::GetTargetDefinitionRequest request;
  request.set_definition_id("none");
  targeting::v1::TargetDefinition definition;
  EXPECT_EQ(stub->GetTargetDefinition(&context, request, &definition).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const auto first = CallLine(targeting, "gtm.targeting.v1.TargetingService/GetTargetDefinition");
  const auto second = CallLine(records, "gtm.records.v1.RecordsService/BatchGet");
  EXPECT_EQ(first.value("trace_id", ""), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(first.value("parent_span_id", ""), "00f067aa0ba902b7");
  EXPECT_EQ(second.value("trace_id", ""), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(second.value("parent_span_id", ""), first.value("span_id", "-"));
  EXPECT_NE(second.value("span_id", ""), first.value("span_id", ""));
}

}  // namespace
}  // namespace gtm::scenario
