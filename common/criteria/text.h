#pragma once
// Comparing words without regard to the case of A to Z. Not a public header.

#include <algorithm>
#include <string>
#include <string_view>

namespace gtm::criteria::internal {

constexpr unsigned char LowerByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte + 32) : byte;
}

inline std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return static_cast<char>(LowerByte(c)); });
  return lower;
}

// Below, equal or above 0, as `a` sorts against `b`. Shorter words sort first, so that
// most comparisons need no byte.
inline int CompareWords(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const int difference = int{LowerByte(a[i])} - int{LowerByte(b[i])};
    if (difference != 0) return difference;
  }
  return 0;
}

}  // namespace gtm::criteria::internal
