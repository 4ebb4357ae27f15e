#include "services/forecasting/domain/explain_change.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace gtm::forecasting::domain {
namespace {

int64_t Minus(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a > b ? INT64_MAX : INT64_MIN;
}

// Where a deal stands as to the period.
enum class Standing { kAbsent, kOpen, kWonInside, kWonOutside, kLost };

Standing StandingOf(const Deal* deal, const DayRange& days) {
  if (deal == nullptr) return Standing::kAbsent;
  if (deal->outcome == Outcome::kOpen) return Standing::kOpen;
  if (deal->outcome == Outcome::kLost) return Standing::kLost;
  return days.contains(DayAt(deal->closed_day)) ? Standing::kWonInside : Standing::kWonOutside;
}

// What each deal of a table brings to a forecast of it, by index.
std::vector<int64_t> ValuesOf(const DealTable& table, const PeriodForecast& forecast,
                              const DayRange& days) {
  std::vector<int64_t> values(table.deals.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (StandingOf(&table.deals[i], days) == Standing::kWonInside) {
      values[i] = table.deals[i].amount_micros.value_or(0);
    }
  }
  for (const DealChance& chance : forecast.chances) values[chance.deal] = chance.expected_micros;
  return values;
}

// The older table with the newer amounts of what is open in both.
DealTable WithAmountsOf(const DealTable& older, const DealTable& newer) {
  DealTable table = older;
  auto now = newer.deals.begin();
  for (Deal& deal : table.deals) {
    while (now != newer.deals.end() && now->id < deal.id) ++now;
    if (now == newer.deals.end()) break;
    if (now->id == deal.id && now->outcome == Outcome::kOpen && deal.outcome == Outcome::kOpen) {
      deal.amount_micros = now->amount_micros;
    }
  }
  return table;
}

// The older model for deals of the newer table: what it says of deals not created yet hangs
// on rows of its own table, and is not asked for.
Model ForOpenDealsOnly(const Model& older) {
  Model model = older;
  model.amounts.donors.clear();
  return model;
}

class Waterfall {
 public:
  Waterfall(const ChangeSide& older, const ChangeSide& newer, const DayRange& days,
            const Selection& selection)
      : older_(older),
        newer_(newer),
        days_(days),
        period_over_(newer.forecast.remaining_days <= 0),
        then_(ValuesOf(older.table, older.forecast, days)),
        now_(ValuesOf(newer.table, newer.forecast, days)) {
    const DealTable repriced = WithAmountsOf(older.table, newer.table);
    repriced_ = ValuesOf(
        repriced, ForecastPeriod(repriced, older.model, days, selection, Detail::kBookings), days);
    aged_ = ValuesOf(newer.table,
                     ForecastPeriod(newer.table, ForOpenDealsOnly(older.model), days, selection,
                                    Detail::kBookings),
                     days);
    for (int k = 0; k < kChangeKindCount; ++k) {
      steps_[static_cast<size_t>(k)].kind = static_cast<ChangeKind>(k + 1);
    }
    FollowDeals(selection);
    AddRest();
  }

  std::vector<ChangeStep> Take(size_t deal_count_max) {
    for (ChangeStep& step : steps_) {
      const auto larger = [](const DealChange& a, const DealChange& b) {
        const int64_t a_size = a.change_micros < 0 ? -a.change_micros : a.change_micros;
        const int64_t b_size = b.change_micros < 0 ? -b.change_micros : b.change_micros;
        return a_size != b_size ? a_size > b_size : a.id < b.id;
      };
      const size_t kept = std::min(deal_count_max, step.deals.size());
      std::partial_sort(step.deals.begin(), step.deals.begin() + static_cast<ptrdiff_t>(kept),
                        step.deals.end(), larger);
      step.deals.resize(kept);
    }
    return {std::make_move_iterator(steps_.begin()), std::make_move_iterator(steps_.end())};
  }

 private:
  // Both tables are by id: goes through them side by side.
  void FollowDeals(const Selection& selection) {
    const auto& then = older_.table.deals;
    const auto& now = newer_.table.deals;
    size_t i = 0, j = 0;
    while (i < then.size() || j < now.size()) {
      const bool in_then = i < then.size() && (j >= now.size() || then[i].id <= now[j].id);
      const bool in_now = j < now.size() && (i >= then.size() || now[j].id <= then[i].id);
      if (selection.Holds(in_now ? now[j] : then[i])) {
        FollowDeal(in_then ? std::optional(i) : std::nullopt,
                   in_now ? std::optional(j) : std::nullopt);
      }
      i += in_then;
      j += in_now;
    }
  }

