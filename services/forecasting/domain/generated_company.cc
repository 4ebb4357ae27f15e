#include "services/forecasting/domain/generated_company.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/core/random.h"
#include "fmt/format.h"
#include "services/forecasting/domain/close_rates.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kFutureDays = 130;
constexpr DayNumber kLastHistoryDay = 20'088;  // 2024-12-31
constexpr double kHalfTurn = 3.14159265358979323846;

double Between(Random& random, double low, double high) {
  return low + (high - low) * random.Uniform();
}

}  // namespace

CompanyShape DrawShape(uint64_t seed) {
  Random random(seed * 7919 + 17);
  CompanyShape shape;
  shape.arrivals_per_day = std::exp(Between(random, std::log(0.15), std::log(12.0)));
  shape.growth_per_quarter = Between(random, -0.1, 0.2);
  shape.win_share = Between(random, 0.1, 0.6);
  shape.cycle_days = std::exp(Between(random, std::log(15.0), std::log(150.0)));
  shape.cycle_spread = Between(random, 0.4, 1.1);
  shape.never_decided_share = Between(random, 0, 0.3);
  shape.quarter_end_pull = random.Uniform() < 0.5 ? 0 : Between(random, 0, 0.3);
  shape.amount_spread = Between(random, 0.3, 1.3);
  shape.shock = Between(random, 0, 0.25);
  shape.ratio_spread = Between(random, 0, 0.3);
  shape.history_days = static_cast<int>(Between(random, 200, 1100));
  if (random.Uniform() < 0.3) shape.fast_share = Between(random, 0.2, 0.5);
  if (random.Uniform() < 0.3) shape.undecided_drift = Between(random, 0, 0.4);
  if (random.Uniform() < 0.5) shape.arrival_swing = Between(random, -0.4, 0.4);
  if (random.Uniform() < 0.3) shape.arrival_step = Between(random, 0.4, 2.0);
  if (random.Uniform() < 0.5) shape.amount_win_tilt = Between(random, -0.3, 0.1);
  if (random.Uniform() < 0.2) shape.closes_missing_days = 120;
  if (random.Uniform() < 0.4) shape.year_start_month = 1 + static_cast<int>(random.Below(12));
  if (random.Uniform() < 0.35) shape.season_swing = Between(random, 0.1, 0.4);
  shape.season_peak = static_cast<int>(random.Below(4));
  if (random.Uniform() < 0.25) shape.growth_per_quarter = Between(random, -0.25, 0.35);
  if (random.Uniform() < 0.15) shape.win_step = Between(random, 0.5, 1.6);
  if (random.Uniform() < 0.2) shape.tail_exponent = Between(random, 1.4, 3.0);
  if (random.Uniform() < 0.15) shape.cycle_days = Between(random, 4, 15);
  if (random.Uniform() < 0.5) {
    shape.large_win_tilt = Between(random, -0.8, 0.6);
    shape.large_cycle_tilt = Between(random, -0.3, 0.9);
    shape.large_amount_tilt = Between(random, 0, 1.5);
    shape.large_share = Between(random, 0.1, 0.6);
  }
  return shape;
}

