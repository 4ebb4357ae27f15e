#pragma once
// SHA-256 (FIPS 180-4), for the input hash of decisions and for contents. Not for
// passwords.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gtm {

// Hashes a stream of bytes. Not thread-safe.
class Sha256 {
 public:
  Sha256& Update(std::string_view bytes);
  // A number as eight bytes, the highest first.
  Sha256& Update(int64_t number);
  // A text behind its length, so that ("ab", "c") and ("a", "bc") differ.
  Sha256& UpdateText(std::string_view text);
  // 64 hex digits. Nothing may be added afterwards.
  std::string HexDigest();

 private:
  void Compress(const unsigned char* block);
  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  uint64_t byte_count_ = 0;
};

// HexDigest of one text.
std::string Sha256Hex(std::string_view bytes);

}  // namespace gtm
