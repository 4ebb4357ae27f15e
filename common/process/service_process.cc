#include "common/process/service_process.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>

#include "common/records_client/book_cache.h"
#include "common/records_client/grpc_records.h"
#include "common/records_client/key_lookup.h"

namespace gtm::process {
namespace {

void Raise(prometheus::Counter& counter, int64_t count) {
  counter.Increment(std::max(static_cast<double>(count) - counter.Value(), 0.0));
}

void ExportStats(telemetry::Metrics& metrics, const records_client::BookCacheStats& stats) {
  metrics.Gauge(telemetry::kBooks, {}).Set(stats.book_count);
  metrics.Gauge(telemetry::kBookBytes, {}).Set(static_cast<double>(stats.memory_bytes));
  metrics.Gauge(telemetry::kFeedHeadSeq, {}).Set(static_cast<double>(stats.head_seq_max));
  metrics.Gauge(telemetry::kFeedAppliedSeq, {}).Set(static_cast<double>(stats.applied_seq_max));
  metrics.Gauge(telemetry::kFeedBehind, {}).Set(static_cast<double>(stats.lag_max));
  metrics.Gauge(telemetry::kFeedStaleness, {}).Set(absl::ToDoubleSeconds(stats.staleness_max));
  // Books that were dropped are missing in the sums of those that are left.
  Raise(metrics.Counter(telemetry::kFeedRelists, {}), stats.relist_count);
  Raise(metrics.Counter(telemetry::kFeedReconnects, {}), stats.reconnect_count);
  Raise(metrics.Counter(telemetry::kBooksDropped, {}), stats.dropped_count);
}

Status Run(const ServiceParts& parts, Process& process) {
  const auto channel = rpc::MakeChannel(process.config().Text(config::kRecordsAddress),
                                        process.identity().channel_credentials);
  if (auto* verifier = process.identity().verifier; verifier != nullptr) {
    verifier->SetKeyLookup(records_client::LookupOver(channel, std::string(parts.name)));
  }
  const auto books = MakeBookCache(process, channel, parts.name);
  const auto records =
      records_client::MakeGrpcRecords(books, channel, std::string(parts.name), &process.metrics());
  process.gate().AddMethods(parts.methods);
  const auto service = parts.make(process.gate(), *records);
  GTM_ASSIGN_OR_RETURN(const BusinessMetricsOptions options,
                       ReadBusinessOptions(process.config(), kBusinessTenantsMax));
  BusinessMetrics business(
      process.metrics(), process.log(),
      {{std::string(parts.name), records.get(), parts.gauges, parts.gauges_age}}, options);
  GTM_RETURN_IF_ERROR(process.Listen({service.get()}));
  business.Start();
  process.RunUntilSignal([] {});
  return {};
}

}  // namespace

std::shared_ptr<records_client::BookCache> MakeBookCache(Process& process,
                                                         std::shared_ptr<grpc::Channel> channel,
                                                         std::string_view consumer) {
  records_client::BookCacheOptions options;
  options.follower.channel = std::move(channel);
  options.memory_bytes_max = process.config().Number(config::kBookMemoryMib) << 20;
  auto& lag = process.metrics().Histogram(telemetry::kFeedLag, {consumer});
  options.follower.on_lag = [&lag](absl::Duration since_commit) {
    lag.Observe(std::max(absl::ToDoubleSeconds(since_commit), 0.0));
  };
  auto books = std::make_shared<records_client::BookCache>(options);
  // Weak: the cache must end before the server that its channel leads to.
  telemetry::Metrics& metrics = process.metrics();
  metrics.BeforeScrape([&metrics, weak = std::weak_ptr(books)] {
    if (const auto held = weak.lock()) ExportStats(metrics, held->stats());
  });
  return books;
}

int ServiceMain(const ServiceParts& parts, int argc, char** argv) {
  return Main(fmt::format("gtm-{}", parts.name), config::ServiceKeys(), argc, argv,
              [&](Process& process) { return Run(parts, process); });
}

}  // namespace gtm::process
