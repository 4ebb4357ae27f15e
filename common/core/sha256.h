#pragma once
// SHA-256 (FIPS 180-4), for the input hash of decisions and for contents. Not for
// passwords.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // of OpenSSL

namespace gtm {

// Hashes a stream of bytes. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  // Goes on from the same bytes: a common beginning is hashed once.
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;
  Sha256& Update(std::string_view bytes);
  // A number as eight bytes, the highest first.
  Sha256& Update(int64_t number);
  // A text behind its length, so that ("ab", "c") and ("a", "bc") differ.
  Sha256& UpdateText(std::string_view text);
  // 64 hex digits. Nothing may be added afterwards.
  std::string HexDigest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// HexDigest of one text.
std::string Sha256Hex(std::string_view bytes);

}  // namespace gtm
