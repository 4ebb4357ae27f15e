#include "services/forecasting/domain/blend.h"

#include <algorithm>
#include <cmath>

#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kPastPeriodsMax = 5;
// Closes are needed for this long before a past period is a fair test.
constexpr int kHistoryDaysMin = 45;
// Relative errors before any test: model, run rate, previous quarter; and what they are
// worth, in periods.
constexpr double kErrorPrior[] = {0.12, 0.18, 0.20};
constexpr double kErrorPriorPeriods = 2;
// The blend may halve or double the model, never more.
constexpr double kFactorMin = 0.5;
constexpr double kFactorMax = 2.0;

DayNumber FirstCloseOf(const DealTable& table) {
  DayNumber first = table.today + 1;
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kOpen) first = std::min(first, deal.closed_day);
  }
  return first;
}

double BookedIn(const DealTable& table, DayNumber first, DayNumber end) {
  double sum = 0;
  for (const Deal& deal : table.deals) {
    if (deal.outcome == Outcome::kWon && deal.closed_day >= first && deal.closed_day < end) {
      sum += static_cast<double>(deal.amount_micros.value_or(0));
    }
  }
  return sum;
}

bool IsRunning(const DealTable& table, const DayRange& days) {
  return NumberOf(days.start) <= table.today + 1 && table.today + 1 < NumberOf(days.end);
}

}  // namespace

DealTable TableAtEndOf(const DealTable& table, DayNumber day) {
  DealTable past;
  past.as_of = table.calendar.StartOf(DayAt(day) + 1) - absl::Microseconds(1);
  past.calendar = table.calendar;
  past.currency = table.currency;
  SetToday(&past);
  for (const Deal& deal : table.deals) {
    if (deal.qualified_day > day) continue;
    past.deals.push_back(deal);
    if (deal.outcome == Outcome::kOpen || deal.closed_day <= day) continue;
    Deal& open = past.deals.back();
    open.outcome = Outcome::kOpen;
    open.closed_day = 0;
    open.amount_ratio.reset();
    if (deal.amount_ratio.value_or(0) > 0 && deal.amount_micros) {
      open.amount_micros =
          RoundClamped(static_cast<double>(*deal.amount_micros) / *deal.amount_ratio);
    }
  }
  return past;
}

Remainders ForecastRemainders(const DealTable& table, const Model& model, const DayRange& days) {
  const auto so_far =
      static_cast<double>(BookedIn(table, NumberOf(days.start), NumberOf(days.end)));
  return {{ExpectedRemainder(table, model, days),
           static_cast<double>(RunRate(table, days)) - so_far,
           static_cast<double>(PreviousQuarter(table, days)) - so_far}};
}

std::array<double, Remainders::kMethodCount> LearnWeights(const DealTable& table,
                                                          const FiscalPeriod& period) {
  std::array<double, Remainders::kMethodCount> square{};
  for (size_t m = 0; m < square.size(); ++m) {
    square[m] = kErrorPrior[m] * kErrorPrior[m] * kErrorPriorPeriods;
  }
  double count = kErrorPriorPeriods;
  const DayNumber offset = table.today - NumberOf(table.calendar.DaysOf(period).start);
  const DayNumber first_close = FirstCloseOf(table);
  for (int back = 1; back <= kPastPeriodsMax; ++back) {
    const DayRange days = table.calendar.DaysOf(table.calendar.Shift(period, -back));
    const DayNumber cut = std::min(NumberOf(days.start) + offset, NumberOf(days.end) - 2);
    if (cut - first_close < kHistoryDaysMin) break;
    const double came = BookedIn(table, cut + 1, NumberOf(days.end));
    const DealTable past = TableAtEndOf(table, cut);
    const Remainders told = ForecastRemainders(past, LearnModel(past), days);
    double scale = came;
    for (const double value : told.told) scale += value;
    scale /= 1 + Remainders::kMethodCount;
    if (scale <= 0) continue;
    for (size_t m = 0; m < square.size(); ++m) {
      square[m] += std::pow((told.told[m] - came) / scale, 2);
    }
    count += 1;
  }
  std::array<double, Remainders::kMethodCount> weights{};
  double sum = 0;
  for (size_t m = 0; m < square.size(); ++m) sum += weights[m] = count / square[m];
  for (double& weight : weights) weight /= sum;
  return weights;
}

Model Blend(const DealTable& table, const Model& model, const FiscalPeriod& period) {
  const DayRange days = table.calendar.DaysOf(period);
  if (period.unit == PeriodUnit::kYear || !IsRunning(table, days)) return model;
  if (model.close.won_count < 3) return model;
  const Remainders told = ForecastRemainders(table, model, days);
  if (told.told[0] <= 0) return model;
  const auto weights = LearnWeights(table, period);
  double wanted = 0, disagreement = 0;
  for (size_t m = 0; m < weights.size(); ++m) wanted += weights[m] * told.told[m];
  wanted = std::clamp(wanted, told.told[0] * kFactorMin, told.told[0] * kFactorMax);
  for (size_t m = 0; m < weights.size(); ++m) {
    disagreement += weights[m] * std::pow((told.told[m] - wanted) / wanted, 2);
  }
  Model blended = model;
  blended.close.shock =
      std::hypot(blended.close.shock, std::sqrt(std::min(0.25, disagreement)) / 2);
  // Rates act on chances less than in proportion: approach the wanted mean in steps.
  for (int step = 0; step < 4; ++step) {
    const double now = ExpectedRemainder(table, blended, days);
    const double factor = std::clamp(wanted / std::max(1.0, now), kFactorMin, kFactorMax);
    for (double& rate : blended.close.won_rate) rate *= factor;
  }
  return blended;
}

}  // namespace gtm::forecasting::domain
