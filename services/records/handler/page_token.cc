#include "services/records/handler/page_token.h"

#include <charconv>

#include "absl/strings/escaping.h"

namespace gtm::records::handler {
namespace {

constexpr size_t kHashBytes = 12;
constexpr size_t kTokenBytesMax = 1'024;
constexpr char kFormat = '1';

// "<number>;" each.
void PutNumber(int64_t number, std::string* out) { *out += std::to_string(number) + ';'; }

bool TakeNumber(std::string_view* text, int64_t* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc() || end == text->data() + text->size() || *end != ';') return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()) + 1);
  return true;
}

bool TakeText(std::string_view* text, std::string* value) {
  int64_t length = 0;
  if (!TakeNumber(text, &length) || length < 0 || length > static_cast<int64_t>(text->size())) {
    return false;
  }
  value->assign(text->substr(0, static_cast<size_t>(length)));
  text->remove_prefix(static_cast<size_t>(length));
  return true;
}

}  // namespace

std::string EncodePageToken(const PageToken& token, std::string_view arguments_hash) {
  std::string plain(1, kFormat);
  plain += arguments_hash.substr(0, kHashBytes);
  PutNumber(static_cast<int64_t>(token.last_id.size()), &plain);
  plain += token.last_id;
  PutNumber(token.last_seq, &plain);
  PutNumber(static_cast<int64_t>(token.epoch.size()), &plain);
  plain += token.epoch;
  PutNumber(token.first_seq, &plain);
  PutNumber(token.at_seq.value_or(-1), &plain);
  return absl::WebSafeBase64Escape(plain);
}

Result<PageToken> DecodePageToken(std::string_view text, std::string_view arguments_hash) {
  const Error invalid(Reason::PAGE_TOKEN_INVALID,
                      "page_token: does not belong to this request; start again without it");
  std::string plain;
  if (text.size() > kTokenBytesMax ||
      !absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &plain)) {
    return invalid;
  }
  std::string_view rest = plain;
  const std::string_view hash = arguments_hash.substr(0, kHashBytes);
  if (rest.size() < 1 + kHashBytes || rest[0] != kFormat || rest.substr(1, kHashBytes) != hash) {
    return invalid;
  }
  rest.remove_prefix(1 + kHashBytes);
  PageToken token;
  int64_t at_seq = -1;
  const bool good = TakeText(&rest, &token.last_id) && TakeNumber(&rest, &token.last_seq) &&
                    TakeText(&rest, &token.epoch) && TakeNumber(&rest, &token.first_seq) &&
                    TakeNumber(&rest, &at_seq) && rest.empty() && token.last_seq >= 0 &&
                    token.first_seq >= 0;
  if (!good) return invalid;
  if (at_seq >= 0) token.at_seq = at_seq;
  return token;
}

}  // namespace gtm::records::handler
