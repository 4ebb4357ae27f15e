#pragma once
// Opaque page tokens: where the last page ended, bound to the request that it answered.

#include <string>
#include <string_view>

#include "common/core/result.h"
#include "google/protobuf/message.h"

namespace gtm::targeting::handler {

// Digest of a request without what may differ from page to page: page_token, page_size,
// and of the point in time as_of (which the token carries where it matters) and
// min_revision.
std::string RequestDigest(const google::protobuf::Message& request);

std::string MakePageToken(std::string_view position, std::string_view request_digest);
// The position of a token. Error: PAGE_TOKEN_INVALID where it is damaged or belongs to
// another request. An empty token gives an empty position.
Result<std::string> ReadPageToken(const std::string& token, std::string_view request_digest);

}  // namespace gtm::targeting::handler
