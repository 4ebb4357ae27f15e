#include "services/forecasting/domain/risk_effects.h"

#include <algorithm>
#include <cmath>

namespace gtm::forecasting::domain {

RiskEffects::Effect RiskEffects::OfSegment(std::string_view segment) const {
  const auto it =
      std::lower_bound(segments.begin(), segments.end(), segment,
                       [](const auto& entry, std::string_view name) { return entry.first < name; });
  return it != segments.end() && it->first == segment ? it->second : Effect{};
}

int RiskEffects::BandOf(double expected_micros) const {
  if (expected_micros <= 0) return -1;
  return static_cast<int>(std::upper_bound(size_edges.begin(), size_edges.end(), expected_micros) -
                          size_edges.begin());
}

RiskEffects::Effect RiskEffects::OfSize(double expected_micros) const {
  const int band = BandOf(expected_micros);
  return band < 0 ? Effect{} : sizes[static_cast<size_t>(band)];
}

bool RiskEffects::is_none() const {
  return segments.empty() && engagement.is_none() &&
         std::all_of(sizes.begin(), sizes.end(),
                     [](const Effect& effect) { return effect.won == 0 && effect.lost == 0; });
}

std::vector<RiskEffects::Effect> RiskEffects::OfAll(const std::vector<std::string>& names) const {
  std::vector<Effect> effects;
  for (const std::string& name : names) effects.push_back(OfSegment(name));
  return effects;
}

RiskClass RiskEffects::ClassOf(int32_t age, const Effect& segment, const HistoryRow& row,
                               EngagementState state) const {
  const Effect size = OfSize(row.expected_micros);
  return {age, StepOf(segment.won + size.won), StepOf(segment.lost + size.lost),
          engagement.Canonical(state)};
}

int8_t StepOf(double log_factor) {
  return static_cast<int8_t>(
      std::clamp<long>(std::lround(log_factor / kRiskStep), -kRiskStepMax, kRiskStepMax));
}

std::vector<double> ShrunkenFactors(const std::vector<double>& observed,
                                    const std::vector<double>& expected, double chance_errors) {
  std::vector<double> factors(observed.size(), 1);
  double excess = 0, noise = 0, square = 0, levels = 0, all_observed = 0, all_expected = 0;
  for (size_t i = 0; i < observed.size(); ++i) {
    all_observed += observed[i];
    all_expected += expected[i];
  }
  if (all_expected <= 0 || all_observed <= 0) return factors;
  // Differences are judged against the levels' own average.
  const double center = all_observed / all_expected;
  for (size_t i = 0; i < observed.size(); ++i) {
    const double due = expected[i] * center;
    if (due <= 0) continue;
    excess += (observed[i] - due) * (observed[i] - due) - due * (1 - due / all_observed);
    noise += 2 * due * due + due;
    square += due * due;
    levels += 1;
  }
  // So much of pure chance is left out, so that chance alone is rarely taken for a difference.
  const double variance = levels < 2 ? 0 : (excess - chance_errors * std::sqrt(noise)) / square;
  if (variance <= 0) return factors;
  for (size_t i = 0; i < observed.size(); ++i) {
    const double due = expected[i] * center;
    factors[i] = (observed[i] + 1 / variance) / (due + 1 / variance);
  }
  return factors;
}

}  // namespace gtm::forecasting::domain
