#include "services/gtm/cli/text_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/money.h"

namespace gtm::cli {
namespace {

struct Decoded {
  char32_t character = 0;
  size_t bytes = 1;
};

// One character; a damaged byte counts as one character of its own.
Decoded Decode(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || at + length > text.size()) return {lead, 1};
  char32_t character = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {lead, 1};
    character = (character << 6) | (next & 0x3F);
  }
  return {character, length};
}

bool Between(char32_t c, char32_t low, char32_t high) { return low <= c && c <= high; }

int WidthOf(char32_t c) {
  if (c < 0x20 || Between(c, 0x7F, 0x9F)) return 0;
  if (Between(c, 0x300, 0x36F) || Between(c, 0x200B, 0x200F) || Between(c, 0x20D0, 0x20FF) ||
      Between(c, 0xFE00, 0xFE0F) || c == 0xFEFF) {
    return 0;
  }
  if (Between(c, 0x1100, 0x115F) || Between(c, 0x2E80, 0x303E) || Between(c, 0x3041, 0xA4CF) ||
      Between(c, 0xAC00, 0xD7A3) || Between(c, 0xF900, 0xFAFF) || Between(c, 0xFE30, 0xFE6F) ||
      Between(c, 0xFF00, 0xFF60) || Between(c, 0xFFE0, 0xFFE6) || Between(c, 0x1F300, 0x1FAFF) ||
      Between(c, 0x20000, 0x3FFFD)) {
    return 2;
  }
  return 1;
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    const Decoded decoded = Decode(text, i);
    width += WidthOf(decoded.character);
    i += decoded.bytes;
  }
  return width;
}

std::string Fit(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string cut;
  int used = 0;
  for (size_t i = 0; i < text.size();) {
    const Decoded decoded = Decode(text, i);
    if (used + WidthOf(decoded.character) > width - 1) break;
    used += WidthOf(decoded.character);
    cut.append(text.substr(i, decoded.bytes));
    i += decoded.bytes;
  }
  return width > 0 ? cut + "…" : "";
}

std::string Printable(std::string_view text) {
  std::string clean;
  for (size_t i = 0; i < text.size();) {
    const Decoded decoded = Decode(text, i);
    const bool control = decoded.character < 0x20 || Between(decoded.character, 0x7F, 0x9F) ||
                         Between(decoded.character, 0x202A, 0x202E) ||
                         Between(decoded.character, 0x2066, 0x2069);
    if (control) {
      clean += decoded.character == '\n' || decoded.character == '\t' ? " " : "\xEF\xBF\xBD";
    } else {
      clean.append(text.substr(i, decoded.bytes));
    }
    i += decoded.bytes;
  }
  return clean;
}

