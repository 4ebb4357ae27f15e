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
// Won deals that a segment needs to be told apart.
constexpr double kSegmentCountMin = 5;

void LearnDonors(const History& history, Amounts* amounts) {
  int won_count = 0;
  for (const HistoryRow& row : history.rows()) {
    won_count += history.is_won(row) && row.won_micros > 0;
  }
  double total = 0, total_square = 0, log_sum = 0, log_square = 0;
  for (const HistoryRow& row : history.rows()) {
    double weight = 0, micros = row.won_micros;
    if (history.is_won(row)) {
      weight = std::exp2(-(history.today() - row.closed_day) / kHalfLifeDays);
    } else if (history.is_open(row) && won_count < kWonDonorsMin) {
      weight = kOpenDonorWeight;
      micros = row.expected_micros;
    }
    if (weight <= 0 || micros <= 0) continue;
    amounts->donors.push_back({row.deal, RoundClamped(micros), weight});
    const double log_amount = std::log(micros);
    total += weight;
    total_square += weight * weight;
    log_sum += weight * log_amount;
    log_square += weight * log_amount * log_amount;
  }
  if (amounts->donors.empty()) return;
  std::sort(amounts->donors.begin(), amounts->donors.end(),
            [](const Donor& a, const Donor& b) { return a.deal < b.deal; });
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

void LearnRatio(const History& history, Amounts* amounts) {
  std::vector<double> ratios;
  double sum = 0, square = 0;
  for (const HistoryRow& row : history.rows()) {
    if (!history.is_won(row) || row.ratio <= 0) continue;
    // A hundredfold amount is a typing mistake and not a habit.
    const double ratio = std::clamp<double>(row.ratio, 0.01, 100.0);
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

// What a segment's values say of its own mean, against that of the whole.
struct Sample {
  double count = 0, sum = 0, square = 0;
  void Add(double value) {
    ++count;
    sum += value;
    square += value * value;
  }
  double mean() const { return sum / count; }
  double variance() const { return std::max(0.0, square / count - mean() * mean()); }
};

// Means of the samples over that of the whole, shrunken by what they differ by beyond
// chance (the variance between by moments, DerSimonian and Laird; one standard deviation
// of chance left out). All 1 where they differ by nothing more.
std::vector<double> ShrunkenMeans(const std::vector<Sample>& samples) {
  std::vector<double> factors(samples.size(), 1);
  Sample whole;
  double inside = 0, levels = 0;
  for (const Sample& sample : samples) {
    if (sample.count < kSegmentCountMin) continue;
    whole.count += sample.count;
    whole.sum += sample.sum;
    inside += sample.count * sample.variance();
    levels += 1;
  }
  if (levels < 2 || inside <= 0) return factors;
  const double within = inside / whole.count;  // pooled variance of one value
  double excess = 0, weights = 0, squares = 0;
  for (const Sample& sample : samples) {
    if (sample.count < kSegmentCountMin) continue;
    const double weight = sample.count / within;
    excess += weight * std::pow(sample.mean() - whole.mean(), 2);
    weights += weight;
    squares += weight * weight;
  }
  const double between =
      (excess - (levels - 1) - std::sqrt(2 * (levels - 1))) / (weights - squares / weights);
  if (between <= 0) return factors;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].count < kSegmentCountMin) continue;
    const double keep = between / (between + within / samples[i].count);
    factors[i] = 1 + keep * (samples[i].mean() / whole.mean() - 1);
  }
  return factors;
}

void LearnSegments(const History& history, Amounts* amounts) {
  std::vector<Sample> ratios(history.segments().size()), won(history.segments().size());
  for (const HistoryRow& row : history.rows()) {
    if (!history.is_won(row)) continue;
    if (row.ratio > 0) ratios[row.segment].Add(std::clamp<double>(row.ratio, 0.01, 100.0));
    if (row.won_micros > 0) won[row.segment].Add(row.won_micros);
  }
  const std::vector<double> ratio = ShrunkenMeans(ratios), mean = ShrunkenMeans(won);
  for (size_t i = 0; i < ratio.size(); ++i) {
    if (ratio[i] == 1 && mean[i] == 1) continue;
    amounts->segments.push_back(
        {history.segments()[i], std::max(0.05, ratio[i]), std::max(0.05, mean[i])});
  }
  std::sort(amounts->segments.begin(), amounts->segments.end(),
            [](const auto& a, const auto& b) { return a.segment < b.segment; });
}

}  // namespace

double Amounts::IfWon(double expected_micros, std::string_view segment) const {
  const auto it = std::lower_bound(
      segments.begin(), segments.end(), segment,
      [](const SegmentAmounts& entry, std::string_view name) { return entry.segment < name; });
  const bool own = it != segments.end() && it->segment == segment;
  if (expected_micros < 0) return mean_micros * (own ? it->mean_factor : 1);
  return expected_micros * ratio_mean * (own ? it->ratio_factor : 1);
}

double Amounts::IfWon(const Deal& deal) const {
  return IfWon(static_cast<double>(deal.amount_micros.value_or(-1)), deal.segment);
}

Amounts LearnAmounts(const History& history) {
  Amounts amounts;
  LearnDonors(history, &amounts);
  LearnRatio(history, &amounts);
  LearnSegments(history, &amounts);
  return amounts;
}

}  // namespace gtm::forecasting::domain
