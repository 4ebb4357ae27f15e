#include "services/growth/domain/growth_signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "common/core/random.h"

namespace gtm::growth::domain {
namespace {

using absl::CivilDay;
using ::testing::HasSubstr;

constexpr int64_t kUnit = kMicrosPerUnit;

// ---- signal 1

TEST(JudgeNetCustomers, TellsARiseFromChance) {
  struct Case {
    CustomerMoves moves;
    std::optional<CustomerMoves> comparison;
    CustomerBasis basis;
    SignalStatus expected;
  };
  const auto subscriptions = CustomerBasis::kSubscriptions;
  const Case cases[] = {
      {{45, 1}, CustomerMoves{40, 2}, subscriptions, SignalStatus::kOk},
      {{45, 1}, std::nullopt, subscriptions, SignalStatus::kOk},
      {{20, 18}, CustomerMoves{20, 18}, subscriptions, SignalStatus::kWatch},
      {{10, 30}, CustomerMoves{20, 18}, subscriptions, SignalStatus::kAct},
      // Rising, but clearly slower than before.
      {{30, 5}, CustomerMoves{90, 5}, subscriptions, SignalStatus::kWatch},
      {{3, 1}, CustomerMoves{20, 1}, subscriptions, SignalStatus::kUnknown},
      {{0, 0}, CustomerMoves{1, 0}, subscriptions, SignalStatus::kUnknown},
      // Nobody is seen to leave: a rise is never confirmed.
      {{45, 0}, CustomerMoves{40, 0}, CustomerBasis::kWonOpportunities, SignalStatus::kWatch},
  };
  for (const Case& c : cases) {
    const Signal signal = JudgeNetCustomers({c.basis, true, 100, c.moves, c.comparison});
    EXPECT_EQ(signal.status, c.expected) << c.moves.gained << " " << c.moves.lost;
    EXPECT_EQ(*signal.value.value, static_cast<double>(c.moves.gained - c.moves.lost));
    EXPECT_LE(*signal.value.low, *signal.value.value);
    EXPECT_GE(*signal.value.high, *signal.value.value);
    EXPECT_FALSE(signal.explanation.empty());
    EXPECT_FALSE(signal.what_would_change.empty());
  }
}

TEST(JudgeNetCustomers, SaysThatNothingIsRecorded) {
  const Signal signal = JudgeNetCustomers({});
  EXPECT_EQ(signal.status, SignalStatus::kUnknown);
  EXPECT_FALSE(signal.value.value.has_value());
  EXPECT_EQ(signal.value.sufficiency, Sufficiency::kNoData);
}

// ---- signal 2

ExpansionNumbers Expansion(ExpansionPeriod period, std::optional<ExpansionPeriod> comparison) {
  return {.has_records = true,
          .opening_mrr_micros = 10'000 * kUnit,
          .period = period,
          .comparison = comparison};
}

TEST(JudgeExpansion, CountsOnlyWhatNoIncentiveDrove) {
  const ExpansionPeriod healthy{100, 20, 500 * kUnit, 50 * kUnit, 20 * kUnit};
  struct Case {
    ExpansionPeriod period;
    std::optional<ExpansionPeriod> comparison;
    SignalStatus expected;
  };
  const Case cases[] = {
      {healthy, healthy, SignalStatus::kOk},
      {healthy, std::nullopt, SignalStatus::kOk},
      // D17: all of it with a coupon.
      {{100, 0, 2'000 * kUnit, 2'000 * kUnit, 0}, healthy, SignalStatus::kAct},
      // Nothing stated: it could all have been driven.
      {{100, 20, 500 * kUnit, 0, 500 * kUnit}, healthy, SignalStatus::kWatch},
      {{100, 3, 500 * kUnit, 0, 0}, healthy, SignalStatus::kAct},  // far fewer than before
      {{100, 0, 0, 0, 0}, ExpansionPeriod{100, 0, 0, 0, 0}, SignalStatus::kAct},
      {{100, 0, 0, 0, 0}, ExpansionPeriod{100, 2, 100 * kUnit, 0, 0}, SignalStatus::kWatch},
      {{9, 9, 500 * kUnit, 0, 0}, healthy, SignalStatus::kUnknown},
  };
  for (const Case& c : cases) {
    const Signal signal = JudgeExpansion(Expansion(c.period, c.comparison));
    EXPECT_EQ(signal.status, c.expected) << signal.explanation;
  }
}

TEST(JudgeExpansion, SaysWhyItIsAct) {
  EXPECT_THAT(
      JudgeExpansion(Expansion({100, 20, 500 * kUnit, 400 * kUnit, 0}, std::nullopt)).explanation,
      HasSubstr("retreat with its incentives"));
  EXPECT_THAT(JudgeExpansion(Expansion({100, 2, 500 * kUnit, 0, 0},
                                       ExpansionPeriod{100, 30, 500 * kUnit, 0, 0}))
                  .explanation,
              HasSubstr("clearly fewer than before"));
}

// ---- signal 3

TEST(JudgeOpportunities, LooksForAccelerationBeyondNoise) {
  struct Case {
    OpportunityNumbers numbers;
    SignalStatus expected;
  };
  const Case cases[] = {
      {{400, 200, 100, true}, SignalStatus::kOk},
      {{200, 150, 100, true}, SignalStatus::kWatch},  // grows evenly
      {{100, 100, 100, true}, SignalStatus::kWatch},
      {{350, 300, 100, true}, SignalStatus::kAct},  // grows, but slows down
      {{60, 100, 100, true}, SignalStatus::kAct},   // falls
      {{4, 2, 1, true}, SignalStatus::kUnknown},
      {{400, 200, 100, false}, SignalStatus::kUnknown},
      // Maven, quarters Q2 to Q4 of 2017.
      {{1165, 2770, 2388, true}, SignalStatus::kAct},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(JudgeOpportunities(c.numbers).status, c.expected) << c.numbers.created;
  }
}

TEST(JudgeOpportunities, SaysHowManyWouldAccelerate) {
  const Signal signal = JudgeOpportunities({100, 100, 100, true});
  ASSERT_THAT(signal.what_would_change, HasSubstr("at least 150 "));
  EXPECT_EQ(JudgeOpportunities({150, 100, 100, true}).status, SignalStatus::kOk);
  EXPECT_EQ(JudgeOpportunities({149, 100, 100, true}).status, SignalStatus::kWatch);
}

// ---- signal 4

SellerRamp Ramp(std::vector<SellerWin> wins, CivilDay period_end = CivilDay(2026, 7, 1),
                std::optional<CivilDay> leave = std::nullopt) {
  return JudgeRamp("ada", CivilDay(2026, 1, 1), leave, wins, period_end);
}

// D7: hire day 0; a win on day 90 meets it, on day 91 not; an inherited deal on day 30
// does not count.
TEST(JudgeRamp, D7CountsDay90AndNotDay91) {
  const CivilDay hire(2026, 1, 1);
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 90, true}}).state, RampState::kMet);
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 91, true}}).state, RampState::kNotMet);
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 91, true}}).first_deal_days, 91);
  EXPECT_EQ(Ramp({{"o", hire - 10, hire + 30, false}}).state, RampState::kNotMet);
  // Recorded as self-sourced, but older than the seller.
  EXPECT_EQ(Ramp({{"o", hire - 10, hire + 30, true}}).state, RampState::kNotMet);
  EXPECT_EQ(Ramp({{"o", hire + 5, hire + 30, false}, {"p", hire + 5, hire + 80, true}}).state,
            RampState::kMet);
}

