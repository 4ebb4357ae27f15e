#pragma once
// How well chances told beforehand fit what happened.

#include <cstdint>
#include <span>
#include <vector>

namespace gtm::targeting::domain {

// A number with its standard error.
struct Measured {
  double value = 0;
  double error = 0;
  double low(double errors) const { return value - errors * error; }
  double high(double errors) const { return value + errors * error; }
};

// What was told of a case, and what came.
struct Told {
  double chance = 0;  // 0 to 1
  uint8_t won = 0;
  uint16_t fold = 0;  // told by the same card; ranks are compared within a fold only
};

// Cases by rising chance in bands of about equal size.
struct ChanceBand {
  int64_t count = 0;
  int64_t won_count = 0;
  double mean_chance = 0;
};

struct Skill {
  int64_t count = 0;
  int64_t won_count = 0;
  // Chance that a won case was told a higher chance than a lost one (ties count half):
  // mean over the folds, weighted by pairs. Standard error of DeLong et al. (1988).
  // 0.5 where a fold has no such pair.
  Measured auc;
  // Mean of -ln(chance of what came). Chances are taken as at least 1e-6 and at most 1 less.
  Measured log_loss;
  // By how much it is less than that of the rate told for all (`base`): > 0 is skill.
  Measured log_loss_gain;
  // Log odds of what came regressed on the log odds told: 1 where chances are neither too
  // bold (below 1) nor too timid. 1 without error where it cannot be told.
  Measured calibration_slope;
  // Mean of |told - came| over the bands, weighted by cases.
  double calibration_error = 0;
  std::vector<ChanceBand> bands;  // ten, or as many as there are cases; lowest first
  // Rate won of the tenth with the highest chances, over the rate of all; its standard error.
  Measured top_lift;
};

// base[i]: the rate that is told without looking at the case, of the same rows as `told`;
// empty: the rate of `told` itself.
Skill MeasureSkill(std::span<const Told> told, std::span<const double> base = {});

// Whether cases held back were told apart better than by chance: the AUC is over one half, with
// a chance of calling noise a signal of kSignalSignificance. Order is what a definition is for;
// that its chances are off, as after a change of the share won, is told by the calibration.
inline constexpr double kSignalSignificance = 0.01;
bool HasSignal(const Skill& skill);

// Difference of the AUC of two tellings of the same cases (DeLong et al., 1988, paired), and
// of their log losses: a - b, so > 0 of the AUC and < 0 of the loss say that a is better.
struct SkillDifference {
  Measured auc;
  Measured log_loss;
};
SkillDifference CompareSkill(std::span<const Told> a, std::span<const Told> b);

}  // namespace gtm::targeting::domain
