#pragma once
// Opaque page tokens: where the last page ended, bound to the request that it answered.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/core/result.h"
#include "google/protobuf/message.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::targeting::handler {

// Digest of a request without what may differ from page to page: page_token, page_size,
// and of the point in time as_of (which the token carries where it matters) and
// min_revision.
std::string RequestDigest(const google::protobuf::Message& request);

std::string MakePageToken(std::string_view position, std::string_view request_digest);
// The position of a token. Error: PAGE_TOKEN_INVALID where it is damaged or belongs to
// another request. An empty token gives an empty position.
Result<std::string> ReadPageToken(const std::string& token, std::string_view request_digest);

// Where a page ended: what the list is ordered by (a priority, a day; 0 where it is the id
// alone), the id that it ended with, and the instant that all pages hold for.
struct PagePosition {
  int64_t order = 0;
  absl::Time as_of;
  std::string id;
};
// For MakePageToken.
std::string PositionText(const PagePosition& position);
// Of what ReadPageToken gives; nothing for the first page. Error: PAGE_TOKEN_INVALID.
Result<std::optional<PagePosition>> ParsePosition(const std::string& text);
// The point to ask at: later pages hold for the instant of the first. Error:
// PAGE_TOKEN_INVALID where the request says another.
Result<type::v1::PointInTime> PointOf(const type::v1::PointInTime& asked,
                                      const std::optional<PagePosition>& position);

}  // namespace gtm::targeting::handler
