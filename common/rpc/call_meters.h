#pragma once
// Metrics of the calls of one method, resolved once: no look-up and no text on a call's way.

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "common/core/error_reason.h"
#include "common/core/result.h"
#include "common/rpc/status.h"
#include "common/telemetry/metrics.h"

namespace gtm::rpc {

// Thread-safe.
class MethodMeters {
 public:
  // `method` is "gtm.records.v1.RecordsService/Watch". Makes its series, at 0, so that
  // rates exist before the first call.
  MethodMeters(telemetry::Metrics& metrics, std::string_view method);

  // Where the caller streams, each message is told by Received; where the answer is a
  // stream, each by Sent. Else Started and Finished count the one message.
  void Started();
  void Received();
  void Sent();
  void Finished(const Status& status, double seconds);

 private:
  static constexpr size_t kReasonEnd = 1 + [] {
    int last = 0;
#define GTM_X(name, number) last = number > last ? number : last;
    GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
    return static_cast<size_t>(last);
  }();

  bool caller_streams_ = false;
  bool answer_streams_ = false;
  prometheus::Counter* started_;
  prometheus::Counter* received_;
  prometheus::Counter* sent_;
  prometheus::Histogram* seconds_;
  std::array<prometheus::Counter*, kCodeCount> handled_{};  // null: see handled_by_code_
  std::function<prometheus::Counter&(size_t code)> handled_by_code_;
  std::array<prometheus::Counter*, kReasonEnd> errors_{};  // by reason; of the whole service
  prometheus::Counter* etag_conflicts_;
};

}  // namespace gtm::rpc
