#pragma once
// From PlanFunnel's request to a plan and its limits.

#include <optional>
#include <string>
#include <vector>

#include "common/records_client/records_client.h"
#include "gtm/forecasting/v1/plan.pb.h"
#include "services/forecasting/domain/funnel_plan.h"
#include "services/forecasting/domain/plan_defaults.h"
#include "services/forecasting/handler/parse.h"

namespace gtm::forecasting::handler {

// A request that is well-formed, before anything of the tenant is known.
struct ParsedStep {
  domain::FunnelStep step;  // without rate and cost
  std::optional<int64_t> count;
  std::optional<int64_t> rate_ppm;
  std::optional<Money> cost;
};
struct ParsedPlan {
  domain::Selection selection;
  std::vector<ParsedStep> steps;
  bool has_algebra = false;
  domain::RevenueAlgebra algebra;  // without money
  std::optional<Money> revenue, price;
  bool price_from_history = false;
  bool close_rate_from_history = false;
  ParsedStep lead_step, deal_step;
  domain::PlanLimits limits;  // without money; group sizes 0 where not given
  std::optional<Money> budget;
  std::optional<Money> revenue_per_customer;
};
Result<ParsedPlan> ParsePlan(const v1::PlanFunnelRequest& request);

// The plan in the reporting currency, with defaults from settings and history.
struct AskedPlan {
  domain::FunnelPlan plan;
  domain::PlanLimits limits;
  bool accounts_derived = false;
  // Where history gave a value.
  std::optional<domain::PlanDefaults> defaults;
  std::optional<int64_t> revenue_per_customer_micros;
};
// Errors: EXCHANGE_RATE_MISSING; INVALID_FIELDS as domain::Solve, and where history is asked
// for a value that it does not have.
Result<AskedPlan> Resolve(const ParsedPlan& parsed, const records_client::Question& question,
                          const domain::DealTable& table);

}  // namespace gtm::forecasting::handler
