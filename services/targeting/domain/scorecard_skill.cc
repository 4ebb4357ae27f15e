#include "services/targeting/domain/scorecard_skill.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <numeric>

#include "common/stats/intervals.h"
#include "common/stats/scale_logit.h"

namespace gtm::targeting::domain {
namespace {

constexpr double kChanceMin = 1e-6;
constexpr size_t kBandCount = 10;

double Loss(double chance, uint8_t won) {
  const double p = std::clamp(chance, kChanceMin, 1 - kChanceMin);
  return -std::log(won != 0 ? p : 1 - p);
}

Measured MeanOf(std::span<const double> values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, n > 1 ? std::sqrt(squares / (n - 1) / n) : 0};
}

// DeLong's placements: of each case, the share of the cases of the other outcome in its
// fold that it is on the right side of. Their mean by outcome is the AUC.
struct Placements {
  std::vector<double> placement;  // [case]; -1 where its fold lacks the other outcome
  double auc = 0.5;
};

Placements Place(std::span<const Told> told) {
  Placements out;
  out.placement.assign(told.size(), -1);
  std::map<uint16_t, std::vector<size_t>> folds;
  for (size_t i = 0; i < told.size(); ++i) folds[told[i].fold].push_back(i);
  double pairs = 0, right = 0;
  for (auto& [fold, cases] : folds) {
    std::stable_sort(cases.begin(), cases.end(),
                     [&](size_t a, size_t b) { return told[a].chance < told[b].chance; });
    double wins = 0;
    for (const size_t i : cases) wins += told[i].won;
    const double losses = static_cast<double>(cases.size()) - wins;
    if (wins == 0 || losses == 0) continue;
    double won_below = 0, lost_below = 0;
    for (size_t at = 0; at < cases.size();) {
      size_t next = at;
      double won_here = 0, lost_here = 0;
      while (next < cases.size() && told[cases[next]].chance == told[cases[at]].chance) {
        (told[cases[next]].won != 0 ? won_here : lost_here) += 1;
        ++next;
      }
      for (; at < next; ++at) {
        const size_t i = cases[at];
        out.placement[i] = told[i].won != 0 ? (lost_below + lost_here / 2) / losses
                                            : 1 - (won_below + won_here / 2) / wins;
        if (told[i].won != 0) right += out.placement[i] * losses;
      }
      won_below += won_here;
      lost_below += lost_here;
    }
    pairs += wins * losses;
  }
  if (pairs > 0) out.auc = right / pairs;
  return out;
}

// Standard error of a mean of placements of both outcomes, given the deviations.
double DeLongError(std::span<const Told> told, std::span<const double> placement) {
  std::vector<double> of_won, of_lost;
  for (size_t i = 0; i < told.size(); ++i) {
    if (std::isnan(placement[i])) continue;
    (told[i].won != 0 ? of_won : of_lost).push_back(placement[i]);
  }
  return std::hypot(MeanOf(of_won).error, MeanOf(of_lost).error);
}

Measured AucOf(std::span<const Told> told) {
  Placements placed = Place(told);
  for (double& p : placed.placement) {
    if (p < 0) p = NAN;
  }
  return {placed.auc, DeLongError(told, placed.placement)};
}

// Logistic regression of the outcome on the log odds told.
Measured SlopeOf(std::span<const Told> told) {
  std::vector<double> log_odds;
  std::vector<uint8_t> won;
  for (const Told& t : told) {
    const double p = std::clamp(t.chance, kChanceMin, 1 - kChanceMin);
    log_odds.push_back(std::log(p / (1 - p)));
    won.push_back(t.won);
  }
  const stats::LogitScale scale = stats::FitLogitScale(log_odds, won);
  if (scale.factor_variance == 0) return {1, 0};
  return {scale.factor, std::sqrt(scale.factor_variance)};
}

void MeasureBands(std::span<const Told> told, Skill* skill) {
  std::vector<size_t> order(told.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return told[a].chance < told[b].chance; });
  const size_t bands = std::min(kBandCount, told.size());
  for (size_t k = 0; k < bands; ++k) {
    ChanceBand band;
    for (size_t i = k * told.size() / bands; i < (k + 1) * told.size() / bands; ++i) {
      ++band.count;
      band.won_count += told[order[i]].won;
      band.mean_chance += told[order[i]].chance;
    }
    band.mean_chance /= static_cast<double>(band.count);
    skill->bands.push_back(band);
    skill->calibration_error += std::abs(band.mean_chance * static_cast<double>(band.count) -
                                         static_cast<double>(band.won_count)) /
                                static_cast<double>(told.size());
  }
  if (skill->won_count == 0 || bands == 0) return;
  const ChanceBand& top = skill->bands.back();
  const double base = static_cast<double>(skill->won_count) / static_cast<double>(skill->count);
  const double rate = static_cast<double>(top.won_count) / static_cast<double>(top.count);
  skill->top_lift = {rate / base,
                     std::sqrt(rate * (1 - rate) / static_cast<double>(top.count)) / base};
}

}  // namespace

Skill MeasureSkill(std::span<const Told> told, std::span<const double> base) {
  Skill skill;
  skill.count = static_cast<int64_t>(told.size());
  for (const Told& t : told) skill.won_count += t.won;
  if (told.empty()) return skill;
  skill.auc = AucOf(told);
  const double rate = static_cast<double>(skill.won_count) / static_cast<double>(skill.count);
  std::vector<double> losses, gains;
  for (size_t i = 0; i < told.size(); ++i) {
    losses.push_back(Loss(told[i].chance, told[i].won));
    gains.push_back(Loss(base.empty() ? rate : base[i], told[i].won) - losses.back());
  }
  skill.log_loss = MeanOf(losses);
  skill.log_loss_gain = MeanOf(gains);
  skill.calibration_slope = SlopeOf(told);
  MeasureBands(told, &skill);
  return skill;
}

bool HasSignal(const Skill& skill) {
  return skill.auc.low(-stats::NormalQuantile(kSignalSignificance)) > 0.5;
}

SkillDifference CompareSkill(std::span<const Told> a, std::span<const Told> b) {
  assert(a.size() == b.size());
  const Placements of_a = Place(a), of_b = Place(b);
  std::vector<double> difference(a.size()), loss(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const bool placed = of_a.placement[i] >= 0 && of_b.placement[i] >= 0;
    difference[i] = placed ? of_a.placement[i] - of_b.placement[i] : NAN;
    loss[i] = Loss(a[i].chance, a[i].won) - Loss(b[i].chance, b[i].won);
  }
  return {{of_a.auc - of_b.auc, DeLongError(a, difference)}, MeanOf(loss)};
}

}  // namespace gtm::targeting::domain
