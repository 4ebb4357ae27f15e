#include "services/forecasting/domain/walk_forward.h"

#include <algorithm>
#include <cmath>

#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/last_year.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kRunRateDays = 91;

int64_t WonBetween(const DealTable& table, DayNumber first, DayNumber end) {
  int64_t sum = 0;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kWon && deal.closed_day >= first && deal.closed_day < end) {
      sum = AddClamped(sum, deal.amount_micros.value_or(0));
    }
  }
  return sum;
}

DayNumber FirstClose(const DealTable& table) {
  DayNumber first = table.today + 1;
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kOpen) first = std::min(first, deal.closed_day);
  }
  return first;
}

double RemainingDays(const DealTable& table, const DayRange& days) {
  return std::max(0.0, NumberOf(days.end) - table.today - 1 + table.today_left);
}

// The table without the deals that are not selected: what a baseline of them may see.
class SelectedTable {
 public:
  SelectedTable(const DealTable& table, const Selection& selection) : table_(&table) {
    if (selection.is_everything()) return;
    copy_ = table;
    std::erase_if(copy_.deals, [&](const Deal& deal) { return !selection.Holds(deal); });
    table_ = &copy_;
  }
  SelectedTable(const SelectedTable&) = delete;
  SelectedTable& operator=(const SelectedTable&) = delete;
  const DealTable& get() const { return *table_; }

 private:
  DealTable copy_;
  const DealTable* table_;
};

void AddBaselines(const DealTable& table, const DayRange& days, Cut* cut) {
  cut->weighted_pipeline_micros = WeightedPipeline(table, days);
  cut->run_rate_micros = RunRate(table, days);
  cut->previous_quarter_micros = PreviousQuarter(table, days);
  cut->last_year_micros = LastYearTimesGrowth(table, days);
}

}  // namespace

absl::Time CutTime(const FiscalCalendar& calendar, const DayRange& days, int cut_day) {
  return calendar.StartOf(days.start + cut_day) - absl::Microseconds(1);
}

int64_t WeightedPipeline(const DealTable& table, const DayRange& days) {
  int64_t open = 0, won = 0, lost = 0;
  double amount = 0;
  for (const Deal& deal : table.deals) {
    open += deal.outcome == Outcome::kOpen;
    lost += deal.outcome == Outcome::kLost;
    if (deal.outcome != Outcome::kWon) continue;
    ++won;
    amount += static_cast<double>(deal.amount_micros.value_or(0));
  }
  const int64_t so_far = WonBetween(table, NumberOf(days.start), NumberOf(days.end));
  if (won == 0) return so_far;
  return AddClamped(
      so_far, RoundClamped(static_cast<double>(open) * amount / static_cast<double>(won + lost)));
}

int64_t RunRate(const DealTable& table, const DayRange& days) {
  const int64_t so_far = WonBetween(table, NumberOf(days.start), NumberOf(days.end));
  const DayNumber first = std::max(table.today - kRunRateDays + 1, FirstClose(table));
  if (first > table.today) return so_far;
  const double rate =
      static_cast<double>(WonBetween(table, first, table.today + 1)) / (table.today - first + 1);
  return AddClamped(so_far, RoundClamped(rate * RemainingDays(table, days)));
}

int64_t PreviousQuarter(const DealTable& table, const DayRange& days) {
  const FiscalPeriod quarter = table.calendar.PeriodOf(days.start, PeriodUnit::kQuarter);
  const DayRange before = table.calendar.DaysOf(table.calendar.Shift(quarter, -1));
  // The same days, counted from the start of the quarter.
  const DayNumber shift = NumberOf(table.calendar.DaysOf(quarter).start) - NumberOf(before.start);
  const DayNumber start = NumberOf(days.start) - shift;
  if (FirstClose(table) > start) return RunRate(table, days);
  const DayNumber known = std::max(0, table.today + 1 - NumberOf(days.start));
  const bool whole = days == table.calendar.DaysOf(quarter);
  const DayNumber end = whole ? NumberOf(before.end) : NumberOf(days.end) - shift;
  return AddClamped(WonBetween(table, NumberOf(days.start), NumberOf(days.end)),
                    WonBetween(table, start + known, end));
}

Result<std::vector<Cut>> WalkForward(const TableAt& table_at, const DealTable& after,
                                     const std::vector<FiscalPeriod>& quarters,
                                     const std::vector<int>& cut_days, const Selection& selection) {
  const SelectedTable came(after, selection);
  std::vector<Cut> cuts;
  for (const FiscalPeriod& quarter : quarters) {
    const DayRange days = after.calendar.DaysOf(quarter);
    for (const int cut_day : cut_days) {
      Cut cut;
      cut.quarter = quarter;
      cut.cut_day = cut_day;
      cut.as_of = CutTime(after.calendar, days, cut_day);
      cut.actual_micros = WonBetween(came.get(), NumberOf(days.start), NumberOf(days.end));
      GTM_ASSIGN_OR_RETURN(const DealTable table, table_at(cut.as_of));
      const Model model = Blend(table, LearnModel(table), quarter);
      const PeriodForecast forecast =
          ForecastPeriod(table, model, days, selection, Detail::kBookings);
      cut.mean_micros = forecast.mean_micros();
      cut.won_micros = forecast.won_micros;
      cut.open_mean_micros = forecast.open_mean_micros;
      cut.new_mean_micros = forecast.new_mean_micros;
      cut.bookings = forecast.bookings;
      cut.chances = ScoreChances(table, forecast, came.get(), days);
      AddBaselines(SelectedTable(table, selection).get(), days, &cut);
      cuts.push_back(cut);
    }
  }
  return cuts;
}

Skill SkillOf(const std::vector<Cut>& cuts, int64_t Cut::*method) {
  double error = 0, bias = 0, actual = 0;
  for (const Cut& cut : cuts) {
    const auto difference = static_cast<double>(cut.*method - cut.actual_micros);
    error += std::abs(difference);
    bias += difference;
    actual += static_cast<double>(cut.actual_micros);
  }
  if (actual <= 0) return {};
  return {error / actual, bias / actual};
}

int CoveredCount(const std::vector<Cut>& cuts) {
  return static_cast<int>(
      std::count_if(cuts.begin(), cuts.end(), [](const Cut& cut) { return cut.is_covered(); }));
}

}  // namespace gtm::forecasting::domain
