#pragma once
// Metrics of one unary method as its client sees it, resolved once.

#include <array>
#include <string_view>

#include "absl/time/time.h"
#include "common/rpc/status.h"
#include "common/telemetry/metrics.h"

namespace gtm::records_client {

// Thread-safe. One attempt is one call.
class ClientMeters {
 public:
  // `method` of gtm.records.v1.RecordsService: "BatchGet".
  ClientMeters(telemetry::Metrics& metrics, std::string_view method);
  void Started();
  void Finished(const grpc::Status& status, absl::Duration took);

 private:
  prometheus::Counter* started_;
  prometheus::Histogram* seconds_;
  std::array<prometheus::Counter*, rpc::kCodeCount> handled_{};
};

}  // namespace gtm::records_client
