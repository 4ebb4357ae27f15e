#pragma once
// The forecast of a period: won so far + open deals + deals not created yet. Its quantiles
// are computed (bookings_distribution.h); joint draws (joint_draws.h) stand beside them for
// whatever must add up draw by draw.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/amounts.h"
#include "services/forecasting/domain/arrivals.h"
#include "services/forecasting/domain/bookings_distribution.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {

// Changes whenever the same inputs may give other numbers.
inline constexpr std::string_view kModelVersion = "gtm-bookings/4";
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
  // What is told: computed, without sampling error. Of the period, won so far included;
  // of the open deals alone, and of the new ones alone (Detail::kParts). Means of
  // parts add up; quantiles of parts do not, because parts share factors.
  DrawSummary bookings, open_bookings, new_bookings;
  // Of what is still to come, behind `bookings`; null where nothing is left to happen.
  std::shared_ptr<const BookingsDistribution> distribution;
  // Detail::kDraws and kChangeable. One value a draw, for the selection; the period's bookings in
  // draw i are won_micros + open_draws[i] + new_draws[i]. Draws of selections that make up a
  // whole add up to its draws. Empty where nothing is left to happen.
  std::vector<int64_t> open_draws;
  std::vector<int64_t> new_draws;
  std::vector<DealChance> chances;  // of the selected open deals, in table order

  int64_t mean_micros() const {
    return AddClamped(won_micros, AddClamped(open_mean_micros, new_mean_micros));
  }
};

// What is wanted beside means, chances and the distribution of the whole.
enum class Detail {
  kBookings,    // nothing
  kParts,       // the distributions of open and of new deals
  kDraws,       // joint draws
  kChangeable,  // joint draws, and a distribution that can be asked With
};

// Deterministic: the same table, model, days and selection give the same bytes.
PeriodForecast ForecastPeriod(const DealTable& table, const Model& model, const DayRange& days,
                              const Selection& selection, Detail detail = Detail::kDraws);

// What open deals and deals not created yet are expected to bring within the days, in
// micros: the mean alone, quickly.
double ExpectedRemainder(const DealTable& table, const Model& model, const DayRange& days);

// Of base + sum of the lists, draw by draw. Without draws, every quantile is the base.
DrawSummary Summarize(int64_t base_micros, const std::vector<int64_t>& a,
                      const std::vector<int64_t>& b);
// Chance that the period's bookings reach the target: strictly between 0 and 1 while
// something is left to happen and what is won does not reach it.
double ReachProbability(const PeriodForecast& forecast, int64_t target_micros);

}  // namespace gtm::forecasting::domain
