#pragma once
// Exact money: int64 micros and a currency, with checked arithmetic. Never double.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace gtm {

// An ISO 4217 code: three capital letters. Trivially copyable.
class Currency {
 public:
  // Error: INVALID_FIELDS on `field`.
  static Result<Currency> Parse(std::string_view code, std::string_view field = "currency_code");
  // Programmer's constants only: asserts that the code is well-formed.
  static Currency Of(std::string_view code);
  std::string_view code() const { return {code_, 3}; }
  friend auto operator<=>(const Currency&, const Currency&) = default;

 private:
  char code_[3] = {'X', 'X', 'X'};
};

// An amount in micros (millionths) of one currency; +-9.2e12 units. Arithmetic
// between currencies, or beyond the range, is an error and not a wrong number.
struct Money {
  int64_t micros = 0;
  Currency currency;
  friend bool operator==(const Money&, const Money&) = default;
};

inline constexpr int64_t kMicrosPerUnit = 1'000'000;

// Sum and difference. Error: INVALID_FIELDS on overflow or mixed currencies.
Result<Money> Add(const Money& a, const Money& b);
Result<Money> Subtract(const Money& a, const Money& b);
// Sum of micros; error on overflow.
Result<int64_t> AddMicros(int64_t a, int64_t b);
// a * numerator / denominator in 128 bits, rounded half to even. denominator > 0.
Result<int64_t> MulDivRoundHalfEven(int64_t a, int64_t numerator, int64_t denominator);
// Converts with a rate of `rate_micros` micros of `to` for one unit of m.currency.
Result<Money> Convert(const Money& m, int64_t rate_micros, Currency to);

// "1234.5", "-3", "1,234.50" with the given marks -> micros. Errors name `field`:
// not a number, more than six decimals, out of range.
struct NumberFormat {
  char decimal_mark = '.';
  char group_mark = ',';  // 0: groups are not allowed
};
Result<int64_t> ParseMicros(std::string_view text, const NumberFormat& format,
                            std::string_view field);
// "1,234,567.89 USD"; whole units where the amount is at least 1,000.
std::string Format(const Money& m);

}  // namespace gtm
