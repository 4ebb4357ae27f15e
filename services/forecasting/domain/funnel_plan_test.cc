// Revenue algebra, limits and mends: worked cases, and properties over generated plans.

#include "services/forecasting/domain/funnel_plan.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "services/forecasting/domain/mend_plan.h"

namespace gtm::forecasting::domain {
namespace {

using test::FailsOn;
using test::IsOk;

constexpr int64_t kUnit = 1'000'000;

// 265,000 visitors, 26,000 SQL, 2,600 SAL.
FunnelPlan D1Plan() {
  FunnelPlan plan;
  plan.steps = {{.name = "visitors", .num = 26'000, .den = 265'000},
                {.name = "SQL", .num = 2'600, .den = 26'000},
                {.name = "SAL"}};
  plan.anchor = 2;
  plan.anchor_count = 2'600;
  return plan;
}

TEST(FunnelPlan, D1ExceedsAMarketOfSevenThousandFiveHundredPeople) {
  const FunnelPlan plan = D1Plan();
  const PlanLimits limits{.people = 7'500};
  const auto counts = CountsOf(plan);
  ASSERT_TRUE(counts);
  EXPECT_EQ(*counts, (std::vector<int64_t>{265'000, 26'000, 2'600}));
  const auto checks = CheckLimits(plan, *counts, limits);
  EXPECT_TRUE(checks[0].violated);
  EXPECT_TRUE(checks[1].violated);
  EXPECT_FALSE(checks[2].violated);
  EXPECT_FALSE(Accepts(plan, limits));
  // Not even every visitor becoming a SQL is enough: only a smaller goal is. 73 SAL take
  // ceil(730 x 265,000 / 26,000) = 7,441 visitors, 74 take 7,543.
  const auto mends = FindMends(plan, limits);
  ASSERT_EQ(mends.size(), 1u);
  EXPECT_EQ(mends[0].variable, MendVariable::kCount);
  EXPECT_EQ(mends[0].step, 2u);
  EXPECT_EQ(mends[0].to, 73);
  EXPECT_EQ(*CountsOf(mends[0].plan), (std::vector<int64_t>{7'441, 730, 73}));
}

// D18: 7 people with 11 touches each, 11 with 13.
TEST(FunnelPlan, D18TouchesOfABuyingGroup) {
  FunnelPlan plan;
  plan.steps = {{.name = "deals", .unit = StepUnit::kAccounts}};
  plan.anchor_count = 1;
  const auto checks = CheckLimits(plan, {1}, {});
  const auto& touches = checks[2];
  ASSERT_EQ(touches.type, LimitType::kTouches);
  EXPECT_EQ(touches.need_min, 77);
  EXPECT_EQ(touches.need, 143);
  EXPECT_FALSE(touches.violated) << "not stated, not tested";
}

TEST(RevenueAlgebra, SolvesAnyOneFromTheOtherThree) {
  const RevenueAlgebra full{1'000'000 * kUnit, 50'000 * kUnit, 250'000, 80};
  RevenueAlgebra asked = full;
  asked.lead_count = {};
  ASSERT_THAT(Solve(asked), IsOk());
  EXPECT_EQ(Solve(asked)->lead_count, 80);
  EXPECT_EQ(Solve(asked)->deal_count, 20);
  asked = full;
  asked.revenue_micros = {};
  EXPECT_EQ(Solve(asked)->revenue_micros, 1'000'000 * kUnit);
  asked = full;
  asked.price_micros = {};
  EXPECT_EQ(Solve(asked)->price_micros, 50'000 * kUnit);
  asked = full;
  asked.close_rate_ppm = {};
  EXPECT_EQ(Solve(asked)->close_rate_ppm, 250'000);
}

TEST(RevenueAlgebra, RefusesWhatIsNotExactlyOneMissing) {
  RevenueAlgebra asked{1'000'000 * kUnit, 50'000 * kUnit, 250'000, 80};
  EXPECT_THAT(Solve(asked), FailsOn("algebra"));
  asked.price_micros = {};
  asked.lead_count = {};
  const auto solved = Solve(asked);
  ASSERT_THAT(solved, FailsOn("algebra"));
  EXPECT_NE(solved.error().violations()[0].description.find("price_amount and lead_count"),
            std::string::npos);
}

TEST(RevenueAlgebra, RefusesTheImpossibleWithTheRemedy) {
  // 20 deals of 19 leads.
  EXPECT_THAT(Solve({1'000'000 * kUnit, 50'000 * kUnit, {}, 19}), FailsOn("algebra"));
  // No whole deal.
  EXPECT_THAT(Solve({{}, 50'000 * kUnit, 100'000, 9}), FailsOn("algebra"));
  EXPECT_THAT(Solve({{}, 50'000 * kUnit, 100'000, 10}), IsOk());
  // Beyond the range of money, and of counts.
  EXPECT_THAT(Solve({{}, INT64_MAX, kPpm, 2}), FailsOn("algebra.price_amount"));
  EXPECT_THAT(Solve({INT64_MAX, 1, kPpm, {}}), FailsOn("algebra.revenue_amount"));
  EXPECT_THAT(Solve({1'000'000'000'000, 1, 1, {}}), FailsOn("algebra.close_rate_ppm"));
}

// What is solved is enough, and one unit less is not.
TEST(RevenueAlgebra, SolutionsAreExact) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t revenue = 1 + static_cast<int64_t>(random.Below(1'000'000'000'000));
    const int64_t price = 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(revenue)));
    const int64_t rate = 1 + static_cast<int64_t>(random.Below(kPpm));
    const auto leads = Solve({revenue, price, rate, {}});
    if (!leads.ok()) continue;
    const auto back = Solve({{}, price, rate, leads->lead_count});
    ASSERT_THAT(back, IsOk());
    ASSERT_GE(back->revenue_micros, revenue);
    if (leads->lead_count > 1) {
      const auto fewer = Solve({{}, price, rate, leads->lead_count - 1});
      ASSERT_TRUE(!fewer.ok() || fewer->revenue_micros < revenue);
    }
    const auto priced = Solve({revenue, {}, rate, leads->lead_count});
    ASSERT_THAT(priced, IsOk());
    ASSERT_LE(priced->price_micros, price);
    ASSERT_GE(static_cast<__int128>(priced->price_micros) * priced->deal_count, revenue);
    ASSERT_LT(static_cast<__int128>(priced->price_micros - 1) * priced->deal_count, revenue);
    const auto rated = Solve({revenue, price, {}, leads->lead_count});
    ASSERT_THAT(rated, IsOk());
    ASSERT_LE(rated->close_rate_ppm, rate);
    ASSERT_GE(*MulDivDown(leads->lead_count, rated->close_rate_ppm, kPpm), rated->deal_count);
    ASSERT_LT(*MulDivDown(leads->lead_count, rated->close_rate_ppm - 1, kPpm), rated->deal_count);
  }
}

struct AnyPlan {
  FunnelPlan plan;
  PlanLimits limits;
};

FunnelStep AnyStep(Random& random, std::string name) {
  FunnelStep step;
  step.name = std::move(name);
  step.unit = random.Below(2) == 0 ? StepUnit::kPeople : StepUnit::kAccounts;
  step.den = 1 + static_cast<int64_t>(random.Below(1'000));
  step.num = 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(step.den)));
  step.cost_micros = static_cast<int64_t>(random.Below(100)) * kUnit;
  step.seller_minutes = static_cast<int64_t>(random.Below(120));
  return step;
}

std::optional<int64_t> AnyLimit(Random& random, double size) {
  if (random.Below(3) == 0) return {};
  return static_cast<int64_t>(size * std::exp(2 * random.Normal()));
}

AnyPlan Generate(Random& random) {
  AnyPlan any;
  std::vector<FunnelStep> steps;
  for (uint64_t i = random.Below(3) + 1; i > 0; --i) {
    steps.push_back(AnyStep(random, "step" + std::to_string(i)));
  }
  const int64_t size = 1 + static_cast<int64_t>(random.Below(500));
  const uint64_t shape = random.Below(4);
  if (shape == 0) {
    any.plan.anchor = steps.size() - 1;
    any.plan.steps = std::move(steps);
    any.plan.anchor_count = size;
  } else {
    RevenueAlgebra algebra{size * 1'000 * kUnit + 1, 1'000 * kUnit, 300'000, size * 4};
    if (shape == 1) algebra.revenue_micros = {};
    if (shape == 2) algebra.close_rate_ppm = {};
    if (shape == 3) algebra.lead_count = {};
    const auto solved = Solve(algebra);
    if (!solved.ok()) return Generate(random);
    any.plan =
        PlanOf(*solved, std::move(steps), AnyStep(random, "leads"), AnyStep(random, "deals"));
  }
  const auto scale = static_cast<double>(size);
  any.limits.people = AnyLimit(random, 50 * scale);
  any.limits.accounts = AnyLimit(random, 10 * scale);
  any.limits.touch_count = AnyLimit(random, 800 * scale);
  any.limits.seller_minutes = AnyLimit(random, 500 * scale);
  any.limits.budget_micros = AnyLimit(random, 500 * scale * kUnit);
  return any;
}

// Apart from CheckLimits: the needs, once more and in plain words.
void ExpectHolds(const FunnelPlan& plan, const PlanLimits& limits) {
  const auto counts = CountsOf(plan);
  ASSERT_TRUE(counts);
  int64_t minutes = 0, money = 0, worked = 0;
  for (size_t i = counts->size(); i-- > 0;) {
    const FunnelStep& step = plan.steps[i];
    const bool accounts = step.unit == StepUnit::kAccounts;
    ASSERT_LE((*counts)[i] * (accounts ? 11 : 1), limits.people.value_or(INT64_MAX));
    ASSERT_LE(accounts ? (*counts)[i] : 0, limits.accounts.value_or(INT64_MAX));
    if (accounts) worked = (*counts)[i];
    minutes += (*counts)[i] * step.seller_minutes;
    money += (*counts)[i] * step.cost_micros;
  }
  ASSERT_LE(worked * 143, limits.touch_count.value_or(INT64_MAX));
  ASSERT_LE(minutes, limits.seller_minutes.value_or(INT64_MAX));
  ASSERT_LE(money, limits.budget_micros.value_or(INT64_MAX));
}

// The same mend with one unit less of the change.
bool AcceptsOneUnitLess(const Mend& mend) {
  FunnelPlan plan = mend.plan;
  PlanLimits limits = mend.limits;
  switch (mend.variable) {
    case MendVariable::kRevenue:
    case MendVariable::kCount:
      ++plan.anchor_count;
      break;
    case MendVariable::kRate:
      --plan.steps[mend.step].num;
      break;
    case MendVariable::kPrice:
      plan.anchor_count = *MulDivUp(plan.algebra->revenue_micros, 1, mend.to - 1);
      break;
    case MendVariable::kTouches:
      --*limits.touch_count;
      break;
    case MendVariable::kSellerMinutes:
      --*limits.seller_minutes;
      break;
    case MendVariable::kMoney:
      --*limits.budget_micros;
      break;
  }
  return Accepts(plan, limits);
}

TEST(FunnelPlan, AcceptedPlansHoldEveryLimitAndMendsAreTheSmallest) {
  Random random(11);
  int accepted = 0, mended = 0;
  std::array<int, 8> by_variable{};
  for (int i = 0; i < 4'000; ++i) {
    const AnyPlan any = Generate(random);
    if (Accepts(any.plan, any.limits)) {
      ++accepted;
      ExpectHolds(any.plan, any.limits);
      continue;
    }
    double previous = 1;
    for (const Mend& mend : FindMends(any.plan, any.limits)) {
      ++mended;
      ++by_variable[static_cast<size_t>(mend.variable)];
      ExpectHolds(mend.plan, mend.limits);
      ASSERT_TRUE(Accepts(mend.plan, mend.limits));
      ASSERT_FALSE(AcceptsOneUnitLess(mend)) << static_cast<int>(mend.variable);
      ASSERT_TRUE(mend.factor() >= previous || mend.factor() == 0);
      if (mend.factor() > 0) previous = mend.factor();
    }
  }
  EXPECT_GT(accepted, 200);
  EXPECT_GT(mended, 1'000);
  for (size_t variable = 1; variable < by_variable.size(); ++variable) {
    EXPECT_GT(by_variable[variable], 5) << variable;
  }
}

// A counter-plan with less revenue, asked again as an algebra, is accepted, and one micro
// more is refused.
TEST(FunnelPlan, CounterPlanIsExactInMoney) {
  const auto solved = Solve({10'000'000 * kUnit, 40'000 * kUnit, 200'000, {}});
  ASSERT_THAT(solved, IsOk());
  const FunnelStep account{.unit = StepUnit::kAccounts};
  const PlanLimits limits{.people = 7'500};
  const FunnelPlan plan = PlanOf(*solved, {}, account, account);
  EXPECT_FALSE(Accepts(plan, limits));
  const auto mends = FindMends(plan, limits);
  // 250 deals of 1,250 leads with 11 people each are 13,750 people; 681 leads fit.
  ASSERT_EQ(mends.size(), 3u);
  EXPECT_EQ(mends[0].variable, MendVariable::kRate);
  EXPECT_EQ(mends[0].to, 367'108);
  const auto& revenue = *std::find_if(mends.begin(), mends.end(), [](const Mend& mend) {
    return mend.variable == MendVariable::kRevenue;
  });
  EXPECT_EQ(revenue.to, 136 * 40'000 * kUnit);
  EXPECT_TRUE(Accepts(
      PlanOf(*Solve({revenue.to, 40'000 * kUnit, 200'000, {}}), {}, account, account), limits));
  EXPECT_FALSE(Accepts(
      PlanOf(*Solve({revenue.to + 1, 40'000 * kUnit, 200'000, {}}), {}, account, account), limits));
}

}  // namespace
}  // namespace gtm::forecasting::domain
