// PlanFunnel.

#include <cmath>
#include <utility>

#include "common/core/funnel_need.h"
#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/mend_plan.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/plan_parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::FunnelPlan;
using domain::LimitCheck;
using domain::LimitType;
using domain::Mend;
using domain::MendVariable;

// Changes whenever the same plan may be judged otherwise.
constexpr char kPlanRules[] = "gtm-funnel-plan/1";

type::v1::Money ToMoney(int64_t micros, Currency currency) {
  return ToProto(Money{micros, currency});
}

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

v1::SolvedAlgebra ToProto(const domain::SolvedAlgebra& algebra, Currency currency) {
  v1::SolvedAlgebra result;
  result.set_solved(static_cast<v1::SolvedAlgebra::Variable>(algebra.solved));
  *result.mutable_revenue_amount() = ToMoney(algebra.revenue_micros, currency);
  *result.mutable_price_amount() = ToMoney(algebra.price_micros, currency);
  result.set_close_rate_ppm(static_cast<int32_t>(algebra.close_rate_ppm));
  result.set_lead_count(algebra.lead_count);
  result.set_deal_count(algebra.deal_count);
  return result;
}

void RenderEstimates(const ParsedPlan& parsed, const domain::PlanDefaults& defaults,
                     v1::SolvedAlgebra* result) {
  if (parsed.close_rate_from_history) {
    *result->mutable_close_rate_estimate() =
        stats::RateEstimate(defaults.won_count, defaults.closed_count);
  }
  if (!parsed.price_from_history) return;
  const double value = static_cast<double>(defaults.price_micros) / kMicrosPerUnit;
  if (defaults.priced_count == 1) {  // one deal has no interval
    type::v1::Estimate* one = result->mutable_price_estimate();
    one->set_value(value);
    one->set_sample_count(1);
    one->set_sufficiency(type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
    return;
  }
  const stats::Interval interval{defaults.price_interval.low / kMicrosPerUnit,
                                 defaults.price_interval.high / kMicrosPerUnit};
  *result->mutable_price_estimate() =
      stats::IntervalEstimate(value, interval, stats::kConfidence, "student", defaults.priced_count,
                              defaults.priced_count >= domain::kPriceDealsMin);
}

void RenderSteps(const FunnelPlan& plan, const domain::PlanLimits& limits,
                 google::protobuf::RepeatedPtrField<v1::PlannedStep>* result) {
  const std::vector<int64_t> counts = *CountsOf(plan);
  for (size_t i = 0; i < counts.size(); ++i) {
    const domain::FunnelStep& step = plan.steps[i];
    v1::PlannedStep* item = result->Add();
    item->set_name(step.name);
    item->set_unit(static_cast<v1::StepUnit>(step.unit));
    item->set_count(counts[i]);
    if (i + 1 < counts.size()) {
      item->set_rate(static_cast<double>(step.num) / static_cast<double>(step.den));
    }
    if (!limits.people) continue;
    const auto size = step.unit == domain::StepUnit::kAccounts ? limits.group_max : 1;
    item->set_market_share(static_cast<double>(counts[i]) * static_cast<double>(size) /
                           static_cast<double>(*limits.people));
  }
}

v1::PlanLimit ToProto(const LimitCheck& check, const FunnelPlan& plan) {
  v1::PlanLimit result;
  result.set_type(static_cast<v1::PlanLimit::Type>(check.type));
  if (check.type == LimitType::kPeople || check.type == LimitType::kAccounts) {
    result.set_step(plan.steps[check.step].name);
  }
  result.set_need(check.need);
  result.set_need_min(check.need_min);
  result.set_violated(check.violated);
  if (check.available) {
    result.set_available(*check.available);
    if (*check.available > 0) {
      result.set_ratio(static_cast<double>(check.need) / static_cast<double>(*check.available));
    }
  }
  return result;
}

v1::PlanMend ToProto(const Mend& mend, Currency currency) {
  v1::PlanMend result;
  result.set_variable(static_cast<v1::PlanMend::Variable>(mend.variable));
  if (mend.variable == MendVariable::kCount || mend.variable == MendVariable::kRate) {
    result.set_step(mend.plan.steps[mend.step].name);
  }
  result.set_from_value(mend.from);
  result.set_to_value(mend.to);
  result.set_change_factor(mend.factor());
  RenderSteps(mend.plan, mend.limits, result.mutable_steps());
  if (mend.plan.algebra) *result.mutable_algebra() = ToProto(*mend.plan.algebra, currency);
  return result;
}

void RenderMarket(const AskedPlan& asked, v1::PlanMarket* result) {
  const domain::PlanLimits& limits = asked.limits;
  if (limits.people) {
    result->set_people_count(*limits.people);
    const GroupCounts groups = GroupsIn(*limits.people, limits.group_min, limits.group_max);
    result->set_accounts_held_min(groups.min);
    result->set_accounts_held_max(groups.max);
  }
  if (limits.accounts) result->set_account_count(*limits.accounts);
  result->set_account_count_derived(asked.accounts_derived);
  result->set_touches_per_account_min(limits.group_min * limits.touches_min);
  result->set_touches_per_account_max(limits.group_max * limits.touches_max);
}

void RenderEconomics(const AskedPlan& asked, Currency currency, v1::PlanFunnelResponse* response) {
  const std::vector<int64_t> counts = *CountsOf(asked.plan);
  const int64_t money = MoneyNeed(asked.plan, counts);
  if (money == 0 || !asked.revenue_per_customer_micros || counts.back() == 0) return;
  const int64_t cost = money / counts.back() + (money % counts.back() != 0);
  v1::UnitEconomics* result = response->mutable_unit_economics();
  *result->mutable_acquisition_cost() = ToMoney(cost, currency);
  *result->mutable_revenue_per_customer() = ToMoney(*asked.revenue_per_customer_micros, currency);
  result->set_may_spend_more(cost < *asked.revenue_per_customer_micros);
}

// "265,000 of 7,500 people" for any limit.
std::string Against(const LimitCheck& check, const FunnelPlan& plan, Currency currency) {
  const auto money = [&](int64_t micros) { return Format(Money{micros, currency}); };
  const auto hours = [](int64_t minutes) { return Grouped(minutes / 60 + (minutes % 60 != 0)); };
  switch (check.type) {
    case LimitType::kPeople:
      return fmt::format("{} people are needed for {} and the market has {}", Grouped(check.need),
                         plan.steps[check.step].name, Grouped(*check.available));
    case LimitType::kAccounts:
      return fmt::format("{} accounts are needed for {} and the market has {}", Grouped(check.need),
                         plan.steps[check.step].name, Grouped(*check.available));
    case LimitType::kTouches:
      return fmt::format("{} touches are needed and {} can be made", Grouped(check.need),
                         Grouped(*check.available));
    case LimitType::kSellerMinutes:
      return fmt::format("{} hours of sellers are needed and they have {}", hours(check.need),
                         Grouped(*check.available / 60));
    case LimitType::kMoney:
      break;
  }
  return fmt::format("{} are needed and the budget is {}", money(check.need),
                     money(*check.available));
}

std::string Change(const Mend& mend, Currency currency) {
  const auto money = [&](int64_t micros) { return Format(Money{micros, currency}); };
  switch (mend.variable) {
    case MendVariable::kRevenue:
      return fmt::format("plan {} of revenue", money(mend.to));
    case MendVariable::kCount:
      return fmt::format("plan {} {}", Grouped(mend.to), mend.plan.steps[mend.step].name);
    case MendVariable::kRate:
      return fmt::format("let {:.4f} % of {} go on", static_cast<double>(mend.to) / 1e4,
                         mend.plan.steps[mend.step].name);
    case MendVariable::kPrice:
      return fmt::format("sell at {}", money(mend.to));
    case MendVariable::kTouches:
      return fmt::format("make {} touches", Grouped(mend.to));
    case MendVariable::kSellerMinutes:
      return fmt::format("have {} hours of sellers", Grouped(mend.to / 60 + (mend.to % 60 != 0)));
    case MendVariable::kMoney:
      break;
  }
  return fmt::format("spend {}", money(mend.to));
}

std::string Summarize(v1::PlanFunnelResponse::Verdict verdict, const LimitCheck* first,
                      const std::vector<Mend>& mends, const FunnelPlan& plan, Currency currency) {
  if (verdict == v1::PlanFunnelResponse::VERDICT_UNTESTED) {
    return "no limit is stated: the plan was not tested; state the market, or give limits";
  }
  if (first == nullptr) return "the plan holds every limit that is stated";
  const std::string why = Against(*first, plan, currency);
  if (mends.empty()) return why + "; no single change is enough";
  return fmt::format("{}; the smallest change that is enough: {}", why,
                     Change(mends.front(), currency));
}

void RenderProvenance(const records_client::Question& question, const domain::DealTable& table,
                      const AskedPlan& asked, const v1::PlanFunnelRequest& request,
                      type::v1::Provenance* result) {
  v1::PlanFunnelRequest content = request;
  content.clear_point();
  Sha256 hash;
  hash.UpdateText(kPlanRules).UpdateText(CanonicalBytes(content)).UpdateText(table.currency.code());
  const domain::PlanLimits& limits = asked.limits;
  hash.Update(limits.people.value_or(-1)).Update(limits.accounts.value_or(-1));
  hash.Update(limits.group_min).Update(limits.group_max);
  hash.Update(MoneyNeed(asked.plan, *CountsOf(asked.plan)));
  hash.Update(limits.budget_micros.value_or(-1));
  if (asked.plan.algebra) {
    hash.Update(asked.plan.algebra->revenue_micros).Update(asked.plan.algebra->price_micros);
    hash.Update(asked.plan.algebra->close_rate_ppm);
  }
  if (asked.defaults) {
    hash.Update(asked.defaults->won_count).Update(asked.defaults->closed_count);
    hash.Update(asked.defaults->priced_count);
    hash.Update(static_cast<int64_t>(asked.defaults->price_interval.low));
  }
  *result->mutable_as_of() = handler::ToProto(question.as_of);
  result->set_revision(question.view.revision());
  result->set_input_sha256(hash.HexDigest());
  result->set_rules_version(kPlanRules);
}

}  // namespace

