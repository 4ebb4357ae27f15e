#include "services/forecasting/domain/funnel_plan.h"

#include <algorithm>
#include <utility>

#include "common/core/funnel_need.h"

namespace gtm::forecasting::domain {
namespace {

using Wide = FunnelNeed::Wide;

LimitCheck Check(LimitType type, size_t step, Wide need, Wide need_min,
                 std::optional<int64_t> available) {
  return {type,
          step,
          FunnelNeed::Told(need),
          FunnelNeed::Told(need_min),
          available,
          available && need > *available};
}

// Over all steps, of one number of each.
FunnelNeed SumOver(const FunnelPlan& plan, const std::vector<int64_t>& counts,
                   int64_t FunnelStep::*of_one) {
  FunnelNeed need;
  for (size_t i = 0; i < counts.size(); ++i) need.Add(counts[i], plan.steps[i].*of_one);
  return need;
}

}  // namespace

FunnelPlan PlanOf(const SolvedAlgebra& algebra, std::vector<FunnelStep> upper, FunnelStep lead_step,
                  FunnelStep deal_step) {
  FunnelPlan plan;
  plan.algebra = algebra;
  plan.steps = std::move(upper);
  // With leads given and the rate solved for, deals over leads is the rate without rounding.
  const bool exact = algebra.solved == AlgebraVariable::kCloseRate;
  lead_step.num = exact ? algebra.deal_count : algebra.close_rate_ppm;
  lead_step.den = exact ? algebra.lead_count : kPpm;
  plan.steps.push_back(std::move(lead_step));
  plan.steps.push_back(std::move(deal_step));
  const bool from_deals = exact || algebra.solved == AlgebraVariable::kLeads;
  plan.anchor = plan.steps.size() - (from_deals ? 1 : 2);
  plan.anchor_count = from_deals ? algebra.deal_count : algebra.lead_count;
  return plan;
}

std::optional<std::vector<int64_t>> CountsOf(const FunnelPlan& plan) {
  std::vector<int64_t> counts(plan.steps.size());
  counts[plan.anchor] = plan.anchor_count;
  for (size_t i = plan.anchor; i-- > 0;) {
    const auto count = MulDivUp(counts[i + 1], plan.steps[i].den, plan.steps[i].num);
    if (!count) return std::nullopt;
    counts[i] = *count;
  }
  for (size_t i = plan.anchor + 1; i < counts.size(); ++i) {
    counts[i] = *MulDivDown(counts[i - 1], plan.steps[i - 1].num, plan.steps[i - 1].den);
  }
  return counts;
}

std::vector<LimitCheck> CheckLimits(const FunnelPlan& plan, const std::vector<int64_t>& counts,
                                    const PlanLimits& limits) {
  std::vector<LimitCheck> checks;
  const auto is_accounts = [&](size_t i) { return plan.steps[i].unit == StepUnit::kAccounts; };
  for (size_t i = 0; i < counts.size(); ++i) {
    const Wide count = counts[i];
    checks.push_back(Check(LimitType::kPeople, i, is_accounts(i) ? count * limits.group_max : count,
                           is_accounts(i) ? count * limits.group_min : count, limits.people));
  }
  std::optional<size_t> first_accounts;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (!is_accounts(i)) continue;
    if (!first_accounts) first_accounts = i;
    checks.push_back(Check(LimitType::kAccounts, i, counts[i], counts[i], limits.accounts));
  }
  // A buying group is worked once, where it enters the funnel.
  const Wide worked = first_accounts ? counts[*first_accounts] : 0;
  checks.push_back(Check(LimitType::kTouches, 0, worked * limits.group_max * limits.touches_max,
                         worked * limits.group_min * limits.touches_min, limits.touch_count));
  const Wide minutes = SumOver(plan, counts, &FunnelStep::seller_minutes).exact();
  checks.push_back(Check(LimitType::kSellerMinutes, 0, minutes, minutes, limits.seller_minutes));
  const Wide money = SumOver(plan, counts, &FunnelStep::cost_micros).exact();
  checks.push_back(Check(LimitType::kMoney, 0, money, money, limits.budget_micros));
  return checks;
}

int64_t MoneyNeed(const FunnelPlan& plan, const std::vector<int64_t>& counts) {
  return SumOver(plan, counts, &FunnelStep::cost_micros).told();
}

bool Accepts(const FunnelPlan& plan, const PlanLimits& limits) {
  const auto counts = CountsOf(plan);
  if (!counts) return false;
  const std::vector<LimitCheck> checks = CheckLimits(plan, *counts, limits);
  return std::none_of(checks.begin(), checks.end(),
                      [](const auto& check) { return check.violated; });
}

}  // namespace gtm::forecasting::domain
