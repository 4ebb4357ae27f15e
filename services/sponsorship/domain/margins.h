#pragma once
// What would have to change for another answer (C10): exact, from the same solve.

#include <cstdint>
#include <optional>

#include "services/sponsorship/domain/match.h"
#include "services/sponsorship/domain/residual.h"

namespace gtm::sponsorship::domain {

// Losses of forced changes to an optimal matching. Keeps references to both arguments.
// Costs O(n m + m^3) once; each question O(1) or O(m).
class Margins {
 public:
  Margins(const MatchProblem& problem, const MatchSolution& solution);

  // How much total value (with first_shift for those served first) is lost if the
  // candidate must have this executive, everyone else being matched anew at best. If
  // the pair were worth more than this in addition, it would be chosen. 0 for the pair
  // chosen and for ties. Empty where the pair is forbidden or the executive has no slot.
  std::optional<int64_t> LossOf(int32_t candidate, int32_t executive) const;

  struct RunnerUp {
    int32_t executive = kUnmatched;  // kUnmatched where there is no other
    int64_t loss = 0;
  };
  // The executive other than the chosen one with the least loss, ties to the first.
  RunnerUp NextBest(int32_t candidate) const;

 private:
  const MatchProblem& problem_;
  const MatchSolution& solution_;
  internal::Residual paths_;
};

}  // namespace gtm::sponsorship::domain
