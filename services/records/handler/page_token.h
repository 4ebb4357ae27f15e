#pragma once
// Opaque page tokens: where the next page starts, bound to the question asked.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm::records::handler {

struct PageToken {
  std::string last_id;            // of List
  int64_t last_seq = 0;           // of ListHistory
  std::string epoch;              // of the first page
  int64_t first_seq = 0;          // revision of the first page
  std::optional<int64_t> at_seq;  // of List with recorded_as_of
};

// `arguments_hash` is a digest of everything that must be the same on every page, the
// tenant included. Tokens hold no secret and no right: the tenant comes from the caller's
// identity, so a forged token reads nothing that the caller could not read anyway.
std::string EncodePageToken(const PageToken& token, std::string_view arguments_hash);
// Error: PAGE_TOKEN_INVALID, also for a token of other arguments.
Result<PageToken> DecodePageToken(std::string_view text, std::string_view arguments_hash);

}  // namespace gtm::records::handler
