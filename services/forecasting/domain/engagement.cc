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

int32_t DayOf(int32_t day) { return day; }
int32_t DayOf(const BuyerAct& act) { return act.day; }

// Counts what came up to a day, from where it was asked last. The items are by day.
template <class Item>
class DayCursor {
 public:
  explicit DayCursor(std::span<const Item> items) : items_(items) {}
  size_t UpTo(int32_t day) {
    while (count_ < items_.size() && DayOf(items_[count_]) <= day) ++count_;
    while (count_ > 0 && DayOf(items_[count_ - 1]) > day) --count_;
    return count_;
  }

 private:
  std::span<const Item> items_;
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
        old_triggers_(buyer.trigger_days),
        acts_(buyer.acts),
        old_for_activity_(buyer.acts),
        old_for_people_(buyer.acts) {
    seen_.reserve(buyer.acts.size() + 1);
    seen_.emplace_back();
    for (size_t i = 0; i < buyer.acts.size(); ++i) {
      Seen seen = seen_.back();
      seen.days += i == 0 || buyer.acts[i].day != buyer.acts[i - 1].day;
      seen.shares += buyer.acts[i].type == TouchType::kInternalShare;
      seen.review = std::max(seen.review, ReviewLevelOf(buyer.acts[i].type));
      seen_.push_back(seen);
    }
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
    EngagementLevels levels;
    LookAtActs(day, &levels);
    levels.trend = TrendAt(day);
    if (from_.triggers <= day) {
      levels.trigger = 1 + (triggers_.UpTo(day) > old_triggers_.UpTo(day - kTriggerDays - 1));
    }
    return StateOf(levels);
  }

 private:
  void LookAtActs(int32_t day, EngagementLevels* levels) {
    const size_t count = acts_.UpTo(day);
    const size_t old = old_for_people_.UpTo(day - kPeopleDays);
    levels->activity = ActivityLevelOf(seen_[count].days -
                                       seen_[old_for_activity_.UpTo(day - kActivityDays)].days);
    levels->review = seen_[count].review;
    if (from_.shares <= day) levels->inside = 1 + (seen_[count].shares > seen_[old].shares);
    std::array<RowNumber, kPeopleLevelMax> people{};
    for (size_t i = count; i > old && levels->people < kPeopleLevelMax; --i) {
      const RowNumber contact = buyer_.acts[i - 1].contact;
      const auto end = people.begin() + levels->people;
      if (contact == kNoOne || std::find(people.begin(), end, contact) != end) continue;
      people[static_cast<size_t>(levels->people++)] = contact;
    }
  }

  EngagementTrend TrendAt(int32_t day) {
    if (trend_from_ == kNotRecorded || day - trend_from_ < kTrendKnownDays) {
      return EngagementTrend::kUnknown;
    }
    constexpr int kSpansMax = kTrendEarlierDays / kActivityDays;
    const int64_t spans = std::min(kSpansMax, (day - trend_from_) / kActivityDays - 1);
    const auto count = [](DayCursor<int32_t>* days, int32_t last) {
      return static_cast<int64_t>(days->UpTo(last));
    };
    const int64_t before = count(&before_, day - kActivityDays);
    const int64_t recent = count(&now_, day) - before + kTrendDaysAside;
    const auto begin = static_cast<int32_t>(day - (1 + spans) * kActivityDays);
    const int64_t earlier = before - count(&begin_, begin) + spans * kTrendDaysAside;
    if (2 * recent * spans > 3 * earlier) return EngagementTrend::kAccelerating;
    const bool falls = 3 * recent * spans < 2 * earlier;
    return falls && day < buyer_.contract_day ? EngagementTrend::kDecelerating
                                              : EngagementTrend::kSteady;
  }

  const BuyerTimeline& buyer_;
  const RecordedFrom& from_;
  DayCursor<int32_t> now_, before_, begin_;  // the ends of the spans of a trend
  DayCursor<int32_t> triggers_, old_triggers_;
  DayCursor<BuyerAct> acts_, old_for_activity_, old_for_people_;
  // Of the first i acts.
  struct Seen {
    int days = 0;
    int shares = 0;
    int review = 0;
  };
  std::vector<Seen> seen_;
  int32_t trend_from_ = kNotRecorded;
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
