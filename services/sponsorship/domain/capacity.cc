#include "services/sponsorship/domain/capacity.h"

#include <algorithm>
#include <cassert>

namespace gtm::sponsorship::domain {

Capacity CountSlots(const Executive& executive, int32_t sponsee_week_minutes) {
  assert(sponsee_week_minutes > 0);
  Capacity c;
  c.eligible = executive.eligible.value_or(false);
  c.eligibility_known = executive.eligible.has_value();
  c.week_minutes = executive.week_minutes;
  const int32_t week_share = executive.work_week_hours * 60 * kWantedWeekShareBps / 10000;
  c.week_minutes_wanted = std::max(kWantedWeekMinutesMin, week_share);
  c.below_wanted_time = c.week_minutes && *c.week_minutes < c.week_minutes_wanted;
  c.sponsee_week_minutes = sponsee_week_minutes;
  c.slot_count_by_time = c.week_minutes.value_or(0) / sponsee_week_minutes;
  c.slot_limit = executive.slot_limit;
  if (!c.eligible) return c;
  if (c.week_minutes) c.slot_count = c.slot_count_by_time;
  if (c.slot_limit) {
    c.slot_count = c.week_minutes ? std::min(c.slot_count, *c.slot_limit) : *c.slot_limit;
  }
  return c;
}

std::vector<Capacity> CountSlots(const std::vector<Executive>& executives,
                                 int32_t sponsee_week_minutes) {
  std::vector<Capacity> capacities;
  capacities.reserve(executives.size());
  for (const Executive& e : executives) capacities.push_back(CountSlots(e, sponsee_week_minutes));
  return capacities;
}

int32_t TotalSlots(const std::vector<Capacity>& capacities) {
  int32_t total = 0;
  for (const Capacity& c : capacities) total += c.slot_count;
  return total;
}

}  // namespace gtm::sponsorship::domain