TEST(JudgeRamp, DoesNotJudgeWhatIsNotKnown) {
  const CivilDay hire(2026, 1, 1);
  EXPECT_EQ(Ramp({}, hire + 90).state, RampState::kRunning);
  EXPECT_EQ(Ramp({}, hire + 91).state, RampState::kNotMet);
  // Met early, and still not judged: judging only the quick would flatter the cohort.
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 40, true}}, hire + 60).state, RampState::kRunning);
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 40, std::nullopt}}).state, RampState::kSourceUnknown);
  EXPECT_EQ(Ramp({}, CivilDay(2026, 7, 1), hire + 50).state, RampState::kLeft);
  // A win after the period is not seen.
  EXPECT_EQ(Ramp({{"o", hire + 1, hire + 95, true}}, hire + 92).first_deal_days, std::nullopt);
}

TEST(JudgeRamp, FlagsTheFirstMonthAsTooFast) {
  const CivilDay hire(2026, 1, 1);
  EXPECT_TRUE(Ramp({{"o", hire, hire + 30, true}}).suspiciously_fast);
  EXPECT_FALSE(Ramp({{"o", hire, hire + 31, true}}).suspiciously_fast);
}

std::vector<SellerRamp> Cohort(int met, int not_met, int running) {
  std::vector<SellerRamp> ramps;
  const auto add = [&ramps](int count, RampState state) {
    for (int i = 0; i < count; ++i) ramps.push_back({.state = state});
  };
  add(met, RampState::kMet);
  add(not_met, RampState::kNotMet);
  add(running, RampState::kRunning);
  return ramps;
}

