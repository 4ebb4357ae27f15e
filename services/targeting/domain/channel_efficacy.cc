#include "services/targeting/domain/channel_efficacy.h"

#include <algorithm>
#include <cmath>

#include "common/core/money.h"
#include "services/targeting/domain/engagement.h"
#include "services/targeting/domain/spend_share.h"

namespace gtm::targeting::domain {
namespace {

// What one account shows to one activity.
struct Seen {
  int64_t touches = 0;
  int64_t first_s = 0;
  std::vector<uint32_t> people;
};

class Tally {
 public:
  Tally(const Audience& audience, const book::BookView& view, Activities* activities,
        const TimeSpan& window, absl::CivilDay today)
      : audience_(audience),
        view_(view),
        activities_(activities),
        window_(window),
        today_(today),
        rows_(activities->size() + 1),
        seen_(activities->size() + 1),
        paid_(activities->size() + 1) {
    for (size_t i = 0; i < activities->size(); ++i) rows_[i].activity = static_cast<uint32_t>(i);
  }

  Status Add(book::AccountRow row) {
    const auto events = view_.engagements_of(row);
    for (const book::EngagementEvent& event : TouchesIn(events, window_)) {
      Seen& seen = seen_[SlotOf(activities_->Of(event))];
      if (seen.touches == 0) {
        seen.first_s = event.time_s;
        touched_.push_back(static_cast<size_t>(&seen - seen_.data()));
      }
      seen.touches += event.count;
      if (book::IsRow(event.contact) && view_.is_live(event.contact)) {
        seen.people.push_back(static_cast<uint32_t>(event.contact));
      }
    }
    const bool is_target = audience_.is_target(row);
    if (is_target && !touched_.empty()) {
      AddFirstResponse(events);
      GTM_RETURN_IF_ERROR(AddDeals(row));
    }
    for (const size_t slot : touched_) {
      Seen& seen = seen_[slot];
      rows_[slot].accounts.Add(audience_.verdict(row));
      rows_[slot].touch_count += seen.touches;
      if (is_target) {
        std::sort(seen.people.begin(), seen.people.end());
        rows_[slot].target_people +=
            std::unique(seen.people.begin(), seen.people.end()) - seen.people.begin();
      }
      seen = {};
    }
    touched_.clear();
    return {};
  }

  Status AddSpend(const crm::v1::Spend& spend, const DayRange& days) {
    const DayRange paid = CommonDays(DaysBetween(spend.start_date(), spend.end_date()), days);
    if (paid.day_count() == 0) return {};
    GTM_ASSIGN_OR_RETURN(const int64_t micros, SpendMicrosOn(spend, days, view_));
    const size_t slot = SlotOf(activities_->Of(spend));
    std::optional<int64_t>& sum = rows_[slot].spend_micros;
    GTM_ASSIGN_OR_RETURN(sum, AddMicros(sum.value_or(0), micros));
    std::vector<bool>& is_paid = paid_[slot];
    is_paid.resize(static_cast<size_t>(days.day_count()));
    for (absl::CivilDay day = paid.start; day < paid.end; ++day) {
      is_paid[static_cast<size_t>(day - days.start)] = true;
    }
    return {};
  }

  std::vector<ChannelEfficacy> Ranked() && {
    std::vector<ChannelEfficacy> out;
    for (size_t slot = 0; slot < rows_.size(); ++slot) {
      ChannelEfficacy& row = rows_[slot];
      row.spend_day_count = std::count(paid_[slot].begin(), paid_[slot].end(), true);
      if (row.touch_count > 0 || row.spend_micros) out.push_back(row);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const ChannelEfficacy& a, const ChannelEfficacy& b) {
                       const bool a_none = a.activity == kNoActivity;
                       const bool b_none = b.activity == kNoActivity;
                       if (a_none != b_none) return b_none;
                       return a.accounts.target > b.accounts.target;
                     });
    return out;
  }

