#include "common/core/page_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "common/core/limits.h"

namespace gtm {
namespace {

constexpr size_t kHashDigits = 16;
constexpr size_t kTokenBytesMax = 1'024;

// FNV-1a: a mistake is found, an attacker gains nothing (see the header).
std::string HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string EncodePageToken(std::string_view last_id, std::string_view arguments) {
  return absl::WebSafeBase64Escape(HashOf(arguments) + std::string(last_id));
}

Result<std::string> DecodePageToken(std::string_view token, std::string_view arguments) {
  if (token.empty()) return std::string();
  std::string plain;
  if (token.size() > kTokenBytesMax ||
      !absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &plain) ||
      plain.size() <= kHashDigits || plain.substr(0, kHashDigits) != HashOf(arguments)) {
    return Error(Reason::PAGE_TOKEN_INVALID,
                 "page_token: does not belong to this request; start again without it");
  }
  return plain.substr(kHashDigits);
}

Result<int> PageSizeOf(int requested) {
  if (requested < 0) return InvalidField("page_size", "must not be negative; 0 means the default");
  if (requested == 0) return limits::kListPageDefault;
  return std::min(requested, limits::kListPageMax);
}

}  // namespace gtm
