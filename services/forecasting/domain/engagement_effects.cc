#include "services/forecasting/domain/engagement_effects.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "services/forecasting/domain/risk_effects.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kWonCause = 0, kLostCause = 1;
constexpr int kRounds = 4;
// Six features, three lags and two causes are asked at once: a difference must be this many
// standard deviations beyond chance.
constexpr double kChanceErrors = 2.5;
// Chances are computed by step, and each step of its own costs time: effects of engagement
// come in twos.
constexpr int kCoarseness = 2;

DayNumber MarkFrom(DayNumber day) {
  const DayNumber rest = day % kMarkDays;
  return rest == 0 ? day : day - rest + (rest > 0 ? kMarkDays : 0);
}

int8_t CoarseStepOf(double log_factor) {
  return static_cast<int8_t>(StepOf(log_factor / kCoarseness) * kCoarseness);
}

size_t LevelAt(EngagementState state, size_t feature) {
  return static_cast<size_t>(LevelOf(state, static_cast<EngagementFeature>(feature)));
}

// before[i]: the sum of the first i.
void SumUp(const std::vector<double>& values, std::vector<double>* before) {
  before->assign(values.size() + 1, 0);
  for (size_t i = 0; i < values.size(); ++i) (*before)[i + 1] = (*before)[i] + values[i];
}

}  // namespace

void EngagementLearner::Add(std::span<const EngagementChange> changes, DayNumber first,
                            const std::vector<double>& won, const std::vector<double>& lost,
                            std::optional<Outcome> closed_as) {
  if (changes.empty() || won.empty()) return;
  SumUp(won, &won_before_);
  SumUp(lost, &lost_before_);
  const auto day_count = static_cast<int>(won.size());
  const DayNumber last = first + day_count - 1;
  for (DayNumber mark = MarkFrom(std::max(first, changes.front().day)); mark < last;
       mark += kMarkDays) {
    const EngagementState state = StateAt(changes, mark);
    int begin = 0;  // days after the mark
    for (size_t lag = 0; lag < kEngagementLagCount; ++lag) {
      const int end = kEngagementLagEnds[lag];
      const int from = mark + 1 + begin - first;
      const int to = std::min(day_count, mark + 1 + end - first);  // beyond
      // A day lies after many marks: together they count it once.
      const double weight = static_cast<double>(kMarkDays) / (end - begin);
      begin = end;
      if (from >= to) break;
      const auto a = static_cast<size_t>(from), b = static_cast<size_t>(to);
      Counts& wins = counts_[lag][kWonCause][state];
      Counts& losses = counts_[lag][kLostCause][state];
      wins.expected += weight * (won_before_[b] - won_before_[a]);
      losses.expected += weight * (lost_before_[b] - lost_before_[a]);
      if (closed_as && to == day_count) {
        (*closed_as == Outcome::kWon ? wins : losses).observed += weight;
      }
    }
  }
}

std::vector<double> EngagementLearner::LearnCause(const States& states) {
  std::vector<EngagementState> seen;
  for (EngagementState state = 1; state < kEngagementStateCount; ++state) {
    if (states[state].expected > 0) seen.push_back(state);
  }
  std::array<std::vector<double>, kEngagementFeatureCount> factors;
  for (size_t f = 0; f < kEngagementFeatureCount; ++f) {
    factors[f].assign(static_cast<size_t>(kEngagementLevelCount[f]), 1);
  }
  const auto factor_of = [&](EngagementState state) {
    double product = 1;
    for (size_t f = 0; f < kEngagementFeatureCount; ++f) {
      product *= factors[f][LevelAt(state, f)];
    }
    return product;
  };
  for (int round = 0; round < kRounds; ++round) {
    for (size_t f = 0; f < kEngagementFeatureCount; ++f) {
      std::vector<double>& of = factors[f];
      std::vector<double> observed(of.size(), 0), expected(of.size(), 0);
      for (const EngagementState state : seen) {
        const size_t level = LevelAt(state, f);
        observed[level] += states[state].observed;
        expected[level] += states[state].expected * factor_of(state) / of[level];
      }
      of = ShrunkenFactors(observed, expected, kChanceErrors);
    }
  }
  double before = 0, after = 0;
  for (const EngagementState state : seen) {
    before += states[state].expected;
    after += states[state].expected * factor_of(state);
  }
  std::vector<double> logs(static_cast<size_t>(kEngagementStateCount), 0);
  if (!(after > 0)) return logs;
  for (EngagementState state = 1; state < kEngagementStateCount; ++state) {
    logs[state] = std::log(factor_of(state) * before / after);
  }
  return logs;
}

EngagementEffects EngagementLearner::Learn() const {
  EngagementEffects effects;
  effects.of_.resize(static_cast<size_t>(kEngagementStateCount));
  for (size_t lag = 0; lag < kEngagementLagCount; ++lag) {
    const auto won = LearnCause(counts_[lag][kWonCause]);
    const auto lost = LearnCause(counts_[lag][kLostCause]);
    for (EngagementState state = 1; state < kEngagementStateCount; ++state) {
      effects.of_[state][lag] = {CoarseStepOf(won[state]), CoarseStepOf(lost[state])};
    }
  }
  std::map<EngagementEffects::AllLags, EngagementState> first_like;
  for (EngagementState state = 0; state < kEngagementStateCount; ++state) {
    effects.canonical_.push_back(first_like.try_emplace(effects.of_[state], state).first->second);
  }
  if (first_like.size() == 1) return {};
  return effects;
}

}  // namespace gtm::forecasting::domain
