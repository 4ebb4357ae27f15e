#include "services/forecasting/domain/win_chances.h"

#include <algorithm>
#include <cmath>

#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {
namespace {

double FactorOf(int8_t step) { return std::exp(step * kRiskStep); }

}  // namespace

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
  SetDays(table.calendar, table.today, table.today_left, window);
  if (empty() || rates.effects.is_none()) return;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kOpen) AddCells(rates.ClassOf(table, deal));
  }
}

WinChances::WinChances(const History& history, const CloseRates& rates, Window window)
    : rates_(rates) {
  SetDays(history.calendar(), history.today(), history.today_left(), window);
  if (empty() || rates.effects.is_none()) return;
  const std::vector<RiskEffects::Effect> segments = rates.effects.OfAll(history.segments());
  for (const HistoryRow& row : history.rows()) {
    if (!history.is_open(row)) continue;
    AddCells(rates.effects.ClassOf(0, segments[row.segment], row,
                                   StateAt(history.engagement_of(row), history.today())));
  }
}

void WinChances::SetDays(const FiscalCalendar& calendar, DayNumber today, double today_left,
                         Window window) {
  today_over_ = !(today_left > 0);
  first_day_ = today_over_ ? today + 1 : today;
  if (window.last < first_day_) return;
  const PositionIndex positions(calendar, first_day_, window.last);
  for (DayNumber day = first_day_; day <= window.last; ++day) {
    const double share = day == today ? today_left : 1;
    day_share_.push_back(share);
    counts_.push_back(day >= window.first);
    position_.push_back(static_cast<int8_t>(positions.at(day)));
    if (day >= window.first) remaining_days_ += share;
  }
  spread_ = rates_.SpreadOver(static_cast<double>(day_share_.size()));
  AddCells({});
  for (const CloseRates::Share& arriving : rates_.arriving) AddCells(arriving.risk);
}

WinChances::Steps WinChances::StepsOf(const RiskClass& risk, int lag) const {
  if (lag >= kEngagementLagCount) return {risk.win_step, risk.loss_step};
  const EngagementEffects::Steps more = rates_.effects.engagement.Of(risk.engagement, lag);
  const auto sum = [](int a, int b) {
    return static_cast<int8_t>(std::clamp(a + b, -kRiskStepMax, kRiskStepMax));
  };
  return {sum(risk.win_step, more.won), sum(risk.loss_step, more.lost)};
}

void WinChances::AddCells(const RiskClass& risk) {
  // Where engagement says nothing, one lag says all.
  for (int lag = risk.engagement == 0 ? kEngagementLagCount : 0; lag <= kEngagementLagCount;
       ++lag) {
    const Steps steps = StepsOf(risk, lag);
    const auto [it, is_new] = cells_.try_emplace(steps);
    if (is_new) it->second = MakeCells(steps);
  }
}

const WinChances::Cells* WinChances::FindCells(Steps steps) const {
  const auto found = cells_.find(steps);
  return found != cells_.end() ? &found->second : nullptr;
}

WinChances::Cells WinChances::MakeCells(Steps steps) const {
  const double win_factor = FactorOf(steps.first), loss_factor = FactorOf(steps.second);
  const size_t bins = rates_.won_rate.size();
  Cells cells(bins * kPositionCount * kNodeCount);
  NodeValues common{};
  for (size_t node = 0; node < kNodeCount; ++node) {
    common[node] =
        win_factor * std::exp(spread_ * NodeAt(static_cast<int>(node)) - spread_ * spread_ / 2);
  }
  for (size_t bin = 0; bin < bins; ++bin) {
    for (size_t position = 0; position < kPositionCount; ++position) {
      const double lost = rates_.lost_rate[bin] * rates_.lost_factor[position] * loss_factor;
      const double average = rates_.won_rate[bin] * rates_.won_factor[position];
      for (size_t node = 0; node < kNodeCount; ++node) {
        const double won = average * common[node];
        const double leave = -std::expm1(-(won + lost));
        cells[(bin * kPositionCount + position) * kNodeCount + node] = {leave,
                                                                        leave * won / (won + lost)};
      }
    }
  }
  return cells;
}

NodeValues WinChances::Follow(const LagCells& by_lag, size_t from, int32_t age,
                              double share) const {
  NodeValues alive, won{};
  size_t lag = 0;
  alive.fill(1);
  size_t bin = static_cast<size_t>(rates_.BinOf(age));
  for (size_t day = from; day < day_share_.size(); ++day) {
    const int32_t age_now = age + static_cast<int32_t>(day - from);
    while (bin + 1 < rates_.age_edges.size() && age_now >= rates_.age_edges[bin + 1]) ++bin;
    const double part = day == from ? share : day_share_[day];
    const double counted = counts_[day] ? 1 : 0;
    while (lag < kEngagementLagCount && static_cast<int>(day - from) >= kEngagementLagEnds[lag]) {
      ++lag;
    }
    const Cell* cell =
        &(*by_lag[lag])[(bin * kPositionCount + static_cast<size_t>(position_[day])) * kNodeCount];
    for (size_t node = 0; node < kNodeCount; ++node) {
      // A part of a day counts in proportion: exact to the second order of the rate.
      won[node] += alive[node] * cell[node].won * part * counted;
      alive[node] *= 1 - cell[node].leave * part;
    }
  }
  return won;
}

NodeValues WinChances::OfOpen(const RiskClass& risk) const {
  if (empty()) return {};
  // The age is that of today; where today is over, the first day to come is a day older.
  const bool today_over = today_over_;
  const int32_t age = today_over ? risk.age + 1 : risk.age;
  LagCells by_lag{};
  std::array<Cells, kEngagementLagCount + 1> own;
  for (int lag = 0; lag <= kEngagementLagCount; ++lag) {
    const auto at = static_cast<size_t>(lag);
    const Steps steps = StepsOf(risk, lag);
    by_lag[at] = FindCells(steps);
    if (by_lag[at] != nullptr) continue;
    // No deal of the table is of this class: a question of what if.
    own[at] = MakeCells(steps);
    by_lag[at] = &own[at];
  }
  return Follow(by_lag, 0, age, day_share_.front());
}

NodeValues WinChances::OfArrivals(const Arrivals& arrivals) const {
  NodeValues total{};
  for (const CloseRates::Share& arriving : rates_.arriving) {
    const Cells* cells = FindCells(StepsOf(arriving.risk, kEngagementLagCount));
    if (cells == nullptr) continue;  // only where the window is empty
    LagCells by_lag;
    by_lag.fill(cells);
    for (size_t day = 0; day < day_share_.size(); ++day) {
      // Arriving at any moment of the day leaves half of it.
      const NodeValues chance = Follow(by_lag, day, 0, day_share_[day] / 2);
      const double count = arriving.share * day_share_[day] *
                           arrivals.RateOn(position_[day], static_cast<double>(day) + 0.5);
      for (size_t node = 0; node < kNodeCount; ++node) total[node] += count * chance[node];
    }
  }
  return total;
}

}  // namespace gtm::forecasting::domain
