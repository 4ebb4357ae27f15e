#pragma once
// Arithmetic that every check of a funnel plan shares, whatever question it answers
// (TargetingService.CheckFunnelPlan, ForecastingService.PlanFunnel): exact, and never
// overflowing.

#include <algorithm>
#include <cstdint>

namespace gtm {

// Buying groups that the people of a market make (TG-11, D1), rounded down: the fewest at the
// largest size, the most at the smallest. 7,500 people make 681 groups of 11 to 1,071 of 7.
struct GroupCounts {
  int64_t min = 0;
  int64_t max = 0;
};
// Sizes are at least 1, `people` is not negative.
constexpr GroupCounts GroupsIn(int64_t people, int64_t size_min, int64_t size_max) {
  return {people / size_max, people / size_min};
}

// What a plan needs of one thing: touches, minutes, money.
class FunnelNeed {
 public:
  using Wide = __int128;
  // `count` items that need `each`; neither is negative.
  constexpr void Add(int64_t count, int64_t each) { sum_ += static_cast<Wide>(count) * each; }
  constexpr Wide exact() const { return sum_; }
  // What does not fit is more than anything there is, and told as the largest number.
  static constexpr int64_t Told(Wide need) {
    return static_cast<int64_t>(std::min<Wide>(need, INT64_MAX));
  }
  constexpr int64_t told() const { return Told(sum_); }

 private:
  Wide sum_ = 0;
};

}  // namespace gtm
