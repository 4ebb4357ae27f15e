#include "common/stats/life_table.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace gtm::stats {

int LifeTable::BinOf(int32_t age) const {
  const auto it = std::upper_bound(age_edges.begin(), age_edges.end(), age);
  return it == age_edges.begin() ? 0 : static_cast<int>(it - age_edges.begin()) - 1;
}

double LifeTable::total_exposure() const {
  return std::accumulate(exposure.begin(), exposure.end(), 0.0);
}

double LifeTable::total_events(int cause) const {
  const auto& counts = events[static_cast<size_t>(cause)];
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

LifeTable CountLives(const std::vector<LifeSpan>& spans, std::vector<int32_t> age_edges,
                     const std::vector<CalendarSegment>& segments, int position_count,
                     int cause_count) {
  assert(!age_edges.empty() && age_edges.front() == 0 && !segments.empty());
  LifeTable table;
  table.age_edges = std::move(age_edges);
  table.position_count = position_count;
  table.cause_count = cause_count;
  const size_t cells = table.age_edges.size() * static_cast<size_t>(position_count);
  table.exposure.assign(cells, 0);
  table.events.assign(static_cast<size_t>(cause_count), std::vector<double>(cells, 0));
  const auto before = [](int32_t day, const CalendarSegment& s) { return day < s.first_day; };
  for (const LifeSpan& span : spans) {
    if (span.first_day > span.last_day) continue;
    auto segment = std::upper_bound(segments.begin(), segments.end(), span.first_day, before);
    if (segment != segments.begin()) --segment;
    int bin = table.BinOf(span.first_day - span.birth_day);
    int32_t day = span.first_day;
    while (true) {
      // Walk to the nearest of: end of the bin, end of the segment, end of the span.
      int32_t stop = span.last_day + 1;
      if (bin + 1 < table.bin_count()) {
        stop = std::min(stop, span.birth_day + table.age_edges[static_cast<size_t>(bin) + 1]);
      }
      if (segment + 1 != segments.end()) stop = std::min(stop, (segment + 1)->first_day);
      const size_t cell = static_cast<size_t>(bin * position_count + segment->position);
      table.exposure[cell] += (stop - day) * segment->weight;
      day = stop;
      if (day > span.last_day) {
        if (span.cause >= 0) {
          table.exposure[cell] -= 0.5 * segment->weight;
          table.events[static_cast<size_t>(span.cause)][cell] += segment->weight;
        }
        break;
      }
      while (bin + 1 < table.bin_count() &&
             day - span.birth_day >= table.age_edges[static_cast<size_t>(bin) + 1]) {
        ++bin;
      }
      while (segment + 1 != segments.end() && day >= (segment + 1)->first_day) ++segment;
    }
  }
  return table;
}

std::vector<int32_t> EdgesByEvents(std::vector<int32_t> event_ages, int events_min,
                                   int bin_count_max) {
  assert(events_min > 0 && bin_count_max > 0);
  std::vector<int32_t> edges = {0};
  if (event_ages.empty()) return edges;
  std::sort(event_ages.begin(), event_ages.end());
  const int n = static_cast<int>(event_ages.size());
  const int bins = std::clamp(n / events_min, 1, bin_count_max);
  for (int k = 1; k < bins; ++k) {
    const int32_t edge = event_ages[static_cast<size_t>(static_cast<int64_t>(n) * k / bins)];
    if (edge > edges.back()) edges.push_back(edge);
  }
  edges.push_back(std::max(edges.back(), event_ages.back()) + 1);
  return edges;
}

CumulativeIncidence AalenJohansen(const std::vector<LifeSpan>& spans, int age_count,
                                  int cause_count) {
  const size_t n = static_cast<size_t>(age_count);
  std::vector<int64_t> entering(n + 1, 0);
  std::vector<std::vector<int64_t>> events(static_cast<size_t>(cause_count),
                                           std::vector<int64_t>(n, 0));
  for (const LifeSpan& span : spans) {
    const int32_t from = span.first_day - span.birth_day;
    const int32_t to = span.last_day - span.birth_day;
    if (from > to || from >= age_count) continue;
    ++entering[static_cast<size_t>(std::max(from, 0))];
    if (to + 1 <= age_count) --entering[static_cast<size_t>(to) + 1];
    if (span.cause >= 0 && to < age_count) {
      ++events[static_cast<size_t>(span.cause)][static_cast<size_t>(to)];
    }
  }
  CumulativeIncidence result;
  result.share.assign(static_cast<size_t>(cause_count), std::vector<double>(n, 0));
  double survival = 1;
  std::vector<double> left(static_cast<size_t>(cause_count), 0);
  int64_t at_risk = 0;
  for (size_t age = 0; age < n; ++age) {
    at_risk += entering[age];
    double leaving = 0;
    for (size_t c = 0; c < left.size(); ++c) {
      const double rate = at_risk == 0 ? 0 : static_cast<double>(events[c][age]) / at_risk;
      left[c] += survival * rate;
      leaving += rate;
      result.share[c][age] = left[c];
    }
    survival *= 1 - leaving;
    result.survival.push_back(survival);
  }
  return result;
}

}  // namespace gtm::stats