CompanyShape WithEngagement(CompanyShape shape, uint64_t seed, bool telling) {
  Random random(seed * 104'729 + 5);
  shape.acts_per_week = std::exp(Between(random, std::log(0.1), std::log(2.0)));
  if (random.Uniform() < 0.4) {
    shape.engagement_days = static_cast<int>(Between(random, 120, 0.9 * shape.history_days));
  }
  shape.liking_on_acts = Between(random, 0.2, 1.0);
  const double on_wins = Between(random, 0.1, 0.9), tilt = Between(random, 0, 1);
  const auto half_of_them = [&](double low, double high) {
    const double value = Between(random, low, high);
    return random.Uniform() < 0.5 ? value : 0;
  };
  const double momentum = half_of_them(0.2, 1.2);
  const double share_tilt = half_of_them(0, 1), trigger_tilt = half_of_them(0, 1);
  if (!telling) return shape;
  shape.liking_on_wins = on_wins;
  shape.review_tilt = tilt;
  shape.momentum = momentum;
  shape.share_tilt = share_tilt;
  shape.trigger_tilt = trigger_tilt;
  return shape;
}

std::vector<std::string> GroupsOf(const CompanyShape& shape) {
  std::vector<std::string> groups = {"all"};
  const bool large = shape.arrivals_per_day * shape.win_share > 0.5;
  groups.push_back(large ? "large" : "small");
  if (shape.growth_per_quarter > 0.08) groups.push_back("growing");
  if (shape.growth_per_quarter < -0.05) groups.push_back("shrinking");
  if (shape.tail_exponent > 0 || shape.amount_spread > 1) groups.push_back("heavy tail");
  if (shape.cycle_days < 20) groups.push_back("fast cycle");
  if (shape.cycle_days > 100) groups.push_back("slow cycle");
  if (shape.season_swing > 0) groups.push_back("seasonal");
  if (shape.year_start_month != 1) groups.push_back("other year");
  if (shape.win_step != 1 || shape.arrival_step != 1) groups.push_back("regime change");
  if (shape.large_amount_tilt > 0) groups.push_back("two segments");
  if (shape.history_days < 400) groups.push_back("young");
  if (shape.closes_missing_days > 0) groups.push_back("truncated");
  return groups;
}

GeneratedCompany::GeneratedCompany(const CompanyShape& shape, uint64_t seed)
    : calendar_(FiscalCalendar::Make(shape.year_start_month, "").value()),
      first_day_(kLastHistoryDay - shape.history_days + 1) {
  Random random(seed);
  // Of its own, so that a company is the same one with and without engagement.
  Random act_random(seed * 31 + 7);
  if (shape.acts_per_week > 0) {
    engagement_from_ = std::max(first_day_, kLastHistoryDay - shape.engagement_days + 1);
  }
  const FiscalCalendar& calendar = calendar_;
  std::map<FiscalPeriod, double> shocks;  // on the chance to win, by quarter of closing
  int number = 0;
  for (DayNumber day = first_day_; day <= kLastHistoryDay + kFutureDays; ++day) {
    const double quarters = (day - kLastHistoryDay) / 91.0;
    double rate = shape.arrivals_per_day * std::exp(shape.growth_per_quarter * quarters);
    if (day > kLastHistoryDay - 150) rate *= shape.arrival_step;
    const bool first_half = domain::PositionOf(calendar, DayAt(day)) < kPositionCount / 2;
    rate *= 1 + (first_half ? shape.arrival_swing : -shape.arrival_swing);
    const int of_year = calendar.PeriodOf(DayAt(day), PeriodUnit::kQuarter).index - 1;
    rate *= 1 + shape.season_swing * std::cos(kHalfTurn * (of_year - shape.season_peak) / 2.0);
    for (int64_t n = random.Poisson(rate); n > 0; --n) {
      Life life;
      Deal& deal = life.deal;
      deal.id = fmt::format("o{:06}", ++number);
      deal.owner_seller_id = fmt::format("s{}", random.Below(5));
      const bool large = random.Uniform() < shape.large_share;
      deal.segment = large ? "large" : "small";
      deal.qualified_day = deal.clock_day = deal.stage_day = day;
      const double size = random.Normal();
      double amount = shape.amount_median * std::exp(shape.amount_spread * size);
      if (shape.tail_exponent > 0) {
        amount = shape.amount_median *
                 std::min(1e4, std::pow(1 - random.Uniform(), -1 / shape.tail_exponent));
      }
      if (large) amount *= std::exp(shape.large_amount_tilt);
      life.expected_micros = std::llround(amount * 1e6);
      deal.amount_micros = life.expected_micros;
      const double age_share = static_cast<double>(day - first_day_) / shape.history_days;
      const bool decided =
          random.Uniform() >= shape.never_decided_share + shape.undecided_drift * age_share;
      DayNumber close =
          day + static_cast<DayNumber>(std::min(
                    5000.0, shape.cycle_days * (large ? std::exp(shape.large_cycle_tilt) : 1) *
                                std::exp(shape.cycle_spread * random.Normal())));
      if (random.Uniform() < shape.fast_share) {
        close = day + static_cast<DayNumber>(random.Below(9));
      }
      const FiscalPeriod quarter = calendar.PeriodOf(DayAt(close), PeriodUnit::kQuarter);
      const DayNumber quarter_end = NumberOf(calendar.DaysOf(quarter).end);
      if (random.Uniform() < shape.quarter_end_pull) {
        close = std::max(close, quarter_end - 10 + static_cast<DayNumber>(random.Below(10)));
      }
      const double liking = shape.acts_per_week > 0 ? act_random.Normal() : 0;
      if (!shocks.contains(quarter)) shocks[quarter] = std::exp(shape.shock * random.Normal());
      if (decided) {
        const bool won = random.Uniform() <
                         std::min(0.95, shape.win_share * shocks[quarter] *
                                            (close > kLastHistoryDay - 100 ? shape.win_step : 1) *
                                            std::exp(shape.liking_on_wins * liking +
                                                     shape.amount_win_tilt * size +
                                                     (large ? shape.large_win_tilt : 0)));
        deal.outcome = won ? Outcome::kWon : Outcome::kLost;
        deal.closed_day = close;
        if (won) {
          deal.amount_ratio = std::exp(shape.ratio_spread * random.Normal() - 0.05);
          deal.amount_micros =
              std::llround(static_cast<double>(life.expected_micros) * *deal.amount_ratio);
        }
      }
      const bool missing = decided && close < first_day_ + shape.closes_missing_days;
      if (missing) continue;
      AddActs(shape, liking, &act_random, &life);
      lives_.push_back(std::move(life));
    }
  }
}

// An act of a kind that comes before wins more often than before losses, or (tilt 0) says nothing.
void GeneratedCompany::AddTelling(const CompanyShape& shape, double tilt, TouchType type,
                                  Random* random, Life* life) const {
  constexpr double kShare = 0.4;
  const Deal& deal = life->deal;
  const bool closes = deal.outcome != Outcome::kOpen;
  const DayNumber end = closes ? deal.closed_day : kLastHistoryDay + kFutureDays;
  if (tilt == 0) {
    const DayNumber day = deal.qualified_day + static_cast<DayNumber>(random->Below(60));
    if (day < end && random->Uniform() < kShare) life->acts.push_back({day, 1, type});
  } else if (closes) {
    const double share = kShare * (deal.outcome == Outcome::kWon ? 1 + tilt : 1 - 0.8 * tilt);
    const DayNumber day = end - 1 - static_cast<DayNumber>(random->Below(30));
    if (random->Uniform() < share) {
      life->acts.push_back({std::max(day, deal.qualified_day), 1, type});
    }
  }
}

void GeneratedCompany::AddActs(const CompanyShape& shape, double liking, Random* random,
                               Life* life) const {
  if (!engagement_from_) return;
  const Deal& deal = life->deal;
  const bool closes = deal.outcome != Outcome::kOpen;
  const DayNumber end = closes ? deal.closed_day : kLastHistoryDay + kFutureDays;
  const double a_day = shape.acts_per_week / 7 * std::exp(shape.liking_on_acts * liking);
  constexpr TouchType kTypes[] = {TouchType::kCall, TouchType::kEmail, TouchType::kWebVisit,
                                  TouchType::kMeeting};
  // Of deals that say nothing, half rise and half fall.
  const bool rises =
      shape.momentum != 0 && closes ? deal.outcome == Outcome::kWon : random->Uniform() < 0.5;
  const double momentum = shape.momentum != 0 ? shape.momentum : 0.5;
  std::vector<BuyerAct>& acts = life->acts;
  for (DayNumber day = deal.qualified_day; day < end; ++day) {
    const double progress = 2.0 * (day - deal.qualified_day) / (end - deal.qualified_day) - 1;
    const double rate = a_day * std::exp((rises ? momentum : -momentum) * progress);
    for (int64_t n = random->Poisson(rate); n > 0; --n) {
      acts.push_back({day, static_cast<RowNumber>(random->Below(5)), kTypes[random->Below(4)]});
    }
  }
  AddTelling(shape, shape.review_tilt, TouchType::kLegalReview, random, life);
  AddTelling(shape, shape.share_tilt, TouchType::kInternalShare, random, life);
  constexpr double kTriggerShare = 0.3;
  const double tilt = closes ? shape.trigger_tilt * (deal.outcome == Outcome::kWon ? 1 : -0.8) : 0;
  const DayNumber trigger = deal.qualified_day - static_cast<DayNumber>(random->Below(30));
  if (random->Uniform() < kTriggerShare * (1 + tilt)) life->trigger_days.push_back(trigger);
  std::erase_if(acts, [&](const BuyerAct& act) { return act.day < *engagement_from_; });
  std::erase_if(life->trigger_days, [&](DayNumber day) { return day < *engagement_from_; });
  std::stable_sort(acts.begin(), acts.end(),
                   [](const BuyerAct& a, const BuyerAct& b) { return a.day < b.day; });
}

FiscalPeriod GeneratedCompany::quarter() const {
  return calendar_.PeriodOf(DayAt(kLastHistoryDay + 1), PeriodUnit::kQuarter);
}

DealTable GeneratedCompany::AtEndOf(DayNumber day) const {
  DealTable table;
  table.calendar = calendar_;
  table.as_of = table.calendar.StartOf(DayAt(day) + 1) - absl::Microseconds(1);
  SetToday(&table);
  for (const Life& life : lives_) {
    if (life.deal.qualified_day > day) continue;
    Deal deal = life.deal;
    if (deal.outcome != Outcome::kOpen && deal.closed_day > day) {
      deal.outcome = Outcome::kOpen;
      deal.closed_day = 0;
      deal.amount_ratio.reset();
      deal.amount_micros = life.expected_micros;
    }
    if (engagement_from_ && *engagement_from_ <= day) {
      const DayNumber last = deal.outcome == Outcome::kOpen ? day : deal.closed_day - 1;
      std::vector<DayNumber> days;
      for (const BuyerAct& act : life.acts) {
        if (days.empty() || days.back() != act.day) days.push_back(act.day);
      }
      const DayNumber from = *engagement_from_;
      deal.engagement = FollowEngagement(
          {.acts = life.acts, .account_days = days, .trigger_days = life.trigger_days},
          deal.qualified_day, last, {.acts = from, .shares = from, .triggers = from});
    }
    table.deals.push_back(std::move(deal));
  }
  return table;
}

int64_t GeneratedCompany::BookingsOf(const DayRange& days) const {
  int64_t sum = 0;
  for (const Life& life : lives_) {
    if (life.deal.outcome == Outcome::kWon && days.contains(DayAt(life.deal.closed_day))) {
      sum += *life.deal.amount_micros;
    }
  }
  return sum;
}

}  // namespace gtm::forecasting::domain
