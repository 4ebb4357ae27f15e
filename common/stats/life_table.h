#pragma once
// Competing risks by age and calendar position: how fast things in some state leave it,
// and by which door, allowing for those that were not watched from the start (delayed
// entry) and those that are still there (censoring).

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gtm::stats {

// One thing under observation. Days are counted from any fixed day; the age on day d is
// d - birth_day. At risk on the days first_day..last_day; first_day > birth_day is
// delayed entry.
struct LifeSpan {
  int32_t birth_day = 0;
  int32_t first_day = 0;
  int32_t last_day = 0;
  int8_t cause = -1;  // 0 .. cause_count - 1: left on last_day; -1: still there
};

// A run of days that share a calendar position and a weight.
struct CalendarSegment {
  int32_t first_day = 0;  // until the next segment begins
  int32_t position = 0;   // 0 .. position_count - 1
  double weight = 1;      // of what happened in it, 0 to 1
};

// Weighted exposure in days, and events, by age bin and position. The day of an event
// counts as half a day at risk (the actuarial convention).
struct LifeTable {
  std::vector<int32_t> age_edges;  // bin k holds ages edges[k] .. edges[k+1] - 1; the last is open
  int position_count = 1;
  int cause_count = 1;
  std::vector<double> exposure;             // [bin * position_count + position]
  std::vector<std::vector<double>> events;  // [cause][bin * position_count + position]

  int bin_count() const { return static_cast<int>(age_edges.size()); }
  int BinOf(int32_t age) const;
  double exposure_at(int bin, int position) const {
    return exposure[static_cast<size_t>(bin * position_count + position)];
  }
  double events_at(int cause, int bin, int position) const {
    return events[static_cast<size_t>(cause)][static_cast<size_t>(bin * position_count + position)];
  }
  double total_exposure() const;
  double total_events(int cause) const;
};

// age_edges rise from 0; segments rise and begin at or before the first day of any span.
LifeTable CountLives(const std::vector<LifeSpan>& spans, std::vector<int32_t> age_edges,
                     const std::vector<CalendarSegment>& segments, int position_count,
                     int cause_count);

// Edges that give every bin about the same number of events, at least `events_min`, at
// most `bin_count_max` bins with events; one more bin begins after the last event.
std::vector<int32_t> EdgesByEvents(std::vector<int32_t> event_ages, int events_min,
                                   int bin_count_max);

// The share still there at the end of ages 0..n-1 and the share that left by each cause
// (Aalen and Johansen), from plain counts without positions.
struct CumulativeIncidence {
  std::vector<double> survival;            // [age]
  std::vector<std::vector<double>> share;  // [cause][age]
};
// Discrete: at each age the events over those at risk, each of `spans` at risk on all its
// days. Ages 0..age_count-1.
CumulativeIncidence AalenJohansen(const std::vector<LifeSpan>& spans, int age_count,
                                  int cause_count);

}  // namespace gtm::stats
