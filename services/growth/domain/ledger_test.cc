#include "services/growth/domain/ledger.h"

#include <gtest/gtest.h>

#include <numeric>

#include "common/core/random.h"

namespace gtm::growth::domain {
namespace {

using absl::CivilDay;

const Currency kUsd = Currency::Of("USD");
const Currency kEur = Currency::Of("EUR");
constexpr int64_t kUnit = kMicrosPerUnit;

Movement Usd(uint32_t account, CivilDay day, int64_t units,
             Incentive incentive = Incentive::kNone) {
  return {account, day, units * kUnit, kUsd, units * kUnit, incentive};
}

Ledger Build(std::vector<Movement> movements) {
  auto ledger = BuildLedger(std::move(movements), kUsd);
  EXPECT_TRUE(ledger.ok());
  return *ledger;
}

RevenueBridge BridgeOf(const Ledger& ledger, CivilDay start, CivilDay end) {
  const DayRange days{start, end};
  return Bridge(ledger, std::span(&days, 1)).value()[0];
}

TEST(BuildLedger, NamesEveryMovementByItsBalance) {
  const Ledger ledger = Build({Usd(0, CivilDay(2026, 1, 1), 100), Usd(0, CivilDay(2026, 2, 1), 20),
                               Usd(0, CivilDay(2026, 3, 1), -50), Usd(0, CivilDay(2026, 4, 1), -70),
                               Usd(0, CivilDay(2026, 5, 1), 10)});
  std::vector<MovementType> types;
  for (const LedgerEntry& entry : ledger.entries) types.push_back(entry.type);
  EXPECT_EQ(types,
            (std::vector{MovementType::kNew, MovementType::kExpansion, MovementType::kContraction,
                         MovementType::kChurn, MovementType::kReactivation}));
}

TEST(BuildLedger, CountsAPlanSwapOnOneDayAsItsDifference) {
  const Ledger ledger =
      Build({Usd(0, CivilDay(2026, 1, 1), 100), Usd(0, CivilDay(2026, 2, 1), -100),
             Usd(0, CivilDay(2026, 2, 1), 130)});
  ASSERT_EQ(ledger.entries.size(), 2u);
  EXPECT_EQ(ledger.entries[1].type, MovementType::kExpansion);
  EXPECT_EQ(ledger.entries[1].micros, 30 * kUnit);
}

TEST(BuildLedger, MakesNoCustomerOfATrial) {
  EXPECT_TRUE(Build({Usd(0, CivilDay(2026, 1, 1), 0)}).entries.empty());
}

// D17: +20 % with a coupon in the window is not counted in signal 2.
TEST(BuildLedger, D17TakesAnExpansionWithACouponInTheWindowAsDriven) {
  struct Case {
    Incentive incentive;
    int coupon_days_before;  // -1: no coupon elsewhere
    int64_t driven_units;
    int64_t unstated_units;
  };
  const Case cases[] = {
      {Incentive::kDriven, -1, 20, 0},   // the coupon is on the expansion itself
      {Incentive::kUnstated, 0, 20, 0},  // a coupon on the same day
      {Incentive::kUnstated, 90, 20, 0}, {Incentive::kUnstated, 91, 0, 20},
      {Incentive::kUnstated, -1, 0, 20}, {Incentive::kNone, 30, 0, 0},  // stated: believed
      {Incentive::kNone, -1, 0, 0},
  };
  for (const Case& c : cases) {
    const CivilDay day(2026, 6, 15);
    std::vector<Movement> movements = {Usd(0, CivilDay(2025, 1, 1), 99),
                                       Usd(0, CivilDay(2025, 1, 1), 1)};
    if (c.coupon_days_before > 0) {
      movements.push_back(Usd(0, day - c.coupon_days_before, 1, Incentive::kDriven));
      movements.push_back(Usd(0, day - c.coupon_days_before + 1, -1));
    } else if (c.coupon_days_before == 0) {
      movements.push_back(Usd(0, day, 0, Incentive::kDriven));
    }
    movements.push_back(Usd(0, day, 20, c.incentive));
    const RevenueBridge bridge = BridgeOf(Build(movements), day, day + 1);
    EXPECT_EQ(bridge.expansion, 20 * kUnit) << c.coupon_days_before;
    EXPECT_EQ(bridge.incentive_expansion, c.driven_units * kUnit) << c.coupon_days_before;
    EXPECT_EQ(bridge.unstated_expansion, c.unstated_units * kUnit) << c.coupon_days_before;
  }
}

TEST(BuildLedger, MakesNoMovementOfExchangeRatesAlone) {
  // 100 EUR come at 1.10, 40 leave at 1.30, the rest at 0.90.
  const Ledger ledger = Build({{0, CivilDay(2026, 1, 1), 100 * kUnit, kEur, 110 * kUnit},
                               {0, CivilDay(2026, 2, 1), -40 * kUnit, kEur, -52 * kUnit},
                               {0, CivilDay(2026, 3, 1), -60 * kUnit, kEur, -54 * kUnit}});
  ASSERT_EQ(ledger.entries.size(), 3u);
  EXPECT_EQ(ledger.entries[1].micros, -44 * kUnit);
  EXPECT_EQ(ledger.entries[2].micros, -66 * kUnit);
  EXPECT_EQ(ledger.entries[2].type, MovementType::kChurn);
}

TEST(BuildLedger, CountsBalancesBelowZero) {
  const Ledger ledger =
      Build({Usd(0, CivilDay(2026, 1, 1), 10), Usd(0, CivilDay(2026, 2, 1), -15)});
  EXPECT_EQ(ledger.negative_balance_count, 1);
}

TEST(BuildLedger, RefusesAmountsBeyondTheRange) {
  const auto ledger = BuildLedger({{0, CivilDay(2026, 1, 1), INT64_MAX, kUsd, INT64_MAX},
                                   {0, CivilDay(2026, 1, 1), 1, kUsd, 1}},
                                  kUsd);
  ASSERT_FALSE(ledger.ok());
  EXPECT_EQ(ledger.error().reason(), Reason::INVALID_FIELDS);
}

std::vector<Movement> RandomMovements(Random* random) {
  std::vector<Movement> movements;
  for (int i = 0; i < 400; ++i) {
    const bool euro = random->Below(4) == 0;
    const int64_t native = static_cast<int64_t>(random->Below(2'000'000'000)) - 800'000'000;
    const int64_t reporting =
        euro ? MulDivRoundHalfEven(native, 900'000 + static_cast<int64_t>(random->Below(400'000)),
                                   1'000'000)
                   .value()
             : native;
    movements.push_back({static_cast<uint32_t>(random->Below(30)),
                         CivilDay(2024, 1, 1) + static_cast<int>(random->Below(720)), native,
                         euro ? kEur : kUsd, reporting, static_cast<Incentive>(random->Below(3))});
  }
  return movements;
}

TEST(Bridge, PartsSumToTheChangeExactlyForAnyMovements) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed);
    const Ledger ledger = Build(RandomMovements(&random));
    std::vector<DayRange> months;
    for (absl::CivilMonth m(2023, 11); m < absl::CivilMonth(2026, 3); ++m) {
      months.push_back({CivilDay(m), CivilDay(m + 1)});
    }
    const auto bridges = Bridge(ledger, months).value();
    int64_t last_closing = 0, last_customers = 0;
    for (const RevenueBridge& b : bridges) {
      EXPECT_EQ(b.opening, last_closing);
      EXPECT_EQ(b.opening_customers, last_customers);
      EXPECT_EQ(b.opening + b.fresh + b.reactivation + b.expansion + b.contraction + b.churn,
                b.closing);
      EXPECT_EQ(b.opening_customers + b.new_customers + b.reactivated_customers - b.lost_customers,
                b.closing_customers);
      EXPECT_GE(b.closing_customers, 0);
      EXPECT_GE(b.incentive_expansion, 0);
      EXPECT_LE(b.incentive_expansion + b.unstated_expansion, b.expansion);
      last_closing = b.closing;
      last_customers = b.closing_customers;
    }
    const int64_t total =
        std::accumulate(ledger.entries.begin(), ledger.entries.end(), int64_t{0},
                        [](int64_t sum, const LedgerEntry& entry) { return sum + entry.micros; });
    EXPECT_EQ(last_closing, total);
  }
}

