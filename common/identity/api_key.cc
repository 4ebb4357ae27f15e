#include "common/identity/api_key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "common/identity/strict_json.h"

namespace gtm::identity {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kIdBytes = 8;
constexpr size_t kIdCharsMin = 8;
constexpr size_t kIdCharsMax = 32;
// Tenants take three characters a byte at most.
constexpr size_t kTextBytesMax = 4 + 3 * kIdBytesMax + 1 + kIdCharsMax + 1 + 44;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsPlain(char c) { return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '~'; }

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (IsPlain(c)) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Only what Escape makes.
std::optional<std::string> Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) {
      return std::nullopt;
    }
    plain += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  if (Escape(plain) != text) return std::nullopt;
  return plain;
}

template <size_t kCount>
std::string RandomBytes() {
  std::string bytes(kCount, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), kCount) != 1) {
    std::abort();  // a machine without randomness can have no secrets
  }
  return bytes;
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string HashOf(std::string_view secret) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::optional<KeyText> ParseKeyText(std::string_view text) {
  if (!text.starts_with(kKeyPrefix) || text.size() > kTextBytesMax) return std::nullopt;
  text.remove_prefix(kKeyPrefix.size());
  const size_t dot = text.rfind('.');
  const size_t mark = dot == text.npos ? text.npos : text.rfind('_', dot);
  if (mark == text.npos) return std::nullopt;
  const auto tenant = Unescape(text.substr(0, mark));
  const std::string_view id = text.substr(mark + 1, dot - mark - 1);
  const std::string_view secret = text.substr(dot + 1);
  const auto bytes = DecodeBase64Url(secret);
  if (!tenant.has_value() || !IsValidId(*tenant) || id.size() < kIdCharsMin ||
      id.size() > kIdCharsMax || !std::all_of(id.begin(), id.end(), IsAlphanumeric) ||
      !bytes.has_value() || bytes->size() != kSecretBytes) {
    return std::nullopt;
  }
  return KeyText{TenantId(*tenant), std::string(id), std::string(secret)};
}

std::string MakeSecret() { return EncodeBase64Url(RandomBytes<kSecretBytes>()); }

NewKey MakeKey(const TenantId& tenant) {
  NewKey key;
  key.id = Hex(RandomBytes<kIdBytes>());
  const std::string secret = MakeSecret();
  key.text = fmt::format("{}{}_{}.{}", kKeyPrefix, Escape(tenant.value()), key.id, secret);
  key.secret_sha256 = HashOf(secret);
  return key;
}

bool EqualSecrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool IsSecretOf(std::string_view secret, const KeyFacts& facts) {
  return EqualSecrets(HashOf(secret), facts.secret_sha256);
}

}  // namespace gtm::identity
