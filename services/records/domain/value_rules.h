#pragma once
// Whether single values are well-formed: text, instants, dates, amounts.
// Each function gives "" for a good value, else what is wrong and what to do about it.

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gtm/type/v1/money.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::records::domain {

// Strict UTF-8 (no overlong forms, no surrogates).
bool IsUtf8(std::string_view text);

std::string TextProblem(std::string_view text, int bytes_max);
// Ids are 1 to `bytes_max` bytes of UTF-8 without control characters.
std::string IdProblem(std::string_view id, int bytes_max);
std::string TimestampProblem(const google::protobuf::Timestamp& time);
// Complete dates of the years 1900 to 2200.
std::string DateProblem(const type::v1::Date& date);
// Currency, equal signs, whole micros, range of int64 micros.
std::string MoneyProblem(const type::v1::Money& money);
// ISO 4217: three capital letters.
std::string CurrencyProblem(std::string_view code);

// For comparison: the same order as the values themselves.
inline int64_t DayNumber(const type::v1::Date& date) {
  return (int64_t{date.year()} * 16 + date.month()) * 32 + date.day();
}
// -1, 0 or 1: the sign of a well-formed amount.
inline int SignOf(const type::v1::Money& money) {
  if (money.units() != 0) return money.units() > 0 ? 1 : -1;
  return money.nanos() > 0 ? 1 : (money.nanos() < 0 ? -1 : 0);
}

}  // namespace gtm::records::domain
