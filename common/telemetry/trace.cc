#include "common/telemetry/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gtm::telemetry {
namespace {

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsHexId(std::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

// 16 digits. By hand: every call has ids, and fmt takes four times as long.
void WriteHex(uint64_t number, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, number >>= 4) out[i] = kHex[number & 15];
}

std::string MakeSpanId(Random& random) {
  std::string id(16, '0');
  WriteHex(random.Next() | 1, id.data());
  return id;
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view header) {
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = header.substr(0, 2);
  if (!IsHex(version) || version == "ff" || (version == "00" && header.size() != 55) ||
      (header.size() > 55 && header[55] != '-')) {
    return std::nullopt;
  }
  const std::string_view trace_id = header.substr(3, 32);
  const std::string_view span_id = header.substr(36, 16);
  const std::string_view flags = header.substr(53, 2);
  if (!IsHexId(trace_id) || !IsHexId(span_id) || !IsHex(flags)) return std::nullopt;
  const int low = flags[1] >= 'a' ? flags[1] - 'a' + 10 : flags[1] - '0';
  return TraceContext{std::string(trace_id), std::string(span_id), (low & 1) != 0};
}

TraceContext MakeTraceContext(Random& random) {
  std::string id(32, '0');
  WriteHex(random.Next() | 1, id.data());
  WriteHex(random.Next(), id.data() + 16);
  return {std::move(id), MakeSpanId(random)};
}

TraceContext MakeChild(const TraceContext& parent, Random& random) {
  return {parent.trace_id, MakeSpanId(random), parent.sampled};
}

std::string FormatTraceparent(const TraceContext& trace) {
  return fmt::format("00-{}-{}-{}", trace.trace_id, trace.span_id, trace.sampled ? "01" : "00");
}

}  // namespace gtm::telemetry
