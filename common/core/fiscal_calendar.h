#pragma once
// A tenant's fiscal calendar: from instants to civil days to periods, and back.

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/core/result.h"

namespace gtm {

// How long a period is. Numbers as in gtm.type.v1.FiscalPeriod.Unit.
enum class PeriodUnit { kMonth = 1, kQuarter = 2, kYear = 3 };

// A period of some fiscal calendar; `index` counts from 1 within the fiscal year,
// which is named after the calendar year in which it ends.
struct FiscalPeriod {
  PeriodUnit unit = PeriodUnit::kQuarter;
  int fiscal_year = 0;
  int index = 0;
  friend auto operator<=>(const FiscalPeriod&, const FiscalPeriod&) = default;
};

// "FY2017-Q3", "FY2017-M09", "FY2017".
std::string Format(const FiscalPeriod& period);

// A half-open span of civil days.
struct DayRange {
  absl::CivilDay start;
  absl::CivilDay end;
  bool contains(absl::CivilDay day) const { return start <= day && day < end; }
  int day_count() const { return static_cast<int>(end - start); }
  friend bool operator==(const DayRange&, const DayRange&) = default;
};

// Immutable and cheap to copy; thread-safe.
class FiscalCalendar {
 public:
  // Calendar years in UTC.
  FiscalCalendar() = default;
  // `year_start_month` 1 to 12; `time_zone` an IANA name, "" for UTC.
  // Error: INVALID_FIELDS naming "fiscal_calendar.year_start_month" or ".time_zone".
  static Result<FiscalCalendar> Make(int year_start_month, std::string_view time_zone);

  absl::CivilDay DayOf(absl::Time time) const;
  // The first instant of a civil day.
  absl::Time StartOf(absl::CivilDay day) const;
  // The period of the given unit that contains the day.
  FiscalPeriod PeriodOf(absl::CivilDay day, PeriodUnit unit) const;
  DayRange DaysOf(const FiscalPeriod& period) const;
  // The period `count` periods later (earlier where negative).
  FiscalPeriod Shift(const FiscalPeriod& period, int count) const;
  // "2017-Q3", "FY2017-Q3", "2017-09", "2017-M09", "2017". The month form with a plain
  // number means a fiscal month. Error: INVALID_FIELDS on `field`.
  static Result<FiscalPeriod> ParsePeriod(std::string_view text, std::string_view field);

  int year_start_month() const { return year_start_month_; }
  absl::TimeZone time_zone() const { return time_zone_; }

 private:
  int year_start_month_ = 1;
  absl::TimeZone time_zone_ = absl::UTCTimeZone();
};

}  // namespace gtm
