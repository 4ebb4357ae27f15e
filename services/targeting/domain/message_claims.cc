#include "services/targeting/domain/message_claims.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr std::array<std::string_view, 3> kCurrencies = {"$", "\xe2\x82\xac", "\xc2\xa3"};
constexpr std::array<std::string_view, 23> kMonths = {
    "january", "february", "march",    "april", "june", "july", "august", "september",
    "october", "november", "december", "jan",   "feb",  "mar",  "apr",    "jun",
    "jul",     "aug",      "sep",      "sept",  "oct",  "nov",  "dec"};
constexpr std::array<std::string_view, 4> kOrdinals = {"st", "nd", "rd", "th"};
constexpr double kDaysOfMonth = 31;

struct Scale {
  std::string_view word;
  double factor;
};
constexpr std::array<Scale, 9> kScales = {{{"thousand", 1e3},
                                           {"k", 1e3},
                                           {"million", 1e6},
                                           {"mn", 1e6},
                                           {"m", 1e6},
                                           {"billion", 1e9},
                                           {"bn", 1e9},
                                           {"b", 1e9},
                                           {"trillion", 1e12}}};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsLetter(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <class Words>
bool Holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A text whose typographic spaces, dashes and quotes are plain ones.
struct PlainText {
  std::string text;
  std::vector<size_t> from;  // of each byte, and of the end: where it is in the text as written
};

struct Typographic {
  std::string_view bytes;
  char plain;
};
constexpr std::array<Typographic, 15> kTypographic = {{{"\xc2\xa0", ' '},
                                                       {"\xe2\x80\x89", ' '},
                                                       {"\xe2\x80\xaf", ' '},
                                                       {"\xe2\x80\x90", '-'},
                                                       {"\xe2\x80\x91", '-'},
                                                       {"\xe2\x80\x92", '-'},
                                                       {"\xe2\x80\x93", '-'},
                                                       {"\xe2\x80\x94", ' '},
                                                       {"\xe2\x80\x95", ' '},
                                                       {"\xe2\x80\x98", '"'},
                                                       {"\xe2\x80\x99", '\''},
                                                       {"\xe2\x80\x9c", '"'},
                                                       {"\xe2\x80\x9d", '"'},
                                                       {"\xc2\xab", '"'},
                                                       {"\xc2\xbb", '"'}}};

PlainText Plain(std::string_view text) {
  PlainText out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const auto found = std::find_if(kTypographic.begin(), kTypographic.end(),
                                    [&](const auto& one) { return rest.starts_with(one.bytes); });
    out.from.push_back(at);
    out.text += found == kTypographic.end() ? rest.front() : found->plain;
    at += found == kTypographic.end() ? 1 : found->bytes.size();
  }
  out.from.push_back(text.size());
  return out;
}

// A number as it stands in the text.
struct Number {
  double value = 0;  // before its scale
  double scale = 1;
  std::string_view currency;
  std::string unit;
  size_t begin = 0, end = 0;
  bool begins_range = false;  // a hyphen and a number follow
};

// One number, read from where its digits begin.
class Reader {
 public:
  Reader(std::string_view text, size_t begin) : text_(text), begin_(begin), end_(begin) {}

  // Past the number and what belongs to it.
  size_t end() const { return end_; }

