#include "services/forecasting/handler/plan_parse.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/core/funnel_need.h"
#include "fmt/format.h"

namespace gtm::forecasting::handler {
namespace {

using domain::kPlanCountMax;
using domain::kPpm;
using domain::StepUnit;

constexpr int kStepsMax = 12;
constexpr size_t kStepNameMax = 63;
constexpr int64_t kMinutesMax = 1'000'000;
constexpr int64_t kGroupMax = 1'000;
constexpr int64_t kHoursMax = 1'000'000'000;

void CheckRange(std::string field, int64_t value, int64_t least, int64_t most,
                Violations* violations) {
  if (value < least || value > most) {
    violations->Add(std::move(field), fmt::format("must be {} to {}", least, most));
  }
}

ParsedStep ParseStep(const v1::FunnelStep& step, const std::string& field, StepUnit unit,
                     Violations* violations) {
  ParsedStep parsed;
  violations->CheckText(field + ".name", step.name(), kStepNameMax);
  parsed.step.name = step.name();
  parsed.step.unit = unit;
  if (step.unit() == v1::STEP_UNIT_PEOPLE) parsed.step.unit = StepUnit::kPeople;
  if (step.unit() == v1::STEP_UNIT_ACCOUNTS) parsed.step.unit = StepUnit::kAccounts;
  if (step.unit() < 0 || step.unit() > v1::STEP_UNIT_ACCOUNTS) {
    violations->Add(field + ".unit", "must be STEP_UNIT_PEOPLE or STEP_UNIT_ACCOUNTS");
  }
  if (step.has_count()) {
    CheckRange(field + ".count", step.count(), 1, kPlanCountMax, violations);
    parsed.count = step.count();
  }
  if (step.has_rate_ppm()) {
    CheckRange(field + ".rate_ppm", step.rate_ppm(), 1, kPpm, violations);
    parsed.rate_ppm = step.rate_ppm();
  }
  CheckRange(field + ".seller_minutes", step.seller_minutes(), 0, kMinutesMax, violations);
  parsed.step.seller_minutes = step.seller_minutes();
  if (step.has_cost_amount()) {
    parsed.cost = MoneyOf(field + ".cost_amount", step.cost_amount(), violations);
  }
  return parsed;
}

// Of an algebra's own steps, which take their numbers from it.
ParsedStep ParseOwnStep(const v1::FunnelStep& step, const std::string& field, const char* name,
                        Violations* violations) {
  ParsedStep parsed = ParseStep(step, field, StepUnit::kAccounts, violations);
  if (parsed.step.name.empty()) parsed.step.name = name;
  if (parsed.count) violations->Add(field + ".count", "comes from the algebra; leave it out");
  if (parsed.rate_ppm) violations->Add(field + ".rate_ppm", "comes from the algebra; leave it out");
  return parsed;
}

std::optional<Money> PositiveMoney(const std::string& field, const type::v1::Money& money,
                                   Violations* violations) {
  const auto parsed = MoneyOf(field, money, violations);
  if (parsed && parsed->micros <= 0) violations->Add(field, "must be above 0");
  return parsed;
}

void ParseAlgebra(const v1::RevenueAlgebra& algebra, ParsedPlan* plan, Violations* violations) {
  plan->has_algebra = true;
  if (algebra.has_revenue_amount()) {
    plan->revenue = PositiveMoney("algebra.revenue_amount", algebra.revenue_amount(), violations);
  }
  if (algebra.has_price_amount()) {
    plan->price = PositiveMoney("algebra.price_amount", algebra.price_amount(), violations);
  }
  if (algebra.has_close_rate_ppm()) {
    CheckRange("algebra.close_rate_ppm", algebra.close_rate_ppm(), 1, kPpm, violations);
    plan->algebra.close_rate_ppm = algebra.close_rate_ppm();
  }
  if (algebra.has_lead_count()) {
    CheckRange("algebra.lead_count", algebra.lead_count(), 1, kPlanCountMax, violations);
    plan->algebra.lead_count = algebra.lead_count();
  }
  plan->price_from_history = algebra.price_from_history();
  plan->close_rate_from_history = algebra.close_rate_from_history();
  if (algebra.price_from_history() && algebra.has_price_amount()) {
    violations->Add("algebra.price_from_history", "a price is given; leave out one of both");
  }
  if (algebra.close_rate_from_history() && algebra.has_close_rate_ppm()) {
    violations->Add("algebra.close_rate_from_history",
                    "a close rate is given; leave out one of both");
  }
  plan->lead_step =
      ParseOwnStep(algebra.lead_step(), "algebra.lead_step", "qualified leads", violations);
  plan->deal_step = ParseOwnStep(algebra.deal_step(), "algebra.deal_step", "deals", violations);
}

// Names once each; a count or a rate for every step, as far as the funnel's shape asks.
void CheckSteps(const ParsedPlan& plan, Violations* violations) {
  std::set<std::string> names;
  if (plan.has_algebra) names = {plan.lead_step.step.name, plan.deal_step.step.name};
  if (plan.has_algebra && names.size() == 1) {
    violations->Add("algebra.deal_step.name", "must not be the name of lead_step");
  }
  int64_t below = 0;  // count of the step below, where it has one
  for (size_t i = plan.steps.size(); i-- > 0;) {
    const ParsedStep& step = plan.steps[i];
    const std::string field = fmt::format("steps[{}]", i);
    const bool last = !plan.has_algebra && i + 1 == plan.steps.size();
    if (step.step.name.empty()) {
      violations->Add(field + ".name", "required");
    } else if (!names.insert(step.step.name).second) {
      violations->Add(field + ".name", fmt::format("\"{}\" is there twice", step.step.name));
    }
    if (last) {
      if (!step.count) violations->Add(field + ".count", "required on the last step");
      if (step.rate_ppm) violations->Add(field + ".rate_ppm", "nothing comes after the last step");
    } else if (plan.has_algebra) {
      if (!step.rate_ppm) violations->Add(field + ".rate_ppm", "required above an algebra");
      if (step.count) {
        violations->Add(field + ".count", "follows from the algebra and the rates; leave it out");
      }
    } else if (step.count.has_value() == step.rate_ppm.has_value()) {
      violations->Add(field, "give a count or a rate_ppm, and not both");
    }
    if (step.count && *step.count < below) {
      violations->Add(field + ".count",
                      fmt::format("{} are fewer than the {} of the next step", *step.count, below));
    }
    below = step.count.value_or(0);
  }
}

void ParseLimits(const v1::PlanLimits& limits, ParsedPlan* plan, Violations* violations) {
  domain::PlanLimits& parsed = plan->limits;
  const auto take = [&](bool given, const char* name, int64_t value, int64_t least, int64_t most,
                        auto* target) {
    if (!given) return;
    CheckRange(fmt::format("limits.{}", name), value, least, most, violations);
    *target = value;
  };
  take(limits.has_market_people_count(), "market_people_count", limits.market_people_count(), 1,
       kPlanCountMax, &parsed.people);
  take(limits.has_market_account_count(), "market_account_count", limits.market_account_count(), 1,
       kPlanCountMax, &parsed.accounts);
  parsed.group_min = parsed.group_max = 0;
  take(limits.has_buying_group_size_min(), "buying_group_size_min", limits.buying_group_size_min(),
       1, kGroupMax, &parsed.group_min);
  take(limits.has_buying_group_size_max(), "buying_group_size_max", limits.buying_group_size_max(),
       std::max<int64_t>(1, parsed.group_min), kGroupMax, &parsed.group_max);
  take(limits.has_touches_per_person_min(), "touches_per_person_min",
       limits.touches_per_person_min(), 1, kGroupMax, &parsed.touches_min);
  parsed.touches_max = std::max(parsed.touches_max, parsed.touches_min);
  take(limits.has_touches_per_person_max(), "touches_per_person_max",
       limits.touches_per_person_max(), parsed.touches_min, kGroupMax, &parsed.touches_max);
  take(limits.has_touch_count(), "touch_count", limits.touch_count(), 0, INT64_MAX,
       &parsed.touch_count);
  take(limits.has_seller_hours(), "seller_hours", limits.seller_hours(), 0, kHoursMax,
       &parsed.seller_minutes);
  if (parsed.seller_minutes) *parsed.seller_minutes *= 60;
  if (limits.has_budget_amount()) {
    plan->budget = MoneyOf("limits.budget_amount", limits.budget_amount(), violations);
  }
}

// ---- with the tenant known

struct Converter {
  const book::BookView& view;
  absl::CivilDay day;
  Result<int64_t> operator()(const Money& money) const {
    GTM_ASSIGN_OR_RETURN(const Money converted, view.InReportingCurrency(money, day));
    return converted.micros;
  }
};

Result<domain::FunnelStep> StepOf(const ParsedStep& parsed, const Converter& convert) {
  domain::FunnelStep step = parsed.step;
  if (parsed.cost) {
    GTM_ASSIGN_OR_RETURN(step.cost_micros, convert(*parsed.cost));
  }
  return step;
}

Status FillFromHistory(const ParsedPlan& parsed, const domain::PlanDefaults& defaults,
                       domain::RevenueAlgebra* algebra) {
  if (parsed.price_from_history) {
    if (defaults.priced_count == 0) {
      return InvalidField("algebra.price_from_history",
                          fmt::format("no deal with an amount was won in the {} days before; give "
                                      "price_amount",
                                      domain::kHistoryDays));
    }
    algebra->price_micros = defaults.price_micros;
  }
  if (parsed.close_rate_from_history) {
    if (defaults.close_rate_ppm == 0) {
      return InvalidField("algebra.close_rate_from_history",
                          fmt::format("{} deals were closed in the {} days before, none of them "
                                      "won; give close_rate_ppm",
                                      defaults.closed_count, domain::kHistoryDays));
    }
    algebra->close_rate_ppm = defaults.close_rate_ppm;
  }
  return {};
}

Result<domain::FunnelPlan> PlanFromAlgebra(const ParsedPlan& parsed, const Converter& convert,
                                           const std::optional<domain::PlanDefaults>& defaults) {
  domain::RevenueAlgebra algebra = parsed.algebra;
  if (parsed.revenue) {
    GTM_ASSIGN_OR_RETURN(algebra.revenue_micros, convert(*parsed.revenue));
  }
  if (parsed.price) {
    GTM_ASSIGN_OR_RETURN(algebra.price_micros, convert(*parsed.price));
  }
  if (defaults) GTM_RETURN_IF_ERROR(FillFromHistory(parsed, *defaults, &algebra));
  GTM_ASSIGN_OR_RETURN(const domain::SolvedAlgebra solved, domain::Solve(algebra));
  std::vector<domain::FunnelStep> steps;
  for (const ParsedStep& step : parsed.steps) {
    GTM_ASSIGN_OR_RETURN(steps.emplace_back(), StepOf(step, convert));
    steps.back().num = *step.rate_ppm;
    steps.back().den = kPpm;
  }
  GTM_ASSIGN_OR_RETURN(domain::FunnelStep lead_step, StepOf(parsed.lead_step, convert));
  GTM_ASSIGN_OR_RETURN(domain::FunnelStep deal_step, StepOf(parsed.deal_step, convert));
  return PlanOf(solved, std::move(steps), std::move(lead_step), std::move(deal_step));
}

Result<domain::FunnelPlan> PlanFromCounts(const ParsedPlan& parsed, const Converter& convert) {
  domain::FunnelPlan plan;
  for (const ParsedStep& step : parsed.steps) {
    GTM_ASSIGN_OR_RETURN(plan.steps.emplace_back(), StepOf(step, convert));
  }
  plan.anchor = plan.steps.size() - 1;
  plan.anchor_count = *parsed.steps.back().count;
  std::optional<int64_t> below = plan.anchor_count;
  for (size_t i = plan.anchor; i-- > 0;) {
    const ParsedStep& step = parsed.steps[i];
    plan.steps[i].num = step.count ? *below : *step.rate_ppm;
    plan.steps[i].den = step.count ? *step.count : kPpm;
    below = domain::MulDivUp(*below, plan.steps[i].den, plan.steps[i].num);
    if (!below || plan.steps[i].num > plan.steps[i].den) {
      return InvalidField(fmt::format("steps[{}]", i),
                          below ? "fewer are planned than the next step needs; plan more, or a "
                                  "higher rate below"
                                : "needs more than 10^12; plan a higher rate, or fewer below");
    }
  }
  return plan;
}

void FillLimits(const book::Settings& settings, AskedPlan* asked) {
  domain::PlanLimits& limits = asked->limits;
  if (!limits.people && settings.market_people_count > 0) {
    limits.people = settings.market_people_count;
  }
  if (limits.group_min == 0) {
    limits.group_min = settings.buying_group_size_min;
    if (limits.group_max > 0) limits.group_min = std::min(limits.group_min, limits.group_max);
  }
  if (limits.group_max == 0) {
    limits.group_max = std::max<int64_t>(settings.buying_group_size_max, limits.group_min);
  }
  if (!limits.accounts && settings.market_account_count > 0) {
    limits.accounts = settings.market_account_count;
  }
  if (!limits.accounts && limits.people) {
    // The fewest: what is accepted is enough.
    limits.accounts = GroupsIn(*limits.people, limits.group_min, limits.group_max).min;
    asked->accounts_derived = true;
  }
}

}  // namespace

Result<ParsedPlan> ParsePlan(const v1::PlanFunnelRequest& request) {
  Violations violations;
  ParsedPlan plan;
  plan.selection = SelectionOf(request.selection(), "selection", &violations);
  if (request.has_algebra()) ParseAlgebra(request.algebra(), &plan, &violations);
  if (request.steps_size() > kStepsMax) {
    violations.Add(
        "steps", fmt::format("{} steps, at most {} are allowed", request.steps_size(), kStepsMax));
  } else if (request.steps_size() == 0 && !request.has_algebra()) {
    violations.Add("steps", "give steps, the last with a count, or an algebra");
  } else {
    for (int i = 0; i < request.steps_size(); ++i) {
      plan.steps.push_back(
          ParseStep(request.steps(i), fmt::format("steps[{}]", i), StepUnit::kPeople, &violations));
    }
    CheckSteps(plan, &violations);
  }
  ParseLimits(request.limits(), &plan, &violations);
  if (request.has_revenue_per_customer()) {
    plan.revenue_per_customer =
        PositiveMoney("revenue_per_customer", request.revenue_per_customer(), &violations);
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return plan;
}

Result<AskedPlan> Resolve(const ParsedPlan& parsed, const records_client::Question& question,
                          const domain::DealTable& table) {
  const Converter convert{question.view, domain::DayAt(table.today)};
  AskedPlan asked;
  if (parsed.price_from_history || parsed.close_rate_from_history) {
    asked.defaults = domain::LearnPlanDefaults(table, parsed.selection);
  }
  GTM_ASSIGN_OR_RETURN(asked.plan, parsed.has_algebra
                                       ? PlanFromAlgebra(parsed, convert, asked.defaults)
                                       : PlanFromCounts(parsed, convert));
  if (!CountsOf(asked.plan)) {
    return InvalidField("steps",
                        "the plan needs more than 10^12 of a step; plan higher rates, or "
                        "less revenue");
  }
  asked.limits = parsed.limits;
  if (parsed.budget) {
    GTM_ASSIGN_OR_RETURN(asked.limits.budget_micros, convert(*parsed.budget));
  }
  if (parsed.revenue_per_customer) {
    GTM_ASSIGN_OR_RETURN(asked.revenue_per_customer_micros, convert(*parsed.revenue_per_customer));
  } else if (asked.plan.algebra) {
    asked.revenue_per_customer_micros = asked.plan.algebra->price_micros;
  }
  FillLimits(question.view.settings(), &asked);
  return asked;
}

}  // namespace gtm::forecasting::handler
