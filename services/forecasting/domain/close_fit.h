#pragma once
// How the rates of closing are fitted: exposure and events by segment, size, age and
// position, and one cause's rates as a product of factors of each. Inside of CloseRates.

#include <array>
#include <cstdint>
#include <vector>

#include "common/stats/life_table.h"
#include "services/forecasting/domain/close_rates.h"

namespace gtm::forecasting::domain {

inline constexpr int kWonCause = 0;
inline constexpr int kLostCause = 1;
// What is believed before any history: one deal, watched for 90 days, won with 30 %.
inline constexpr double kPriorWins = 0.3;
inline constexpr double kPriorLosses = 0.7;

// Positions in fiscal quarters, as runs of days that weigh less the older they are.
using Calendar = std::vector<stats::CalendarSegment>;
Calendar MakeSegments(const History& history, DayNumber first);

// The groups that deals are counted in: a segment and a size band each.
class Groups {
 public:
  // Segments by closed deals, the largest first; the others share the group of no name.
  Groups(const History& history, DayNumber oldest, RiskEffects* effects);
  int count() const { return segment_count_ * kBandSlots; }
  int segment_count() const { return segment_count_; }
  int SegmentOf(int group) const { return group / kBandSlots; }
  int BandOf(int group) const { return group % kBandSlots - 1; }  // -1: amount unknown
  int Of(const HistoryRow& row) const {
    return slot_[row.segment] * kBandSlots + effects_.BandOf(row.expected_micros) + 1;
  }
  // Index into History::segments; -1 for the group of no name.
  int NameOf(int segment) const { return names_[static_cast<size_t>(segment)]; }

 private:
  static constexpr int kBandSlots = kSizeBandCount + 1;
  const RiskEffects& effects_;
  int segment_count_ = 1;
  std::vector<int> slot_;          // by History segment
  std::vector<int> names_ = {-1};  // by own segment
};

// Exposure and events by group, age bin and position.
struct Lives {
  std::vector<stats::LifeTable> of;  // by group
  int bin_count = 0;
  bool is_empty(size_t group) const { return of[group].age_edges.empty(); }
};

Lives CountGroups(const History& history, const Groups& groups, DayNumber from,
                  const std::vector<int32_t>& edges, const Calendar& calendar);

// Quarters that had exposure in each position.
std::array<int, kPositionCount> QuartersSeen(const Calendar& calendar, DayNumber from,
                                             DayNumber today);

// One cause's rates: by age, times factors by position, segment and size.
struct CauseFit {
  int cause = 0;
  double prior_events = 0;
  std::vector<double> rate;  // by age bin
  std::array<double, kPositionCount> position{};
  std::vector<double> segment;  // by segment of Groups, from 1
  std::array<double, kSizeBandCount> size{};

  double FactorOf(const Groups& groups, size_t group) const {
    const int named = groups.SegmentOf(static_cast<int>(group)) - 1;
    const int band = groups.BandOf(static_cast<int>(group));
    return (named < 0 ? 1 : segment[static_cast<size_t>(named)]) *
           (band < 0 ? 1 : size[static_cast<size_t>(band)]);
  }
};

CauseFit FitCause(int cause, double prior_events, const Lives& lives, const Groups& groups,
                  const std::array<int, kPositionCount>& quarters);

}  // namespace gtm::forecasting::domain