TEST(Bridge, MatchesTheSumOfMovementsInOneCurrency) {
  Random random(7);
  std::vector<Movement> movements = RandomMovements(&random);
  int64_t sum = 0;
  for (Movement& movement : movements) {
    movement.currency = kUsd;
    movement.native_micros = movement.reporting_micros;
    if (movement.day < CivilDay(2024, 9, 1)) sum += movement.reporting_micros;
  }
  EXPECT_EQ(BridgeOf(Build(movements), CivilDay(2024, 8, 1), CivilDay(2024, 9, 1)).closing, sum);
}

TEST(Bridge, RetainsTheCustomersOfTheFirstDayOnly) {
  const CivilDay before(2026, 1, 1), in(2026, 4, 10);
  const Ledger ledger = Build({
      Usd(0, before, 100), Usd(0, in, 50),    // 100 -> 150
      Usd(1, before, 100), Usd(1, in, -40),   // 100 -> 60
      Usd(2, before, 100), Usd(2, in, -100),  // left
      Usd(3, in, 500), Usd(3, in + 1, 500),   // new, and more
  });
  const RevenueBridge bridge = BridgeOf(ledger, CivilDay(2026, 4, 1), CivilDay(2026, 7, 1));
  EXPECT_EQ(bridge.cohort_opening, 300 * kUnit);
  EXPECT_EQ(bridge.cohort_closing, 210 * kUnit);
  EXPECT_EQ(bridge.cohort_kept, 160 * kUnit);
  EXPECT_EQ(bridge.expansion, 550 * kUnit);
}