 private:
  // The last slot is what belongs to no activity.
  size_t SlotOf(uint32_t activity) const {
    return activity == kNoActivity ? rows_.size() - 1 : activity;
  }

  void AddFirstResponse(std::span<const book::EngagementEvent> events) {
    const auto first = std::find_if(events.begin(), events.end(), IsBuyerTouch);
    if (first == events.end() || !window_.contains(first->time_s)) return;
    ++rows_[SlotOf(activities_->Of(*first))].first_responses;
  }

  Status AddDeals(book::AccountRow row) {
    for (const book::OpportunityRow deal : view_.opportunities_of(row)) {
      if (!view_.is_live(deal)) continue;
      const book::OpportunityFacts facts = view_.opportunity(deal);
      if (book::StageAt(facts, audience_.as_of) == nullptr) continue;
      const int64_t begin_s = BeginOf(facts);
      const bool open = book::InPipelineAt(facts, audience_.as_of);
      if (!open && !window_.contains(begin_s)) continue;
      int64_t micros = 0;
      if (const book::AmountChange* amount = book::AmountAt(facts, audience_.as_of)) {
        GTM_ASSIGN_OR_RETURN(const Money money, view_.InReportingCurrency(amount->amount, today_));
        micros = money.micros;
      }
      for (const size_t slot : touched_) {
        ChannelEfficacy& out = rows_[slot];
        if (open) {
          ++out.open_count;
          GTM_ASSIGN_OR_RETURN(out.open_micros, AddMicros(out.open_micros, micros));
        }
        if (window_.contains(begin_s) && seen_[slot].first_s < begin_s) {
          ++out.begun_count;
          GTM_ASSIGN_OR_RETURN(out.begun_micros, AddMicros(out.begun_micros, micros));
        }
      }
    }
    return {};
  }

  const Audience& audience_;
  const book::BookView& view_;
  Activities* activities_;
  const TimeSpan window_;
  const absl::CivilDay today_;
  std::vector<ChannelEfficacy> rows_;
  std::vector<Seen> seen_;               // of the account at hand, by slot
  std::vector<std::vector<bool>> paid_;  // days of the window with spend, by slot
  std::vector<size_t> touched_;          // slots that the account at hand shows
};

}  // namespace

CostPerTarget CostOf(int64_t spend_micros, int64_t target_count) {
  const stats::Interval expected = stats::PoissonExactInterval(target_count, 1.0);
  const auto spend = static_cast<double>(spend_micros);
  CostPerTarget cost;
  cost.low_micros = std::llround(spend / expected.high);
  if (target_count == 0) return cost;
  const auto value = MulDivRoundHalfEven(spend_micros, 1, target_count);
  if (value.ok()) cost.value_micros = *value;
  // Less than a ninth of a target reached would leave the range of money only for amounts
  // near its end.
  const double high = spend / expected.low;
  if (high < static_cast<double>(INT64_MAX)) cost.high_micros = std::llround(high);
  return cost;
}

Result<std::vector<ChannelEfficacy>> MeasureChannels(const Audience& audience,
                                                     const book::BookView& view,
                                                     Activities* activities, const DayRange& days,
                                                     const TimeSpan& window,
                                                     const CheckAlive& check_alive) {
  const absl::CivilDay today = view.settings().calendar.DayOf(audience.as_of);
  Tally tally(audience, view, activities, window, today);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (view.is_live(row)) GTM_RETURN_IF_ERROR(tally.Add(row));
  }
  // As of midnight the day before is the last one that money was spent on.
  const absl::CivilDay last = view.settings().calendar.DayOf(audience.as_of - absl::Nanoseconds(1));
  const DayRange until_today = CommonDays(days, {days.start, last + 1});
  for (const auto& spend : view.spends()) {
    GTM_RETURN_IF_ERROR(tally.AddSpend(*spend, until_today));
  }
  return std::move(tally).Ranked();
}

}  // namespace gtm::targeting::domain
