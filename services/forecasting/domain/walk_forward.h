#pragma once
// The same forecast at past cuts, each from what had happened by then, beside what came
// and beside simple baselines (C14).

#include <functional>
#include <optional>
#include <vector>

#include "common/core/result.h"
#include "services/forecasting/domain/chance_score.h"
#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// Reads the table at an instant; see DealsAt.
using TableAt = std::function<Result<DealTable>(absl::Time as_of)>;

// Days of a quarter known at each cut, unless the caller says otherwise.
inline constexpr int kCutDays[] = {0, 15, 30, 45, 60, 75};

// The last moment at which `cut_day` whole days of the period are known.
absl::Time CutTime(const FiscalCalendar& calendar, const DayRange& days, int cut_day);

struct Cut {
  FiscalPeriod quarter;
  int cut_day = 0;
  absl::Time as_of;
  int64_t actual_micros = 0;
  int64_t mean_micros = 0;
  int64_t won_micros = 0;  // part of the mean
  int64_t open_mean_micros = 0;
  int64_t new_mean_micros = 0;
  DrawSummary bookings;
  int64_t weighted_pipeline_micros = 0;
  int64_t run_rate_micros = 0;
  int64_t previous_quarter_micros = 0;
  std::optional<int64_t> last_year_micros;  // absent without a year of history
  ChanceScore chances;                      // of the deals that were open at the cut

  bool is_covered() const { return bookings.p10 <= actual_micros && actual_micros <= bookings.p90; }
};

struct Skill {
  double absolute_error_share = 0;  // WAPE
  double bias_share = 0;
};
// `method` picks a number of a cut: &Cut::mean_micros.
Skill SkillOf(const std::vector<Cut>& cuts, int64_t Cut::*method);
int CoveredCount(const std::vector<Cut>& cuts);

// Repeats the forecast of each quarter at each cut day, in this order, of the selected deals.
// `after` is the table that tells what came: it must be at or after the end of every quarter.
Result<std::vector<Cut>> WalkForward(const TableAt& table_at, const DealTable& after,
                                     const std::vector<FiscalPeriod>& quarters,
                                     const std::vector<int>& cut_days,
                                     const Selection& selection = {});

// Baselines, each from a table alone.
// Won so far plus the number of open deals times the share of wins among closed deals
// times the mean won amount.
int64_t WeightedPipeline(const DealTable& table, const DayRange& days);
// Won so far plus the daily bookings of the last 91 days (fewer where closes began later)
// for each remaining day.
int64_t RunRate(const DealTable& table, const DayRange& days);
// Won so far plus what the remaining days brought a quarter before; RunRate where closes
// began after those days did.
int64_t PreviousQuarter(const DealTable& table, const DayRange& days);

}  // namespace gtm::forecasting::domain
