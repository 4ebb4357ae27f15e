#include "services/targeting/handler/page_token.h"

#include <memory>

#include "absl/strings/escaping.h"
#include "common/core/sha256.h"
#include "gtm/type/v1/time.pb.h"
#include "services/targeting/handler/parse.h"

namespace gtm::targeting::handler {
namespace {

constexpr size_t kDigestBytes = 16;

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
    return Error(Reason::PAGE_TOKEN_INVALID,
                 "page_token: does not belong to this request; start again without it");
  }
  return plain.substr(kDigestBytes);
}

}  // namespace gtm::targeting::handler
