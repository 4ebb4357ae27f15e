#pragma once
// How the rates of winning and losing differ between deals, beyond age and position in the
// quarter: by segment, by size of the amount and by what the buyer did. Every difference is
// shrunken toward none by what the levels of its kind differ by beyond chance; where that is
// nothing, so is it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/engagement_effects.h"
#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

// Open deals that share their chances.
struct RiskClass {
  int32_t age = 0;  // days since it entered the pipeline
  // Factors on its rates of winning and losing: exp(step * kRiskStep).
  int8_t win_step = 0;
  int8_t loss_step = 0;
  // Its engagement at the cut, which moves them further, for a while; 0: not at all.
  EngagementState engagement = 0;
  friend auto operator<=>(const RiskClass&, const RiskClass&) = default;
};
inline constexpr double kRiskStep = 0.05;
inline constexpr int kRiskStepMax = 40;

// Amounts are told apart by fifths of the amounts of closed deals.
inline constexpr int kSizeBandCount = 5;

struct RiskEffects {
  // Logarithms of factors.
  struct Effect {
    double won = 0;
    double lost = 0;
  };
  std::vector<std::pair<std::string, Effect>> segments;  // by name; only those with an effect
  std::array<Effect, kSizeBandCount> sizes{};
  std::array<double, kSizeBandCount - 1> size_edges{};  // micros, rising
  EngagementEffects engagement;

  Effect OfSegment(std::string_view segment) const;
  // Of an expected amount; of an unknown one (0) none.
  Effect OfSize(double expected_micros) const;
  int BandOf(double expected_micros) const;  // -1: unknown
  bool is_none() const;
  // Of each segment of a history, so that its rows need no names.
  std::vector<Effect> OfAll(const std::vector<std::string>& segments) const;
  RiskClass ClassOf(int32_t age, const Effect& segment, const HistoryRow& row,
                    EngagementState engagement) const;
};

// The nearest step to a logarithm.
int8_t StepOf(double log_factor);

// Factors of levels that brought `observed` events where `expected` were due:
// (observed + k) / (expected + k), with k from what the levels differ by beyond chance
// (moments of the Gamma-Poisson model). All 1 where the differences are within
// `chance_errors` standard deviations of pure chance: more where many are asked at once.
std::vector<double> ShrunkenFactors(const std::vector<double>& observed,
                                    const std::vector<double>& expected, double chance_errors = 1);

}  // namespace gtm::forecasting::domain
