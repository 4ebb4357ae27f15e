// Plans against what the market and the company can hold.

#include <algorithm>

#include "common/core/money.h"
#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/targeting/domain/funnel_plan.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

// Micros of an amount that is in the plan's one currency.
int64_t MicrosOf(const type::v1::Money& money, const std::string& currency,
                 const std::string& field, Violations* violations) {
  constexpr int64_t kNanosPerMicro = 1'000;
  constexpr int64_t kUnitsMax = 1'000'000'000'000;
  if (money.currency_code() != currency) {
    violations->Add(field + ".currency_code",
                    fmt::format("\"{}\"; use the currency of the budget, {}", money.currency_code(),
                                currency.empty() ? "USD" : currency));
  }
  if (money.units() < 0 || money.units() > kUnitsMax || money.nanos() < 0 ||
      money.nanos() > 999'999'999 || money.nanos() % kNanosPerMicro != 0) {
    violations->Add(field, "must be 0 to 1e12 units with at most six decimals");
    return 0;
  }
  return money.units() * kMicrosPerUnit + money.nanos() / kNanosPerMicro;
}

domain::FunnelPlan PlanOf(const v1::CheckFunnelPlanRequest& request, Violations* violations) {
  domain::FunnelPlan plan;
  const std::string currency =
      request.has_budget() ? request.budget().currency_code() : std::string();
  if (request.has_budget()) {
    const auto parsed = Currency::Parse(currency, "budget.currency_code");
    if (!parsed.ok()) violations->Add(parsed.error().violations());
    plan.budget_micros = MicrosOf(request.budget(), currency, "budget", violations);
  }
  for (int i = 0; i < request.stages_size(); ++i) {
    const v1::FunnelStage& stage = request.stages(i);
    const std::string field = fmt::format("stages[{}].cost_each", i);
    const int64_t cost =
        stage.has_cost_each()
            ? MicrosOf(stage.cost_each(),
                       currency.empty() ? stage.cost_each().currency_code() : currency, field,
                       violations)
            : 0;
    plan.stages.push_back({stage.display_name(), stage.count(),
                           stage.unit() == v1::FunnelStage::UNIT_ACCOUNTS, stage.touches_each(),
                           stage.seller_minutes_each(), cost});
  }
  plan.market_people_count = request.market_people_count();
  plan.market_account_count = request.market_account_count();
  if (request.has_touch_capacity()) plan.touch_capacity = request.touch_capacity();
  if (request.has_seller_hours()) {
    constexpr int64_t kHoursMax = 1'000'000'000;
    if (request.seller_hours() > kHoursMax) violations->Add("seller_hours", "more than 1e9");
    plan.seller_minutes = std::min(request.seller_hours(), kHoursMax) * 60;
  }
  return plan;
}

// What the request leaves open: the definition in force first, then the settings.
void FillMarket(const records_client::Question& question, const v1::TargetDefinition* definition,
                const v1::CheckFunnelPlanRequest& request, domain::FunnelPlan* plan) {
  const book::Settings& settings = question.view.settings();
  if (definition != nullptr) {
    if (plan->market_people_count == 0) {
      plan->market_people_count = definition->market_people_count();
    }
    if (plan->market_account_count == 0) {
      plan->market_account_count = definition->market_account_count();
    }
  }
  if (plan->market_people_count == 0) plan->market_people_count = settings.market_people_count;
  if (plan->market_account_count == 0) plan->market_account_count = settings.market_account_count;
  plan->group_size_min = request.buying_group_size_min() != 0 ? request.buying_group_size_min()
                                                              : settings.buying_group_size_min;
  plan->group_size_max = request.buying_group_size_max() != 0 ? request.buying_group_size_max()
                                                              : settings.buying_group_size_max;
}

void Render(const domain::FunnelLimit& limit, v1::CheckFunnelPlanResponse::Limit* out) {
  out->set_kind(static_cast<v1::CheckFunnelPlanResponse::Limit::Kind>(limit.kind));
  out->set_stage(limit.stage);
  out->set_needed(limit.needed);
  out->set_available(limit.available);
  if (limit.available > 0) {
    out->set_ratio(static_cast<double>(limit.needed) / static_cast<double>(limit.available));
  }
  out->set_violated(limit.violated());
  out->set_explanation(domain::Explain(limit));
}

void Render(const domain::FunnelCheck& check, const v1::CheckFunnelPlanRequest& request,
            v1::CheckFunnelPlanResponse* response) {
  response->set_feasible(!check.first_violation.has_value());
  for (const domain::FunnelLimit& limit : check.limits) Render(limit, response->add_limits());
  if (check.first_violation) {
    Render(check.limits[*check.first_violation], response->mutable_first_violation());
  }
  for (const domain::FunnelStep& step : check.steps) {
    auto* out = response->add_steps();
    out->set_from_stage(step.from);
    out->set_to_stage(step.to);
    out->set_rate(step.rate);
  }
  response->set_market_group_count_min(check.group_count_min);
  response->set_market_group_count_max(check.group_count_max);
  for (size_t i = 0; i < check.counter_plan.size(); ++i) {
    v1::FunnelStage* stage = response->add_counter_plan();
    *stage = request.stages(static_cast<int>(i));
    stage->set_count(check.counter_plan[i].count);
  }
}

}  // namespace

Status TargetingHandler::CheckFunnelPlan(rpc::Call& call, const v1::CheckFunnelPlanRequest& request,
                                         v1::CheckFunnelPlanResponse* response) {
  Violations violations;
  domain::FunnelPlan plan = PlanOf(request, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const auto chosen = ChooseDefinition(question, "");
  const v1::TargetDefinition* definition = chosen.ok() ? chosen->get() : nullptr;
  FillMarket(question, definition, request, &plan);
  GTM_ASSIGN_OR_RETURN(const domain::FunnelCheck check, domain::CheckFunnelPlan(plan));
  Render(check, request, response);
  Sha256 hash;
  hash.UpdateText(CanonicalBytes(*response)).Update(absl::ToUnixNanos(question.as_of));
  *response->mutable_provenance() = RenderProvenance(question, definition, hash.HexDigest());
  if (definition == nullptr) response->mutable_provenance()->set_rules_version("funnel_plan 1");
  return {};
}

}  // namespace gtm::targeting::handler
