#pragma once
// The best pairs of candidates and executives under capacities, exactly (SP-14, C09).
//
// Maximizes the total benefit of an assignment in which a candidate has at most one
// executive and an executive has at most `capacity` candidates. Integers only. Among all
// optimal assignments the answer is the canonical one: the lexicographically smallest
// list of executives in candidate order, where "no executive" comes after every
// executive. So callers fix ties by the order in which they list candidates.
//
// Method: candidates enter one at a time along a shortest augmenting path (Dijkstra over
// executives with potentials; a capacity stays one node, and the cheapest move between
// each two executives is kept up to date). O(n m^2) at worst for n candidates and m
// executives, far less in practice.
//
//   MatchProblem problem{.candidate_count = 2, .executive_count = 1,
//                        .benefits = {5, 7}, .capacities = {1}};
//   MatchSponsors(problem)->executive_of;  // {kUnmatched, 0}

#include <cstdint>
#include <vector>

#include "common/core/result.h"

namespace gtm::sponsorship::domain {

// A pair that must not be made.
inline constexpr int64_t kForbidden = INT64_MIN;
inline constexpr int32_t kUnmatched = -1;

// With these limits no sum or price below can overflow: a benefit with its bonus is at
// most 2^41, first_shift less than 2^56, an objective less than 2^61.
inline constexpr int64_t kBenefitMax = int64_t{1} << 40;  // of |benefit| and keep_bonus
inline constexpr int32_t kMatchCandidatesMax = 1 << 20;
inline constexpr int32_t kMatchExecutivesMax = 1 << 12;
inline constexpr int64_t kMatchPairsMax = int64_t{1} << 28;

struct MatchProblem {
  int32_t candidate_count = 0;
  int32_t executive_count = 0;
  // [candidate * executive_count + executive]; kForbidden, or within +-kBenefitMax. A
  // candidate stays without an executive rather than in a pair of negative benefit,
  // unless it is served first.
  std::vector<int64_t> benefits;
  // One an executive, at least 0.
  std::vector<int32_t> capacities;
  // Optional (else empty), one a candidate: the executive of a live pair that still
  // qualifies, or kUnmatched. That pair's benefit is raised by keep_bonus (C09), so a
  // relationship is broken only where the total gains more than the bonus.
  std::vector<int32_t> live_executives;
  int64_t keep_bonus = 0;
  // Optional (else empty), one a candidate: 1 where being matched comes before any
  // benefit. As many of these as possible are matched, at whatever benefit; only then
  // does the total count. All 1: match as many as possible, then at the best total.
  std::vector<uint8_t> served_first;

  bool IsForbidden(int32_t candidate, int32_t executive) const {
    return benefits[Cell(candidate, executive)] == kForbidden;
  }
  // With the keep bonus, without the shift. The pair must not be forbidden.
  int64_t Benefit(int32_t candidate, int32_t executive) const {
    const bool live =
        !live_executives.empty() && live_executives[static_cast<size_t>(candidate)] == executive;
    return benefits[Cell(candidate, executive)] + (live ? keep_bonus : 0);
  }
  bool IsServedFirst(int32_t candidate) const {
    return !served_first.empty() && served_first[static_cast<size_t>(candidate)] != 0;
  }
  size_t Cell(int32_t candidate, int32_t executive) const {
    return static_cast<size_t>(candidate) * static_cast<size_t>(executive_count) +
           static_cast<size_t>(executive);
  }
};

// An optimal assignment and the prices that prove it. With
//   value(i, j) = Benefit(i, j) + (IsServedFirst(i) ? first_shift : 0)
// all prices are >= 0, candidate_prices[i] + executive_prices[j] >= value(i, j) for every
// allowed pair, and the sum of candidate_prices plus capacity * executive price over all
// executives equals the total value.
struct MatchSolution {
  std::vector<int32_t> executive_of;  // one a candidate
  int64_t objective = 0;              // sum of Benefit over the pairs
  std::vector<int64_t> candidate_prices;
  // The least optimal prices: exactly what the total value gains from one more slot of
  // the executive. More than half of first_shift where the slot would serve one more
  // candidate that is served first.
  std::vector<int64_t> executive_prices;
  // 0 where nobody is served first. Larger than anything that a chain of moves can gain.
  int64_t first_shift = 0;
};

// The canonical optimum. Errors: INVALID_FIELDS where the problem breaks its limits.
Result<MatchSolution> MatchSponsors(const MatchProblem& problem);

// Proves that the solution is feasible and optimal by its prices, from the problem alone,
// in one pass over the pairs. Error: INTERNAL_ERROR that names the first broken rule.
// (Canonical choice among ties is not part of the proof.)
Status VerifyOptimal(const MatchProblem& problem, const MatchSolution& solution);

// The value of a pair as the prices see it; the pair must not be forbidden.
inline int64_t ShiftedBenefit(const MatchProblem& problem, int64_t first_shift, int32_t candidate,
                              int32_t executive) {
  return problem.Benefit(candidate, executive) +
         (problem.IsServedFirst(candidate) ? first_shift : 0);
}
// A shift that puts serving a candidate before any benefit. A chain of moves leaves at
// most m pairs and makes at most m + 1, so that its benefit is less than half the shift:
// a price or loss above half the shift is about serving one candidate more or less.
int64_t FirstShift(const MatchProblem& problem);

}  // namespace gtm::sponsorship::domain
