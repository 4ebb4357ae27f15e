#include "services/targeting/handler/page_token.h"

#include <charconv>
#include <memory>

#include "absl/strings/escaping.h"
#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/handler/parse.h"

namespace gtm::targeting::handler {
namespace {

constexpr size_t kDigestBytes = 16;

Error BadToken() {
  return Error(Reason::PAGE_TOKEN_INVALID,
               "page_token: does not belong to this request; start again without it");
}

}  // namespace

std::string RequestDigest(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  const auto* reflection = copy->GetReflection();
  for (const char* name : {"page_token", "page_size"}) {
    const auto* field = copy->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) reflection->ClearField(copy.get(), field);
  }
  if (const auto* field = copy->GetDescriptor()->FindFieldByName("point"); field != nullptr) {
    type::v1::PointInTime point;
    point.CopyFrom(reflection->GetMessage(*copy, field));
    point.clear_as_of();
    point.clear_min_revision();
    reflection->MutableMessage(copy.get(), field)->CopyFrom(point);
  }
  return Sha256Hex(request.GetTypeName() + CanonicalBytes(*copy)).substr(0, kDigestBytes);
}

std::string MakePageToken(std::string_view position, std::string_view request_digest) {
  std::string plain(request_digest);
  plain += position;
  return absl::WebSafeBase64Escape(absl::string_view(plain.data(), plain.size()));
}

Result<std::string> ReadPageToken(const std::string& token, std::string_view request_digest) {
  if (token.empty()) return std::string();
  std::string plain;
  if (!absl::WebSafeBase64Unescape(token, &plain) || plain.size() <= kDigestBytes ||
      std::string_view(plain).substr(0, kDigestBytes) != request_digest) {
    return BadToken();
  }
  return plain.substr(kDigestBytes);
}

std::string PositionText(const PagePosition& position) {
  return fmt::format("{}:{}:{}", position.order, absl::ToUnixNanos(position.as_of), position.id);
}

Result<std::optional<PagePosition>> ParsePosition(const std::string& text) {
  if (text.empty()) return std::optional<PagePosition>();
  PagePosition position;
  int64_t as_of_ns = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int64_t* number : {&position.order, &as_of_ns}) {
    const auto parsed = std::from_chars(at, end, *number);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') return BadToken();
    at = parsed.ptr + 1;
  }
  position.as_of = absl::FromUnixNanos(as_of_ns);
  position.id.assign(at, end);
  return std::optional(std::move(position));
}

Result<type::v1::PointInTime> PointOf(const type::v1::PointInTime& asked,
                                      const std::optional<PagePosition>& position) {
  if (!position) return asked;
  if (asked.has_as_of() && domain::TimeOf(asked.as_of()) != position->as_of) return BadToken();
  type::v1::PointInTime point = asked;
  domain::SetTime(position->as_of, point.mutable_as_of());
  return point;
}

}  // namespace gtm::targeting::handler
