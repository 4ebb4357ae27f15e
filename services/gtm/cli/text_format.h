#pragma once
// Values as people read them. Pure: same value, same text.

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "gtm/type/v1/estimate.pb.h"
#include "gtm/type/v1/money.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::cli {

// Columns that UTF-8 text takes on a terminal: combining marks take none, East Asian wide
// characters and emoji two.
int DisplayWidth(std::string_view text);
// Cut to `width` columns, with an ellipsis where something is lost. Never splits a
// character.
std::string Fit(std::string_view text, int width);
// Without control characters, so that a name from a CRM cannot steer a terminal.
std::string Printable(std::string_view text);

std::string Thousands(int64_t number);                 // "-1,234,567"
std::string Fixed(double number, int decimals);        // "1,234.50"; never "-0.0"
std::string Percent(double share, int decimals = 1);   // 0.735 -> "73.5 %"
std::string BpsPercent(int64_t bps);                   // 7350 -> "73.5 %"
std::string Points(int64_t micropoints);               // 73500000 -> "73.5"
std::string MoneyText(const type::v1::Money& money);   // "1,234 USD"; "" where absent
std::string MoneyPlain(const type::v1::Money& money);  // "1234.56" for CSV
int64_t MicrosOf(const type::v1::Money& money);
std::string DateText(const type::v1::Date& date);               // "2017-11-15"
std::string TimeText(const google::protobuf::Timestamp& time);  // "2017-11-15 09:30:00Z"
std::string PeriodText(const type::v1::FiscalPeriod& period);   // "FY2017-Q4"
// "73.5 % (64.0 to 81.1)" for a share; "57.0 days (54.0 to 60.0)" with unit " days".
std::string EstimateText(const type::v1::Estimate& estimate, bool share,
                         std::string_view unit = "");
// One of its numbers for CSV: "0.735"; "" where it has none.
enum class Bound { kValue, kLow, kHigh };
std::string EstimatePlain(const type::v1::Estimate& estimate, Bound bound);
// A chance of something to come: never quite "0 %" or "100 %", but "<1 %" and ">99 %".
std::string ChanceText(double share);
// First and last day: "2017-10-01 to 2017-12-31".
std::string RangeText(const type::v1::DateRange& days);
// "as of 2017-11-15 00:00:00Z · revision 1:8421 · rules fit-2 v1".
std::string ProvenanceText(const type::v1::Provenance& provenance);
// "TYPE_NEW_BUSINESS" with prefix "TYPE_" -> "new business".
std::string EnumText(std::string_view name, std::string_view prefix);

// A bar of `share` (0 to 1) of `width` columns, to an eighth of a column.
std::string Bar(double share, int width);

// "2017-Q4", "2017-11" or "2017".
Result<type::v1::FiscalPeriod> ParsePeriodFlag(std::string_view text, std::string_view flag);
// A day ("2017-11-15", which means its end: the first instant of the next day, UTC) or an
// RFC 3339 instant.
Result<google::protobuf::Timestamp> ParseTimeFlag(std::string_view text, std::string_view flag);
// "2017-11-15".
Result<type::v1::Date> ParseDateFlag(std::string_view text, std::string_view flag);
// "1500000 USD", "1,500,000.00 USD", "1.5M USD"; without a currency: USD.
Result<type::v1::Money> ParseMoneyFlag(std::string_view text, std::string_view flag);

}  // namespace gtm::cli
