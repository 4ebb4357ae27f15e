#pragma once
// Ties: from any optimal matching to the canonical one. Internal to match.cc.

#include "services/sponsorship/domain/match.h"

namespace gtm::sponsorship::domain::internal {

// Replaces solution->executive_of by the lexicographically smallest optimal assignment in
// candidate order (kUnmatched last). Needs optimal prices, which stay as they are: an
// assignment is optimal exactly if it uses pairs without slack, leaves out only candidates
// of price 0, and fills executives whose price is above 0. Each candidate in turn takes
// the first executive that some cycle of such moves allows, and is then fixed.
void MakeCanonical(const MatchProblem& problem, MatchSolution* solution);

}  // namespace gtm::sponsorship::domain::internal
