#include "services/targeting/handler/market_question.h"

#include <algorithm>
#include <bitset>

#include "fmt/format.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/render.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kGroupPeopleMax = 100;
constexpr int kPersonTouchesMax = 1'000;
constexpr int kTouchesMinDefault = 11;  // TG-12
constexpr int kTouchesMaxDefault = 13;

int32_t Bound(int32_t value, int32_t otherwise, int32_t low, int32_t high, const char* field,
              Violations* violations) {
  if (value == 0) return std::max(otherwise, low);
  if (value < low || value > high) {
    violations->Add(std::string("group_rule.") + field,
                    fmt::format("{} is out of range; use {} to {}", value, low, high));
    return std::max(otherwise, low);
  }
  return value;
}

}  // namespace

v1::DefinitionUsed MarketQuestion::Used() const {
  return RenderUsed(*compiled->message, is_review_overdue());
}

type::v1::Provenance MarketQuestion::Basis(std::string_view inputs) const {
  return RenderProvenance(question, compiled->message.get(),
                          compiled->HashInputs(question.as_of, inputs));
}

Result<MarketQuestion> AskMarket(records_client::Records& records, CompiledDefinitions& definitions,
                                 const rpc::Call& call, const type::v1::PointInTime& point,
                                 const std::string& definition_id) {
  Violations violations;
  violations.CheckId("definition_id", definition_id, false);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records.Ask(call, point));
  GTM_ASSIGN_OR_RETURN(const auto message, ChooseDefinition(question, definition_id));
  GTM_ASSIGN_OR_RETURN(auto compiled, definitions.Of(message, question.view.settings().calendar));
  return MarketQuestion{std::move(question), std::move(compiled)};
}

std::string PageQuestion::TokenAfter(int64_t order, const std::string& id) const {
  return MakePageToken(PositionText({order, asked.question.as_of, id}), digest);
}

DayRange DaysUntil(absl::Time as_of, const FiscalCalendar& calendar, int day_count) {
  // As of midnight the day before is the last one that anything happened on.
  const absl::CivilDay end = calendar.DayOf(as_of - absl::Nanoseconds(1)) + 1;
  return {end - day_count, end};
}

Result<DayRange> CheckSpan(const DayRange& days) {
  if (days.day_count() <= kSpanDaysMax) return days;
  return InvalidField("days",
                      fmt::format("{} days; ask for {} at most", days.day_count(), kSpanDaysMax));
}

domain::ActivityGrouping GroupingOf(v1::ActivityGrouping grouping, Violations* violations) {
  if (grouping == v1::ACTIVITY_GROUPING_UNSPECIFIED) return domain::ActivityGrouping::kChannel;
  if (v1::ActivityGrouping_IsValid(grouping)) {
    return static_cast<domain::ActivityGrouping>(grouping);
  }
  violations->Add("grouping", "not a grouping; use channels, campaigns or content");
  return domain::ActivityGrouping::kChannel;
}

domain::GroupRule GroupRuleOf(const v1::BuyingGroupRule& rule, const book::Settings& settings,
                              Violations* violations) {
  domain::GroupRule out;
  out.size_min = Bound(rule.size_min(), settings.buying_group_size_min, 1, kGroupPeopleMax,
                       "size_min", violations);
  out.size_max = Bound(rule.size_max(), settings.buying_group_size_max, out.size_min,
                       kGroupPeopleMax, "size_max", violations);
  out.touches_min = Bound(rule.touches_min(), kTouchesMinDefault, 1, kPersonTouchesMax,
                          "touches_min", violations);
  out.touches_max = Bound(rule.touches_max(), kTouchesMaxDefault, out.touches_min,
                          kPersonTouchesMax, "touches_max", violations);
  std::bitset<domain::kRoleCount> seen;
  for (int i = 0; i < rule.expected_roles_size(); ++i) {
    const int role = rule.expected_roles(i);
    if (role <= 0 || role >= domain::kRoleCount || seen.test(static_cast<size_t>(role))) {
      violations->Add(fmt::format("group_rule.expected_roles[{}]", i),
                      "must be a buying role that is not listed before");
      continue;
    }
    seen.set(static_cast<size_t>(role));
    out.expected_roles.push_back(static_cast<book::BuyingRole>(role));
  }
  if (rule.expected_roles().empty()) {
    out.expected_roles = {crm::v1::BUYING_ROLE_ECONOMIC_BUYER, crm::v1::BUYING_ROLE_CHAMPION,
                          crm::v1::BUYING_ROLE_TECHNICAL_EVALUATOR, crm::v1::BUYING_ROLE_USER};
  }
  return out;
}

}  // namespace gtm::targeting::handler