std::string Thousands(int64_t number) {
  const bool negative = number < 0;
  std::string digits =
      std::to_string(negative ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return negative ? "-" + digits : digits;
}

std::string Fixed(double number, int decimals) {
  if (!std::isfinite(number)) return number > 0 ? "∞" : number < 0 ? "-∞" : "n/a";
  std::string text = fmt::format("{:.{}f}", std::abs(number), decimals);
  const size_t dot = std::min(text.find('.'), text.size());
  for (int at = static_cast<int>(dot) - 3; at > 0; at -= 3) {
    text.insert(static_cast<size_t>(at), ",");
  }
  const bool zero = text.find_first_not_of("0.,") == std::string::npos;
  return number < 0 && !zero ? "-" + text : text;
}

std::string Percent(double share, int decimals) { return Fixed(share * 100, decimals) + " %"; }

std::string BpsPercent(int64_t bps) { return Percent(static_cast<double>(bps) / 10'000); }

std::string Points(int64_t micropoints) { return Fixed(static_cast<double>(micropoints) / 1e6, 1); }

int64_t MicrosOf(const type::v1::Money& money) {
  return money.units() * kMicrosPerUnit + money.nanos() / 1'000;
}

std::string MoneyText(const type::v1::Money& money) {
  const auto currency = Currency::Parse(money.currency_code());
  if (!currency.ok()) return "";
  return Format(Money{MicrosOf(money), *currency});
}

std::string MoneyPlain(const type::v1::Money& money) {
  if (money.currency_code().empty()) return "";
  const int64_t micros = MicrosOf(money);
  const uint64_t magnitude =
      micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  std::string text = fmt::format("{}{}.{:06}", micros < 0 ? "-" : "", magnitude / kMicrosPerUnit,
                                 magnitude % kMicrosPerUnit);
  while (text.ends_with('0') && text[text.size() - 3] != '.') text.pop_back();
  return text;
}

std::string DateText(const type::v1::Date& date) {
  if (date.year() == 0) return "";
  return fmt::format("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string PeriodText(const type::v1::FiscalPeriod& period) {
  if (period.unit() == type::v1::FiscalPeriod::UNIT_UNSPECIFIED) return "";
  return Format(
      FiscalPeriod{static_cast<PeriodUnit>(period.unit()), period.fiscal_year(), period.index()});
}

std::string RangeText(const type::v1::DateRange& days) {
  const type::v1::Date& end = days.end_date();
  if (end.year() == 0) return DateText(days.start_date());
  const absl::CivilDay last = absl::CivilDay(end.year(), end.month(), end.day()) - 1;
  return fmt::format("{} to {:04}-{:02}-{:02}", DateText(days.start_date()), last.year(),
                     last.month(), last.day());
}

std::string EstimateText(const type::v1::Estimate& estimate, bool share, std::string_view unit) {
  if (!estimate.has_value()) return "no data";
  const auto number = [share](double value) {
    return share ? Fixed(value * 100, 1) : Fixed(value, 1);
  };
  std::string text = number(estimate.value()) + (share ? " %" : std::string(unit));
  if (estimate.has_low() && estimate.has_high() && estimate.low() != estimate.high()) {
    text += fmt::format(" ({} to {})", number(estimate.low()), number(estimate.high()));
  }
  return text;
}

std::string EstimatePlain(const type::v1::Estimate& estimate, Bound bound) {
  switch (bound) {
    case Bound::kValue:
      return estimate.has_value() ? fmt::format("{}", estimate.value()) : "";
    case Bound::kLow:
      return estimate.has_low() ? fmt::format("{}", estimate.low()) : "";
    default:
      return estimate.has_high() ? fmt::format("{}", estimate.high()) : "";
  }
}

std::string ChanceText(double share) {
  if (share < 0.01) return "<1 %";
  if (share > 0.99) return ">99 %";
  return Percent(share, 0);
}

std::string ProvenanceText(const type::v1::Provenance& provenance) {
  std::string text = "as of " + TimeText(provenance.as_of());
  if (!provenance.revision().empty()) text += " · revision " + provenance.revision();
  if (!provenance.rules_version().empty()) text += " · rules " + provenance.rules_version();
  return text;
}

std::string EnumText(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string text = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string Bar(double share, int width) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double clamped = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
  const int eighths = static_cast<int>(std::lround(clamped * width * 8));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[eighths % 8];
}

Result<type::v1::FiscalPeriod> ParsePeriodFlag(std::string_view text, std::string_view flag) {
  GTM_ASSIGN_OR_RETURN(const FiscalPeriod period, FiscalCalendar::ParsePeriod(text, flag));
  type::v1::FiscalPeriod parsed;
  parsed.set_unit(static_cast<type::v1::FiscalPeriod::Unit>(period.unit));
  parsed.set_fiscal_year(period.fiscal_year);
  parsed.set_index(period.index);
  return parsed;
}

Result<google::protobuf::Timestamp> ParseTimeFlag(std::string_view text, std::string_view flag) {
  const absl::string_view input(text.data(), text.size());
  absl::Time time;
  std::string ignored;
  absl::CivilDay day;
  if (absl::ParseCivilTime(input, &day)) {
    time = absl::FromCivil(day + 1, absl::UTCTimeZone());
  } else if (text.empty() || text[0] == 'i' ||
             !absl::ParseTime(absl::RFC3339_full, input, &time, &ignored)) {
    return InvalidField(std::string(flag),
                        fmt::format("\"{}\" is neither a day such as 2017-11-15 nor an instant "
                                    "such as 2017-11-15T09:30:00Z",
                                    text));
  }
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(absl::ToUnixSeconds(time));
  stamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(stamp.seconds()))));
  return stamp;
}

Result<type::v1::Date> ParseDateFlag(std::string_view text, std::string_view flag) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(absl::string_view(text.data(), text.size()), &day)) {
    return InvalidField(std::string(flag),
                        fmt::format("\"{}\" is no day such as 2017-11-15", text));
  }
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

Result<type::v1::Money> ParseMoneyFlag(std::string_view text, std::string_view flag) {
  std::string amount(text);
  std::string code = "USD";
  if (const size_t space = amount.find_last_of(' '); space != std::string::npos) {
    code = amount.substr(space + 1);
    amount.resize(space);
  }
  int64_t factor = 1;
  if (!amount.empty()) {
    const char last = amount.back();
    factor = last == 'k' || last == 'K' ? 1'000 : last == 'M' ? 1'000'000 : 1;
    if (factor != 1) amount.pop_back();
  }
  GTM_ASSIGN_OR_RETURN(const Currency currency, Currency::Parse(code, flag));
  GTM_ASSIGN_OR_RETURN(int64_t micros, ParseMicros(amount, NumberFormat{'.', ','}, flag));
  GTM_ASSIGN_OR_RETURN(micros, MulDivRoundHalfEven(micros, factor, 1));
  type::v1::Money money;
  money.set_currency_code(std::string(currency.code()));
  money.set_units(micros / kMicrosPerUnit);
  money.set_nanos(static_cast<int32_t>(micros % kMicrosPerUnit * 1'000));
  return money;
}

}  // namespace gtm::cli
