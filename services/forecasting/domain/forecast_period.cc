#include "services/forecasting/domain/forecast_period.h"

#include <algorithm>
#include <cmath>

#include "services/forecasting/domain/joint_draws.h"
#include "services/forecasting/domain/period_parts.h"

namespace gtm::forecasting::domain {
namespace {

void AddWon(const DealTable& table, const DayRange& days, const Selection& selection,
            PeriodForecast* forecast) {
  const DayNumber first = NumberOf(days.start), end = NumberOf(days.end);
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kWon || deal.closed_day < first || deal.closed_day >= end ||
        !selection.Holds(deal)) {
      continue;
    }
    forecast->won_micros = AddClamped(forecast->won_micros, deal.amount_micros.value_or(0));
    ++forecast->won_count;
  }
}

// Chances, means and counts: exact, without any draw.
void AddMeans(const PeriodParts& parts, PeriodForecast* forecast) {
  std::vector<double> chance_of;
  for (const NodeValues& chances : parts.classes) chance_of.push_back(NormalMean(chances));
  forecast->open_count = static_cast<int64_t>(parts.open.size());
  if (parts.is_over) return;
  for (const PeriodParts::Open& open : parts.open) {
    const double chance = chance_of[open.class_index], amount = open.amount_micros;
    DealChance entry;
    entry.deal = open.deal;
    entry.win_probability = chance;
    entry.amount_micros = RoundClamped(amount);
    entry.expected_micros = RoundClamped(chance * amount);
    entry.swing_micros = RoundClamped(std::sqrt(chance * (1 - chance)) * amount);
    forecast->open_mean_micros = AddClamped(forecast->open_mean_micros, entry.expected_micros);
    forecast->open_win_count += chance;
    forecast->chances.push_back(entry);
  }
  const double new_wins = NormalMean(parts.new_wins);
  forecast->new_win_count = new_wins * parts.selected_weight;
  forecast->new_mean_micros = RoundClamped(new_wins * parts.selected_mean);
}

}  // namespace

PeriodForecast ForecastPeriod(const DealTable& table, const Model& model, const DayRange& days,
                              const Selection& selection, Detail detail) {
  PeriodForecast forecast;
  const PeriodParts parts = GatherParts(table, model, days, selection);
  forecast.remaining_days = parts.remaining_days;
  AddWon(table, days, selection, &forecast);
  AddMeans(parts, &forecast);
  if (parts.is_over) {
    forecast.bookings = Summarize(forecast.won_micros, {}, {});
    return forecast;
  }
  auto all = std::make_shared<const BookingsDistribution>(
      InputOf(parts, table, model, selection, true, true), detail == Detail::kChangeable);
  forecast.bookings = all->Summarize(forecast.won_micros);
  forecast.distribution = std::move(all);
  if (detail == Detail::kBookings) return forecast;
  if (detail == Detail::kParts) {
    const auto told = [&](bool open, bool fresh) {
      return BookingsDistribution(InputOf(parts, table, model, selection, open, fresh))
          .Summarize(0);
    };
    forecast.open_bookings = told(true, false);
    forecast.new_bookings = told(false, true);
    return forecast;
  }
  const DrawFactors factors = MakeFactors(model, parts.horizon_days);
  forecast.open_draws.assign(kDrawCount, 0);
  forecast.new_draws.assign(kDrawCount, 0);
  for (const PeriodParts::Open& open : parts.open) {
    AddDealDraws(table.deals[open.deal].id, open.amount_micros, parts.classes[open.class_index],
                 factors, model.amounts.ratio_noise, 1, &forecast.open_draws);
  }
  AddNewDraws(parts, table, model, factors, selection, &forecast.new_draws);
  return forecast;
}

DrawSummary Summarize(int64_t base_micros, const std::vector<int64_t>& a,
                      const std::vector<int64_t>& b) {
  std::vector<int64_t> totals(std::max({a.size(), b.size(), size_t{1}}), base_micros);
  for (size_t i = 0; i < a.size(); ++i) totals[i] = AddClamped(totals[i], a[i]);
  for (size_t i = 0; i < b.size(); ++i) totals[i] = AddClamped(totals[i], b[i]);
  std::sort(totals.begin(), totals.end());
  double mean = 0, square = 0;
  for (const int64_t total : totals) mean += static_cast<double>(total);
  mean /= static_cast<double>(totals.size());
  for (const int64_t total : totals) square += std::pow(static_cast<double>(total) - mean, 2);
  // Between two ranks, linearly (Hyndman and Fan, type 7).
  const auto quantile = [&](double p) {
    const double at = p * static_cast<double>(totals.size() - 1);
    const auto rank = static_cast<size_t>(at);
    const int64_t low = totals[rank], high = totals[std::min(rank + 1, totals.size() - 1)];
    return low + RoundClamped((static_cast<double>(high) - static_cast<double>(low)) *
                              (at - static_cast<double>(rank)));
  };
  return {quantile(0.05), quantile(0.10),
          quantile(0.25), quantile(0.50),
          quantile(0.75), quantile(0.90),
          quantile(0.95), RoundClamped(std::sqrt(square / static_cast<double>(totals.size())))};
}

double ReachProbability(const PeriodForecast& forecast, int64_t target_micros) {
  if (forecast.won_micros >= target_micros) return 1;
  if (!forecast.distribution) return 0;
  return forecast.distribution->ChanceToReach(static_cast<double>(target_micros) -
                                              static_cast<double>(forecast.won_micros));
}

}  // namespace gtm::forecasting::domain