  // Nothing where it is no claim.
  std::optional<Number> Read() {
    Number number;
    if (!ReadDigits(&number.value)) return Skip();
    const bool is_grouped = text_.substr(begin_, end_ - begin_).find(',') != std::string_view::npos;
    const size_t digit_count = end_ - begin_;
    number.currency = CurrencyBefore();
    const std::string next = WordAt(SkipSpaces(end_));
    const bool is_attached = end_ < text_.size() && IsLetter(text_[end_]);
    if (StandsInWord(!number.currency.empty())) return Skip();
    const bool is_plain_digits = number.currency.empty() && !is_grouped;
    if (is_plain_digits && IsOfTime(next, is_attached, number.value)) return Skip();
    ReadScale(next, is_attached, !number.currency.empty(), &number.scale);
    const bool has_unit = ReadUnit(&number.unit);
    const bool is_bare = is_plain_digits && !has_unit && number.scale == 1;
    const bool is_year = digit_count == 4 && number.value >= 1'900 && number.value < 2'100;
    if (is_bare && (is_year || IsMonth(WordBefore(), number.value))) return Skip();
    // "4GB": part of a name.
    if (!has_unit && number.scale == 1 && end_ < text_.size() && IsLetter(text_[end_])) {
      return Skip();
    }
    number.begin = begin_ - number.currency.size() - (StartsWithPoint() ? 1 : 0);
    number.end = end_;
    number.begins_range = end_ + 1 < text_.size() && text_[end_] == '-' && IsDigit(text_[end_ + 1]);
    return number;
  }

 private:
  // ".5" is 0.5.
  bool StartsWithPoint() const {
    if (begin_ == 0 || text_[begin_ - 1] != '.') return false;
    return begin_ == 1 || IsSpace(text_[begin_ - 2]);
  }

  bool ReadDigits(double* value) {
    std::string digits = StartsWithPoint() ? "0." : "";
    while (end_ < text_.size() && (IsDigit(text_[end_]) || IsJoint(end_))) {
      if (text_[end_] != ',') digits += text_[end_];
      ++end_;
    }
    return absl::SimpleAtod(digits, value);
  }
  // A point between digits, or a comma before three of them.
  bool IsJoint(size_t at) const {
    const auto is_digit = [&](size_t i) { return i < text_.size() && IsDigit(text_[i]); };
    if (at == begin_ || !is_digit(at - 1) || !is_digit(at + 1)) return false;
    if (text_[at] == '.') return true;
    return text_[at] == ',' && is_digit(at + 2) && is_digit(at + 3) && !is_digit(at + 4);
  }
  size_t SkipSpaces(size_t at) const {
    while (at < text_.size() && text_[at] == ' ') ++at;
    return at;
  }
  // The letters from `at` on, as written.
  std::string WordAt(size_t at) const {
    size_t end = at;
    while (end < text_.size() && absl::ascii_isalpha(static_cast<unsigned char>(text_[end]))) ++end;
    return std::string(text_.substr(at, end - at));
  }
  std::string WordBefore() const {
    size_t end = begin_;
    while (end > 0 && text_[end - 1] == ' ') --end;
    size_t from = end;
    while (from > 0 && absl::ascii_isalpha(static_cast<unsigned char>(text_[from - 1]))) --from;
    return std::string(text_.substr(from, end - from));
  }
  std::string_view CurrencyBefore() const {
    for (const std::string_view sign : kCurrencies) {
      if (text_.substr(0, begin_).ends_with(sign)) return sign;
    }
    return {};
  }
  // "SOC2", "24/7", "2026-11-29", "10:30", "example.com/12".
  bool StandsInWord(bool has_currency) const {
    constexpr std::string_view kJoins = "/_@#=?&";
    const auto is_digit = [&](size_t i) { return i < text_.size() && IsDigit(text_[i]); };
    if (begin_ > 0 && !has_currency && !StartsWithPoint()) {
      const char before = text_[begin_ - 1];
      if (IsLetter(before) || kJoins.find(before) != std::string_view::npos) return true;
      if (before == ':' && begin_ > 1 && IsDigit(text_[begin_ - 2])) return true;
      const bool is_joined = before == '-' || before == '.' || before == '\'';
      if (is_joined && begin_ > 1 && !IsSpace(text_[begin_ - 2]) && !EndsRange()) return true;
    }
    if (end_ >= text_.size() || has_currency) return false;
    if ((text_[end_] == '/' || text_[end_] == ':') && is_digit(end_ + 1)) return true;
    if (kJoins.find(text_[end_]) != std::string_view::npos && text_[end_] != '/') return true;
    // Two hyphens with digits: a date.
    size_t at = end_;
    int parts = 0;
    while (at < text_.size() && text_[at] == '-' && is_digit(at + 1)) {
      ++parts;
      for (++at; is_digit(at);) ++at;
    }
    return parts >= 2;
  }
  // "5-10", "5%-10%", "10k-20k": from so many to so many. What is no number was left out whole.
  bool EndsRange() const {
    if (text_[begin_ - 1] != '-' || begin_ < 2) return false;
    const char before = text_[begin_ - 2];
    if (IsDigit(before) || before == '%') return true;
    const bool is_scale = before == 'k' || before == 'K' || before == 'm' || before == 'M';
    return is_scale && begin_ > 2 && IsDigit(text_[begin_ - 3]);
  }
  static bool IsMonth(const std::string& word, double value) {
    if (value > kDaysOfMonth) return false;
    return word == "May" || Holds(kMonths, absl::AsciiStrToLower(word));
  }
  static bool IsOfTime(const std::string& next, bool is_attached, double value) {
    const std::string word = absl::AsciiStrToLower(next);
    if (word == "am" || word == "pm" || word == "o") return true;  // "o'clock"
    return is_attached ? Holds(kOrdinals, word) : IsMonth(next, value);
  }
  void ReadScale(const std::string& next, bool is_attached, bool has_currency, double* scale) {
    const std::string word = absl::AsciiStrToLower(next);
    for (const Scale& one : kScales) {
      if (word != one.word) continue;
      // "5 m" may be meters.
      if (!is_attached && !has_currency && word.size() == 1) continue;
      *scale = one.factor;
      end_ = SkipSpaces(end_) + word.size();
      return;
    }
  }
  bool ReadUnit(std::string* unit) {
    const auto take = [&](std::string_view as, size_t end) {
      *unit = as;
      end_ = end;
      return true;
    };
    const size_t at = SkipSpaces(end_);
    if (at < text_.size() && text_[at] == '%') return take("%", at + 1);
    const std::string word = absl::AsciiStrToLower(WordAt(at));
    if (word == "percent") return take("%", at + word.size());
    if (word == "per" && absl::AsciiStrToLower(WordAt(SkipSpaces(at + 3))) == "cent") {
      return take("%", SkipSpaces(at + 3) + 4);
    }
    return (word == "x" || word == "times") && take("x", at + word.size());
  }
  // The whole token is no claim.
  std::nullopt_t Skip() {
    while (end_ < text_.size() && !IsSpace(text_[end_])) ++end_;
    return std::nullopt;
  }

