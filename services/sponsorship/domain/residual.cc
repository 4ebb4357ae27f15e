#include "services/sponsorship/domain/residual.h"

#include <algorithm>

namespace gtm::sponsorship::domain::internal {

std::vector<int32_t> Loads(const MatchProblem& problem, const MatchSolution& solution) {
  std::vector<int32_t> loads(static_cast<size_t>(problem.executive_count), 0);
  for (const int32_t j : solution.executive_of) {
    if (j != kUnmatched) ++loads[static_cast<size_t>(j)];
  }
  return loads;
}

Residual::Residual(const MatchProblem& problem, const MatchSolution& solution)
    : node_count_(problem.executive_count + 1),
      lengths_(static_cast<size_t>(node_count_) * static_cast<size_t>(node_count_), kNoPath) {
  const int32_t m = problem.executive_count;
  const std::vector<int32_t> loads = Loads(problem, solution);
  for (int32_t j = 0; j < m; ++j) {
    const size_t at = static_cast<size_t>(j);
    lengths_[Cell(outside(), j)] = solution.executive_prices[at];
    if (loads[at] < problem.capacities[at]) lengths_[Cell(j, outside())] = 0;
    lengths_[Cell(j, j)] = 0;
  }
  lengths_[Cell(outside(), outside())] = 0;
  for (int32_t i = 0; i < problem.candidate_count; ++i) {
    const int32_t own = solution.executive_of[static_cast<size_t>(i)];
    const int32_t from = own == kUnmatched ? outside() : own;
    int64_t* row = &lengths_[Cell(from, 0)];
    for (int32_t k = 0; k < m; ++k) {
      if (!problem.IsForbidden(i, k)) row[k] = std::min(row[k], Slack(problem, solution, i, k));
    }
    row[m] = std::min(row[m], solution.candidate_prices[static_cast<size_t>(i)]);
  }
}

void Residual::CloseOverPaths() {
  for (int32_t via = 0; via < node_count_; ++via) {
    for (int32_t x = 0; x < node_count_; ++x) {
      const int64_t first = length(x, via);
      if (first >= kNoPath) continue;
      int64_t* row = &lengths_[Cell(x, 0)];
      const int64_t* rest = &lengths_[Cell(via, 0)];
      for (int32_t y = 0; y < node_count_; ++y) row[y] = std::min(row[y], first + rest[y]);
    }
  }
}

}  // namespace gtm::sponsorship::domain::internal
