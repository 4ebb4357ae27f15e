#include "services/targeting/domain/funnel_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/matchers.h"

namespace gtm::targeting::domain {
namespace {

using test::FailsOn;
using test::FailsWith;
using ::testing::IsEmpty;

FunnelPlan D1Plan() {
  FunnelPlan plan;
  plan.stages = {{"visitors", 265'000}, {"SQL", 26'000}, {"SAL", 2'600}};
  plan.market_people_count = 7'500;
  return plan;
}

TEST(CheckFunnelPlan, D1RefusesAPlanThatTheMarketCannotHold) {
  const FunnelCheck check = CheckFunnelPlan(D1Plan()).value();
  ASSERT_EQ(check.first_violation, 0u);
  EXPECT_TRUE(check.limits[0].violated());
  EXPECT_TRUE(check.limits[1].violated());
  EXPECT_FALSE(check.limits[2].violated());
  EXPECT_EQ(Explain(check.limits[0]),
            "265,000 visitors in a market of 7,500 people: 35.3 times what there is");
  EXPECT_EQ(Explain(check.limits[1]),
            "26,000 SQL in a market of 7,500 people: 3.5 times what there is");
  EXPECT_EQ(Explain(check.limits[2]),
            "2,600 SAL in a market of 7,500 people: 34.7 % of what there is");
  EXPECT_NEAR(check.steps[0].rate, 0.098, 0.0005);
  EXPECT_NEAR(check.steps[1].rate, 0.100, 0.0005);
  EXPECT_EQ(check.group_count_min, 681);
  EXPECT_EQ(check.group_count_max, 1'071);
  ASSERT_EQ(check.counter_plan.size(), 3u);
  EXPECT_EQ(check.counter_plan[0].count, 7'500);
  EXPECT_EQ(check.counter_plan[1].count, 735);
  EXPECT_EQ(check.counter_plan[2].count, 73);
}

TEST(CheckFunnelPlan, AcceptsAPlanThatFits) {
  FunnelPlan plan = D1Plan();
  plan.market_people_count = 265'000;
  const FunnelCheck check = CheckFunnelPlan(plan).value();
  EXPECT_FALSE(check.first_violation.has_value());
  EXPECT_THAT(check.counter_plan, IsEmpty());
}

TEST(CheckFunnelPlan, ChecksAccountsTouchesHoursAndMoneyToo) {
  FunnelPlan plan;
  plan.stages = {{"targets", 1'000, false, 13}, {"opportunities", 200, true, 0, 90, 5'000'000}};
  plan.market_people_count = 1'300;
  EXPECT_EQ(CheckFunnelPlan(plan)->limits[1].available, 185) << "1,300 people in groups of 7";
  EXPECT_EQ(CheckFunnelPlan(plan)->first_violation, 1u);
  plan.market_account_count = 200;
  EXPECT_FALSE(CheckFunnelPlan(plan)->first_violation.has_value());
  plan.touch_capacity = 13'000;
  plan.seller_minutes = 18'000;
  plan.budget_micros = 1'000'000'000;
  EXPECT_FALSE(CheckFunnelPlan(plan)->first_violation.has_value()) << "to the brim";
  plan.budget_micros = 999'999'999;
  const FunnelCheck check = CheckFunnelPlan(plan).value();
  EXPECT_EQ(check.limits[*check.first_violation].kind, LimitKind::kMoney);
  EXPECT_EQ(check.counter_plan[1].count, 199);
  plan.touch_capacity = 0;
  EXPECT_EQ(CheckFunnelPlan(plan)->counter_plan[0].count, 0) << "nothing at all fits";
}

TEST(CheckFunnelPlan, RefusesPlansThatAreNone) {
  EXPECT_THAT(CheckFunnelPlan({}), FailsOn("stages"));
  FunnelPlan plan = D1Plan();
  plan.stages[1] = {"visitors", 300'000, false, -1};
  plan.group_size_max = 3;
  for (const char* field : {"stages[1].display_name", "stages[1].count", "stages[1].touches_each",
                            "buying_group_size_max"}) {
    EXPECT_THAT(CheckFunnelPlan(plan), FailsOn(field));
  }
  plan = D1Plan();
  plan.market_people_count = 0;
  EXPECT_THAT(CheckFunnelPlan(plan), FailsWith(Reason::DATA_MISSING));
}

// C05: an accepted plan exceeds no limit; a counter-plan fits, and one more at its top
// would not.
TEST(CheckFunnelPlan, GivesTheLargestPlanThatFits) {
  Random random(5);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    FunnelPlan plan;
    int64_t count = 1 + static_cast<int64_t>(random.Below(100'000));
    for (uint64_t i = 0, n = 1 + random.Below(4); i < n; ++i) {
      plan.stages.push_back(
          {"s" + std::to_string(i), count, false, static_cast<int32_t>(random.Below(14)),
           static_cast<int32_t>(random.Below(60)), static_cast<int64_t>(random.Below(9'000'000))});
      count = 1 + static_cast<int64_t>(random.Below(count));
    }
    plan.market_people_count = 1 + static_cast<int64_t>(random.Below(100'000));
    if (random.Below(2)) plan.touch_capacity = random.Below(1'000'000);
    if (random.Below(2)) plan.seller_minutes = random.Below(5'000'000);
    if (random.Below(2)) plan.budget_micros = random.Below(900'000'000'000);
    const FunnelCheck check = CheckFunnelPlan(plan).value();
    if (!check.first_violation) {
      for (const FunnelLimit& limit : check.limits) ASSERT_LE(limit.needed, limit.available);
      continue;
    }
    ++refused;
    const int64_t top = plan.stages[0].count;
    const auto fits = [&](int64_t new_top) {
      FunnelPlan scaled = plan;
      for (FunnelStage& stage : scaled.stages) stage.count = stage.count * new_top / top;
      // Stages that vanish need nothing.
      std::erase_if(scaled.stages, [](const FunnelStage& stage) { return stage.count == 0; });
      return scaled.stages.empty() || !CheckFunnelPlan(scaled)->first_violation;
    };
    const int64_t counter_top = check.counter_plan[0].count;
    ASSERT_LT(counter_top, top);
    ASSERT_TRUE(fits(counter_top));
    ASSERT_FALSE(fits(counter_top + 1));
  }
  EXPECT_GT(refused, 5'000);
}

}  // namespace
}  // namespace gtm::targeting::domain