TEST(JudgeFirstDeals, JudgesTheCohortAndNotTheOnesStillRunning) {
  EXPECT_EQ(JudgeFirstDeals(Cohort(18, 2, 30)).status, SignalStatus::kOk);
  EXPECT_EQ(JudgeFirstDeals(Cohort(10, 10, 0)).status, SignalStatus::kWatch);
  const Signal slow = JudgeFirstDeals(Cohort(1, 29, 0));
  EXPECT_EQ(slow.status, SignalStatus::kAct);
  EXPECT_THAT(slow.explanation, HasSubstr("not the cause"));
  EXPECT_EQ(JudgeFirstDeals(Cohort(4, 0, 30)).status, SignalStatus::kUnknown);
  EXPECT_EQ(JudgeFirstDeals({}).status, SignalStatus::kUnknown);
}

// ---- signal 5

std::vector<SellerAttainment> Sellers(std::vector<int64_t> bps) {
  std::vector<SellerAttainment> sellers;
  for (const int64_t b : bps) sellers.push_back({"s", 10'000 * kUnit, b * kUnit});
  return sellers;
}

// D8: 7 of 10 at quota, 8 of 10 at >= 80 %: both gates met; independent.
TEST(JudgeQuota, D8MeetsBothGatesIndependently) {
  const Currency usd = Currency::Of("USD");
  struct Case {
    std::vector<int64_t> bps;
    SignalStatus first, second;
  };
  const auto ok = SignalStatus::kOk;
  const auto act = SignalStatus::kAct;
  const Case cases[] = {
      {{10000, 10000, 10000, 10000, 10000, 10000, 12000, 8000, 1000, 0}, ok, ok},
      {{10000, 10000, 10000, 10000, 10000, 10000, 9999, 8000, 1000, 0}, act, ok},
      {{10000, 10000, 10000, 10000, 10000, 10000, 10000, 7999, 1000, 0}, ok, act},
      {{10000, 10000, 10000, 10000, 10000, 9000, 7000, 7000, 1000, 0}, act, act},
  };
  for (const Case& c : cases) {
    const Signal signal = JudgeQuota(Sellers(c.bps), usd);
    EXPECT_EQ(signal.status, c.first);
    EXPECT_EQ(signal.gates[0].status, c.first);
    EXPECT_EQ(signal.gates[1].status, c.second);
  }
  // The rate behind 7 of 10 is told with its width.
  const Signal signal = JudgeQuota(Sellers(cases[0].bps), usd);
  EXPECT_NEAR(*signal.value.low, 0.397, 0.001);
  EXPECT_NEAR(*signal.value.high, 0.892, 0.001);
}

TEST(JudgeQuota, DoesNotJudgeAHandfulOfSellers) {
  EXPECT_EQ(JudgeQuota(Sellers({10000, 10000, 0, 0}), Currency::Of("USD")).status,
            SignalStatus::kUnknown);
  EXPECT_EQ(JudgeQuota({}, Currency::Of("USD")).status, SignalStatus::kUnknown);
}

// ---- false alarms

// In a world where nothing changes, ACT must be rare: at most 5 % of 200 seeds of 20
// periods each.
TEST(FalseAlarms, AreRareWhereNothingChanges) {
  constexpr int kSeeds = 200, kPeriods = 20, kMax = kSeeds * kPeriods / 20;
  int customers = 0, expansion = 0, opportunities = 0, ramp = 0;
  for (int run = 0; run < kSeeds * kPeriods; ++run) {
    Random random(static_cast<uint64_t>(run / kPeriods) * 1'000 + run % kPeriods);
    const auto binomial = [&random](int n, double p) {
      int64_t k = 0;
      for (int i = 0; i < n; ++i) k += random.Uniform() < p;
      return k;
    };
    const CustomerMoves now{random.Poisson(20), random.Poisson(20)};
    const CustomerMoves before{random.Poisson(20), random.Poisson(20)};
    customers +=
        JudgeNetCustomers({CustomerBasis::kSubscriptions, true, 500, now, before}).status ==
        SignalStatus::kAct;
    const ExpansionPeriod quarter{300, binomial(300, 0.1), 100, 0, 0};
    const ExpansionPeriod earlier{300, binomial(300, 0.1), 100, 0, 0};
    expansion += JudgeExpansion(Expansion(quarter, earlier)).status == SignalStatus::kAct;
    opportunities +=
        JudgeOpportunities({random.Poisson(80), random.Poisson(80), random.Poisson(80), true})
            .status == SignalStatus::kAct;
    const int met = static_cast<int>(binomial(20, 0.5));
    ramp += JudgeFirstDeals(Cohort(met, 20 - met, 0)).status == SignalStatus::kAct;
  }
  std::cout << "ACT of " << kSeeds * kPeriods << ": customers " << customers << ", expansion "
            << expansion << ", opportunities " << opportunities << ", ramp " << ramp << "\n";
  EXPECT_LE(customers, kMax);
  EXPECT_LE(expansion, kMax);
  EXPECT_LE(opportunities, kMax);
  EXPECT_LE(ramp, kMax);
}

}  // namespace
}  // namespace gtm::growth::domain
