#include "services/sponsorship/domain/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "services/sponsorship/domain/canonical.h"
#include "services/sponsorship/domain/path_solver.h"

namespace gtm::sponsorship::domain {
namespace {

// Largest value of a pair that the solver takes in 32 bits (see PathSolver's range).
constexpr int64_t kSmallBenefitMax = int64_t{1} << 28;

Status CheckSizes(const MatchProblem& p) {
  if (p.candidate_count < 0 || p.candidate_count > kMatchCandidatesMax) {
    return InvalidField("candidate_count", fmt::format("must be 0 to {}", kMatchCandidatesMax));
  }
  if (p.executive_count < 0 || p.executive_count > kMatchExecutivesMax) {
    return InvalidField("executive_count", fmt::format("must be 0 to {}", kMatchExecutivesMax));
  }
  const int64_t pairs = int64_t{p.candidate_count} * p.executive_count;
  if (pairs > kMatchPairsMax) {
    return InvalidField("benefits", fmt::format("{} pairs; at most {}", pairs, kMatchPairsMax));
  }
  const auto candidates = static_cast<size_t>(p.candidate_count);
  if (p.benefits.size() != static_cast<size_t>(pairs)) {
    return InvalidField("benefits", "must have one entry a pair");
  }
  if (p.capacities.size() != static_cast<size_t>(p.executive_count)) {
    return InvalidField("capacities", "must have one entry an executive");
  }
  if (!p.live_executives.empty() && p.live_executives.size() != candidates) {
    return InvalidField("live_executives", "must be empty or have one entry a candidate");
  }
  if (!p.served_first.empty() && p.served_first.size() != candidates) {
    return InvalidField("served_first", "must be empty or have one entry a candidate");
  }
  return {};
}

Status CheckProblem(const MatchProblem& p) {
  GTM_RETURN_IF_ERROR(CheckSizes(p));
  for (const int64_t b : p.benefits) {
    if (b != kForbidden && (b > kBenefitMax || b < -kBenefitMax)) {
      return InvalidField("benefits", fmt::format("{} is not within +-{}", b, kBenefitMax));
    }
  }
  for (const int32_t c : p.capacities) {
    if (c < 0) return InvalidField("capacities", "must not be negative");
  }
  for (const int32_t j : p.live_executives) {
    if (j < kUnmatched || j >= p.executive_count) {
      return InvalidField("live_executives", fmt::format("{} is no executive", j));
    }
  }
  if (p.keep_bonus < 0 || p.keep_bonus > kBenefitMax) {
    return InvalidField("keep_bonus", fmt::format("must be 0 to {}", kBenefitMax));
  }
  return {};
}

// Candidates by falling best value. The order does not matter to the result, but those who
// are likely to be matched displace nobody when they enter first, and the others then find
// at once that they stay out.
template <class Cost>
std::vector<int32_t> EntryOrder(const std::vector<Cost>& benefits, int32_t rows, size_t columns) {
  std::vector<Cost> best(static_cast<size_t>(rows), -1);
  for (size_t i = 0; i < best.size(); ++i) {
    for (size_t k = 0; k < columns; ++k) best[i] = std::max(best[i], benefits[i * columns + k]);
  }
  std::vector<int32_t> order(best.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return best[static_cast<size_t>(a)] > best[static_cast<size_t>(b)];
  });
  return order;
}

// Assignment and first prices, by the solver with numbers of type Cost. Only executives
// with slots take part; negative and forbidden pairs become -1, which is never taken.
template <class Cost>
void Solve(const MatchProblem& p, MatchSolution* s) {
  std::vector<int32_t> columns;
  std::vector<int32_t> capacities;
  for (int32_t j = 0; j < p.executive_count; ++j) {
    const int32_t capacity = p.capacities[static_cast<size_t>(j)];
    if (capacity == 0) continue;
    columns.push_back(j);
    capacities.push_back(capacity);
  }
  std::vector<Cost> benefits;
  benefits.reserve(static_cast<size_t>(p.candidate_count) * columns.size());
  for (int32_t i = 0; i < p.candidate_count; ++i) {
    for (const int32_t j : columns) {
      const int64_t value = p.IsForbidden(i, j) ? -1 : ShiftedBenefit(p, s->first_shift, i, j);
      benefits.push_back(static_cast<Cost>(std::max<int64_t>(value, -1)));
    }
  }
  const std::vector<int32_t> order = EntryOrder(benefits, p.candidate_count, columns.size());
  internal::PathSolver<Cost> solver(p.candidate_count, std::move(benefits), std::move(capacities));
  for (const int32_t i : order) solver.Insert(i);
  for (size_t i = 0; i < s->executive_of.size(); ++i) {
    const int32_t column = solver.column_of()[i];
    if (column >= 0) s->executive_of[i] = columns[static_cast<size_t>(column)];
  }
  for (size_t k = 0; k < columns.size(); ++k) {
    s->executive_prices[static_cast<size_t>(columns[k])] = solver.prices()[k];
  }
}

// Candidate prices that go with the assignment and the executive prices. An executive
// without slots gets the least price that bounds what candidates would pay.
void PriceCandidates(const MatchProblem& p, MatchSolution* s) {
  for (int32_t i = 0; i < p.candidate_count; ++i) {
    const auto at = static_cast<size_t>(i);
    const int32_t j = s->executive_of[at];
    s->candidate_prices[at] = j == kUnmatched ? 0
                                              : ShiftedBenefit(p, s->first_shift, i, j) -
                                                    s->executive_prices[static_cast<size_t>(j)];
  }
  for (int32_t j = 0; j < p.executive_count; ++j) {
    if (p.capacities[static_cast<size_t>(j)] > 0) continue;
    int64_t& price = s->executive_prices[static_cast<size_t>(j)];
    price = 0;
    for (int32_t i = 0; i < p.candidate_count; ++i) {
      if (p.IsForbidden(i, j)) continue;
      price = std::max(price, ShiftedBenefit(p, s->first_shift, i, j) -
                                  s->candidate_prices[static_cast<size_t>(i)]);
    }
  }
}

int64_t ValueMax(const MatchProblem& p, int64_t first_shift) {
  int64_t value_max = 0;
  for (int32_t i = 0; i < p.candidate_count; ++i) {
    for (int32_t j = 0; j < p.executive_count; ++j) {
      if (!p.IsForbidden(i, j)) {
        value_max = std::max(value_max, ShiftedBenefit(p, first_shift, i, j));
      }
    }
  }
  return value_max;
}

}  // namespace

