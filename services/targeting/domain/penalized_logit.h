#pragma once
// Logistic regression on levels with a quadratic penalty a block, whose strength comes from
// the rows. The numbers behind FitScorecard.

#include <cstdint>
#include <vector>

namespace gtm::targeting::domain {

// A column of levels as the solver sees it. Level l has the parameter parameter_of[l].
struct LevelBlock {
  std::vector<uint16_t> levels;        // [row]
  std::vector<uint16_t> parameter_of;  // [level]
  // The first so many parameters are ordered (neighbours are alike), the rest are not.
  int ordered_count = 0;
  int parameter_count = 0;
};

struct LogitFit {
  double intercept = 0;
  std::vector<std::vector<double>> coefficients;  // [block][parameter]
  // Covariance of a block's parameters, row by row.
  std::vector<std::vector<double>> covariances;
  std::vector<double> penalties;   // [block]
  std::vector<double> parameters;  // effective, [block]
  std::vector<double> chances;     // [row]
};

// `won` has both outcomes. All blocks have as many rows as `won`. penalty_factor > 0: on the
// penalties that the rows suggest, once they have been found.
LogitFit FitPenalizedLogit(const std::vector<LevelBlock>& blocks, const std::vector<uint8_t>& won,
                           double penalty_factor);

}  // namespace gtm::targeting::domain
