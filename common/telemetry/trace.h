#pragma once
// W3C trace context: https://www.w3.org/TR/trace-context/

#include <optional>
#include <string>
#include <string_view>

#include "common/core/random.h"

namespace gtm::telemetry {

struct TraceContext {
  std::string trace_id;  // 32 lower-case hex digits, not all zero
  std::string span_id;   // 16 lower-case hex digits, not all zero
};

// Reads "00-<trace id>-<span id>-<flags>"; nothing where it is malformed.
std::optional<TraceContext> ParseTraceparent(std::string_view header);
TraceContext MakeTraceContext(Random& random);
// "00-<trace id>-<span id>-01".
std::string FormatTraceparent(const TraceContext& trace);

}  // namespace gtm::telemetry
