#pragma once
// How the numbers that people call compare with what came (FC-12).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/stats/intervals.h"
#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

// A number told before the end of a period, and what came. In micros.
struct CallOutcome {
  int64_t told_micros = 0;
  int64_t actual_micros = 0;
};

// Periods below which a bias is no verdict: a year of quarters.
inline constexpr int kCallPeriodsMin = 4;

struct CallJudgement {
  int period_count = 0;
  int reached_count = 0;  // the actual was at least what was told
  // Sum of absolute errors over sum of actuals. Absent where nothing came.
  std::optional<double> absolute_error_share;
  // Mean error as a share of the mean actual; Student's interval from two periods on.
  std::optional<double> bias;
  std::optional<stats::Interval> bias_interval;
};

CallJudgement JudgeCalls(const std::vector<CallOutcome>& outcomes);

// The mean of a forecast of everything, shared out to owners: equal to the means of
// forecasts of each owner alone, within rounding. Owners without any are left out.
std::map<std::string, int64_t> MeansByOwner(const DealTable& table, const Model& model,
                                            const PeriodForecast& forecast, const DayRange& days);

// Bookings of the days, by owner.
std::map<std::string, int64_t> WonByOwner(const DealTable& table, const DayRange& days);

// Sum over the members of a team.
int64_t SumOver(const std::map<std::string, int64_t>& by_owner,
                const std::vector<std::string>& team);

}  // namespace gtm::forecasting::domain
