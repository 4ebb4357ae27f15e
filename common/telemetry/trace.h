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
  bool sampled = true;   // whether the caller records this trace
};

// The header that carries it, as metadata.
inline constexpr std::string_view kTraceparentKey = "traceparent";

// Reads "00-<trace id>-<span id>-<flags>", and what later versions add behind it; nothing
// where it is malformed.
std::optional<TraceContext> ParseTraceparent(std::string_view header);
TraceContext MakeTraceContext(Random& random);
// A span below `parent`: the same trace, a new span.
TraceContext MakeChild(const TraceContext& parent, Random& random);
// "00-<trace id>-<span id>-<01 or 00>".
std::string FormatTraceparent(const TraceContext& trace);

}  // namespace gtm::telemetry
