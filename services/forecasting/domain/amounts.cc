#include "services/forecasting/domain/amounts.h"

#include <algorithm>
#include <cmath>

#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {
namespace {

// Half-life of a donor's weight, days.
constexpr double kHalfLifeDays = 270;
// Fewer won deals than this, and open ones lend their amounts too.
constexpr int kWonDonorsMin = 8;
constexpr double kOpenDonorWeight = 0.3;
// Spread of amounts before history (of the logarithm), worth three deals.
constexpr double kSpreadPrior = 0.9;
constexpr double kSpreadPriorCount = 3;
// Realized over expected before history: 1, with a spread of 25 % between deals and 20 %
// on the mean, worth four deals.
constexpr double kRatioSpreadPrior = 0.25;
constexpr double kRatioMeanSpreadPrior = 0.2;
constexpr double kRatioPriorCount = 4;

void LearnDonors(const DealTable& table, Amounts* amounts) {
  int won_count = 0;
  for (const Deal& deal : table.deals) {
    won_count += deal.outcome == Outcome::kWon && deal.amount_micros.value_or(0) > 0;
  }
  double total = 0, total_square = 0, log_sum = 0, log_square = 0;
  for (uint32_t i = 0; i < table.deals.size(); ++i) {
    const Deal& deal = table.deals[i];
    if (deal.amount_micros.value_or(0) <= 0) continue;
    double weight = 0;
    if (deal.outcome == Outcome::kWon) {
      weight = std::exp2(-(table.today - deal.closed_day) / kHalfLifeDays);
    } else if (deal.outcome == Outcome::kOpen && won_count < kWonDonorsMin) {
      weight = kOpenDonorWeight;
    }
    if (weight <= 0) continue;
    amounts->donors.push_back({i, *deal.amount_micros, weight});
    const double log_amount = std::log(static_cast<double>(*deal.amount_micros));
    total += weight;
    total_square += weight * weight;
    log_sum += weight * log_amount;
    log_square += weight * log_amount * log_amount;
  }
  if (amounts->donors.empty()) return;
  double mean = 0, mean_square = 0;
  for (Donor& donor : amounts->donors) {
    donor.weight /= total;
    const auto amount = static_cast<double>(donor.amount_micros);
    mean += donor.weight * amount;
    mean_square += donor.weight * amount * amount;
  }
  const double effective = total * total / total_square;
  const double log_variance =
      std::max(0.0, log_square / total - (log_sum / total) * (log_sum / total));
  // Shrunken toward the prior, so that one deal does not claim to know the spread.
  const double spread_square =
      (kSpreadPriorCount * kSpreadPrior * kSpreadPrior + effective * log_variance) /
      (kSpreadPriorCount + effective);
  const double variation_square =
      std::max(mean_square / (mean * mean) - 1, std::expm1(spread_square) * 3 / (3 + effective));
  amounts->mean_micros = mean;
  amounts->level_uncertainty = std::sqrt(std::log1p(variation_square / effective));
  // Silverman's width: what lies between the few amounts seen is possible too.
  amounts->smoothing = amounts->donors.size() >= 200
                           ? 0
                           : std::sqrt(spread_square) * std::pow(effective, -0.2) * 0.9;
}

void LearnRatio(const DealTable& table, Amounts* amounts) {
  std::vector<double> ratios;
  double sum = 0, square = 0;
  for (const Deal& deal : table.deals) {
    if (!deal.amount_ratio) continue;
    // A hundredfold amount is a typing mistake and not a habit.
    const double ratio = std::clamp(*deal.amount_ratio, 0.01, 100.0);
    ratios.push_back(ratio);
    sum += ratio;
    square += ratio * ratio;
  }
  const auto n = static_cast<double>(ratios.size());
  amounts->ratio_count = static_cast<int64_t>(ratios.size());
  const double mean = (sum + kRatioPriorCount) / (n + kRatioPriorCount);
  const double own = n > 1 ? std::max(0.0, square / n - (sum / n) * (sum / n)) : 0;
  const double variance =
      (kRatioPriorCount * kRatioSpreadPrior * kRatioSpreadPrior + n * own) / (kRatioPriorCount + n);
  amounts->ratio_mean = mean;
  amounts->ratio_uncertainty =
      std::sqrt(kRatioMeanSpreadPrior * kRatioMeanSpreadPrior * kRatioPriorCount /
                    (kRatioPriorCount + n) / (1 + n / kRatioPriorCount) +
                variance / (mean * mean) / (n + kRatioPriorCount));
  // Equally likely values: the ones seen where there are enough, else a lognormal.
  std::sort(ratios.begin(), ratios.end());
  const double spread = std::sqrt(std::log1p(variance / (mean * mean)));
  double total = 0;
  for (size_t i = 0; i < amounts->ratio_noise.size(); ++i) {
    const double p = (static_cast<double>(i) + 0.5) / 256;
    const double value =
        n >= 60 ? ratios[static_cast<size_t>(p * n)] : std::exp(spread * stats::NormalQuantile(p));
    amounts->ratio_noise[i] = static_cast<float>(value);
    total += value;
  }
  for (float& value : amounts->ratio_noise) value = static_cast<float>(value * 256 / total);
}

}  // namespace

double Amounts::IfWon(const Deal& deal) const {
  if (!deal.amount_micros) return mean_micros;
  return static_cast<double>(*deal.amount_micros) * ratio_mean;
}

Amounts LearnAmounts(const DealTable& table) {
  Amounts amounts;
  LearnDonors(table, &amounts);
  LearnRatio(table, &amounts);
  return amounts;
}

}  // namespace gtm::forecasting::domain
