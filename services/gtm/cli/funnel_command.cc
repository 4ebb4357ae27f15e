// gtm funnel plan: what a plan needs, and whether the market holds it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "common/core/money.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/funnel_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

namespace v1 = forecasting::v1;

// Value of a flag that means: from the tenant's own last year.
constexpr char kHistory[] = "history";

struct PlanFlags {
  PointFlags point;
  std::string owner, segment;
  std::string revenue, price, close_rate, leads;
  std::string lead_unit = "accounts";
  std::string lead_cost, deal_cost;
  int lead_minutes = 0, deal_minutes = 0;
  std::vector<std::string> steps;
  std::string people, accounts, group, touches, touch_capacity, hours, budget;
  std::string revenue_per_customer;
};

// "265,000".
Result<int64_t> ParseCount(std::string_view text, std::string_view flag) {
  GTM_ASSIGN_OR_RETURN(const int64_t micros, ParseMicros(text, NumberFormat{'.', ','}, flag));
  if (micros % kMicrosPerUnit != 0) {
    return InvalidField(std::string(flag), fmt::format("\"{}\" is no whole number", text));
  }
  return micros / kMicrosPerUnit;
}

// "9.8%" or "9.8 %" in millionths.
Result<int32_t> ParseRate(std::string_view text, std::string_view flag) {
  std::string number(text);
  if (number.empty() || number.back() != '%') {
    return InvalidField(std::string(flag), fmt::format("\"{}\" is no share such as 9.8%", text));
  }
  number.pop_back();
  while (!number.empty() && number.back() == ' ') number.pop_back();
  GTM_ASSIGN_OR_RETURN(const int64_t micros, ParseMicros(number, NumberFormat{'.', ','}, flag));
  if (micros <= 0 || micros > 100 * kMicrosPerUnit || micros % 100 != 0) {
    return InvalidField(std::string(flag),
                        "must be above 0% and at most 100%, with at most four "
                        "decimals");
  }
  return static_cast<int32_t>(micros / 100);
}

// "7-11" or "7".
Status ParseSpan(const std::string& text, const char* flag, const std::function<void(int32_t)>& low,
                 const std::function<void(int32_t)>& high) {
  if (text.empty()) return {};
  const size_t dash = text.find('-');
  GTM_ASSIGN_OR_RETURN(const int64_t first, ParseCount(text.substr(0, dash), flag));
  int64_t last = first;
  if (dash != std::string::npos) {
    GTM_ASSIGN_OR_RETURN(last, ParseCount(text.substr(dash + 1), flag));
  }
  if (first < 1 || last < first || last > 1'000) {
    return InvalidField(flag, "must be such as 7-11, from 1 to 1000");
  }
  low(static_cast<int32_t>(first));
  high(static_cast<int32_t>(last));
  return {};
}

// One part of a step behind its count: "accounts", "cost=12 USD", "minutes=30".
Status ParseStepPart(const std::string& part, v1::FunnelStep* step) {
  if (part == "accounts") {
    step->set_unit(v1::STEP_UNIT_ACCOUNTS);
  } else if (part == "people") {
    step->set_unit(v1::STEP_UNIT_PEOPLE);
  } else if (part.starts_with("cost=")) {
    GTM_ASSIGN_OR_RETURN(*step->mutable_cost_amount(), ParseMoneyFlag(part.substr(5), "--step"));
  } else if (part.starts_with("minutes=")) {
    GTM_ASSIGN_OR_RETURN(const int64_t minutes, ParseCount(part.substr(8), "--step"));
    step->set_seller_minutes(
        static_cast<int32_t>(std::clamp<int64_t>(minutes, INT32_MIN, INT32_MAX)));
  } else {
    return InvalidField("--step", fmt::format("\"{}\" is none of people, accounts, cost=AMOUNT and "
                                              "minutes=NUMBER",
                                              part));
  }
  return {};
}

