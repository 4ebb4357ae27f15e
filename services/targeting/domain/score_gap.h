#pragma once
// What would change a verdict: the criteria that have room, and the fewest that are enough.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

// A criterion that could give more than it does.
struct ScoreLever {
  std::string criterion_id;
  int64_t micropoints = 0;       // now; where its value is missing, what a gap counts
  int64_t best_micropoints = 0;  // the most that its rule can give
  bool known = false;
  std::string observed;
  std::string best_outcome;        // what gives the most
  std::string sufficient_outcome;  // the least that alone is enough; "" where nothing is
  int64_t gain() const { return best_micropoints - micropoints; }
};

struct ScoreGap {
  int64_t threshold_micropoints = 0;
  int64_t gap_micropoints = 0;  // 0: reached
  bool reachable = true;
  std::vector<ScoreLever> levers;  // by falling gain, ties in the order of the definition
  // The fewest criteria that close the gap, each at its best: the largest gains first, which
  // no smaller number can beat. Empty where nothing is missing, or nothing is enough.
  std::vector<std::string> fewest_criterion_ids;
};

// To be a target: the lowest fit that full data could give must reach the threshold, so a
// missing value counts with the least of its rule.
ScoreGap FindTargetGap(const Definition& definition, const WeighedAccount& account);
// To be a prospect besides (TG-09): engagement reaches its threshold, and is above 0. Nothing
// where engagement is not scored.
std::optional<ScoreGap> FindProspectGap(const Definition& definition,
                                        const WeighedAccount& account);

}  // namespace gtm::targeting::domain
