#include "services/forecasting/domain/engagement.h"

#include <algorithm>

namespace gtm::forecasting::domain {
namespace {

// The highest level of people; more are not told apart.
constexpr int kPeopleLevelMax = kEngagementLevelCount[1] - 1;

int ActivityLevelOf(int days) { return days <= 1 ? days : days <= 4 ? 2 : 3; }

int ReviewLevelOf(TouchType type) {
  switch (type) {
    case TouchType::kLegalReview:
    case TouchType::kSecurityReview:
      return 2;
    case TouchType::kNegotiation:
    case TouchType::kProposalView:
      return 1;
    default:
      return 0;
  }
}

// What `acts`, none after `day`, amount to at the end of `day`.
EngagementState Judge(std::span<const BuyerAct> acts, int32_t day, int review) {
  int days = 0;
  int32_t last_day = INT32_MAX;
  std::array<RowNumber, kPeopleLevelMax> people{};
  int people_count = 0;
  for (auto it = acts.rbegin(); it != acts.rend() && it->day > day - kPeopleDays; ++it) {
    if (it->day > day - kActivityDays && it->day != last_day) {
      ++days;
      last_day = it->day;
    }
    const auto end = people.begin() + people_count;
    if (it->contact != kNoOne && people_count < kPeopleLevelMax &&
        std::find(people.begin(), end, it->contact) == end) {
      people[static_cast<size_t>(people_count++)] = it->contact;
    }
  }
  return StateOf(ActivityLevelOf(days), people_count, review);
}

}  // namespace

std::vector<EngagementChange> FollowEngagement(std::span<const BuyerAct> acts, int32_t first_day,
                                               int32_t last_day, int32_t known_from) {
  std::vector<EngagementChange> changes;
  const int32_t from = std::max(first_day, known_from + kActivityDays);
  if (last_day < from) return changes;
  // An act changes the state on its day and when it leaves a window.
  std::vector<int32_t> days = {from};
  const auto see = [&](int32_t day) {
    if (from < day && day <= last_day) days.push_back(day);
  };
  for (const BuyerAct& act : acts) {
    if (act.day > last_day) break;
    see(act.day);
    see(act.day + kActivityDays);
    see(act.day + kPeopleDays);
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  size_t count = 0;  // acts up to the day
  int review = 0;
  for (const int32_t day : days) {
    for (; count < acts.size() && acts[count].day <= day; ++count) {
      review = std::max(review, ReviewLevelOf(acts[count].type));
    }
    const EngagementState state = Judge(acts.first(count), day, review);
    if (changes.empty() || changes.back().state != state) changes.push_back({day, state});
  }
  return changes;
}

EngagementState StateAt(std::span<const EngagementChange> changes, int32_t day) {
  const auto after =
      std::upper_bound(changes.begin(), changes.end(), day,
                       [](int32_t d, const EngagementChange& change) { return d < change.day; });
  return after == changes.begin() ? EngagementState{0} : std::prev(after)->state;
}

}  // namespace gtm::forecasting::domain
