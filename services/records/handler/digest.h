#pragma once
// SHA-256, and text that two different inputs never share.

#include <cstdint>
#include <string>
#include <string_view>

namespace gtm::records::handler {

// 32 bytes.
std::string Sha256(std::string_view bytes);
// Lowercase.
std::string Hex(std::string_view bytes);
// Bytes from the system's generator, fit for secrets and salts.
std::string RandomBytes(int count);

// Writes values one after the other, each with its length, so that two different
// sequences never give the same bytes.
class Canonical {
 public:
  Canonical& Text(std::string_view value);
  Canonical& Number(int64_t value);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace gtm::records::handler