  void FollowDeal(std::optional<size_t> then, std::optional<size_t> now) {
    const Deal* older = then ? &older_.table.deals[*then] : nullptr;
    const Deal* newer = now ? &newer_.table.deals[*now] : nullptr;
    const Standing was = StandingOf(older, days_), is = StandingOf(newer, days_);
    DealChange change;
    change.id = newer != nullptr ? newer->id : older->id;
    change.owner_seller_id = newer != nullptr ? newer->owner_seller_id : older->owner_seller_id;
    change.older_micros = then ? then_[*then] : 0;
    change.newer_micros = now ? now_[*now] : 0;
    deals_older_ = AddClamped(deals_older_, change.older_micros);
    deals_newer_ = AddClamped(deals_newer_, change.newer_micros);
    const int64_t difference = Minus(change.newer_micros, change.older_micros);
    const bool counted = was == Standing::kOpen || was == Standing::kWonInside;
    if (!counted) {
      if (is == Standing::kOpen || is == Standing::kWonInside) {
        Add(ChangeKind::kCreated, change, difference);
      }
    } else if (was == Standing::kOpen && is == Standing::kOpen) {
      FollowOpen(change, *older, *newer, repriced_[*then], aged_[*now]);
    } else if (was == Standing::kOpen && is == Standing::kWonInside) {
      Add(ChangeKind::kWon, change, difference);
    } else if (was == Standing::kOpen && is == Standing::kWonOutside) {
      Add(ChangeKind::kSlipped, change, difference);
    } else if (was == Standing::kWonInside && is == Standing::kWonInside) {
      AddAmount(change, difference);
    } else {
      Add(ChangeKind::kLost, change, difference);
    }
  }

  // Open then and now: its amount, its chance by the older model, the newer model.
  void FollowOpen(const DealChange& change, const Deal& older, const Deal& newer, int64_t repriced,
                  int64_t aged) {
    AddAmount(change, Minus(repriced, change.older_micros));
    Add(MoveOf(older, newer), change, Minus(aged, repriced));
    Add(ChangeKind::kModel, change, Minus(change.newer_micros, aged));
  }

  ChangeKind MoveOf(const Deal& older, const Deal& newer) const {
    if (period_over_) return ChangeKind::kSlipped;
    if (!older.expected_close_day || !newer.expected_close_day) return ChangeKind::kStillOpen;
    const DayNumber end = NumberOf(days_.end);
    const bool was_behind = *older.expected_close_day >= end;
    const bool is_behind = *newer.expected_close_day >= end;
    if (was_behind == is_behind) return ChangeKind::kStillOpen;
    return is_behind ? ChangeKind::kSlipped : ChangeKind::kPulledIn;
  }

  void AddAmount(const DealChange& change, int64_t micros) {
    if (micros == 0) return;
    Add(micros > 0 ? ChangeKind::kAmountUp : ChangeKind::kAmountDown, change, micros);
  }

  void Add(ChangeKind kind, const DealChange& change, int64_t micros) {
    ChangeStep& step = StepOf(kind);
    step.micros = AddClamped(step.micros, micros);
    ++step.deal_count;
    step.deals.push_back(change);
    step.deals.back().change_micros = micros;
  }

  // What hangs on no single deal.
  void AddRest() {
    const PeriodForecast& then = older_.forecast;
    const PeriodForecast& now = newer_.forecast;
    StepOf(ChangeKind::kNewBusiness).micros = Minus(now.new_mean_micros, then.new_mean_micros);
    // Means are sums over deals, but for rounding.
    const int64_t then_rest =
        Minus(then.mean_micros(), AddClamped(deals_older_, then.new_mean_micros));
    const int64_t now_rest =
        Minus(now.mean_micros(), AddClamped(deals_newer_, now.new_mean_micros));
    ChangeStep& model = StepOf(ChangeKind::kModel);
    model.micros = AddClamped(model.micros, Minus(now_rest, then_rest));
    StepOf(ChangeKind::kRecords).micros = Minus(Minus(then.mean_micros(), older_.told_mean_micros),
                                                Minus(now.mean_micros(), newer_.told_mean_micros));
  }

  ChangeStep& StepOf(ChangeKind kind) { return steps_[static_cast<size_t>(kind) - 1]; }

  const ChangeSide& older_;
  const ChangeSide& newer_;
  const DayRange days_;
  const bool period_over_;
  // What deals bring: by the older forecast and by the newer one; by the older one with
  // newer amounts; in the newer table by the older model.
  const std::vector<int64_t> then_;
  const std::vector<int64_t> now_;
  std::vector<int64_t> repriced_;
  std::vector<int64_t> aged_;
  int64_t deals_older_ = 0;
  int64_t deals_newer_ = 0;
  std::array<ChangeStep, kChangeKindCount> steps_;
};

}  // namespace

std::vector<ChangeStep> ExplainChange(const ChangeSide& older, const ChangeSide& newer,
                                      const DayRange& days, const Selection& selection,
                                      size_t deal_count_max) {
  return Waterfall(older, newer, days, selection).Take(deal_count_max);
}

}  // namespace gtm::forecasting::domain
