#include "services/targeting/domain/message_claims.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr std::array<std::string_view, 3> kCurrencies = {"$", "\xe2\x82\xac", "\xc2\xa3"};
constexpr std::array<std::string_view, 24> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",     "july", "august",
    "september", "october", "november", "december", "jan",     "feb",      "mar",  "apr",
    "jun",     "jul",      "aug",       "sep",     "sept",     "oct",      "nov",  "dec"};
constexpr std::array<std::string_view, 4> kOrdinals = {"st", "nd", "rd", "th"};

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
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
}

template <class Words>
bool Holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One number, read from where its digits begin.
class Reader {
 public:
  Reader(std::string_view text, size_t begin) : text_(text), begin_(begin), end_(begin) {}

  // Past the number and what belongs to it.
  size_t end() const { return end_; }

  // False where it is no claim.
  bool Read(NumberClaim* out) {
    std::string digits;
    while (end_ < text_.size() && (IsDigit(text_[end_]) || IsJoint(end_))) {
      if (text_[end_] != ',') digits += text_[end_];
      ++end_;
    }
    const size_t digits_end = end_;
    double value = 0;
    if (!absl::SimpleAtod(digits, &value)) return false;
    const std::string_view currency = CurrencyBefore();
    const bool is_name = StandsInWord();
    const std::string next = WordAt(SkipSpaces(end_));
    const bool is_attached = end_ < text_.size() && IsLetter(text_[end_]);
    if (is_name || IsOfTime(next, is_attached)) {
      SkipToken();
      return false;
    }
    std::string unit;
    ReadScale(next, is_attached, &value);
    ReadUnit(&unit);
    const bool is_plain = currency.empty() && unit.empty() && digits_end == end_;
    const bool is_year = digits.size() == 4 && value >= 1'900 && value < 2'100;
    if (is_plain && (is_year || Holds(kMonths, WordBefore()))) return false;
    if (end_ < text_.size() && IsLetter(text_[end_])) {  // "4GB": part of a name
      SkipToken();
      return false;
    }
    out->number = fmt::format("{}{}{}", currency, std::round(value * 1e6) / 1e6, unit);
    const size_t from = begin_ - currency.size();
    out->excerpt = std::string(text_.substr(from, end_ - from));
    return true;
  }

 private:
  // A comma or point between digits.
  bool IsJoint(size_t at) const {
    return (text_[at] == ',' || text_[at] == '.') && at > begin_ && IsDigit(text_[at - 1]) &&
           at + 1 < text_.size() && IsDigit(text_[at + 1]);
  }
  size_t SkipSpaces(size_t at) const {
    while (at < text_.size() && text_[at] == ' ') ++at;
    return at;
  }
  // The letters from `at` on, in lower case.
  std::string WordAt(size_t at) const {
    size_t end = at;
    while (end < text_.size() && absl::ascii_isalpha(static_cast<unsigned char>(text_[end]))) ++end;
    return absl::AsciiStrToLower({text_.data() + at, end - at});
  }
  std::string WordBefore() const {
    size_t end = begin_;
    while (end > 0 && text_[end - 1] == ' ') --end;
    size_t from = end;
    while (from > 0 && absl::ascii_isalpha(static_cast<unsigned char>(text_[from - 1]))) --from;
    return absl::AsciiStrToLower({text_.data() + from, end - from});
  }
  std::string_view CurrencyBefore() const {
    for (const std::string_view sign : kCurrencies) {
      if (text_.substr(0, begin_).ends_with(sign)) return sign;
    }
    return {};
  }
  // "SOC2", "24/7", "2026-11-29", "10:30", "example.com/12".
  bool StandsInWord() const {
    constexpr std::string_view kJoins = "/:_@#=?&";
    if (begin_ > 0 && CurrencyBefore().empty()) {
      const char before = text_[begin_ - 1];
      if (IsLetter(before) || kJoins.find(before) != std::string_view::npos) return true;
      const bool after_joint = before == '-' || before == '.' || before == '\'';
      // "5-10": from so many to so many. A date was left out as a whole.
      const bool ends_range = before == '-' && begin_ > 1 && IsDigit(text_[begin_ - 2]);
      if (after_joint && !ends_range && begin_ > 1 && !IsSpace(text_[begin_ - 2])) return true;
    }
    if (end_ >= text_.size()) return false;
    if (kJoins.find(text_[end_]) != std::string_view::npos) {
      return end_ + 1 < text_.size() && !IsSpace(text_[end_ + 1]);
    }
    // Two hyphens with digits: a date. One: from so many to so many.
    size_t at = end_;
    int parts = 0;
    while (at + 1 < text_.size() && text_[at] == '-' && IsDigit(text_[at + 1])) {
      ++parts;
      for (++at; at < text_.size() && IsDigit(text_[at]);) ++at;
    }
    return parts >= 2;
  }
  static bool IsOfTime(const std::string& next, bool is_attached) {
    if (next == "am" || next == "pm" || next == "o") return true;  // "o'clock"
    return is_attached ? Holds(kOrdinals, next) : Holds(kMonths, next);
  }
  void ReadScale(const std::string& next, bool is_attached, double* value) {
    for (const Scale& scale : kScales) {
      if (next != scale.word) continue;
      if (!is_attached && next.size() < 3) continue;  // "5 m" may be meters
      *value *= scale.factor;
      end_ = SkipSpaces(end_) + next.size();
      return;
    }
  }
  void ReadUnit(std::string* unit) {
    const auto take = [&](std::string_view as, size_t end) {
      *unit = as;
      end_ = end;
    };
    const size_t at = SkipSpaces(end_);
    if (at < text_.size() && text_[at] == '%') return take("%", at + 1);
    const std::string word = WordAt(at);
    if (word == "percent") return take("%", at + word.size());
    if (word == "per" && WordAt(SkipSpaces(at + 3)) == "cent") {
      return take("%", SkipSpaces(at + 3) + 4);
    }
    if (word == "x" || word == "times") take("x", at + word.size());
  }
  void SkipToken() {
    while (end_ < text_.size() && !IsSpace(text_[end_])) ++end_;
  }

  const std::string_view text_;
  const size_t begin_;
  size_t end_;
};

}  // namespace

std::vector<NumberClaim> NumberClaimsOf(std::string_view text) {
  std::vector<NumberClaim> claims;
  for (size_t at = 0; at < text.size();) {
    if (!IsDigit(text[at])) {
      ++at;
      continue;
    }
    Reader reader(text, at);
    NumberClaim claim;
    if (reader.Read(&claim)) claims.push_back(std::move(claim));
    at = reader.end();
  }
  return claims;
}

}  // namespace gtm::targeting::domain
