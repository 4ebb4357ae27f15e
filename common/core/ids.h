#pragma once
// Identifiers that cannot be mixed up.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/core/random.h"

namespace gtm {

// A string that names a Tag and nothing else.
template <class Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}
  const std::string& value() const { return value_; }
  bool empty() const { return value_.empty(); }
  friend auto operator<=>(const StrongId&, const StrongId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  std::string value_;
};

using TenantId = StrongId<struct TenantTag>;

// Longest id of a tenant or record, in bytes.
inline constexpr size_t kIdBytesMax = 128;

// True for 1 to 128 bytes of UTF-8 without control characters.
bool IsValidId(std::string_view id);
// True for a UUID in its 36-character form.
bool IsUuid(std::string_view text);
// A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then random bits.
// Not for secrets.
std::string MakeUuidV7(absl::Time now, Random& random);

}  // namespace gtm
