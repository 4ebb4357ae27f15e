#pragma once
// Joint draws of a period's bookings. Draws of the parts of a whole add up to those of the
// whole, because every open deal has a stream of its own and every new deal takes owner and
// segment from a donor.

#include <cstdint>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/period_parts.h"

namespace gtm::forecasting::domain {

// What all deals share in a draw. Stratified: each factor takes every rank once.
struct DrawFactors {
  std::vector<double> win_z;    // common shock and level of wins, standard normal
  std::vector<double> arrival;  // of the arrival rate, mean 1
  std::vector<double> amount;   // of new amounts, mean 1
  std::vector<double> ratio;    // realized over what was expected of a win, mean 1
};
// Over a horizon of days.
DrawFactors MakeFactors(const Model& model, double days);

// Adds `sign` times what one open deal brings in each draw. Equal ids, equal luck.
void AddDealDraws(std::string_view id, double amount_micros, const NodeValues& chances,
                  const DrawFactors& factors, const std::array<float, 256>& ratio_noise, int sign,
                  std::vector<int64_t>* draws);

// Adds what selected deals that are not created yet bring.
void AddNewDraws(const PeriodParts& parts, const DealTable& table, const Model& model,
                 const DrawFactors& factors, const Selection& selection,
                 std::vector<int64_t>* draws);

}  // namespace gtm::forecasting::domain
