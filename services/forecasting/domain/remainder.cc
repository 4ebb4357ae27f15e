#include "services/forecasting/domain/remainder.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gtm::forecasting::domain {
namespace {

// Open deals of one class, together.
struct OpenSum {
  double count = 0;
  double micros = 0;
  double square = 0;
};

// Mean of the square of a value around its own mean of 1, of the ratio noise.
double NoiseSquare(const Amounts& amounts) {
  double square = 0;
  for (const float noise : amounts.ratio_noise) square += double{noise} * noise;
  return square / static_cast<double>(amounts.ratio_noise.size());
}

double DonorSquare(const Amounts& amounts) {
  double square = 0;
  for (const Donor& donor : amounts.donors) {
    const auto micros = static_cast<double>(donor.amount_micros);
    square += donor.weight * micros * micros;
  }
  return square * std::exp(amounts.smoothing * amounts.smoothing);
}

double VarianceOf(const NodeValues& values) {
  NodeValues squares{};
  for (size_t i = 0; i < kNodeCount; ++i) squares[i] = values[i] * values[i];
  const double mean = NormalMean(values);
  return std::max(0.0, NormalMean(squares) - mean * mean);
}

std::map<RiskClass, OpenSum> SumOpen(const History& history, const Model& model) {
  std::map<RiskClass, OpenSum> sums;
  const auto effects = model.close.effects.OfAll(history.segments());
  for (const HistoryRow& row : history.rows()) {
    if (!history.is_open(row)) continue;
    const double micros = model.amounts.IfWon(row.expected_micros, history.segments()[row.segment]);
    OpenSum& sum =
        sums[model.close.effects.ClassOf(history.age_days(row), effects[row.segment], row,
                                         StateAt(history.engagement_of(row), history.today()))];
    sum.count += 1;
    sum.micros += micros;
    sum.square += micros * micros;
  }
  return sums;
}

}  // namespace

Remainder RemainderOf(const History& history, const Model& model, const DayRange& days) {
  const WinChances chances(history, model.close, {NumberOf(days.start), NumberOf(days.end) - 1});
  Remainder remainder;
  if (chances.empty()) return remainder;
  const Amounts& amounts = model.amounts;
  const double noise_square = NoiseSquare(amounts);
  NodeValues open_mean{}, mean{}, variance{}, wins{};
  for (const auto& [risk, sum] : SumOpen(history, model)) {
    const NodeValues chance = chances.OfOpen(risk);
    for (size_t i = 0; i < kNodeCount; ++i) {
      open_mean[i] += chance[i] * sum.micros;
      variance[i] += chance[i] * (noise_square - chance[i]) * sum.square;
      wins[i] += chance[i] * sum.count;
    }
  }
  const NodeValues new_wins = chances.OfArrivals(model.arrivals);
  const double donor_square = DonorSquare(amounts);
  NodeValues new_mean{};
  for (size_t i = 0; i < kNodeCount; ++i) {
    new_mean[i] = new_wins[i] * amounts.mean_micros;
    variance[i] += new_wins[i] * donor_square;
    mean[i] = open_mean[i] + new_mean[i];
    wins[i] += new_wins[i];
  }
  const double ahead = std::max(1.0, static_cast<double>(NumberOf(days.end) - history.today()));
  const double fresh = NormalMean(new_mean), open = NormalMean(open_mean);
  remainder.mean = fresh + open;
  remainder.win_count = NormalMean(wins);
  remainder.common_variance = VarianceOf(mean);
  const double arrival = model.arrivals.SpreadOver(ahead);
  const double level = std::min(1.0, amounts.level_uncertainty);
  remainder.variance =
      NormalMean(variance) + remainder.common_variance +
      fresh * fresh * (std::min(4.0, arrival * arrival) + std::expm1(level * level)) +
      open * open * std::expm1(amounts.ratio_uncertainty * amounts.ratio_uncertainty);
  return remainder;
}

Model LearnModel(const History& history, const KnownGaps& gaps) {
  Model model;
  model.close = LearnCloseRates(history, gaps);
  model.arrivals = LearnArrivals(history, model.close.truncated_before);
  model.amounts = LearnAmounts(history);
  return model;
}

Model LearnModel(const DealTable& table) { return LearnModel(History(table)); }

double ExpectedRemainder(const DealTable& table, const Model& model, const DayRange& days) {
  return RemainderOf(History(table), model, days).mean;
}

}  // namespace gtm::forecasting::domain