// "SQL=26000:accounts:cost=12 USD:minutes=30" or "SQL=9.8%".
Status ParseStep(const std::string& text, v1::FunnelStep* step) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return InvalidField("--step", fmt::format("\"{}\" is no step such as SQL=26000, SQL=9.8% or "
                                              "SQL=26000:accounts:cost=120:minutes=30",
                                              text));
  }
  step->set_name(text.substr(0, equals));
  size_t at = equals + 1;
  for (bool first = true; at <= text.size(); first = false) {
    const size_t end = std::min(text.find(':', at), text.size());
    const std::string part = text.substr(at, end - at);
    at = end + 1;
    if (!first) {
      GTM_RETURN_IF_ERROR(ParseStepPart(part, step));
    } else if (part.ends_with('%')) {
      GTM_ASSIGN_OR_RETURN(const int32_t rate, ParseRate(part, "--step"));
      step->set_rate_ppm(rate);
    } else {
      GTM_ASSIGN_OR_RETURN(const int64_t count, ParseCount(part, "--step"));
      step->set_count(count);
    }
  }
  return {};
}

Status FillAlgebra(const PlanFlags& flags, v1::PlanFunnelRequest* request) {
  if (flags.revenue.empty() && flags.price.empty() && flags.close_rate.empty() &&
      flags.leads.empty()) {
    return {};
  }
  v1::RevenueAlgebra* algebra = request->mutable_algebra();
  if (!flags.revenue.empty()) {
    GTM_ASSIGN_OR_RETURN(*algebra->mutable_revenue_amount(),
                         ParseMoneyFlag(flags.revenue, "--revenue"));
  }
  if (flags.price == kHistory) {
    algebra->set_price_from_history(true);
  } else if (!flags.price.empty()) {
    GTM_ASSIGN_OR_RETURN(*algebra->mutable_price_amount(), ParseMoneyFlag(flags.price, "--price"));
  }
  if (flags.close_rate == kHistory) {
    algebra->set_close_rate_from_history(true);
  } else if (!flags.close_rate.empty()) {
    GTM_ASSIGN_OR_RETURN(const int32_t rate, ParseRate(flags.close_rate, "--close-rate"));
    algebra->set_close_rate_ppm(rate);
  }
  if (!flags.leads.empty()) {
    GTM_ASSIGN_OR_RETURN(const int64_t leads, ParseCount(flags.leads, "--leads"));
    algebra->set_lead_count(leads);
  }
  v1::FunnelStep* lead = algebra->mutable_lead_step();
  v1::FunnelStep* deal = algebra->mutable_deal_step();
  lead->set_unit(flags.lead_unit == "people" ? v1::STEP_UNIT_PEOPLE : v1::STEP_UNIT_ACCOUNTS);
  lead->set_seller_minutes(flags.lead_minutes);
  deal->set_seller_minutes(flags.deal_minutes);
  if (!flags.lead_cost.empty()) {
    GTM_ASSIGN_OR_RETURN(*lead->mutable_cost_amount(),
                         ParseMoneyFlag(flags.lead_cost, "--lead-cost"));
  }
  if (!flags.deal_cost.empty()) {
    GTM_ASSIGN_OR_RETURN(*deal->mutable_cost_amount(),
                         ParseMoneyFlag(flags.deal_cost, "--deal-cost"));
  }
  return {};
}

Status FillLimits(const PlanFlags& flags, v1::PlanLimits* limits) {
  const auto count = [](const std::string& text, const char* flag,
                        const std::function<void(int64_t)>& set) -> Status {
    if (text.empty()) return {};
    GTM_ASSIGN_OR_RETURN(const int64_t number, ParseCount(text, flag));
    set(number);
    return {};
  };
  GTM_RETURN_IF_ERROR(
      count(flags.people, "--people", [&](int64_t n) { limits->set_market_people_count(n); }));
  GTM_RETURN_IF_ERROR(
      count(flags.accounts, "--accounts", [&](int64_t n) { limits->set_market_account_count(n); }));
  GTM_RETURN_IF_ERROR(count(flags.touch_capacity, "--touch-capacity",
                            [&](int64_t n) { limits->set_touch_count(n); }));
  GTM_RETURN_IF_ERROR(
      count(flags.hours, "--hours", [&](int64_t n) { limits->set_seller_hours(n); }));
  GTM_RETURN_IF_ERROR(ParseSpan(
      flags.group, "--group", [&](int32_t n) { limits->set_buying_group_size_min(n); },
      [&](int32_t n) { limits->set_buying_group_size_max(n); }));
  GTM_RETURN_IF_ERROR(ParseSpan(
      flags.touches, "--touches", [&](int32_t n) { limits->set_touches_per_person_min(n); },
      [&](int32_t n) { limits->set_touches_per_person_max(n); }));
  if (!flags.budget.empty()) {
    GTM_ASSIGN_OR_RETURN(*limits->mutable_budget_amount(),
                         ParseMoneyFlag(flags.budget, "--budget"));
  }
  return {};
}

