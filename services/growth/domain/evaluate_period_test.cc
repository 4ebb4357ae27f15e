#include "services/growth/domain/evaluate_period.h"

#include <gtest/gtest.h>

namespace gtm::growth::domain {
namespace {

using absl::CivilDay;

constexpr int64_t kUnit = kMicrosPerUnit;
const FiscalPeriod kQ3{PeriodUnit::kQuarter, 2026, 3};

// A company that grows: three quarters with 40, 60 and 120 new qualified opportunities,
// 10 sellers of whom 7 reach the quota of the third quarter.
GrowthFacts Company() {
  GrowthFacts facts;
  facts.today = CivilDay(2026, 10, 1);
  const int created[] = {40, 60, 120};
  int number = 0;
  facts.deals.push_back({.id = "old", .first_day = CivilDay(2025, 12, 31)});
  for (int quarter = 0; quarter < 3; ++quarter) {
    for (int i = 0; i < created[quarter]; ++i) {
      const CivilDay day = CivilDay(2026, 1 + 3 * quarter, 1) + i % 80;
      facts.deals.push_back({.id = "o" + std::to_string(number++),
                             .account = static_cast<uint32_t>(number % 200),
                             .seller = static_cast<uint32_t>(i % 10),
                             .first_day = day,
                             .qualified_day = day});
    }
  }
  for (int i = 0; i < 10; ++i) {
    facts.sellers.push_back({.id = "s" + std::to_string(i)});
    facts.sellers.back().quotas = {{{CivilDay(2026, 7, 1), CivilDay(2026, 10, 1)}, 100 * kUnit}};
    facts.deals.push_back({.id = "w" + std::to_string(i),
                           .account = static_cast<uint32_t>(i),
                           .seller = static_cast<uint32_t>(i),
                           .first_day = CivilDay(2026, 6, 1),
                           .won_day = CivilDay(2026, 9, 30),
                           .won_micros = (i < 7   ? 100
                                          : i < 8 ? 80
                                                  : 10) *
                                         kUnit});
  }
  facts.account_count = 200;
  for (uint32_t a = 0; a < 60; ++a) {
    const CivilDay day = a == 0 ? CivilDay(2025, 12, 1) : CivilDay(2026, 4, 1) + 3 * a;
    facts.movements.push_back({.account = a,
                               .day = day,
                               .native_micros = 100 * kUnit,
                               .reporting_micros = 100 * kUnit,
                               .incentive = Incentive::kNone});
  }
  return facts;
}

const Signal& Of(const SignalReport& report, SignalKind kind) {
  for (const Signal& signal : report.signals) {
    if (signal.kind == kind) return signal;
  }
  for (const Signal& signal : report.false_signals) {
    if (signal.kind == kind) return signal;
  }
  ADD_FAILURE();
  return report.signals[0];
}

SignalReport Evaluate(GrowthFacts facts, const FiscalPeriod& period = kQ3) {
  return EvaluatePeriod(MakeBasis(std::move(facts)).value(), period).value();
}

TEST(EvaluatePeriod, TellsFiveSignalsAndThreeFalseOnes) {
  const SignalReport report = Evaluate(Company());
  ASSERT_EQ(report.signals.size(), 5u);
  ASSERT_EQ(report.false_signals.size(), 3u);
  EXPECT_EQ(report.customer_basis, CustomerBasis::kSubscriptions);
  EXPECT_EQ(Of(report, SignalKind::kNetNewCustomers).status, SignalStatus::kOk);
  EXPECT_EQ(Of(report, SignalKind::kNewQualifiedOpportunities).status, SignalStatus::kOk);
  EXPECT_EQ(Of(report, SignalKind::kFirstDeal).status, SignalStatus::kUnknown);
  const Signal& quota = Of(report, SignalKind::kQuota);
  EXPECT_EQ(quota.gates[0].status, SignalStatus::kOk);
  EXPECT_EQ(quota.gates[1].status, SignalStatus::kOk);
  EXPECT_EQ(Of(report, SignalKind::kFalseHeadcount).status, SignalStatus::kUnknown);
}

TEST(EvaluatePeriod, TellsTheSameOfAMonth) {
  const SignalReport report = Evaluate(Company(), {PeriodUnit::kMonth, 2026, 9});
  EXPECT_EQ(report.days.start, CivilDay(2026, 9, 1));
  EXPECT_EQ(report.comparison_period, (FiscalPeriod{PeriodUnit::kMonth, 2026, 8}));
  // The quota ended in September, and is judged whole.
  EXPECT_EQ(Of(report, SignalKind::kQuota).status, SignalStatus::kOk);
  const SignalReport august = Evaluate(Company(), {PeriodUnit::kMonth, 2026, 8});
  EXPECT_EQ(Of(august, SignalKind::kQuota).status, SignalStatus::kUnknown);
}

TEST(EvaluatePeriod, CountsCustomersByWonOpportunitiesWithoutSubscriptions) {
  GrowthFacts facts = Company();
  facts.movements.clear();
  const SignalReport report = Evaluate(std::move(facts));
  EXPECT_EQ(report.customer_basis, CustomerBasis::kWonOpportunities);
  const Signal& customers = Of(report, SignalKind::kNetNewCustomers);
  EXPECT_EQ(*customers.value.value, 10);
  EXPECT_EQ(customers.status, SignalStatus::kWatch);
  EXPECT_EQ(Of(report, SignalKind::kExpansionWithoutIncentives).status, SignalStatus::kUnknown);
}

TEST(EvaluatePeriod, DoesNotCompareWithAPeriodThatTheRecordsOnlyTouch) {
  GrowthFacts facts = Company();
  facts.deals.erase(facts.deals.begin());  // now the first is of 2026-01-01
  EXPECT_EQ(Of(Evaluate(facts), SignalKind::kNewQualifiedOpportunities).status, SignalStatus::kOk);
  for (Deal& deal : facts.deals) {
    if (deal.first_day == CivilDay(2026, 1, 1)) deal.first_day = CivilDay(2026, 1, 2);
  }
  EXPECT_EQ(Of(Evaluate(facts), SignalKind::kNewQualifiedOpportunities).status,
            SignalStatus::kUnknown);
}

TEST(EvaluatePeriod, LeavesOutSellersHiredBeforeTheRecords) {
  GrowthFacts facts = Company();
  facts.sellers[0].hire_day = CivilDay(2025, 12, 30);
  facts.sellers[1].hire_day = CivilDay(2026, 3, 1);
  const SignalReport report = Evaluate(std::move(facts));
  ASSERT_EQ(report.ramps.size(), 1u);
  EXPECT_EQ(report.ramps[0].seller_id, "s1");
  EXPECT_EQ(report.ramps[0].state, RampState::kNotMet);
}

TEST(EvaluatePeriod, SpreadsLeadsAndSpendOverTheirDays) {
  GrowthFacts facts = Company();
  // One span over two quarters: half of its days in each, rounded.
  facts.leads = {{{CivilDay(2026, 4, 1), CivilDay(2026, 7, 1)}, 1000},
                 {{CivilDay(2026, 7, 1), CivilDay(2026, 10, 1)}, 3000}};
  facts.spends = {{{CivilDay(2026, 4, 1), CivilDay(2026, 7, 1)}, 1000 * kUnit},
                  {{CivilDay(2026, 7, 1), CivilDay(2026, 10, 1)}, 3000 * kUnit}};
  const Signal mql = Of(Evaluate(facts), SignalKind::kFalseMql);
  EXPECT_EQ(std::get<int64_t>(mql.figures[0].value), 3000);
  EXPECT_NE(mql.status, SignalStatus::kUnknown);
  facts.leads[0].days.start = CivilDay(2026, 5, 1);  // a third of Q2 is not counted
  EXPECT_EQ(Of(Evaluate(facts), SignalKind::kFalseMql).status, SignalStatus::kUnknown);
}

TEST(EvaluatePeriod, TakesTheWholeCompanysHeadcountWhereItIsGiven) {
  GrowthFacts facts = Company();
  facts.headcounts = {{CivilDay(2026, 6, 1), "sales", 10},
                      {CivilDay(2026, 6, 1), "", 100},
                      {CivilDay(2026, 9, 1), "", 900},
                      {CivilDay(2026, 10, 1), "", 9999}};  // after the period
  const Signal& signal = Of(Evaluate(facts), SignalKind::kFalseHeadcount);
  EXPECT_EQ(signal.status, SignalStatus::kAct);
  EXPECT_EQ(std::get<int64_t>(signal.figures[2].value), 900);
}

TEST(LastCompletePeriod, EndsOnOrBeforeToday) {
  GrowthFacts facts;
  facts.today = CivilDay(2026, 9, 30);
  EXPECT_EQ(LastCompletePeriod(facts, PeriodUnit::kQuarter),
            (FiscalPeriod{PeriodUnit::kQuarter, 2026, 2}));
  EXPECT_FALSE(IsComplete(facts, kQ3));
  facts.today = CivilDay(2026, 10, 1);
  EXPECT_EQ(LastCompletePeriod(facts, PeriodUnit::kQuarter), kQ3);
  EXPECT_TRUE(IsComplete(facts, kQ3));
}

}  // namespace
}  // namespace gtm::growth::domain
