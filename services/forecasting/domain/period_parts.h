#pragma once
// What the forecast of one period is made of, read off a table and a model: the common
// ground of the computed distribution and of the draws.

#include <cstdint>
#include <vector>

#include "services/forecasting/domain/bookings_distribution.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/forecast_period.h"

namespace gtm::forecasting::domain {

struct PeriodParts {
  // An open deal of the selection.
  struct Open {
    uint32_t deal = 0;         // index into DealTable::deals
    uint32_t class_index = 0;  // index into `classes`
    double amount_micros = 0;  // mean of what it brings if it is won
  };

  bool is_over = false;             // nothing is left to happen
  double remaining_days = 0;        // of the period, after the cut
  double horizon_days = 1;          // until it ends, at least 1
  std::vector<NodeValues> classes;  // chances to be won in the period
  std::vector<Open> open;           // in table order
  NodeValues new_wins{};            // of the whole tenant, expected given z
  double selected_weight = 0;       // share of new wins that the selection gets
  double selected_mean = 0;         // that share times their mean amount
};

PeriodParts GatherParts(const DealTable& table, const Model& model, const DayRange& days,
                        const Selection& selection);

// The same as the distribution takes it; either source can be left out.
BookingsInput InputOf(const PeriodParts& parts, const DealTable& table, const Model& model,
                      const Selection& selection, bool with_open, bool with_new);

// Gamma shape of the factor on arrivals over the days that are left.
double ArrivalShape(const Model& model, double days);
// Of the factor on new amounts, of its logarithm.
double NewAmountSpread(const Model& model);

}  // namespace gtm::forecasting::domain
