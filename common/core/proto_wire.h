#pragma once
// Protobuf's wire format, written by hand: for answers that are made very often. Fields are
// appended by rising number and left out where they are zero or empty, as the generated code
// of proto3 does, so that bytes are equal to its own.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gtm::wire {

// Writes a varint where ten bytes have room; gives the byte behind it.
inline char* WriteVarint(uint64_t value, char* at) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

inline void AppendVarint(uint64_t value, std::string* out) {
  char bytes[10];
  out->append(bytes, WriteVarint(value, bytes));
}

// Both in one piece: to append costs more than to write.
inline void AppendVarints(uint64_t first, uint64_t second, std::string* out) {
  char bytes[20];
  out->append(bytes, WriteVarint(second, WriteVarint(first, bytes)));
}

// bool, int32, int64 or an enum: negative numbers take ten bytes.
inline void AppendNumber(int field, int64_t value, std::string* out) {
  if (value == 0) return;
  AppendVarints(static_cast<uint64_t>(field) << 3, static_cast<uint64_t>(value), out);
}

// The tag and the length of `size` bytes to come: of a text, or of a message.
inline void AppendLength(int field, size_t size, std::string* out) {
  AppendVarints(static_cast<uint64_t>(field) << 3 | 2, size, out);
}

// An item of a list of texts, or a field that is set though it is empty.
inline void AppendItem(int field, std::string_view text, std::string* out) {
  AppendLength(field, text.size(), out);
  out->append(text);
}

// Bytes that AppendText takes for `size` bytes of text.
constexpr size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}
constexpr size_t TextSize(int field, size_t size) {
  if (size == 0) return 0;
  return VarintSize(static_cast<uint64_t>(field) << 3) + VarintSize(size) + size;
}

inline void AppendText(int field, std::string_view text, std::string* out) {
  if (!text.empty()) AppendItem(field, text, out);
}

// What is appended while it lives is one message of `field`.
class Nested {
 public:
  Nested(int field, std::string* out) : out_(*out) {
    AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
    // Nearly always one or two bytes hold the length; two are kept free, and moved if need be.
    start_ = out_.size();
    out_.append(2, '\0');
  }
  ~Nested() {
    const size_t size = out_.size() - start_ - 2;
    char length[10];
    const auto length_size = static_cast<size_t>(WriteVarint(size, length) - length);
    if (length_size > 2) out_.append(length_size - 2, '\0');
    char* const at = out_.data() + start_;
    if (length_size != 2) std::memmove(at + length_size, at + 2, size);
    std::memcpy(at, length, length_size);
    if (length_size < 2) out_.pop_back();
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  std::string& out_;
  size_t start_;
};

}  // namespace gtm::wire
