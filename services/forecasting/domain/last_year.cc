#include "services/forecasting/domain/last_year.h"

#include <algorithm>

namespace gtm::forecasting::domain {
namespace {

constexpr DayNumber kGrowthDays = 91;
constexpr double kGrowthMin = 0.25;
constexpr double kGrowthMax = 4.0;

// Bookings of the days first..end-1.
int64_t WonIn(const DealTable& table, DayNumber first, DayNumber end) {
  int64_t sum = 0;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kWon && deal.closed_day >= first && deal.closed_day < end) {
      sum = AddClamped(sum, deal.amount_micros.value_or(0));
    }
  }
  return sum;
}

}  // namespace

std::optional<int64_t> LastYearTimesGrowth(const DealTable& table, const DayRange& days) {
  const FiscalPeriod quarter = table.calendar.PeriodOf(days.start, PeriodUnit::kQuarter);
  const DayRange before = table.calendar.DaysOf(table.calendar.Shift(quarter, -4));
  const DayNumber year = NumberOf(table.calendar.DaysOf(quarter).start) - NumberOf(before.start);
  const DayNumber growth_end = table.today + 1;
  const DayNumber growth_start = growth_end - kGrowthDays;
  DayNumber first_close = growth_end;
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kOpen) first_close = std::min(first_close, deal.closed_day);
  }
  if (first_close > std::min(growth_start - year, NumberOf(before.start))) return {};
  const int64_t then = WonIn(table, growth_start - year, growth_end - year);
  const int64_t now = WonIn(table, growth_start, growth_end);
  if (then <= 0) return {};
  const double growth =
      std::clamp(static_cast<double>(now) / static_cast<double>(then), kGrowthMin, kGrowthMax);
  const DayNumber known = std::max(0, growth_end - NumberOf(days.start));
  const bool whole = days == table.calendar.DaysOf(quarter);
  const DayNumber end = whole ? NumberOf(before.end) : NumberOf(days.end) - year;
  const int64_t rest = WonIn(table, NumberOf(days.start) - year + known, end);
  return AddClamped(WonIn(table, NumberOf(days.start), NumberOf(days.end)),
                    RoundClamped(growth * static_cast<double>(rest)));
}

}  // namespace gtm::forecasting::domain