  const std::string_view text_;
  const size_t begin_;
  size_t end_;
};

// "5-10%" are two shares, "$5-10k" two amounts.
void ShareUnits(Number* first, Number* second) {
  if (first->unit.empty() && first->scale == 1) {
    first->unit = second->unit;
    first->scale = second->scale;
  }
  if (second->currency.empty()) second->currency = first->currency;
}

}  // namespace

std::vector<NumberClaim> NumberClaimsOf(std::string_view written) {
  const PlainText plain = Plain(written);
  const std::string_view text = plain.text;
  std::vector<Number> numbers;
  for (size_t at = 0; at < text.size();) {
    if (!IsDigit(text[at])) {
      ++at;
      continue;
    }
    Reader reader(text, at);
    auto number = reader.Read();
    at = reader.end();
    if (!number) continue;
    const bool ends_range =
        !numbers.empty() && numbers.back().begins_range && number->begin == numbers.back().end + 1;
    if (ends_range) ShareUnits(&numbers.back(), &*number);
    numbers.push_back(std::move(*number));
  }
  std::vector<NumberClaim> claims;
  for (const Number& number : numbers) {
    const double value = std::round(number.value * number.scale * 1e6) / 1e6;
    const size_t from = plain.from[number.begin];
    claims.push_back({fmt::format("{}{}{}", number.currency, value, number.unit),
                      std::string(written.substr(from, plain.from[number.end] - from)),
                      number.currency.empty() && number.unit.empty()});
  }
  return claims;
}

}  // namespace gtm::targeting::domain