Status ForecastingHandler::PlanFunnel(rpc::Call& call, const v1::PlanFunnelRequest& request,
                                      v1::PlanFunnelResponse* response) {
  GTM_ASSIGN_OR_RETURN(const ParsedPlan parsed, ParsePlan(request));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const domain::DealTable table,
                       domain::DealsAt(question.view, question.as_of));
  GTM_ASSIGN_OR_RETURN(const AskedPlan asked, Resolve(parsed, question, table));
  const FunnelPlan& plan = asked.plan;
  RenderSteps(plan, asked.limits, response->mutable_steps());
  if (plan.algebra) {
    *response->mutable_algebra() = ToProto(*plan.algebra, table.currency);
    if (asked.defaults) RenderEstimates(parsed, *asked.defaults, response->mutable_algebra());
  }
  const std::vector<LimitCheck> checks = CheckLimits(plan, *CountsOf(plan), asked.limits);
  const LimitCheck* first = nullptr;
  bool tested = false;
  for (const LimitCheck& check : checks) {
    *response->add_limits() = ToProto(check, plan);
    tested |= check.available.has_value();
    if (check.violated && first == nullptr) first = &check;
  }
  std::vector<Mend> mends;
  response->set_verdict(tested ? v1::PlanFunnelResponse::VERDICT_ACCEPTED
                               : v1::PlanFunnelResponse::VERDICT_UNTESTED);
  if (first != nullptr) {
    response->set_verdict(v1::PlanFunnelResponse::VERDICT_REFUSED);
    *response->mutable_first_violated() = ToProto(*first, plan);
    mends = FindMends(plan, asked.limits);
    for (const Mend& mend : mends) *response->add_mends() = ToProto(mend, table.currency);
  }
  response->set_summary(Summarize(response->verdict(), first, mends, plan, table.currency));
  RenderMarket(asked, response->mutable_market());
  RenderEconomics(asked, table.currency, response);
  RenderProvenance(question, table, asked, request, response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
