#pragma once
// How fast open deals are won and lost: daily rates by age, as competing risks, times
// the position in the fiscal quarter.

#include <array>
#include <cstdint>
#include <vector>

#include "common/stats/level.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/history.h"
#include "services/forecasting/domain/risk_effects.h"

namespace gtm::forecasting::domain {

// A fiscal quarter has six positions of about 15 days; quarter-ends are busy.
inline constexpr int kPositionCount = 6;
int PositionOf(const FiscalCalendar& calendar, absl::CivilDay day);

// Maps days to positions quickly, over a fixed span.
class PositionIndex {
 public:
  PositionIndex(const FiscalCalendar& calendar, DayNumber first, DayNumber last);
  int at(DayNumber day) const { return positions_[static_cast<size_t>(day - first_)]; }
  DayNumber first() const { return first_; }
  DayNumber last() const { return first_ + static_cast<DayNumber>(positions_.size()) - 1; }

 private:
  DayNumber first_;
  std::vector<int8_t> positions_;
};

// What the history says. Rates are events a day; a day's chance to close is
// 1 - exp(-(won + lost)).
struct CloseRates {
  std::vector<int32_t> age_edges;  // bin k holds ages edges[k] .. edges[k+1] - 1; the last is open
  std::vector<double> won_rate;    // by age bin
  std::vector<double> lost_rate;
  std::array<double, kPositionCount> won_factor{};  // by position; 1 is average
  std::array<double, kPositionCount> lost_factor{};
  int64_t won_count = 0;  // that the rates rest on
  int64_t lost_count = 0;
  // The level of wins now, against the rates' own average (which `won_rate` contains).
  // Its steps are weeks.
  stats::Level level;
  // What half-quarters differ by beyond chance: a standard deviation of the logarithm.
  double shock = 0;
  // How deals differ; a deal without any difference has the rates above.
  RiskEffects effects;
  // The classes of deals that arrived lately, at age 0, and their shares.
  struct Share {
    RiskClass risk;
    double share = 0;
  };
  std::vector<Share> arriving = {{{}, 1}};
  // Oldest age at which a deal was ever won or lost; -1 without any.
  int32_t oldest_closed_age = -1;
  // Deals that closed before this day are missing from the history (0: none are).
  DayNumber truncated_before = 0;

  // Of the common factor on all wins over the next days.
  double SpreadOver(double days) const;
  int BinOf(int32_t age) const;
  // The class of a deal that is open at the cut: its age, and what its segment and the
  // evidence say about it.
  RiskClass ClassOf(const DealTable& table, const Deal& deal) const;
};

// What need not be found out again when earlier days of the same history are looked at.
struct KnownGaps {
  bool known = false;
  DayNumber truncated_before = 0;
};

// Learns from a history only. Never fails: with few closed deals the rates lean on a weak
// prior (one deal that is won with 30 % after 90 days) and the uncertainty is large.
CloseRates LearnCloseRates(const History& history, const KnownGaps& gaps = {});
CloseRates LearnCloseRates(const DealTable& table);

}  // namespace gtm::forecasting::domain
