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
  return shape;
}

GeneratedCompany::GeneratedCompany(const CompanyShape& shape, uint64_t seed)
    : first_day_(kLastHistoryDay - shape.history_days + 1) {
  Random random(seed);
  const FiscalCalendar calendar;
  std::map<FiscalPeriod, double> shocks;  // on the chance to win, by quarter of closing
  int number = 0;
  for (DayNumber day = first_day_; day <= kLastHistoryDay + kFutureDays; ++day) {
    const double quarters = (day - kLastHistoryDay) / 91.0;
    double rate = shape.arrivals_per_day * std::exp(shape.growth_per_quarter * quarters);
    if (day > kLastHistoryDay - 150) rate *= shape.arrival_step;
    const bool first_half = domain::PositionOf(calendar, DayAt(day)) < kPositionCount / 2;
    rate *= 1 + (first_half ? shape.arrival_swing : -shape.arrival_swing);
    for (int64_t n = random.Poisson(rate); n > 0; --n) {
      Life life;
      Deal& deal = life.deal;
      deal.id = fmt::format("o{:06}", ++number);
      deal.owner_seller_id = fmt::format("s{}", random.Below(5));
      deal.segment = random.Uniform() < 0.3 ? "large" : "small";
      deal.qualified_day = deal.clock_day = deal.stage_day = day;
      const double size = random.Normal();
      life.expected_micros =
          std::llround(shape.amount_median * std::exp(shape.amount_spread * size) * 1e6);
      deal.amount_micros = life.expected_micros;
      const double age_share = static_cast<double>(day - first_day_) / shape.history_days;
      const bool decided =
          random.Uniform() >= shape.never_decided_share + shape.undecided_drift * age_share;
      DayNumber close =
          day + static_cast<DayNumber>(std::min(
                    5000.0, shape.cycle_days * std::exp(shape.cycle_spread * random.Normal())));
      if (random.Uniform() < shape.fast_share) {
        close = day + static_cast<DayNumber>(random.Below(9));
      }
      const FiscalPeriod quarter = calendar.PeriodOf(DayAt(close), PeriodUnit::kQuarter);
      const DayNumber quarter_end = NumberOf(calendar.DaysOf(quarter).end);
      if (random.Uniform() < shape.quarter_end_pull) {
        close = std::max(close, quarter_end - 10 + static_cast<DayNumber>(random.Below(10)));
      }
      if (!shocks.contains(quarter)) shocks[quarter] = std::exp(shape.shock * random.Normal());
      if (decided) {
        const bool won =
            random.Uniform() < std::min(0.95, shape.win_share * shocks[quarter] *
                                                  std::exp(shape.amount_win_tilt * size));
        deal.outcome = won ? Outcome::kWon : Outcome::kLost;
        deal.closed_day = close;
        if (won) {
          deal.amount_ratio = std::exp(shape.ratio_spread * random.Normal() - 0.05);
          deal.amount_micros =
              std::llround(static_cast<double>(life.expected_micros) * *deal.amount_ratio);
        }
      }
      const bool missing = decided && close < first_day_ + shape.closes_missing_days;
      if (!missing) lives_.push_back(life);
    }
  }
}

DealTable GeneratedCompany::AtEndOf(DayNumber day) const {
  DealTable table;
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
    if (deal.outcome == Outcome::kLost) deal.amount_micros.reset();
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
