#include "common/telemetry/trace.h"

#include <fmt/format.h>

#include <algorithm>

namespace gtm::telemetry {
namespace {

bool IsHexId(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::all_of(text.begin(), text.end(), is_hex) &&
         std::any_of(text.begin(), text.end(), [](char c) { return c != '0'; });
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view header) {
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  if (header.substr(0, 2) == "ff" || (header.substr(0, 2) == "00" && header.size() != 55)) {
    return std::nullopt;
  }
  const std::string_view trace_id = header.substr(3, 32);
  const std::string_view span_id = header.substr(36, 16);
  if (!IsHexId(trace_id) || !IsHexId(span_id)) return std::nullopt;
  return TraceContext{std::string(trace_id), std::string(span_id)};
}

TraceContext MakeTraceContext(Random& random) {
  return {fmt::format("{:016x}{:016x}", random.Next() | 1, random.Next()),
          fmt::format("{:016x}", random.Next() | 1)};
}

std::string FormatTraceparent(const TraceContext& trace) {
  return fmt::format("00-{}-{}-01", trace.trace_id, trace.span_id);
}

}  // namespace gtm::telemetry
