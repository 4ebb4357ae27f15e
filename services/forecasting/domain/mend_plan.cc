#include "services/forecasting/domain/mend_plan.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>

namespace gtm::forecasting::domain {
namespace {

// The plan of other deals at the same price and rate.
void SetDeals(int64_t deals, FunnelPlan* plan) {
  plan->anchor_count = deals;
  SolvedAlgebra& algebra = *plan->algebra;
  algebra.deal_count = deals;
  const FunnelStep& leads = plan->steps[plan->steps.size() - 2];
  algebra.lead_count = MulDivUp(deals, leads.den, leads.num).value_or(kPlanCountMax);
}

bool StartsFromDeals(const FunnelPlan& plan) {
  return plan.algebra && plan.anchor + 1 == plan.steps.size();
}

// The plan of other leads; what was solved for is solved again. Absent without a deal.
std::optional<FunnelPlan> WithLeads(const FunnelPlan& plan, int64_t leads) {
  FunnelPlan changed = plan;
  changed.anchor_count = leads;
  if (!plan.algebra) return changed;
  RevenueAlgebra algebra;
  algebra.lead_count = leads;
  algebra.close_rate_ppm = plan.algebra->close_rate_ppm;
  if (plan.algebra->solved == AlgebraVariable::kPrice) {
    algebra.revenue_micros = plan.algebra->revenue_micros;
  } else {
    algebra.price_micros = plan.algebra->price_micros;
  }
  const auto solved = Solve(algebra);
  if (!solved.ok()) return std::nullopt;
  changed.algebra = *solved;
  return changed;
}

// The first number in (refused, accepted] that `accepts`, which once true stays true on the
// way from `refused` to `accepted`. Rising or falling.
int64_t FirstAccepted(int64_t refused, int64_t accepted,
                      const std::function<bool(int64_t)>& accepts) {
  while (accepted - refused > 1 || refused - accepted > 1) {
    const int64_t middle = refused + (accepted - refused) / 2;
    (accepts(middle) ? accepted : refused) = middle;
  }
  return accepted;
}

void MendCount(const FunnelPlan& plan, const PlanLimits& limits, std::vector<Mend>* mends) {
  const auto with = [&](int64_t count) -> std::optional<FunnelPlan> {
    if (!StartsFromDeals(plan)) return WithLeads(plan, count);
    FunnelPlan changed = plan;
    SetDeals(count, &changed);
    return changed;
  };
  // The fewest that make a plan at all; needs rise from there on.
  int64_t least = 1;
  if (plan.algebra && !StartsFromDeals(plan)) {
    least = *MulDivUp(1, kPpm, plan.algebra->close_rate_ppm);
  }
  const auto accepts = [&](int64_t count) {
    const auto changed = with(count);
    return changed && Accepts(*changed, limits);
  };
  if (least >= plan.anchor_count || !accepts(least)) return;
  const int64_t count = FirstAccepted(plan.anchor_count, least, accepts);
  Mend mend{MendVariable::kCount, plan.anchor, plan.anchor_count, count, *with(count), limits};
  if (StartsFromDeals(plan)) {
    SolvedAlgebra& algebra = *mend.plan.algebra;
    // Below the revenue wanted, which needed more deals than these.
    algebra.revenue_micros = algebra.price_micros * count;
    mend.variable = MendVariable::kRevenue;
    mend.from = plan.algebra->revenue_micros;
    mend.to = algebra.revenue_micros;
  }
  mends->push_back(std::move(mend));
}

FunnelPlan WithRate(const FunnelPlan& plan, size_t step, int64_t ppm) {
  FunnelPlan changed = plan;
  changed.steps[step].num = ppm;
  changed.steps[step].den = kPpm;
  if (StartsFromDeals(plan) && step + 2 == plan.steps.size()) {
    changed.algebra->close_rate_ppm = ppm;
    SetDeals(plan.anchor_count, &changed);
  }
  return changed;
}

void MendRates(const FunnelPlan& plan, const PlanLimits& limits, std::vector<Mend>* mends) {
  for (size_t step = 0; step < plan.anchor; ++step) {
    const auto accepts = [&](int64_t ppm) { return Accepts(WithRate(plan, step, ppm), limits); };
    // Rounded down: the rate itself, or a little less, which is refused all the more.
    const int64_t from = static_cast<int64_t>(static_cast<__int128>(plan.steps[step].num) * kPpm /
                                              plan.steps[step].den);
    if (from >= kPpm || !accepts(kPpm)) continue;
    const int64_t to = FirstAccepted(from, kPpm, accepts);
    mends->push_back({MendVariable::kRate, step, from, to, WithRate(plan, step, to), limits});
  }
}

void MendPrice(const FunnelPlan& plan, const PlanLimits& limits, std::vector<Mend>* mends) {
  if (!StartsFromDeals(plan)) return;
  const auto with = [&](int64_t price) {
    FunnelPlan changed = plan;
    changed.algebra->price_micros = price;
    SetDeals(*MulDivUp(plan.algebra->revenue_micros, 1, price), &changed);
    return changed;
  };
  const auto accepts = [&](int64_t price) { return Accepts(with(price), limits); };
  const int64_t from = plan.algebra->price_micros, most = plan.algebra->revenue_micros;
  if (from >= most || !accepts(most)) return;
  const int64_t to = FirstAccepted(from, most, accepts);
  mends->push_back({MendVariable::kPrice, 0, from, to, with(to), limits});
}

void MendCapacity(const FunnelPlan& plan, const PlanLimits& limits, std::vector<Mend>* mends) {
  struct Capacity {
    LimitType type;
    MendVariable variable;
    std::optional<int64_t> PlanLimits::*of;
  };
  constexpr Capacity kCapacities[] = {
      {LimitType::kTouches, MendVariable::kTouches, &PlanLimits::touch_count},
      {LimitType::kSellerMinutes, MendVariable::kSellerMinutes, &PlanLimits::seller_minutes},
      {LimitType::kMoney, MendVariable::kMoney, &PlanLimits::budget_micros},
  };
  const auto counts = CountsOf(plan);
  if (!counts) return;
  for (const LimitCheck& check : CheckLimits(plan, *counts, limits)) {
    if (!check.violated) continue;
    for (const Capacity& capacity : kCapacities) {
      if (capacity.type != check.type) continue;
      PlanLimits raised = limits;
      raised.*capacity.of = check.need;
      if (!Accepts(plan, raised)) continue;
      mends->push_back({capacity.variable, 0, *check.available, check.need, plan, raised});
    }
  }
}

}  // namespace

double Mend::factor() const {
  const auto low = static_cast<double>(std::min(from, to));
  const auto high = static_cast<double>(std::max(from, to));
  return low > 0 ? high / low : 0;
}

std::vector<Mend> FindMends(const FunnelPlan& plan, const PlanLimits& limits) {
  std::vector<Mend> mends;
  MendCount(plan, limits, &mends);
  MendRates(plan, limits, &mends);
  MendPrice(plan, limits, &mends);
  MendCapacity(plan, limits, &mends);
  const auto key = [](const Mend& mend) {
    const double factor = mend.factor();
    return std::tuple(factor == 0, factor, static_cast<int>(mend.variable), mend.step);
  };
  std::sort(mends.begin(), mends.end(),
            [&](const Mend& a, const Mend& b) { return key(a) < key(b); });
  return mends;
}

}  // namespace gtm::forecasting::domain
