#include "services/targeting/domain/funnel_plan.h"

#include <algorithm>
#include <limits>
#include <set>

#include "common/core/funnel_need.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kCountMax = 1'000'000'000;
constexpr size_t kStagesMax = 20;
constexpr int kTouchesMax = 10'000;
constexpr int kMinutesMax = 100'000;
constexpr int64_t kCostMicrosMax = 1'000'000'000'000;  // a million units each

std::string Grouped(int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, ",");
  return digits;
}

GroupCounts GroupsOf(const FunnelPlan& plan) {
  return GroupsIn(plan.market_people_count, plan.group_size_min, plan.group_size_max);
}

// The most that there can be: what is refused here is impossible.
int64_t AccountsOf(const FunnelPlan& plan) {
  return plan.market_account_count > 0 ? plan.market_account_count : GroupsOf(plan).max;
}

// Needs of all stages together.
template <class Each>
int64_t Total(const std::vector<FunnelStage>& stages, Each each) {
  FunnelNeed need;
  for (const FunnelStage& stage : stages) need.Add(stage.count, each(stage));
  return need.told();
}

std::vector<FunnelLimit> LimitsOf(const FunnelPlan& plan, const std::vector<FunnelStage>& stages) {
  std::vector<FunnelLimit> limits;
  for (const FunnelStage& stage : stages) {
    limits.push_back({stage.accounts ? LimitKind::kAccounts : LimitKind::kPeople, stage.name,
                      stage.count, stage.accounts ? AccountsOf(plan) : plan.market_people_count});
  }
  if (plan.touch_capacity) {
    limits.push_back({LimitKind::kTouches, "",
                      Total(stages, [](const auto& s) { return s.touches_each; }),
                      *plan.touch_capacity});
  }
  if (plan.seller_minutes) {
    limits.push_back({LimitKind::kSellerMinutes, "",
                      Total(stages, [](const auto& s) { return s.seller_minutes_each; }),
                      *plan.seller_minutes});
  }
  if (plan.budget_micros) {
    limits.push_back({LimitKind::kMoney, "",
                      Total(stages, [](const auto& s) { return s.cost_each_micros; }),
                      *plan.budget_micros});
  }
  return limits;
}

// The plan with `top` at its top and the same rates, rounded down.
std::vector<FunnelStage> ScaledTo(const std::vector<FunnelStage>& stages, int64_t top) {
  std::vector<FunnelStage> scaled = stages;
  for (FunnelStage& stage : scaled) stage.count = stage.count * top / stages[0].count;
  return scaled;
}

bool Fits(const std::vector<FunnelLimit>& limits) {
  return std::none_of(limits.begin(), limits.end(), [](const auto& l) { return l.violated(); });
}

// The largest top that fits, by bisection: needs only grow with the top.
std::vector<FunnelStage> CounterPlan(const FunnelPlan& plan) {
  int64_t fits = 0;
  int64_t breaks = plan.stages[0].count;
  while (breaks - fits > 1) {
    const int64_t middle = fits + (breaks - fits) / 2;
    (Fits(LimitsOf(plan, ScaledTo(plan.stages, middle))) ? fits : breaks) = middle;
  }
  return ScaledTo(plan.stages, fits);
}

void CheckRange(int64_t value, int64_t min, int64_t max, const std::string& field,
                std::vector<FieldViolation>* violations) {
  if (value < min || value > max) {
    violations->push_back({field, fmt::format("{} is out of range; use {} to {}", value,
                                              Grouped(min), Grouped(max))});
  }
}

