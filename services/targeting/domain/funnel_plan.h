#pragma once
// Whether a funnel plan can be true (TG-15, TG-12, C05): people and accounts against the
// market stage by stage; touches, seller minutes and money over all stages.
//
// Worked example D1: 265,000 visitors -> 26,000 SQL -> 2,600 SAL in a market of 7,500
// people is refused: the visitors are 35.3 times the market. At the same rates (9.8 % and
// 10.0 %) 7,500 -> 735 -> 73 is the most that fits; groups of 7 to 11 people make 681 to
// 1,071 accounts of that market.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"

namespace gtm::targeting::domain {

struct FunnelStage {
  std::string name;
  int64_t count = 0;
  bool accounts = false;  // counts accounts, not people
  int32_t touches_each = 0;
  int32_t seller_minutes_each = 0;
  int64_t cost_each_micros = 0;
};

struct FunnelPlan {
  std::vector<FunnelStage> stages;  // from the top
  int64_t market_people_count = 0;
  int64_t market_account_count = 0;  // 0: market people / smallest group
  int group_size_min = 7;
  int group_size_max = 11;
  std::optional<int64_t> touch_capacity;
  std::optional<int64_t> seller_minutes;
  std::optional<int64_t> budget_micros;
};

// Numbers as in gtm.targeting.v1.CheckFunnelPlanResponse.Limit.Kind.
enum class LimitKind { kPeople = 1, kAccounts = 2, kTouches = 3, kSellerMinutes = 4, kMoney = 5 };

struct FunnelLimit {
  LimitKind kind = LimitKind::kPeople;
  std::string stage;  // "": over all stages
  int64_t needed = 0;
  int64_t available = 0;
  bool violated() const { return needed > available; }
};
// "265,000 visitors in a market of 7,500 people: 35.3 times what there is".
std::string Explain(const FunnelLimit& limit);

struct FunnelStep {
  std::string from;
  std::string to;
  double rate = 0;
};

struct FunnelCheck {
  std::vector<FunnelLimit> limits;
  std::optional<size_t> first_violation;  // index into limits
  std::vector<FunnelStep> steps;
  int64_t group_count_min = 0;
  int64_t group_count_max = 0;
  std::vector<FunnelStage> counter_plan;  // empty where the plan is feasible
};

// Errors: INVALID_FIELDS with everything wrong with the plan; DATA_MISSING where the
// market's people are not stated.
Result<FunnelCheck> CheckFunnelPlan(const FunnelPlan& plan);

}  // namespace gtm::targeting::domain
