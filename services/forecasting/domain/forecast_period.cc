#include "services/forecasting/domain/forecast_period.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "common/core/random.h"
#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {
namespace {

// What all deals share in a draw. Stratified: each factor takes every rank once.
struct Factors {
  std::vector<double> win_z;    // common shock and level of wins, standard normal
  std::vector<double> arrival;  // of the arrival rate, mean 1
  std::vector<double> amount;   // of new amounts, mean 1
  std::vector<double> ratio;    // realized over what was expected of a win, mean 1
};

std::vector<int> Permutation(uint64_t seed) {
  Random random(seed);
  std::vector<int> order(kDrawCount);
  std::iota(order.begin(), order.end(), 0);
  for (int i = kDrawCount - 1; i > 0; --i) {
    std::swap(order[static_cast<size_t>(i)],
              order[static_cast<size_t>(random.Below(static_cast<uint64_t>(i) + 1))]);
  }
  return order;
}

// Values of `quantile` at the middle of each rank, in the order of a permutation.
template <class Quantile>
std::vector<double> Stratified(uint64_t seed, int level_count, Quantile quantile) {
  std::vector<double> levels;
  for (int i = 0; i < level_count; ++i) levels.push_back(quantile((i + 0.5) / level_count));
  std::vector<double> values;
  for (const int rank : Permutation(seed)) {
    values.push_back(levels[static_cast<size_t>(rank * int64_t{level_count} / kDrawCount)]);
  }
  return values;
}

std::vector<double> Normals(uint64_t seed) {
  return Stratified(seed, kDrawCount, [](double p) { return stats::NormalQuantile(p); });
}

void ScaleToMean(double mean, std::vector<double>* values) {
  const double sum = std::accumulate(values->begin(), values->end(), 0.0);
  for (double& value : *values) value *= mean * static_cast<double>(values->size()) / sum;
}

std::vector<double> LogNormals(uint64_t seed, double spread) {
  std::vector<double> values = Normals(seed);
  for (double& value : values) value = std::exp(spread * value);
  return values;
}

Factors MakeFactors(const Model& model, double days) {
  Factors factors;
  factors.win_z = Normals(0x77696e);
  const double spread = model.arrivals.SpreadOver(days);
  const double shape = std::max(0.25, 1 / (spread * spread));
  factors.arrival = Stratified(0x6e6577, 256,
                               [&](double p) { return stats::GammaQuantile(p, shape, 1 / shape); });
  ScaleToMean(1, &factors.arrival);
  factors.amount = LogNormals(0x616d74, std::min(1.0, model.amounts.level_uncertainty));
  ScaleToMean(1, &factors.amount);
  factors.ratio = LogNormals(0x726174, model.amounts.ratio_uncertainty);
  ScaleToMean(1, &factors.ratio);
  return factors;
}

// splitmix64: the n-th number of a stream is Mix(seed + n * kStep).
constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
uint64_t SeedOf(std::string_view id) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Mix(hash);
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

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

// Adds the draws of one open deal.
void DrawDeal(const Deal& deal, double amount, const std::vector<double>& chances,
              const Factors& factors, const Model& model, std::vector<int64_t>* draws) {
  const uint64_t seed = SeedOf(deal.id);
  for (size_t i = 0; i < kDrawCount; ++i) {
    const uint64_t number = Mix(seed + (i + 1) * kStep);
    if (static_cast<double>(number >> 11) * 0x1p-53 >= chances[i]) continue;
    // The low bits are independent of the high ones that decided.
    const double noise = model.amounts.ratio_noise[number & 255];
    (*draws)[i] = AddClamped((*draws)[i], RoundClamped(amount * factors.ratio[i] * noise));
  }
}

void AddOpen(const DealTable& table, const Model& model, const WinChances& chances,
             const Factors& factors, const Selection& selection, PeriodForecast* forecast) {
  // Deals of a class share their chances: work class by class.
  std::map<RiskClass, std::vector<uint32_t>> by_class;
  for (uint32_t i = 0; i < table.deals.size(); ++i) {
    const Deal& deal = table.deals[i];
    if (deal.outcome != Outcome::kOpen || !selection.Holds(deal)) continue;
    by_class[model.close.ClassOf(table, deal)].push_back(i);
    ++forecast->open_count;
  }
  if (chances.empty()) return;
  std::vector<double> of_draw(kDrawCount);
  for (const auto& [risk, deals] : by_class) {
    const NodeValues nodes = chances.OfOpen(risk);
    for (size_t i = 0; i < kDrawCount; ++i) of_draw[i] = Interpolate(nodes, factors.win_z[i]);
    const double chance = Mean(of_draw);
    // Too rare to show in the draws; the mean still has it.
    const bool drawn = nodes.back() * kDrawCount > 1e-3;
    for (const uint32_t i : deals) {
      const double amount = model.amounts.IfWon(table.deals[i]);
      DealChance entry;
      entry.deal = i;
      entry.win_probability = chance;
      entry.amount_micros = RoundClamped(amount);
      entry.expected_micros = RoundClamped(chance * amount);
      entry.swing_micros = RoundClamped(std::sqrt(chance * (1 - chance)) * amount);
      forecast->open_mean_micros = AddClamped(forecast->open_mean_micros, entry.expected_micros);
      forecast->open_win_count += chance;
      forecast->chances.push_back(entry);
      if (drawn) DrawDeal(table.deals[i], amount, of_draw, factors, model, &forecast->open_draws);
    }
  }
  std::sort(forecast->chances.begin(), forecast->chances.end(),
            [](const DealChance& a, const DealChance& b) { return a.deal < b.deal; });
}

// Donors by cumulative weight, so that a uniform number finds one.
std::vector<double> Cumulate(const std::vector<Donor>& donors) {
  std::vector<double> sums;
  double sum = 0;
  for (const Donor& donor : donors) sums.push_back(sum += donor.weight);
  sums.back() = 1;
  return sums;
}

void AddNew(const DealTable& table, const Model& model, const WinChances& chances,
            const Factors& factors, const Selection& selection, PeriodForecast* forecast) {
  const std::vector<Donor>& donors = model.amounts.donors;
  if (chances.empty() || donors.empty()) return;
  const NodeValues nodes = chances.OfArrivals(model.arrivals);
  std::vector<char> selected(donors.size());
  double selected_weight = 0, selected_mean = 0;
  for (size_t d = 0; d < donors.size(); ++d) {
    selected[d] = selection.Holds(table.deals[donors[d].deal]);
    if (!selected[d]) continue;
    selected_weight += donors[d].weight;
    selected_mean += donors[d].weight * static_cast<double>(donors[d].amount_micros);
  }
  const std::vector<double> sums = Cumulate(donors);
  const double smoothing = model.amounts.smoothing;
  std::vector<double> wins(kDrawCount);
  for (size_t i = 0; i < kDrawCount; ++i) {
    wins[i] = factors.arrival[i] * Interpolate(nodes, factors.win_z[i]);
    Random random(Mix(0x647261 + i * kStep));
    const int64_t count = random.Poisson(std::min(wins[i], 1e6));
    for (int64_t n = 0; n < count; ++n) {
      const auto d = static_cast<size_t>(
          std::lower_bound(sums.begin(), sums.end(), random.Uniform()) - sums.begin());
      double amount = static_cast<double>(donors[d].amount_micros) * factors.amount[i];
      if (smoothing > 0)
        amount *= std::exp(smoothing * random.Normal() - smoothing * smoothing / 2);
      if (selected[d]) {
        forecast->new_draws[i] = AddClamped(forecast->new_draws[i], RoundClamped(amount));
      }
    }
  }
  const double mean_wins = Mean(wins);
  forecast->new_win_count = mean_wins * selected_weight;
  forecast->new_mean_micros = RoundClamped(mean_wins * selected_mean);
}

Window WindowOf(const DayRange& days) { return {NumberOf(days.start), NumberOf(days.end) - 1}; }

}  // namespace

PeriodForecast ForecastPeriod(const DealTable& table, const Model& model, const DayRange& days,
                              const Selection& selection) {
  PeriodForecast forecast;
  const WinChances chances(table, model.close, WindowOf(days));
  forecast.remaining_days = chances.remaining_days();
  AddWon(table, days, selection, &forecast);
  if (!chances.empty()) {
    forecast.open_draws.assign(kDrawCount, 0);
    forecast.new_draws.assign(kDrawCount, 0);
  }
  const Factors factors =
      MakeFactors(model, std::max(1.0, static_cast<double>(NumberOf(days.end) - table.today)));
  AddOpen(table, model, chances, factors, selection, &forecast);
  AddNew(table, model, chances, factors, selection, &forecast);
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
  if (forecast.open_draws.empty()) return 0;
  int64_t reached = 0;
  for (size_t i = 0; i < forecast.open_draws.size(); ++i) {
    reached += AddClamped(forecast.won_micros, AddClamped(forecast.open_draws[i],
                                                          forecast.new_draws[i])) >= target_micros;
  }
  return (static_cast<double>(reached) + 0.5) /
         (static_cast<double>(forecast.open_draws.size()) + 1);
}

}  // namespace gtm::forecasting::domain
