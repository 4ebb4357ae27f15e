#pragma once
// Opaque page tokens: where the next page starts, bound to the question asked (AIP-158).

#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm {

// The page after `last_id`. `arguments` is every other argument of the request that
// must be the same on every page, in any unambiguous form. Tokens hold no secret and no
// right: the tenant comes from the caller's identity.
std::string EncodePageToken(std::string_view last_id, std::string_view arguments);
// The last id of the page before; "" for an empty token, which asks for the first page.
// Error: PAGE_TOKEN_INVALID, also for a token of other arguments.
Result<std::string> DecodePageToken(std::string_view token, std::string_view arguments);

// The number of items to answer with: 0 means the default, more than the maximum means
// the maximum (limits.h). Error: INVALID_FIELDS on "page_size" below 0.
Result<int> PageSizeOf(int requested);

}  // namespace gtm