void CheckStages(const FunnelPlan& plan, std::vector<FieldViolation>* violations) {
  if (plan.stages.empty() || plan.stages.size() > kStagesMax) {
    violations->push_back({"stages", "required: 1 to 20 stages from the top down"});
  }
  std::set<std::string> names;
  std::optional<int64_t> above[2];
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const FunnelStage& stage = plan.stages[i];
    const std::string field = fmt::format("stages[{}]", i);
    if (stage.name.empty()) violations->push_back({field + ".display_name", "required"});
    if (!names.insert(stage.name).second) {
      violations->push_back({field + ".display_name", "is the name of a stage above"});
    }
    CheckRange(stage.count, 1, kCountMax, field + ".count", violations);
    CheckRange(stage.touches_each, 0, kTouchesMax, field + ".touches_each", violations);
    CheckRange(stage.seller_minutes_each, 0, kMinutesMax, field + ".seller_minutes_each",
               violations);
    CheckRange(stage.cost_each_micros, 0, kCostMicrosMax, field + ".cost_each", violations);
    std::optional<int64_t>& before = above[stage.accounts ? 1 : 0];
    if (before && stage.count > *before) {
      violations->push_back({field + ".count", "more than the stage above; stages go down"});
    }
    before = stage.count;
  }
}

Status Validate(const FunnelPlan& plan) {
  std::vector<FieldViolation> violations;
  CheckStages(plan, &violations);
  CheckRange(plan.market_people_count, 0, kCountMax, "market_people_count", &violations);
  CheckRange(plan.market_account_count, 0, kCountMax, "market_account_count", &violations);
  CheckRange(plan.group_size_min, 1, 100, "buying_group_size_min", &violations);
  CheckRange(plan.group_size_max, std::max(1, plan.group_size_min), 100, "buying_group_size_max",
             &violations);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  CheckRange(plan.touch_capacity.value_or(0), 0, kMost, "touch_capacity", &violations);
  CheckRange(plan.seller_minutes.value_or(0), 0, kMost, "seller_hours", &violations);
  CheckRange(plan.budget_micros.value_or(0), 0, kMost, "budget", &violations);
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (plan.market_people_count == 0) {
    return Error(Reason::DATA_MISSING,
                 "the question cannot be answered from the records: the size of the market is not "
                 "stated; give market_people_count here, in the definition or in the settings")
        .With("missing", "market_people_count");
  }
  return {};
}

}  // namespace

std::string Explain(const FunnelLimit& limit) {
  const auto times = [&] {
    if (limit.available == 0) return std::string("there are none");
    const double ratio = static_cast<double>(limit.needed) / static_cast<double>(limit.available);
    return ratio > 1 ? fmt::format("{:.1f} times what there is", ratio)
                     : fmt::format("{:.1f} % of what there is", 100 * ratio);
  };
  switch (limit.kind) {
    case LimitKind::kPeople:
      return fmt::format("{} {} in a market of {} people: {}", Grouped(limit.needed), limit.stage,
                         Grouped(limit.available), times());
    case LimitKind::kAccounts:
      return fmt::format("{} {} in a market of {} accounts: {}", Grouped(limit.needed), limit.stage,
                         Grouped(limit.available), times());
    case LimitKind::kTouches:
      return fmt::format("{} touches of {}: {}", Grouped(limit.needed), Grouped(limit.available),
                         times());
    case LimitKind::kSellerMinutes:
      return fmt::format("{} hours of sellers of {}: {}", Grouped((limit.needed + 59) / 60),
                         Grouped(limit.available / 60), times());
    case LimitKind::kMoney:
      return fmt::format("{} of a budget of {}: {}", Grouped(limit.needed / 1'000'000),
                         Grouped(limit.available / 1'000'000), times());
  }
  return "";
}

Result<FunnelCheck> CheckFunnelPlan(const FunnelPlan& plan) {
  GTM_RETURN_IF_ERROR(Validate(plan));
  FunnelCheck check;
  check.limits = LimitsOf(plan, plan.stages);
  for (size_t i = 0; i < check.limits.size() && !check.first_violation; ++i) {
    if (check.limits[i].violated()) check.first_violation = i;
  }
  const FunnelStage* above[2] = {};
  for (const FunnelStage& stage : plan.stages) {
    const FunnelStage*& before = above[stage.accounts ? 1 : 0];
    if (before != nullptr) {
      check.steps.push_back(
          {before->name, stage.name,
           static_cast<double>(stage.count) / static_cast<double>(before->count)});
    }
    before = &stage;
  }
  check.group_count_min = GroupsOf(plan).min;
  check.group_count_max = GroupsOf(plan).max;
  if (check.first_violation) check.counter_plan = CounterPlan(plan);
  return check;
}

}  // namespace gtm::targeting::domain
