#include "services/forecasting/domain/blend.h"

#include <algorithm>
#include <cmath>

#include "services/forecasting/domain/remainder.h"

namespace gtm::forecasting::domain {
namespace {

using Weights = std::array<double, Remainders::kMethodCount>;

constexpr int kPastPeriodsMax = 5;
// Closes are needed for this long before a past period is a fair test.
constexpr int kHistoryDaysMin = 45;
// Relative errors of the methods before any test, and what they are worth, in periods.
constexpr Weights kErrorPrior = {0.10, 0.18, 0.20};
constexpr double kErrorPriorPeriods = 2;
// Standardized errors of past cuts lean on this many of this square: what generated
// companies showed, whose ways are not quite those of the model. None counts for more than
// kSquareMax, and never is the distribution narrowed by more than a tenth.
constexpr double kWidthPriorCuts = 4;
constexpr double kWidthPriorSquare = 1.25;
constexpr double kWidthMin = 0.9;
constexpr double kSquareMax = 6;
constexpr double kShockMin = 0.02;
constexpr double kShockMax = 0.8;
// The blend may halve or double the model, never more.
constexpr double kFactorMin = 0.5;
constexpr double kFactorMax = 2.0;
constexpr int kRunRateDays = 91;
constexpr int kWeekDays = 7;
bool IsRunning(const History& history, const DayRange& days) {
  return NumberOf(days.start) <= history.today() + 1 && history.today() + 1 < NumberOf(days.end);
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
    std::erase_if(past.deals.back().engagement,
                  [&](const EngagementChange& change) { return change.day > day; });
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

Remainders ForecastRemainders(const History& history, const Model& model, const DayRange& days) {
  const FiscalCalendar& calendar = history.calendar();
  const DayNumber today = history.today(), first_close = history.first_close();
  const DayNumber start = NumberOf(days.start), end = NumberOf(days.end);
  const Remainder remainder = RemainderOf(history, model, days);
  Remainders result;
  result.model_variance = remainder.variance;
  result.told[Remainders::kModel] = remainder.mean;
  result.can[Remainders::kModel] = true;
  // What simple methods saw lies back by some days: carried forward by the trend of arrivals.
  const auto growth = [&](double days_back) {
    return model.arrivals.level.GrowthAt(days_back / kWeekDays);
  };
  const DayNumber run_from = std::max(today - kRunRateDays + 1, first_close);
  if (first_close <= today) {
    const double left = std::max(0.0, end - today - 1 + history.today_left());
    result.told[Remainders::kRunRate] = history.BookedIn(run_from, today + 1) /
                                        (today - run_from + 1) * left *
                                        growth((today - run_from + 1 + left) / 2);
    result.can[Remainders::kRunRate] = true;
  }
  const FiscalPeriod quarter = calendar.PeriodOf(days.start, PeriodUnit::kQuarter);
  const DayNumber quarter_start = NumberOf(calendar.DaysOf(quarter).start);
  const bool whole = days == calendar.DaysOf(quarter);
  const DayRange before = calendar.DaysOf(calendar.Shift(quarter, -1));
  const DayNumber shift = quarter_start - NumberOf(before.start);
  if (first_close <= start - shift) {
    result.told[Remainders::kPreviousQuarter] =
        growth(shift) * history.BookedIn(std::max(start, today + 1) - shift,
                                         whole ? NumberOf(before.end) : end - shift);
    result.can[Remainders::kPreviousQuarter] = true;
  }
  return result;
}

std::vector<PastCut> LookBack(const History& history, const FiscalPeriod& period,
                              const KnownGaps& gaps) {
  std::vector<PastCut> cuts;
  const FiscalCalendar& calendar = history.calendar();
  const DayNumber offset = history.today() - NumberOf(calendar.DaysOf(period).start);
  const DayNumber first_close = history.first_close();
  for (int back = 1; back <= kPastPeriodsMax; ++back) {
    const DayRange days = calendar.DaysOf(calendar.Shift(period, -back));
    const DayNumber cut = std::min(NumberOf(days.start) + offset, NumberOf(days.end) - 2);
    if (first_close == kNever || cut - first_close < kHistoryDaysMin) break;
    const History past = history.AtEndOf(cut);
    cuts.push_back({ForecastRemainders(past, LearnModel(past, gaps), days),
                    history.BookedIn(cut + 1, NumberOf(days.end))});
  }
  return cuts;
}

Weights LearnWeights(const std::vector<PastCut>& past, const Remainders& now) {
  Weights square{}, count{};
  for (size_t m = 0; m < square.size(); ++m) {
    square[m] = kErrorPrior[m] * kErrorPrior[m] * kErrorPriorPeriods;
    count[m] = kErrorPriorPeriods;
  }
  for (const PastCut& cut : past) {
    double scale = cut.came, terms = 1;
    for (size_t m = 0; m < square.size(); ++m) {
      if (!cut.told.can[m]) continue;
      scale += cut.told.told[m];
      terms += 1;
    }
    scale /= terms;
    if (scale <= 0) continue;
    for (size_t m = 0; m < square.size(); ++m) {
      if (!cut.told.can[m]) continue;
      square[m] += std::pow((cut.told.told[m] - cut.came) / scale, 2);
      count[m] += 1;
    }
  }
  Weights weights{};
  double sum = 0;
  for (size_t m = 0; m < square.size(); ++m) {
    if (now.can[m]) sum += weights[m] = count[m] / square[m];
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

double LearnWidth(const std::vector<PastCut>& past, const Weights& weights) {
  double square = kWidthPriorSquare * kWidthPriorCuts, count = kWidthPriorCuts;
  for (const PastCut& cut : past) {
    if (cut.told.model_variance <= 0) continue;
    double told = 0, sum = 0;
    for (size_t m = 0; m < weights.size(); ++m) {
      if (!cut.told.can[m]) continue;
      told += weights[m] * cut.told.told[m];
      sum += weights[m];
    }
    const double error = told / sum - cut.came;
    square += std::min(kSquareMax, error * error / cut.told.model_variance);
    count += 1;
  }
  return std::max(kWidthMin, std::sqrt(square / count));
}

namespace {

// Moves the common shock so that the spread of what is left is `width` times as wide.
void Widen(const History& history, const DayRange& days, double width, Model* model) {
  const Remainder told = RemainderOf(history, *model, days);
  if (told.common_variance <= 0) return;
  const double ahead = static_cast<double>(NumberOf(days.end) - history.today());
  const double spread = model->close.SpreadOver(ahead);
  const double wanted = told.common_variance + (width * width - 1) * told.variance;
  const double level = spread * spread - model->close.shock * model->close.shock;
  const double square = spread * spread * wanted / told.common_variance - level;
  model->close.shock = std::clamp(std::sqrt(std::max(0.0, square)), kShockMin, kShockMax);
}

}  // namespace

Model Blend(const DealTable& table, const Model& model, const FiscalPeriod& period) {
  return Blend(History(table), model, period);
}

Model Blend(const History& history, const Model& model, const FiscalPeriod& period) {
  const DayRange days = history.calendar().DaysOf(period);
  if (period.unit == PeriodUnit::kYear || !IsRunning(history, days)) return model;
  if (model.close.won_count < 3) return model;
  const Remainders now = ForecastRemainders(history, model, days);
  const double alone = now.told[Remainders::kModel];
  if (alone <= 0) return model;
  const std::vector<PastCut> past = LookBack(history, period, {true, model.close.truncated_before});
  const Weights weights = LearnWeights(past, now);
  double wanted = 0, disagreement = 0;
  for (size_t m = 0; m < weights.size(); ++m) wanted += weights[m] * now.told[m];
  wanted = std::clamp(wanted, alone * kFactorMin, alone * kFactorMax);
  for (size_t m = 0; m < weights.size(); ++m) {
    disagreement += weights[m] * std::pow((now.told[m] - wanted) / wanted, 2);
  }
  Model blended = model;
  blended.close.shock =
      std::hypot(blended.close.shock, std::sqrt(std::min(0.25, disagreement)) / 2);
  const double width = LearnWidth(past, weights);
  // Rates act on chances less than in proportion: approach the wanted mean in steps.
  for (int step = 0; step < 4; ++step) {
    const double told = RemainderOf(history, blended, days).mean;
    const double factor = std::clamp(wanted / std::max(1.0, told), kFactorMin, kFactorMax);
    for (double& rate : blended.close.won_rate) rate *= factor;
  }
  Widen(history, days, width, &blended);
  return blended;
}

}  // namespace gtm::forecasting::domain
