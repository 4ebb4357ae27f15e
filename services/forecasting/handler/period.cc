#include "services/forecasting/handler/period.h"

#include "fmt/format.h"

namespace gtm::forecasting::handler {
namespace {

// How far ahead a period may end, in days.
constexpr int kHorizonDaysMax = 3 * 366;

}  // namespace

FiscalPeriod PeriodAt(const domain::DealTable& table, const std::optional<FiscalPeriod>& asked) {
  if (asked) return *asked;
  return table.calendar.PeriodOf(domain::DayAt(table.today), PeriodUnit::kQuarter);
}

Result<DayRange> DaysOf(const domain::DealTable& table, const FiscalPeriod& period) {
  const DayRange days = table.calendar.DaysOf(period);
  if (days.end - domain::DayAt(table.today) > kHorizonDaysMax) {
    return InvalidField("period", fmt::format("{} ends more than three years after as_of; ask "
                                              "for an earlier period",
                                              Format(period)));
  }
  return days;
}

Result<std::optional<domain::Target>> TargetOf(const records_client::Question& question,
                                               const domain::DealTable& table, const DayRange& days,
                                               const ForecastQuestion& asked) {
  const absl::CivilDay today = domain::DayAt(table.today);
  if (!asked.target) {
    return domain::TargetFromQuotas(question.view, days, asked.selection, today);
  }
  GTM_ASSIGN_OR_RETURN(const Money money, question.view.InReportingCurrency(*asked.target, today));
  return std::optional<domain::Target>(domain::Target{money.micros});
}

}  // namespace gtm::forecasting::handler
