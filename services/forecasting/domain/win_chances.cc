#include "services/forecasting/domain/win_chances.h"

#include <algorithm>
#include <cmath>

#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {

double Interpolate(const NodeValues& values, double z) {
  const double at =
      (std::clamp(z, -kNodeSpan, kNodeSpan) + kNodeSpan) / (2 * kNodeSpan) * (kNodeCount - 1);
  const int node = std::min(static_cast<int>(at), kNodeCount - 2);
  const double part = at - node;
  return values[static_cast<size_t>(node)] * (1 - part) +
         values[static_cast<size_t>(node) + 1] * part;
}

double NormalMean(const NodeValues& values) {
  // The weight of a node is the mean of its hat function, from 1,024 equally likely z.
  static const NodeValues weights = [] {
    constexpr int kStrata = 1024;
    NodeValues sums{};
    for (int i = 0; i < kStrata; ++i) {
      const double z = stats::NormalQuantile((i + 0.5) / kStrata);
      for (size_t node = 0; node < kNodeCount; ++node) {
        NodeValues hat{};
        hat[node] = 1;
        sums[node] += Interpolate(hat, z) / kStrata;
      }
    }
    return sums;
  }();
  double mean = 0;
  for (size_t node = 0; node < kNodeCount; ++node) mean += weights[node] * values[node];
  return mean;
}

WinChances::WinChances(const DealTable& table, const CloseRates& rates, Window window)
    : rates_(rates) {
  first_day_ = table.today_left > 0 ? table.today : table.today + 1;
  if (window.last < first_day_) return;
  const PositionIndex positions(table.calendar, first_day_, window.last);
  for (DayNumber day = first_day_; day <= window.last; ++day) {
    const double share = day == table.today ? table.today_left : 1;
    day_share_.push_back(share);
    counts_.push_back(day >= window.first);
    position_.push_back(static_cast<int8_t>(positions.at(day)));
    if (day >= window.first) remaining_days_ += share;
  }
  const double spread = rates.SpreadOver(static_cast<double>(day_share_.size()));
  const size_t bins = rates.won_rate.size();
  cells_.resize(bins * kPositionCount * kNodeCount);
  for (size_t bin = 0; bin < bins; ++bin) {
    for (size_t position = 0; position < kPositionCount; ++position) {
      const double lost = rates.lost_rate[bin] * rates.lost_factor[position];
      for (int node = 0; node < kNodeCount; ++node) {
        const double common = std::exp(spread * NodeAt(node) - spread * spread / 2);
        const double won = rates.won_rate[bin] * rates.won_factor[position] * common;
        const double leave = -std::expm1(-(won + lost));
        cells_[(bin * kPositionCount + position) * kNodeCount + static_cast<size_t>(node)] = {
            leave, leave * won / (won + lost)};
      }
    }
  }
}

NodeValues WinChances::Follow(size_t from, int32_t age, double share) const {
  NodeValues alive, won{};
  alive.fill(1);
  size_t bin = static_cast<size_t>(rates_.BinOf(age));
  for (size_t day = from; day < day_share_.size(); ++day) {
    const int32_t age_now = age + static_cast<int32_t>(day - from);
    while (bin + 1 < rates_.age_edges.size() && age_now >= rates_.age_edges[bin + 1]) ++bin;
    const double part = day == from ? share : day_share_[day];
    const double counted = counts_[day] ? 1 : 0;
    const Cell* cell =
        &cells_[(bin * kPositionCount + static_cast<size_t>(position_[day])) * kNodeCount];
    for (size_t node = 0; node < kNodeCount; ++node) {
      // A part of a day counts in proportion: exact to the second order of the rate.
      won[node] += alive[node] * cell[node].won * part * counted;
      alive[node] *= 1 - cell[node].leave * part;
    }
  }
  return won;
}

NodeValues WinChances::OfOpen(int32_t age) const {
  if (empty()) return {};
  // The age is that of today; where today is over, the first day to come is a day older.
  const bool today_over = day_share_.front() == 1;
  return Follow(0, today_over ? age + 1 : age, day_share_.front());
}

NodeValues WinChances::OfArrivals(const std::array<double, kPositionCount>& arrival_factor) const {
  NodeValues total{};
  for (size_t day = 0; day < day_share_.size(); ++day) {
    // Arriving at any moment of the day leaves half of it.
    const NodeValues chance = Follow(day, 0, day_share_[day] / 2);
    const double arriving = day_share_[day] * arrival_factor[static_cast<uint8_t>(position_[day])];
    for (size_t node = 0; node < kNodeCount; ++node) total[node] += arriving * chance[node];
  }
  return total;
}

}  // namespace gtm::forecasting::domain
