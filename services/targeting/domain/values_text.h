#pragma once
// Values as bytes, so that what an answer was computed from can be hashed. Every piece
// carries its length: different values never give equal bytes.

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "common/criteria/criteria.h"

namespace gtm::targeting::domain {

// Writes eight bytes, the lowest first.
inline void WriteNumber(uint64_t number, char* at) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(at, &number, sizeof(number));
  } else {
    for (int i = 0; i < 8; ++i) at[i] = static_cast<char>((number >> (8 * i)) & 0xff);
  }
}

inline void AppendNumber(uint64_t number, std::string* out) {
  char bytes[8];
  WriteNumber(number, bytes);
  out->append(bytes, sizeof(bytes));
}

inline void AppendText(std::string_view text, std::string* out) {
  AppendNumber(text.size(), out);
  out->append(text);
}

inline void AppendValues(std::span<const criteria::Value> values, std::string* out) {
  AppendNumber(values.size(), out);
  for (const criteria::Value& value : values) {
    if (!value.known()) {
      out->push_back('-');
    } else if (value.number() != nullptr) {
      char bytes[9] = {value.is_at_least() ? 'm' : 'n'};
      WriteNumber(std::bit_cast<uint64_t>(*value.number()), bytes + 1);
      out->append(bytes, sizeof(bytes));
    } else {
      char bytes[9] = {'w'};
      WriteNumber(value.words().size(), bytes + 1);
      out->append(bytes, sizeof(bytes));
      for (std::string_view word : value.words()) AppendText(word, out);
    }
  }
}

}  // namespace gtm::targeting::domain
