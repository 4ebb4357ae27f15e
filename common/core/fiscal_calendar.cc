#include "common/core/fiscal_calendar.h"

#include <fmt/format.h>

#include <charconv>

namespace gtm {
namespace {

int MonthsOf(PeriodUnit unit) {
  switch (unit) {
    case PeriodUnit::kMonth:
      return 1;
    case PeriodUnit::kQuarter:
      return 3;
    case PeriodUnit::kYear:
      return 12;
  }
  return 3;
}

bool ParseInt(std::string_view text, int* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Format(const FiscalPeriod& period) {
  switch (period.unit) {
    case PeriodUnit::kMonth:
      return fmt::format("FY{}-M{:02}", period.fiscal_year, period.index);
    case PeriodUnit::kQuarter:
      return fmt::format("FY{}-Q{}", period.fiscal_year, period.index);
    case PeriodUnit::kYear:
      return fmt::format("FY{}", period.fiscal_year);
  }
  return "";
}

Result<FiscalCalendar> FiscalCalendar::Make(int year_start_month, std::string_view time_zone) {
  std::vector<FieldViolation> violations;
  if (year_start_month < 1 || year_start_month > 12) {
    violations.push_back({"fiscal_calendar.year_start_month", "must be 1 to 12"});
  }
  FiscalCalendar calendar;
  if (!time_zone.empty() && !absl::LoadTimeZone(std::string(time_zone), &calendar.time_zone_)) {
    violations.push_back(
        {"fiscal_calendar.time_zone",
         fmt::format("\"{}\" is no IANA time zone; use one such as Europe/Berlin", time_zone)});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  calendar.year_start_month_ = year_start_month;
  return calendar;
}

absl::CivilDay FiscalCalendar::DayOf(absl::Time time) const {
  return absl::ToCivilDay(time, time_zone_);
}

absl::Time FiscalCalendar::StartOf(absl::CivilDay day) const {
  return absl::FromCivil(day, time_zone_);
}

FiscalPeriod FiscalCalendar::PeriodOf(absl::CivilDay day, PeriodUnit unit) const {
  const int months_in = (day.month() - year_start_month_ + 12) % 12;
  const bool starts_in_january = year_start_month_ == 1;
  const int year_of_start = static_cast<int>(day.year()) - (day.month() < year_start_month_);
  return {unit, year_of_start + (starts_in_january ? 0 : 1), months_in / MonthsOf(unit) + 1};
}

DayRange FiscalCalendar::DaysOf(const FiscalPeriod& period) const {
  const int year_of_start = period.fiscal_year - (year_start_month_ == 1 ? 0 : 1);
  const int months = MonthsOf(period.unit);
  const absl::CivilMonth start =
      absl::CivilMonth(year_of_start, year_start_month_) + months * (period.index - 1);
  return {absl::CivilDay(start), absl::CivilDay(start + months)};
}

FiscalPeriod FiscalCalendar::Shift(const FiscalPeriod& period, int count) const {
  const absl::CivilMonth start(DaysOf(period).start);
  return PeriodOf(absl::CivilDay(start + count * MonthsOf(period.unit)), period.unit);
}

Result<FiscalPeriod> FiscalCalendar::ParsePeriod(std::string_view text, std::string_view field) {
  const Error bad =
      InvalidField(std::string(field),
                   fmt::format("\"{}\" is no fiscal period; use 2017-Q3, 2017-M09 or 2017", text));
  std::string_view rest = text;
  if (rest.substr(0, 2) == "FY") rest.remove_prefix(2);
  FiscalPeriod period{PeriodUnit::kYear, 0, 1};
  if (rest.size() < 4 || !ParseInt(rest.substr(0, 4), &period.fiscal_year) ||
      period.fiscal_year < 1900 || period.fiscal_year > 2200) {
    return bad;
  }
  rest.remove_prefix(4);
  if (rest.empty()) return period;
  if (rest[0] != '-' || rest.size() < 2) return bad;
  rest.remove_prefix(1);
  int limit = 12;
  period.unit = PeriodUnit::kMonth;
  if (rest[0] == 'Q') {
    period.unit = PeriodUnit::kQuarter;
    limit = 4;
    rest.remove_prefix(1);
  } else if (rest[0] == 'M') {
    rest.remove_prefix(1);
  }
  if (!ParseInt(rest, &period.index) || period.index < 1 || period.index > limit) {
    return bad;
  }
  return period;
}

}  // namespace gtm
