#pragma once
// The day after which a level was another: one break in a series of counts.

#include <cstddef>
#include <optional>
#include <span>

namespace gtm::stats {

struct LevelBreakOptions {
  // Steps on either side: at least so many, and no more than so many are looked at.
  size_t side_min = 13;
  size_t side_max = 26;
  double count_min = 30;       // events on both sides together
  double significance = 0.01;  // after correction for every step (and series) tried
  double factor_min = 1.5;     // by which the level must have changed
  double series_count = 1;     // that the caller looks at
  // Counts are successes of `exposures` trials, else Poisson.
  bool is_binomial = false;
};

struct LevelBreak {
  size_t at = 0;                 // first step of the new level
  double before = 0, after = 0;  // events per unit of exposure
  double p_value = 1;
};

// The strongest break, if any: the likelihood ratio of two levels against one, over the
// overdispersion within the two, at every step that has enough on both sides, by Bonferroni's
// correction. No exposures: 1 a step. As many exposures as counts.
std::optional<LevelBreak> StrongestLevelBreak(std::span<const double> counts,
                                              std::span<const double> exposures,
                                              const LevelBreakOptions& options);

}  // namespace gtm::stats