Result<int> RunPlan(Session& session, const PlanFlags& flags) {
  v1::PlanFunnelRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.mutable_selection()->set_owner_seller_id(flags.owner);
  request.mutable_selection()->set_segment(flags.segment);
  GTM_RETURN_IF_ERROR(FillAlgebra(flags, &request));
  for (const std::string& step : flags.steps) {
    GTM_RETURN_IF_ERROR(ParseStep(step, request.add_steps()));
  }
  GTM_RETURN_IF_ERROR(FillLimits(flags, request.mutable_limits()));
  if (!flags.revenue_per_customer.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_revenue_per_customer(),
                         ParseMoneyFlag(flags.revenue_per_customer, "--revenue-per-customer"));
  }
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<v1::ForecastingService>(
                                              &v1::ForecastingService::Stub::PlanFunnel, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintFunnelPlan(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddFunnelPlanCommand(CLI::App& funnel, Session& session) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* plan = funnel.add_subcommand(
      "plan", "Solve a plan and test it against market, touches, hours and money");
  flags->point.Register(*plan);
  const auto option = [&](const char* name, std::string* value, const char* meaning,
                          const char* type) {
    return plan->add_option(name, *value, meaning)->type_name(type);
  };
  option("--revenue", &flags->revenue, "Revenue wanted; of these four leave out one", "AMOUNT");
  option("--price", &flags->price, "Price of a deal; or: history", "AMOUNT");
  option("--close-rate", &flags->close_rate, "Of qualified leads: 20%; or: history", "SHARE");
  option("--leads", &flags->leads, "Qualified leads", "COUNT");
  plan->add_option("--step", flags->steps,
                   "From the top: NAME=265000 or NAME=9.8%, then :accounts :cost=12 :minutes=30")
      ->type_name("STEP");
  plan->add_option("--lead-unit", flags->lead_unit, "What a qualified lead is")
      ->capture_default_str()
      ->check(CLI::IsMember({"accounts", "people"}));
  option("--lead-cost", &flags->lead_cost, "What a qualified lead costs", "AMOUNT");
  option("--deal-cost", &flags->deal_cost, "What a deal costs", "AMOUNT");
  plan->add_option("--lead-minutes", flags->lead_minutes, "Minutes of sellers for a lead");
  plan->add_option("--deal-minutes", flags->deal_minutes, "Minutes of sellers for a deal");
  option("--people", &flags->people, "People in the market; default: settings", "COUNT");
  option("--accounts", &flags->accounts, "Accounts in the market; default: settings", "COUNT");
  option("--group", &flags->group, "People in a buying group: 7-11", "FROM-TO");
  option("--touches", &flags->touches, "Touches that a person needs: 11-13", "FROM-TO");
  option("--touch-capacity", &flags->touch_capacity, "Touches that can be made", "COUNT");
  option("--hours", &flags->hours, "Hours that sellers have", "COUNT");
  option("--budget", &flags->budget, "Money to spend", "AMOUNT");
  option("--revenue-per-customer", &flags->revenue_per_customer,
         "What a customer brings; default: the price", "AMOUNT");
  option("--owner", &flags->owner, "History of this seller only", "ID");
  option("--segment", &flags->segment, "History of this segment only", "TEXT");
  plan->callback([&session, flags] {
    session.action = [&session, flags] { return RunPlan(session, *flags); };
  });
}

}  // namespace gtm::cli
