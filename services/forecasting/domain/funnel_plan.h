#pragma once
// A funnel of steps, what it needs, and whether what there is holds it (C05, TG-15).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/forecasting/domain/revenue_algebra.h"

namespace gtm::forecasting::domain {

// Numbers as in v1.StepUnit.
enum class StepUnit { kPeople = 1, kAccounts = 2 };

struct FunnelStep {
  std::string name;
  StepUnit unit = StepUnit::kPeople;
  // Of `den` items of this step, `num` go on to the next: 0 < num <= den.
  int64_t num = 1;
  int64_t den = 1;
  int64_t cost_micros = 0;     // of one
  int64_t seller_minutes = 0;  // of one
};

// A funnel that starts from the count of one step: steps above it hold what is needed,
// rounded up; steps below it what comes of it, rounded down.
struct FunnelPlan {
  std::vector<FunnelStep> steps;  // from the top, never empty
  size_t anchor = 0;
  int64_t anchor_count = 0;  // 1 to kPlanCountMax
  // Of a funnel that ends in leads and deals.
  std::optional<SolvedAlgebra> algebra;
};

// The steps of leads and deals under `upper`, with the algebra's numbers: it starts from
// the deals where the revenue is wanted and the price known, else from the leads.
FunnelPlan PlanOf(const SolvedAlgebra& algebra, std::vector<FunnelStep> upper, FunnelStep lead_step,
                  FunnelStep deal_step);

// Absent where a count is beyond kPlanCountMax.
std::optional<std::vector<int64_t>> CountsOf(const FunnelPlan& plan);

// What there is; absent: not stated, not tested.
struct PlanLimits {
  std::optional<int64_t> people;
  std::optional<int64_t> accounts;
  int64_t group_min = 7;
  int64_t group_max = 11;
  int64_t touches_min = 11;
  int64_t touches_max = 13;
  std::optional<int64_t> touch_count;
  std::optional<int64_t> seller_minutes;
  std::optional<int64_t> budget_micros;
};

// Numbers as in v1.PlanLimit.Type.
enum class LimitType {
  kPeople = 1,
  kAccounts = 2,
  kTouches = 3,
  kSellerMinutes = 4,
  kMoney = 5,
};

struct LimitCheck {
  LimitType type = LimitType::kPeople;
  size_t step = 0;       // of kPeople and kAccounts
  int64_t need = 0;      // at the largest group and the most touches; INT64_MAX: that or more
  int64_t need_min = 0;  // at the smallest and the fewest
  std::optional<int64_t> available;
  bool violated = false;
};

// Every limit in the order of LimitType, within one from the top of the funnel. `counts`
// are of the plan.
std::vector<LimitCheck> CheckLimits(const FunnelPlan& plan, const std::vector<int64_t>& counts,
                                    const PlanLimits& limits);
// Money and seller minutes over all steps, at most INT64_MAX.
int64_t MoneyNeed(const FunnelPlan& plan, const std::vector<int64_t>& counts);

// No limit is violated, and every count is in range.
bool Accepts(const FunnelPlan& plan, const PlanLimits& limits);

}  // namespace gtm::forecasting::domain