int64_t FirstShift(const MatchProblem& problem) {
  if (std::find(problem.served_first.begin(), problem.served_first.end(), uint8_t{1}) ==
      problem.served_first.end()) {
    return 0;
  }
  int64_t magnitude = 0;
  for (const int64_t b : problem.benefits) {
    if (b != kForbidden) magnitude = std::max(magnitude, b < 0 ? -b : b);
  }
  const int64_t chain_max =
      (2 * int64_t{problem.executive_count} + 1) * (magnitude + problem.keep_bonus);
  return 2 * chain_max + 1;
}

Result<MatchSolution> MatchSponsors(const MatchProblem& problem) {
  GTM_RETURN_IF_ERROR(CheckProblem(problem));
  MatchSolution solution;
  const auto candidates = static_cast<size_t>(problem.candidate_count);
  solution.executive_of.assign(candidates, kUnmatched);
  solution.candidate_prices.assign(candidates, 0);
  solution.executive_prices.assign(static_cast<size_t>(problem.executive_count), 0);
  solution.first_shift = FirstShift(problem);
  if (ValueMax(problem, solution.first_shift) <= kSmallBenefitMax) {
    Solve<int32_t>(problem, &solution);
  } else {
    Solve<int64_t>(problem, &solution);
  }
  PriceCandidates(problem, &solution);
  internal::MakeCanonical(problem, &solution);  // prices fit every optimal assignment
  for (int32_t i = 0; i < problem.candidate_count; ++i) {
    const int32_t j = solution.executive_of[static_cast<size_t>(i)];
    if (j != kUnmatched) solution.objective += problem.Benefit(i, j);
  }
  return solution;
}

}  // namespace gtm::sponsorship::domain
