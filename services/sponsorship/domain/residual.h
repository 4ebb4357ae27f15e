#pragma once
// What it costs to move a unit of capacity between executives in an optimal matching.
// Shared by proof, ties and margins.

#include <cstdint>
#include <vector>

#include "services/sponsorship/domain/match.h"

namespace gtm::sponsorship::domain::internal {

// Longer than any path; sums of two of them do not overflow.
inline constexpr int64_t kNoPath = int64_t{1} << 61;

// Lengths between nodes: executives 0 .. m-1, and node m, the outside, where unmatched
// candidates are and where empty slots come from. length(x, y) is the least loss (>= 0,
// measured against the prices) of moving a candidate from x to y; of emptying a slot of y
// (from the outside: the price of y); of filling an empty slot of x or dropping one of
// its candidates (to the outside).
class Residual {
 public:
  Residual(const MatchProblem& problem, const MatchSolution& solution);
  int32_t node_count() const { return node_count_; }
  int32_t outside() const { return node_count_ - 1; }
  int64_t length(int32_t from, int32_t to) const { return lengths_[Cell(from, to)]; }
  // Replaces lengths by those of shortest paths between all nodes, O(m^3).
  void CloseOverPaths();

 private:
  size_t Cell(int32_t from, int32_t to) const {
    return static_cast<size_t>(from) * static_cast<size_t>(node_count_) + static_cast<size_t>(to);
  }
  int32_t node_count_;
  std::vector<int64_t> lengths_;
};

// How much the prices exceed the value of an allowed pair: >= 0, 0 for chosen pairs.
inline int64_t Slack(const MatchProblem& problem, const MatchSolution& solution, int32_t candidate,
                     int32_t executive) {
  return solution.candidate_prices[static_cast<size_t>(candidate)] +
         solution.executive_prices[static_cast<size_t>(executive)] -
         ShiftedBenefit(problem, solution.first_shift, candidate, executive);
}

// Number of candidates of each executive.
std::vector<int32_t> Loads(const MatchProblem& problem, const MatchSolution& solution);

}  // namespace gtm::sponsorship::domain::internal
