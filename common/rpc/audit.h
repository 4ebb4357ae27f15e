#pragma once
// The audit log: one JSON line for every call that was denied and for every call that
// wrote. No credentials and no contents of records.

#include <string>
#include <string_view>

#include "common/rpc/authenticator.h"
#include "common/rpc/call.h"
#include "common/telemetry/log.h"

namespace gtm::rpc {

// Thread-safe.
class Audit {
 public:
  // `log` outlives it.
  explicit Audit(telemetry::Log& log) : log_(log) {}

  // {"event":"deny","audit":true,"subject","tenant","peer","method","reason","detail",
  // "trace_id"}: `reason` is what the caller was told, `detail` what it was not. `subject`
  // is "" where nobody was verified.
  void Denied(const Call& call, std::string_view method, std::string_view peer,
              std::string_view subject, Reason reason, std::string_view detail);
  // {"event":"write","audit":true,"subject","tenant","peer","method","request_id",
  // "revision","ok","trace_id"}: "ok" false where an import ended early, after batches that
  // are durable.
  void Wrote(const Call& call, std::string_view peer, bool ok);

 private:
  telemetry::Log& log_;
};

}  // namespace gtm::rpc
