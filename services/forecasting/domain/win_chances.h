#pragma once
// The chance that a deal is won within a window of days, by its age, under a common
// factor on all wins.

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "services/forecasting/domain/arrivals.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// The common factor is exp(spread * z - spread^2 / 2) at these z; between them the chance
// is interpolated.
inline constexpr int kNodeCount = 9;
inline constexpr double kNodeSpan = 3.0;
inline constexpr double NodeAt(int node) { return kNodeSpan * (2.0 * node / (kNodeCount - 1) - 1); }
using NodeValues = std::array<double, kNodeCount>;
// z is clamped to the span.
double Interpolate(const NodeValues& values, double z);

// The mean over a standard normal z.
double NormalMean(const NodeValues& values);

// Days first..last (numbers), seen from the end of a cut.
struct Window {
  DayNumber first = 0;
  DayNumber last = -1;  // before `first`: empty
};

// Computes chances for one window, under the rates of a model. Days before the window (of a period
// that has not begun) let deals close without counting.
class WinChances {
 public:
  WinChances(const DealTable& table, const CloseRates& rates, Window window);
  WinChances(const History& history, const CloseRates& rates, Window window);

  // Of the deals of one class that are open at the cut (CloseRates::ClassOf).
  NodeValues OfOpen(const RiskClass& risk) const;
  // Wins in the window that are expected of deals not created yet.
  NodeValues OfArrivals(const Arrivals& arrivals) const;
  // Days of the window that lie after the cut; today counts with what is left of it.
  double remaining_days() const { return remaining_days_; }
  bool empty() const { return day_share_.empty(); }

 private:
  struct Cell {
    double leave;  // chance to close on a whole day
    double won;    // of it, by winning
  };
  // By [(bin * kPositionCount + position) * kNodeCount + node].
  using Cells = std::vector<Cell>;
  void SetDays(const FiscalCalendar& calendar, DayNumber today, double today_left, Window window);
  // Steps of a class's factors on winning and losing, in a lag since its engagement was seen;
  // from kEngagementLagCount on without it.
  using Steps = std::pair<int8_t, int8_t>;
  Steps StepsOf(const RiskClass& risk, int lag) const;
  void AddCells(const RiskClass& risk);
  const Cells* FindCells(Steps steps) const;
  Cells MakeCells(Steps steps) const;
  // One deal from day index `from`, at `age` then, with `share` of that day to live.
  using LagCells = std::array<const Cells*, kEngagementLagCount + 1>;
  NodeValues Follow(const LagCells& by_lag, size_t from, int32_t age, double share) const;

  const CloseRates& rates_;
  DayNumber first_day_ = 0;  // day of index 0: today or tomorrow
  bool today_over_ = true;   // nothing of today is left
  double remaining_days_ = 0;
  std::vector<double> day_share_;  // of each day, that lies after the cut
  std::vector<bool> counts_;       // the day is in the window
  std::vector<int8_t> position_;   // of each day
  double spread_ = 0;              // of the common factor
  // Of the classes that arrive and of those of the open deals.
  std::map<Steps, Cells> cells_;
};

}  // namespace gtm::forecasting::domain
