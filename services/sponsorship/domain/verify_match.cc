#include <fmt/format.h>

#include "services/sponsorship/domain/match.h"
#include "services/sponsorship/domain/residual.h"

namespace gtm::sponsorship::domain {
namespace {

Error Broken(std::string what) {
  return Error(Reason::INTERNAL_ERROR, "the matching is not proven: " + std::move(what));
}

Status CheckFeasible(const MatchProblem& p, const MatchSolution& s) {
  const auto candidates = static_cast<size_t>(p.candidate_count);
  const auto executives = static_cast<size_t>(p.executive_count);
  if (s.executive_of.size() != candidates || s.candidate_prices.size() != candidates ||
      s.executive_prices.size() != executives) {
    return Broken("wrong number of entries");
  }
  for (int32_t i = 0; i < p.candidate_count; ++i) {
    const int32_t j = s.executive_of[static_cast<size_t>(i)];
    if (j < kUnmatched || j >= p.executive_count) return Broken(fmt::format("no executive {}", j));
    if (j != kUnmatched && p.IsForbidden(i, j)) {
      return Broken(fmt::format("pair ({}, {}) is forbidden", i, j));
    }
  }
  const std::vector<int32_t> loads = internal::Loads(p, s);
  for (size_t j = 0; j < executives; ++j) {
    if (loads[j] > p.capacities[j]) return Broken(fmt::format("executive {} is over capacity", j));
  }
  return {};
}

// Prices are non-negative, bound every pair, and waste nothing.
Status CheckPrices(const MatchProblem& p, const MatchSolution& s) {
  for (int32_t i = 0; i < p.candidate_count; ++i) {
    const int64_t price = s.candidate_prices[static_cast<size_t>(i)];
    const int32_t own = s.executive_of[static_cast<size_t>(i)];
    if (price < 0) return Broken(fmt::format("candidate {} has a negative price", i));
    if (own == kUnmatched && price != 0) {
      return Broken(fmt::format("candidate {} has a price but no executive", i));
    }
    for (int32_t j = 0; j < p.executive_count; ++j) {
      if (p.IsForbidden(i, j)) continue;
      const int64_t slack = internal::Slack(p, s, i, j);
      if (slack < 0) return Broken(fmt::format("pair ({}, {}) is worth more than its price", i, j));
      if (j == own && slack != 0) {
        return Broken(fmt::format("pair ({}, {}) is worth less than its price", i, j));
      }
    }
  }
  const std::vector<int32_t> loads = internal::Loads(p, s);
  for (size_t j = 0; j < loads.size(); ++j) {
    if (s.executive_prices[j] < 0) {
      return Broken(fmt::format("executive {} has a negative price", j));
    }
    if (s.executive_prices[j] > 0 && loads[j] < p.capacities[j]) {
      return Broken(fmt::format("executive {} has a price and a free slot", j));
    }
  }
  return {};
}

}  // namespace

Status VerifyOptimal(const MatchProblem& problem, const MatchSolution& solution) {
  GTM_RETURN_IF_ERROR(CheckFeasible(problem, solution));
  if (solution.first_shift < FirstShift(problem)) return Broken("first_shift is too small");
  GTM_RETURN_IF_ERROR(CheckPrices(problem, solution));
  // Strong duality, in 128 bits: implied by the above, and checked apart from it.
  __int128 total = 0;
  __int128 dual = 0;
  int64_t objective = 0;
  for (int32_t i = 0; i < problem.candidate_count; ++i) {
    const int32_t j = solution.executive_of[static_cast<size_t>(i)];
    dual += solution.candidate_prices[static_cast<size_t>(i)];
    if (j == kUnmatched) continue;
    objective += problem.Benefit(i, j);
    total += ShiftedBenefit(problem, solution.first_shift, i, j);
  }
  for (size_t j = 0; j < solution.executive_prices.size(); ++j) {
    dual += static_cast<__int128>(solution.executive_prices[j]) * problem.capacities[j];
  }
  if (total != dual) return Broken("the prices do not sum to the total value");
  if (objective != solution.objective) return Broken("the objective is not the sum of the pairs");
  return {};
}

}  // namespace gtm::sponsorship::domain
