#pragma once
// What a period would bring if something were otherwise (C16): the same draws before and
// after, so that a difference is the change and not luck.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/forecast_state.h"

namespace gtm::forecasting::domain {

// One deal that is delayed: its life stands still for so many days.
struct Slip {
  std::string id;
  // Absent: until the period is over.
  std::optional<int32_t> days;
};

// Deals that enter the pipeline today, or entered it `age_days` ago.
struct AddedDeals {
  int32_t count = 1;
  int64_t amount_micros = 0;  // expected of each
  int32_t age_days = 0;
};

// Sellers who begin to work. They create deals as today's sellers do, which then live like
// any other deal: what is not created early enough cannot be won in the period (FC-09).
struct Hire {
  int32_t count = 1;
  DayNumber start_day = 0;
  // Days until they create at full productivity; until then rising evenly from nothing.
  int32_t ramp_days = 0;
  // Deals that they create then, as a share of what a seller creates now.
  double productivity = 1;
};

// Everything that is otherwise, all at once. Deals are named by id, each in at most one
// list. Factors are 1 where nothing changes.
struct Scenario {
  std::vector<std::string> lose;
  bool lose_biggest = false;  // the open deal with the largest expected bookings
  std::vector<Slip> slip;
  std::vector<std::string> win;
  std::vector<AddedDeals> add;
  // On the share of wins among closes of any age, which is at most 1; how fast deals close
  // stays as it is.
  double close_rate_factor = 1;
  double price_factor = 1;  // on amounts of open and new deals
  double cycle_factor = 1;  // on the time from entry to closing: 0.5 is twice as fast
  std::vector<Hire> hires;
};

// A deal that a scenario names, or added: what it brings before and after.
struct DealEffect {
  std::string id;  // "" for all deals of one AddedDeals together
  int64_t before_micros = 0;
  int64_t after_micros = 0;
};

// What sellers bring, and when at the earliest.
struct HireEffect {
  int64_t seller_count = 0;       // who created deals in the last year
  double deals_a_year = 0;        // each, at full productivity
  double created_count = 0;       // deals that the hires create before the period ends
  double win_count = 0;           // of them won before it ends
  int64_t micros = 0;             // what these bring
  int32_t first_cycle_days = 0;   // youngest age at which a deal was ever won
  DayNumber first_close_day = 0;  // first day on which a hire's deal may close
};

struct WhatIfAnswer {
  int64_t mean_micros = 0;
  DrawSummary bookings;
  std::optional<double> reach_probability;
  // After less before: exact mean, and quantiles of the draws.
  int64_t difference_mean_micros = 0;
  DrawSummary difference;
  // Standard deviation that the difference would have with other draws for each side:
  // what common draws save.
  int64_t independent_deviation_micros = 0;
  std::vector<DealEffect> deals;  // in the order of the scenario
  std::optional<HireEffect> hires;
};

// Keeps table, model and draws of one question. Any number of threads may Ask.
class WhatIf {
 public:
  // Deals that one scenario may name or add.
  static constexpr int64_t kDealsMax = 500;
  // Draws of what sellers to be hired bring, beside them.
  static constexpr int64_t kHireSlotsMax = 400;
  static_assert(kDealsMax + kHireSlotsMax <= static_cast<int64_t>(ForecastState::kChangesMax));

  // Costs a full answer.
  WhatIf(DealTable table, Model model, const DayRange& days, Selection selection,
         std::optional<int64_t> target_micros);
  const DealTable& table() const { return table_; }
  const PeriodForecast& baseline() const { return state_.forecast(); }
  const DrawSummary& baseline_bookings() const { return baseline().bookings; }
  std::optional<double> baseline_reach() const;

  // Errors: INVALID_FIELDS under "scenario": a deal that is not open in the selection or is
  // named twice, too many deals, sellers to hire where a selection is asked or no past deal
  // has an owner. A factor costs a full answer, else only what changes is computed.
  Result<WhatIfAnswer> Ask(const Scenario& scenario) const;

 private:
  const DealTable table_;
  const Model model_;
  const DayRange days_;
  const Selection selection_;
  const std::optional<int64_t> target_micros_;
  const ForecastState state_;
};

}  // namespace gtm::forecasting::domain
