#include "services/sponsorship/domain/margins.h"

namespace gtm::sponsorship::domain {

Margins::Margins(const MatchProblem& problem, const MatchSolution& solution)
    : problem_(problem), solution_(solution), paths_(problem, solution) {
  paths_.CloseOverPaths();
}

std::optional<int64_t> Margins::LossOf(int32_t candidate, int32_t executive) const {
  const auto at = static_cast<size_t>(executive);
  if (problem_.IsForbidden(candidate, executive) || problem_.capacities[at] == 0) return {};
  const int32_t own = solution_.executive_of[static_cast<size_t>(candidate)];
  if (own == executive) return 0;
  // The candidate comes to `executive`; chains of moves close the circle at the place
  // that it left. None of them needs the candidate itself, who leaves that place once.
  const int32_t left = own == kUnmatched ? paths_.outside() : own;
  const int64_t path = paths_.length(executive, left);
  if (path >= internal::kNoPath) return {};
  return internal::Slack(problem_, solution_, candidate, executive) + path;
}

Margins::RunnerUp Margins::NextBest(int32_t candidate) const {
  RunnerUp best;
  for (int32_t j = 0; j < problem_.executive_count; ++j) {
    if (j == solution_.executive_of[static_cast<size_t>(candidate)]) continue;
    const std::optional<int64_t> loss = LossOf(candidate, j);
    if (loss && (best.executive == kUnmatched || *loss < best.loss)) best = {j, *loss};
  }
  return best;
}

}  // namespace gtm::sponsorship::domain