TEST(CountExpanding, CountsCustomersOfTheFirstDayWhoGrewOnTheirOwn) {
  const CivilDay before(2026, 1, 1), in(2026, 4, 10);
  const Ledger ledger = Build({
      Usd(0, before, 100),
      Usd(0, in, 20),  // grew
      Usd(1, before, 100),
      Usd(1, in, 20, Incentive::kDriven),  // by a coupon
      Usd(2, before, 100),
      Usd(2, in, 20),
      Usd(2, in + 5, -20),  // and back
      Usd(3, in, 100),
      Usd(3, in + 5, 20),  // new in the period
      Usd(4, before, 100),
  });
  const ExpansionCounts counts =
      CountExpanding(ledger, {CivilDay(2026, 4, 1), CivilDay(2026, 7, 1)}, 5);
  EXPECT_EQ(counts.customers_at_start, 4);
  EXPECT_EQ(counts.expanding_without_incentive, 1);
}

TEST(MeasureRetreat, SeesWhatAnIncentiveBroughtGoAgain) {
  const CivilDay in(2026, 1, 10);
  const Ledger ledger =
      Build({Usd(0, CivilDay(2025, 1, 1), 100), Usd(0, in, 20, Incentive::kDriven),
             Usd(0, in + 60, -15), Usd(1, CivilDay(2025, 1, 1), 100), Usd(1, in, 30)});
  const Retreat retreat =
      MeasureRetreat(ledger, {CivilDay(2026, 1, 1), CivilDay(2026, 2, 1)}, CivilDay(2026, 4, 1), 2);
  EXPECT_EQ(retreat.driven, 20 * kUnit);
  EXPECT_EQ(retreat.driven_gone, 15 * kUnit);
  EXPECT_EQ(retreat.own, 30 * kUnit);
  EXPECT_EQ(retreat.own_gone, 0);
}

}  // namespace
}  // namespace gtm::growth::domain
