#pragma once
// The forecast of a period: won so far + open deals + deals not created yet, as joint
// draws. Draws of the parts of a whole add up to those of the whole, because every open
// deal has a stream of its own and every new deal takes owner and segment from a donor.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/amounts.h"
#include "services/forecasting/domain/arrivals.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {

// Changes whenever the same inputs may give other numbers.
inline constexpr std::string_view kModelVersion = "gtm-bookings/2";
inline constexpr int kDrawCount = 2048;

// What is learned from a table, once for all questions about it.
struct Model {
  CloseRates close;
  Arrivals arrivals;
  Amounts amounts;
};
Model LearnModel(const DealTable& table);

// What one open deal brings.
struct DealChance {
  uint32_t deal = 0;  // index into DealTable::deals
  double win_probability = 0;
  int64_t amount_micros = 0;    // expected if won
  int64_t expected_micros = 0;  // their product
  int64_t swing_micros = 0;     // standard deviation
};

struct PeriodForecast {
  double remaining_days = 0;
  int64_t won_micros = 0;
  int64_t won_count = 0;
  int64_t open_count = 0;
  int64_t open_mean_micros = 0;
  double open_win_count = 0;  // expected
  int64_t new_mean_micros = 0;
  double new_win_count = 0;
  // One value a draw, for the selection; the period's bookings in draw i are
  // won_micros + open_draws[i] + new_draws[i]. Empty where nothing is left to happen.
  std::vector<int64_t> open_draws;
  std::vector<int64_t> new_draws;
  std::vector<DealChance> chances;  // of the selected open deals, in table order

  int64_t mean_micros() const {
    return AddClamped(won_micros, AddClamped(open_mean_micros, new_mean_micros));
  }
};

// Deterministic: the same table, model, days and selection give the same bytes.
PeriodForecast ForecastPeriod(const DealTable& table, const Model& model, const DayRange& days,
                              const Selection& selection);

// What open deals and deals not created yet are expected to bring within the days, in
// micros: the mean alone, quickly.
double ExpectedRemainder(const DealTable& table, const Model& model, const DayRange& days);

// Quantiles and spread of draws.
struct DrawSummary {
  int64_t p05 = 0, p10 = 0, p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0;
  int64_t standard_deviation = 0;
};
// Of base + sum of the lists, draw by draw. Without draws, every quantile is the base.
DrawSummary Summarize(int64_t base_micros, const std::vector<int64_t>& a,
                      const std::vector<int64_t>& b);
// Chance that base + draws reach the target: strictly between 0 and 1 while something is
// left to happen and the base does not reach it.
double ReachProbability(const PeriodForecast& forecast, int64_t target_micros);

}  // namespace gtm::forecasting::domain
