#include "common/core/fiscal_calendar.h"

#include <gtest/gtest.h>

namespace gtm {
namespace {

TEST(FiscalCalendar, CalendarYear) {
  const FiscalCalendar calendar;
  const FiscalPeriod q = calendar.PeriodOf(absl::CivilDay(2017, 8, 31), PeriodUnit::kQuarter);
  EXPECT_EQ(Format(q), "FY2017-Q3");
  EXPECT_EQ(calendar.DaysOf(q),
            (DayRange{absl::CivilDay(2017, 7, 1), absl::CivilDay(2017, 10, 1)}));
  EXPECT_EQ(Format(calendar.Shift(q, 2)), "FY2018-Q1");
  EXPECT_EQ(Format(calendar.Shift(q, -3)), "FY2016-Q4");
}

TEST(FiscalCalendar, YearIsNamedAfterItsEnd) {
  const auto calendar = FiscalCalendar::Make(10, "");
  ASSERT_TRUE(calendar.ok());
  EXPECT_EQ(Format(calendar->PeriodOf(absl::CivilDay(2023, 10, 1), PeriodUnit::kQuarter)),
            "FY2024-Q1");
  EXPECT_EQ(Format(calendar->PeriodOf(absl::CivilDay(2023, 9, 30), PeriodUnit::kMonth)),
            "FY2023-M12");
  EXPECT_EQ(Format(calendar->PeriodOf(absl::CivilDay(2023, 9, 30), PeriodUnit::kYear)), "FY2023");
}

TEST(FiscalCalendar, EveryDayIsInItsPeriodAndPeriodsTile) {
  for (int month = 1; month <= 12; ++month) {
    const FiscalCalendar calendar = *FiscalCalendar::Make(month, "");
    for (const auto unit : {PeriodUnit::kMonth, PeriodUnit::kQuarter, PeriodUnit::kYear}) {
      for (absl::CivilDay day(2019, 1, 1); day < absl::CivilDay(2022, 1, 1); ++day) {
        const FiscalPeriod period = calendar.PeriodOf(day, unit);
        EXPECT_TRUE(calendar.DaysOf(period).contains(day));
        EXPECT_EQ(calendar.DaysOf(calendar.Shift(period, 1)).start, calendar.DaysOf(period).end);
      }
    }
  }
}

TEST(FiscalCalendar, DaysBeginInTheTenantsZone) {
  const auto calendar = FiscalCalendar::Make(1, "America/New_York");
  ASSERT_TRUE(calendar.ok());
  const absl::Time t = absl::FromCivil(absl::CivilHour(2020, 1, 1, 3), absl::UTCTimeZone());
  EXPECT_EQ(calendar->DayOf(t), absl::CivilDay(2019, 12, 31));
  EXPECT_FALSE(FiscalCalendar::Make(13, "Nowhere/City").ok());
  EXPECT_EQ(FiscalCalendar::Make(13, "Nowhere/City").error().violations().size(), 2u);
}

TEST(FiscalCalendar, ParsePeriod) {
  EXPECT_EQ(Format(*FiscalCalendar::ParsePeriod("2017-Q3", "p")), "FY2017-Q3");
  EXPECT_EQ(Format(*FiscalCalendar::ParsePeriod("FY2017-M09", "p")), "FY2017-M09");
  EXPECT_EQ(Format(*FiscalCalendar::ParsePeriod("2017-9", "p")), "FY2017-M09");
  EXPECT_EQ(Format(*FiscalCalendar::ParsePeriod("2017", "p")), "FY2017");
  for (const char* bad : {"", "2017-Q5", "17-Q1", "2017Q1", "2017-13", "2017-"}) {
    EXPECT_FALSE(FiscalCalendar::ParsePeriod(bad, "p").ok()) << bad;
  }
}

}  // namespace
}  // namespace gtm
