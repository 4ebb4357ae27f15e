#include "services/forecasting/domain/joint_draws.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/core/random.h"
#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {
namespace {

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

// Donors by cumulative weight, so that a uniform number finds one.
std::vector<double> Cumulate(const std::vector<Donor>& donors) {
  std::vector<double> sums;
  double sum = 0;
  for (const Donor& donor : donors) sums.push_back(sum += donor.weight);
  sums.back() = 1;
  return sums;
}

}  // namespace

DrawFactors MakeFactors(const Model& model, double days) {
  DrawFactors factors;
  factors.win_z = Normals(0x77696e);
  const double shape = ArrivalShape(model, days);
  factors.arrival = Stratified(0x6e6577, 256,
                               [&](double p) { return stats::GammaQuantile(p, shape, 1 / shape); });
  ScaleToMean(1, &factors.arrival);
  factors.amount = LogNormals(0x616d74, NewAmountSpread(model));
  ScaleToMean(1, &factors.amount);
  factors.ratio = LogNormals(0x726174, model.amounts.ratio_uncertainty);
  ScaleToMean(1, &factors.ratio);
  return factors;
}

void AddDealDraws(std::string_view id, double amount_micros, const NodeValues& chances,
                  const DrawFactors& factors, const std::array<float, 256>& ratio_noise, int sign,
                  std::vector<int64_t>* draws) {
  // Too rare to show in the draws; the mean still has it.
  if (!(chances.back() * kDrawCount > 1e-3)) return;
  const uint64_t seed = SeedOf(id);
  for (size_t i = 0; i < kDrawCount; ++i) {
    const uint64_t number = Mix(seed + (i + 1) * kStep);
    const double luck = static_cast<double>(number >> 11) * 0x1p-53;
    if (luck >= Interpolate(chances, factors.win_z[i])) continue;
    // The low bits are independent of the high ones that decided.
    const double noise = ratio_noise[number & 255];
    (*draws)[i] =
        AddClamped((*draws)[i], sign * RoundClamped(amount_micros * factors.ratio[i] * noise));
  }
}

void AddNewDraws(const PeriodParts& parts, const DealTable& table, const Model& model,
                 const DrawFactors& factors, const Selection& selection,
                 std::vector<int64_t>* draws) {
  const std::vector<Donor>& donors = model.amounts.donors;
  if (parts.is_over || donors.empty()) return;
  std::vector<char> selected(donors.size());
  for (size_t d = 0; d < donors.size(); ++d) {
    selected[d] = selection.Holds(table.deals[donors[d].deal]);
  }
  const std::vector<double> sums = Cumulate(donors);
  const double smoothing = model.amounts.smoothing;
  for (size_t i = 0; i < kDrawCount; ++i) {
    const double wins = factors.arrival[i] * Interpolate(parts.new_wins, factors.win_z[i]);
    Random random(Mix(0x647261 + i * kStep));
    const int64_t count = random.Poisson(std::min(wins, 1e6));
    for (int64_t n = 0; n < count; ++n) {
      const auto d = static_cast<size_t>(
          std::lower_bound(sums.begin(), sums.end(), random.Uniform()) - sums.begin());
      double amount = static_cast<double>(donors[d].amount_micros) * factors.amount[i];
      if (smoothing > 0) {
        amount *= std::exp(smoothing * random.Normal() - smoothing * smoothing / 2);
      }
      if (selected[d]) (*draws)[i] = AddClamped((*draws)[i], RoundClamped(amount));
    }
  }
}

}  // namespace gtm::forecasting::domain
