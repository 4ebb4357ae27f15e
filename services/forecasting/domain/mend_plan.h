#pragma once
// The single changes that make a refused plan hold every limit, each exact (C05).

#include <cstdint>
#include <vector>

#include "services/forecasting/domain/funnel_plan.h"

namespace gtm::forecasting::domain {

// Numbers as in v1.PlanMend.Variable.
enum class MendVariable {
  kRevenue = 1,
  kCount = 2,
  kRate = 3,
  kPrice = 4,
  kTouches = 5,
  kSellerMinutes = 6,
  kMoney = 7,
};

struct Mend {
  MendVariable variable = MendVariable::kRevenue;
  size_t step = 0;  // of kCount and kRate
  int64_t from = 0;
  int64_t to = 0;
  // The plan and the limits after the change: Accepts(plan, limits).
  FunnelPlan plan;
  PlanLimits limits;
  // The larger of both values over the smaller; 0 where one is 0.
  double factor() const;
};

// Of a plan that is refused: less revenue (or a smaller count where the plan starts), a
// higher rate at one step above the start, a higher price, more of a capacity. Each is the
// smallest change of its kind that is enough, found by bisection, since needs never rise
// with rate and price and never fall with the count. By rising factor, then variable and
// step; those from nothing last. Empty where no single change is enough.
std::vector<Mend> FindMends(const FunnelPlan& plan, const PlanLimits& limits);

}  // namespace gtm::forecasting::domain
