#include "common/core/money.h"

#include <cassert>
#include <limits>

#include <fmt/format.h>

namespace gtm {
namespace {

Error Overflow() {
  return InvalidField("amount", "out of range; at most 9.2e12 units can be represented");
}

}  // namespace

Result<Currency> Currency::Parse(std::string_view code, std::string_view field) {
  bool ok = code.size() == 3;
  for (const char c : code) ok = ok && c >= 'A' && c <= 'Z';
  if (!ok) {
    return InvalidField(std::string(field),
                        fmt::format("\"{}\" is no ISO 4217 currency code; use three "
                                    "capital letters such as USD",
                                    code));
  }
  return Of(code);
}

Currency Currency::Of(std::string_view code) {
  assert(code.size() == 3);
  Currency currency;
  for (int i = 0; i < 3; ++i) currency.code_[i] = code[i];
  return currency;
}

Result<int64_t> AddMicros(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return Overflow();
  return sum;
}

Result<Money> Add(const Money& a, const Money& b) {
  if (a.currency != b.currency) {
    return InvalidField("amount",
                        fmt::format("amounts in {} and {} cannot be added; convert one of them",
                                    a.currency.code(), b.currency.code()));
  }
  GTM_ASSIGN_OR_RETURN(const int64_t micros, AddMicros(a.micros, b.micros));
  return Money{micros, a.currency};
}

Result<Money> Subtract(const Money& a, const Money& b) {
  if (b.micros == std::numeric_limits<int64_t>::min()) return Overflow();
  return Add(a, Money{-b.micros, b.currency});
}

Result<int64_t> MulDivRoundHalfEven(int64_t a, int64_t numerator, int64_t denominator) {
  assert(denominator > 0);
  const __int128 product = static_cast<__int128>(a) * numerator;
  __int128 quotient = product / denominator;
  const __int128 rest = product % denominator;
  const __int128 twice = (rest < 0 ? -rest : rest) * 2;
  const bool up = twice > denominator || (twice == denominator && (quotient & 1) != 0);
  if (up) quotient += product < 0 ? -1 : 1;
  if (quotient > std::numeric_limits<int64_t>::max() ||
      quotient < std::numeric_limits<int64_t>::min()) {
    return Overflow();
  }
  return static_cast<int64_t>(quotient);
}

Result<Money> Convert(const Money& m, int64_t rate_micros, Currency to) {
  GTM_ASSIGN_OR_RETURN(const int64_t micros,
                       MulDivRoundHalfEven(m.micros, rate_micros, kMicrosPerUnit));
  return Money{micros, to};
}

Result<int64_t> ParseMicros(std::string_view text, const NumberFormat& format,
                            std::string_view field) {
  const auto bad = [&](std::string_view why) {
    return InvalidField(std::string(field), fmt::format("\"{}\" {}", text, why));
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  __int128 micros = 0;
  int decimals = -1;  // -1 until the decimal mark
  int digits = 0;
  for (const char c : rest) {
    if (c >= '0' && c <= '9') {
      ++digits;
      if (decimals >= 6) {
        if (c != '0') return bad("has more than six decimals");
        continue;
      }
      micros = micros * 10 + (c - '0');
      if (decimals >= 0) ++decimals;
      if (micros > static_cast<__int128>(std::numeric_limits<int64_t>::max())) {
        return bad("is out of range");
      }
    } else if (c == format.decimal_mark && decimals < 0) {
      decimals = 0;
    } else if (format.group_mark != 0 && c == format.group_mark && decimals < 0 && digits > 0) {
      continue;
    } else {
      return bad("is not a number; digits with an optional decimal mark are expected");
    }
  }
  if (digits == 0) return bad("is not a number; digits with an optional decimal mark are expected");
  for (int i = decimals < 0 ? 0 : decimals; i < 6; ++i) micros *= 10;
  if (micros > static_cast<__int128>(std::numeric_limits<int64_t>::max())) {
    return bad("is out of range");
  }
  return static_cast<int64_t>(negative ? -micros : micros);
}

std::string Format(const Money& m) {
  const bool negative = m.micros < 0;
  const uint64_t magnitude =
      negative ? 0 - static_cast<uint64_t>(m.micros) : static_cast<uint64_t>(m.micros);
  uint64_t units = magnitude / kMicrosPerUnit;
  uint64_t cents = (magnitude % kMicrosPerUnit + 5'000) / 10'000;
  if (cents == 100) {
    ++units;
    cents = 0;
  }
  if (units >= 1'000 && cents >= 50) ++units;
  std::string digits = std::to_string(units);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  const std::string fraction = units < 1'000 && cents != 0 ? fmt::format(".{:02}", cents) : "";
  return fmt::format("{}{}{} {}", negative ? "-" : "", digits, fraction, m.currency.code());
}

}  // namespace gtm
