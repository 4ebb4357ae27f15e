#pragma once
// Slots from hours (SP-11, SP-12, C08).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/sponsorship/domain/candidate.h"

namespace gtm::sponsorship::domain {

// What the program asks of a sponsor (SP-11): 20 % of the week, at least 8 hours.
inline constexpr int32_t kWantedWeekMinutesMin = 480;
inline constexpr int32_t kWantedWeekShareBps = 2000;

struct Capacity {
  bool eligible = false;
  bool eligibility_known = false;
  std::optional<int32_t> week_minutes;
  int32_t week_minutes_wanted = 0;
  bool below_wanted_time = false;  // D6: 7.9 hours of a 40-hour week is
  int32_t sponsee_week_minutes = 0;
  int32_t slot_count_by_time = 0;
  std::optional<int32_t> slot_limit;
  // The smaller of what the hours and the executive's own limit allow; of what is stated,
  // where only one is. 0 where neither is stated or the executive is not eligible.
  int32_t slot_count = 0;
};

// `sponsee_week_minutes` > 0. Worked example (D5): 480 minutes at 120 a sponsee are 4
// slots; 5 such executives hold 20 sponsees.
Capacity CountSlots(const Executive& executive, int32_t sponsee_week_minutes);
std::vector<Capacity> CountSlots(const std::vector<Executive>& executives,
                                 int32_t sponsee_week_minutes);
// Slots of all together: where the ranked list is cut (SP-13).
int32_t TotalSlots(const std::vector<Capacity>& capacities);

}  // namespace gtm::sponsorship::domain
