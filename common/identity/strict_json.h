#pragma once
// JSON and base64url as strictly as signatures need them: what two readers could read
// differently is refused.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gtm::identity {

// Deepest nesting that is read.
inline constexpr int kJsonDepthMax = 16;

// The one JSON object of a text. Nothing where it is none, an object has a key twice, or it
// is nested too deeply.
std::optional<nlohmann::json> ParseStrictObject(std::string_view text);

// The text member; nothing where it is absent or no text.
std::optional<std::string> TextMember(const nlohmann::json& object, const char* name);

// base64url without padding (RFC 7515); nothing for other characters, impossible lengths and
// bits beyond the last byte.
std::optional<std::string> DecodeBase64Url(std::string_view text);
std::string EncodeBase64Url(std::string_view bytes);

}  // namespace gtm::identity
