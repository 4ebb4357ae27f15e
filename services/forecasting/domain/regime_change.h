#pragma once
// Breaks in the level of arrivals or wins: weeks after which things were another way, so
// that what was learned before them may mislead.

#include <string>
#include <vector>

#include "services/forecasting/domain/history.h"

namespace gtm::forecasting::domain {

struct LevelBreak {
  bool of_wins = false;     // else of arrivals
  DayNumber first_day = 0;  // of the new level
  double before = 0;        // a week, over up to 26 weeks before and after
  double after = 0;
  double p_value = 1;  // corrected for every week and series that was tried
  std::string Message() const;
};

// Chance of a false alarm for a tenant whose levels never break, both series together; and
// the factor by which a level must have changed to be worth telling.
inline constexpr double kBreakSignificance = 0.01;
inline constexpr double kBreakFactorMin = 1.5;

// The strongest break of each series, if any: the likelihood ratio of two levels against
// one, over the overdispersion within the two (quasi-Poisson), at every week with 13 weeks
// or more on both sides, by Bonferroni's correction.
std::vector<LevelBreak> FindLevelBreaks(const History& history);

}  // namespace gtm::forecasting::domain
