#include "services/records/domain/value_rules.h"

#include <fmt/format.h>

#include <cstring>

#include "common/core/ids.h"
#include "common/core/money.h"

namespace gtm::records::domain {
namespace {

// Range of google.protobuf.Timestamp: years 1 to 9999.
constexpr int64_t kSecondsMin = -62'135'596'800;
constexpr int64_t kSecondsMax = 253'402'300'799;
constexpr int64_t kUnitsMax = INT64_MAX / kMicrosPerUnit;

// Bytes at the start of `text` that are plain ASCII, eight at a time.
size_t AsciiPrefix(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (word & 0x8080808080808080ull) break;
  }
  while (at < text.size() && !(static_cast<unsigned char>(text[at]) & 0x80)) ++at;
  return at;
}

// Length of the sequence of more than one byte at text[at]; 0 where it is malformed.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool too_large = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t at = AsciiPrefix(text); at < text.size();) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) return false;
    at += length;
    at += AsciiPrefix(text.substr(at));
  }
  return true;
}

std::string TextProblem(std::string_view text, int bytes_max) {
  if (text.size() > static_cast<size_t>(bytes_max)) {
    return fmt::format("{} bytes, at most {} are allowed; shorten it", text.size(), bytes_max);
  }
  if (!IsUtf8(text)) return "not UTF-8; convert the text to UTF-8";
  return "";
}

std::string IdProblem(std::string_view id, int bytes_max) {
  if (id.size() > static_cast<size_t>(bytes_max)) {
    return fmt::format("{} bytes, an id has at most {}; use a shorter id", id.size(), bytes_max);
  }
  if (!id.empty() && !IsValidId(id)) {
    return "not an id; use UTF-8 without control characters";
  }
  return "";
}

std::string TimestampProblem(const google::protobuf::Timestamp& time) {
  if (time.nanos() < 0 || time.nanos() > 999'999'999) {
    return fmt::format("nanos is {}; give 0 to 999,999,999", time.nanos());
  }
  if (time.seconds() < kSecondsMin || time.seconds() > kSecondsMax) {
    return "outside of the years 1 to 9999; give seconds since 1970 (not milliseconds)";
  }
  return "";
}

std::string DateProblem(const type::v1::Date& date) {
  const int year = date.year(), month = date.month(), day = date.day();
  const bool good = year >= 1900 && year <= 2200 && month >= 1 && month <= 12 && day >= 1 &&
                    day <= DaysInMonth(year, month);
  if (good) return "";
  return fmt::format("{}-{}-{} is no date; give a complete date of the years 1900 to 2200", year,
                     month, day);
}

std::string CurrencyProblem(std::string_view code) {
  bool good = code.size() == 3;
  for (const char c : code) good = good && c >= 'A' && c <= 'Z';
  return good ? "" : "no currency; give three capital letters as in ISO 4217, such as USD";
}

std::string MoneyProblem(const type::v1::Money& money) {
  if (std::string problem = CurrencyProblem(money.currency_code()); !problem.empty()) {
    return "currency_code: " + problem;
  }
  const int64_t units = money.units();
  const int32_t nanos = money.nanos();
  if (units < -kUnitsMax || units > kUnitsMax) {
    return fmt::format("{} units, at most {} either way are allowed", units, kUnitsMax);
  }
  if (nanos < -999'999'999 || nanos > 999'999'999) {
    return fmt::format("nanos is {}; give -999,999,999 to 999,999,999", nanos);
  }
  if ((units > 0 && nanos < 0) || (units < 0 && nanos > 0)) {
    return "units and nanos have different signs; give both the sign of the amount";
  }
  if (nanos % 1'000 != 0) {
    return "finer than a millionth; round so that the last three digits of nanos are zero";
  }
  if (units == kUnitsMax || units == -kUnitsMax) {
    const int64_t rest = INT64_MAX - kUnitsMax * kMicrosPerUnit;
    if (nanos / 1'000 > rest || nanos / 1'000 < -rest) return "beyond the range of amounts";
  }
  return "";
}

}  // namespace gtm::records::domain
