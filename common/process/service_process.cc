#include "common/process/service_process.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/records_client/book_cache.h"
#include "common/records_client/grpc_records.h"

namespace gtm::process {
namespace {

void ExportStats(Process& process, const records_client::BookCacheStats& stats,
                 int64_t* relists_told) {
  telemetry::Metrics& metrics = process.metrics();
  metrics.Gauge(telemetry::kBooks, {}).Set(stats.book_count);
  metrics.Gauge(telemetry::kBookBytes, {}).Set(static_cast<double>(stats.memory_bytes));
  metrics.Gauge(telemetry::kFeedAppliedSeq, {}).Set(static_cast<double>(stats.applied_seq_max));
  metrics.Gauge(telemetry::kFeedStaleness, {}).Set(absl::ToDoubleSeconds(stats.staleness_max));
  metrics.Counter(telemetry::kFeedRelists, {})
      .Increment(static_cast<double>(stats.relist_count - *relists_told));
  *relists_told = stats.relist_count;
}

Status Run(const ServiceParts& parts, Process& process) {
  const auto channel = rpc::MakeChannel(process.config().Text(config::kRecordsAddress));
  const auto books = MakeBookCache(process, channel);
  const auto records = records_client::MakeGrpcRecords(books, channel, std::string(parts.name));
  process.gate().AddMethods(parts.methods);
  const auto service = parts.make(process.gate(), *records);
  GTM_RETURN_IF_ERROR(process.Listen({service.get()}));
  process.RunUntilSignal([] {});
  return {};
}

}  // namespace

std::shared_ptr<records_client::BookCache> MakeBookCache(Process& process,
                                                         std::shared_ptr<grpc::Channel> channel) {
  records_client::BookCacheOptions options;
  options.follower.channel = std::move(channel);
  options.memory_bytes_max = process.config().Number(config::kBookMemoryMib) << 20;
  auto books = std::make_shared<records_client::BookCache>(options);
  // Weak: the cache must end before the server that its channel leads to.
  process.EverySecond([&process, weak = std::weak_ptr(books), relists_told = int64_t{0}]() mutable {
    if (const auto held = weak.lock()) ExportStats(process, held->stats(), &relists_told);
  });
  return books;
}

int ServiceMain(const ServiceParts& parts, int argc, char** argv) {
  return Main(fmt::format("gtm-{}", parts.name), config::ServiceKeys(), argc, argv,
              [&](Process& process) { return Run(parts, process); });
}

}  // namespace gtm::process
