#include "services/forecasting/domain/engagement.h"

#include <algorithm>
#include <initializer_list>

namespace gtm::forecasting::domain {
namespace {

// The highest level of people; more are not told apart.
constexpr int kPeopleLevelMax = kEngagementLevelCount[1] - 1;
// Allowed for chance in either span of a trend.
constexpr int64_t kTrendDaysAside = 2;

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

// Counts rising days up to a day, from where it was asked last.
class DayCursor {
 public:
  explicit DayCursor(std::span<const int32_t> days) : days_(days) {}
  int64_t UpTo(int32_t day) {
    while (count_ < days_.size() && days_[count_] <= day) ++count_;
    while (count_ > 0 && days_[count_ - 1] > day) --count_;
    return static_cast<int64_t>(count_);
  }

 private:
  std::span<const int32_t> days_;
  size_t count_ = 0;
};

// Walks along a deal: each question is about a later day.
class Follower {
 public:
  Follower(const BuyerTimeline& buyer, const RecordedFrom& from)
      : buyer_(buyer),
        from_(from),
        now_(buyer.account_days),
        before_(buyer.account_days),
        begin_(buyer.account_days),
        triggers_(buyer.trigger_days),
        old_triggers_(buyer.trigger_days) {
    if (buyer.account_days.empty()) return;
    trend_from_ = std::max(buyer.account_days.front(), from.acts);
  }

  // The days after `first`, up to `last`, that may change something: of events, and on which
  // they leave a window. In order, each once.
  std::vector<int32_t> ChangeDays(int32_t first, int32_t last) const {
    std::vector<int32_t> days;
    days.reserve(8 + 3 * buyer_.acts.size() + 3 * buyer_.account_days.size());
    days.push_back(first);
    const auto see = [&](int32_t day, std::initializer_list<int32_t> later) {
      for (const int32_t more : later) {
        if (first < day + more && day + more <= last) days.push_back(day + more);
      }
    };
    for (const BuyerAct& act : buyer_.acts) {
      if (act.day > last) break;
      see(act.day, {0, kActivityDays, kPeopleDays});
    }
    for (const int32_t day : buyer_.account_days) {
      if (day > last) break;
      see(day, {0, kActivityDays, kActivityDays + kTrendEarlierDays});
      // While the account is new, the earlier span is shorter.
      if (day < trend_from_ + kTrendEarlierDays) see(day, {2 * kActivityDays, 3 * kActivityDays});
    }
    if (trend_from_ != kNotRecorded) {
      see(trend_from_, {kTrendKnownDays, 3 * kActivityDays, 4 * kActivityDays});
    }
    for (const int32_t day : buyer_.trigger_days) {
      if (day > last) break;
      see(day, {0, kTriggerDays + 1});
    }
    for (const int32_t day : {buyer_.contract_day, from_.shares, from_.triggers}) {
      if (day != kNotRecorded) see(day, {0});
    }
    std::sort(days.begin(), days.end());
    days.erase(std::unique(days.begin(), days.end()), days.end());
    return days;
  }

  EngagementState At(int32_t day) {
    for (; act_count_ < buyer_.acts.size() && buyer_.acts[act_count_].day <= day; ++act_count_) {
      review_ = std::max(review_, ReviewLevelOf(buyer_.acts[act_count_].type));
    }
    EngagementLevels levels;
    LookAtActs(day, &levels);
    levels.review = review_;
    levels.trend = TrendAt(day);
    if (from_.triggers <= day) {
      levels.trigger = 1 + (triggers_.UpTo(day) > old_triggers_.UpTo(day - kTriggerDays - 1));
    }
    return StateOf(levels);
  }

 private:
  void LookAtActs(int32_t day, EngagementLevels* levels) const {
    int days = 0, people_count = 0;
    bool shared = false;
    int32_t last_day = INT32_MAX;
    std::array<RowNumber, kPeopleLevelMax> people{};
    const auto acts = buyer_.acts.first(act_count_);
    for (auto it = acts.rbegin(); it != acts.rend() && it->day > day - kPeopleDays; ++it) {
      if (it->day > day - kActivityDays && it->day != last_day) {
        ++days;
        last_day = it->day;
      }
      shared |= it->type == TouchType::kInternalShare;
      const auto end = people.begin() + people_count;
      if (it->contact != kNoOne && people_count < kPeopleLevelMax &&
          std::find(people.begin(), end, it->contact) == end) {
        people[static_cast<size_t>(people_count++)] = it->contact;
      }
    }
    levels->activity = ActivityLevelOf(days);
    levels->people = people_count;
    if (from_.shares <= day) levels->inside = 1 + shared;
  }

  EngagementTrend TrendAt(int32_t day) {
    if (trend_from_ == kNotRecorded || day - trend_from_ < kTrendKnownDays) {
      return EngagementTrend::kUnknown;
    }
    constexpr int kSpansMax = kTrendEarlierDays / kActivityDays;
    const int64_t spans = std::min(kSpansMax, (day - trend_from_) / kActivityDays - 1);
    const int64_t before = before_.UpTo(day - kActivityDays);
    const int64_t recent = now_.UpTo(day) - before + kTrendDaysAside;
    const auto begin = static_cast<int32_t>(day - (1 + spans) * kActivityDays);
    const int64_t earlier = before - begin_.UpTo(begin) + spans * kTrendDaysAside;
    if (2 * recent * spans > 3 * earlier) return EngagementTrend::kAccelerating;
    const bool falls = 3 * recent * spans < 2 * earlier;
    return falls && day < buyer_.contract_day ? EngagementTrend::kDecelerating
                                              : EngagementTrend::kSteady;
  }

  const BuyerTimeline& buyer_;
  const RecordedFrom& from_;
  DayCursor now_, before_, begin_;  // of the account's days: the ends of the spans of a trend
  DayCursor triggers_, old_triggers_;
  int32_t trend_from_ = kNotRecorded;
  size_t act_count_ = 0;  // up to the day
  int review_ = 0;
};

}  // namespace

std::vector<EngagementChange> FollowEngagement(const BuyerTimeline& buyer, int32_t first_day,
                                               int32_t last_day, const RecordedFrom& from) {
  std::vector<EngagementChange> changes;
  if (from.acts == kNotRecorded) return changes;
  const int32_t first = std::max(first_day, from.acts + kActivityDays);
  if (last_day < first) return changes;
  Follower follower(buyer, from);
  for (const int32_t day : follower.ChangeDays(first, last_day)) {
    const EngagementState state = follower.At(day);
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
