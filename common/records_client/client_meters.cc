#include "common/records_client/client_meters.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>

namespace gtm::records_client {
namespace {

constexpr std::string_view kType = "unary";
constexpr std::string_view kService = "gtm.records.v1.RecordsService";

}  // namespace

ClientMeters::ClientMeters(telemetry::Metrics& metrics, std::string_view method)
    : started_(&metrics.Counter(telemetry::kClientStarted, {kType, kService, method})),
      seconds_(&metrics.Histogram(telemetry::kClientSeconds, {kType, kService, method})) {
  for (int code = 0; code < rpc::kCodeCount; ++code) {
    handled_[static_cast<size_t>(code)] =
        &metrics.Counter(telemetry::kClientHandled, {kType, kService, method, rpc::CodeName(code)});
  }
}

void ClientMeters::Started() { started_->Increment(); }

void ClientMeters::Finished(const grpc::Status& status, absl::Duration took) {
  const int code = status.error_code();
  const bool is_known = code >= 0 && code < rpc::kCodeCount;
  handled_[is_known ? static_cast<size_t>(code) : 2]->Increment();  // else UNKNOWN
  seconds_->Observe(absl::ToDoubleSeconds(took));
}

}  // namespace gtm::records_client
