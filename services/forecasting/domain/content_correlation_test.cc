// Correlation of touches with outcomes: no false ones beyond the rate that is told, no
// immortal time, and a planted one is found.

#include "services/forecasting/domain/content_correlation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/core/random.h"

namespace gtm::forecasting::domain {
namespace {

struct World {
  int deals = 600;
  uint32_t items = 30;
  double touches_per_day = 0.004;          // of each item, as long as the deal is open
  double won_cycle = 90, lost_cycle = 45;  // won deals live longer, and are touched more
  // Item 0: touched deals are won so much more often.
  double planted = 0;
  // Deals of an account: won or lost alike, and touched alike at the same age.
  int deals_per_account = 1;
};

std::vector<ComparedDeal> Generate(const World& world, uint64_t seed) {
  Random random(seed);
  std::vector<ComparedDeal> deals;
  for (int i = 0; i < world.deals; ++i) {
    ComparedDeal deal;
    deal.stratum = static_cast<uint32_t>(random.Below(4));
    // Strata differ in their win rate.
    double chance = 0.2 + 0.1 * deal.stratum;
    const bool touched_early = world.planted != 0 && random.Below(3) == 0;
    if (touched_early) chance += world.planted;
    deal.won = random.Uniform() < chance;
    deal.close_age_days = 1 + static_cast<int32_t>(random.Exponential() *
                                                   (deal.won ? world.won_cycle : world.lost_cycle));
    deal.amount = deal.won ? std::exp(10 + random.Normal()) : 0;
    for (uint32_t item = 0; item < world.items; ++item) {
      if (item == 0 && world.planted != 0) {
        if (touched_early) deal.touches.push_back({0, 0});
        continue;
      }
      const auto age = static_cast<int32_t>(random.Exponential() / world.touches_per_day);
      if (age < deal.close_age_days) deal.touches.push_back({item, age});
    }
    deal.account = static_cast<uint32_t>(i);
    deals.push_back(std::move(deal));
  }
  // An account's deals are its first one again.
  const auto first_count = deals.size();
  for (int copy = 1; copy < world.deals_per_account; ++copy) {
    for (size_t i = 0; i < first_count; ++i) deals.push_back(deals[i]);
  }
  return deals;
}

int DiscoveriesOf(const std::vector<ItemCorrelation>& items, uint32_t from = 0) {
  int discoveries = 0;
  for (uint32_t item = from; item < items.size(); ++item) {
    for (const Correlation& correlation : items[item].by_measure) {
      discoveries += correlation.tested && correlation.q_value <= kFalseDiscoveryRate;
    }
  }
  return discoveries;
}

// With nothing to find, every discovery is false: the rate is the share of worlds with any.
// 300 worlds: 5 % and 2.5 standard errors are 8.1 %.
TEST(CorrelateItems, HoldsTheFalseDiscoveryRateWhereNothingIsToBeFound) {
  int worlds_with_any = 0, tested = 0;
  double below = 0;
  constexpr int kWorlds = 300;
  for (uint64_t seed = 0; seed < kWorlds; ++seed) {
    const auto items = CorrelateItems(Generate({}, seed), 30);
    worlds_with_any += DiscoveriesOf(items) > 0;
    for (const ItemCorrelation& item : items) {
      for (const Correlation& correlation : item.by_measure) {
        tested += correlation.tested;
        below += correlation.tested && correlation.p_value < 0.05;
      }
    }
  }
  EXPECT_LE(worlds_with_any, kWorlds * 0.081);
  EXPECT_GT(tested, kWorlds * 60);
  // And each test alone has its level: no more, and not much less.
  EXPECT_NEAR(below / tested, 0.05, 0.006);
}

// 200 contents of which none tells anything, and one that does. The rate is the mean share of
// false ones among those told, over 200 worlds: 5 % and room for its
// error (over 1,000 worlds it was 5.7 +- 0.7 % without, 5.4 +- 0.5 % with one that tells).
TEST(CorrelateItems, HoldsTheFalseDiscoveryRateOfTwoHundredNullContents) {
  constexpr int kWorlds = 200;
  constexpr uint32_t kItems = 201;
  for (const double planted : {0.0, 0.25}) {
    int found = 0;
    double false_share = 0, false_square = 0;
    for (uint64_t seed = 0; seed < kWorlds; ++seed) {
      const World world{.items = kItems, .planted = planted};
      const auto items = CorrelateItems(Generate(world, 1'000 + seed), kItems);
      const int all = DiscoveriesOf(items), of_nulls = DiscoveriesOf(items, planted > 0 ? 1 : 0);
      found += items[0].by_measure[0].q_value <= kFalseDiscoveryRate;
      const double share = all == 0 ? 0 : static_cast<double>(of_nulls) / all;
      false_share += share / kWorlds;
      false_square += share * share / kWorlds;
    }
    const double error = std::sqrt((false_square - false_share * false_share) / kWorlds);
    std::printf("planted %.2f: found in %d of %d worlds, false share %.3f +- %.3f\n", planted,
                found, kWorlds, false_share, error);
    EXPECT_LE(false_share, kFalseDiscoveryRate + 2.5 * error);
    if (planted > 0) {
      EXPECT_GE(found, kWorlds * 9 / 10);
    }
  }
}

// Three deals of each account that go alike are one piece of evidence. Counted as three, far
// too much would be told.
TEST(CorrelateItems, CountsAccountsNotDeals) {
  int worlds_with_any = 0, worlds_of_deals = 0;
  double below = 0, tested = 0;
  constexpr int kWorlds = 200;
  for (uint64_t seed = 0; seed < kWorlds; ++seed) {
    auto deals = Generate({.deals = 300, .deals_per_account = 3}, seed);
    const auto items = CorrelateItems(deals, 30);
    worlds_with_any += DiscoveriesOf(items) > 0;
    for (const ItemCorrelation& item : items) {
      EXPECT_EQ(item.account_count * 3, item.deal_count);
      for (const Correlation& correlation : item.by_measure) {
        tested += correlation.tested;
        below += correlation.tested && correlation.p_value < 0.05;
      }
    }
    for (size_t i = 0; i < deals.size(); ++i) deals[i].account = static_cast<uint32_t>(i);
    worlds_of_deals += DiscoveriesOf(CorrelateItems(deals, 30)) > 0;
  }
  std::printf("worlds with a false one: %d of 200 by account, %d by deal\n", worlds_with_any,
              worlds_of_deals);
  EXPECT_LE(worlds_with_any, kWorlds * 0.089);  // 5 % and 2.5 standard errors
  EXPECT_GE(worlds_of_deals, kWorlds / 2);
  EXPECT_NEAR(below / tested, 0.05, 0.01);
}

// Nine accounts are too few, whatever the number of their deals.
TEST(CorrelateItems, NeedsTenAccounts) {
  for (const uint32_t accounts : {9U, 10U}) {
    std::vector<ComparedDeal> deals;
    for (uint32_t i = 0; i < 80; ++i) {
      ComparedDeal deal{.account = i < 40 ? i % accounts : i, .close_age_days = 10};
      deal.won = i % 3 == 0;
      if (i < 40) deal.touches.push_back({0, 0});
      deals.push_back(std::move(deal));
    }
    const ItemCorrelation item = CorrelateItems(deals, 1)[0];
    EXPECT_EQ(item.account_count, accounts);
    EXPECT_EQ(item.by_measure[0].account_count, accounts);
    EXPECT_EQ(item.by_measure[0].tested, accounts == 10);
  }
}

// What the landmarks are for: touched deals live longer, and longer ones are won here.
// Without landmarks every item would correlate.
TEST(CorrelateItems, LongLifeIsNoCorrelation) {
  const World world{.deals = 4'000, .won_cycle = 160, .lost_cycle = 30};
  const auto deals = Generate(world, 5);
  double touched_won = 0, touched = 0, untouched_won = 0, untouched = 0;
  for (const ComparedDeal& deal : deals) {
    const bool by_first = std::any_of(deal.touches.begin(), deal.touches.end(),
                                      [](const Touch& touch) { return touch.item == 0; });
    (by_first ? touched : untouched) += 1;
    (by_first ? touched_won : untouched_won) += deal.won;
  }
  EXPECT_GT(touched_won / touched, untouched_won / untouched + 0.15) << "the naive comparison";
  const Correlation honest = CorrelateItems(deals, world.items)[0].by_measure[0];
  ASSERT_TRUE(honest.tested);
  EXPECT_LT(std::abs(honest.value), 0.06);
  EXPECT_TRUE(honest.interval.contains(0));
}

TEST(CorrelateItems, FindsAPlantedOneAndItsSize) {
  int found = 0, covered = 0, false_ones = 0;
  constexpr int kWorlds = 100;
  for (uint64_t seed = 0; seed < kWorlds; ++seed) {
    const auto items = CorrelateItems(Generate({.planted = 0.2}, seed), 30);
    const Correlation& planted = items[0].by_measure[0];
    ASSERT_TRUE(planted.tested);
    found += planted.q_value <= kFalseDiscoveryRate;
    covered += planted.interval.contains(0.2);
    false_ones += DiscoveriesOf(items, 1) > 0;
  }
  EXPECT_GE(found, 85);
  EXPECT_GE(covered, 88);
  EXPECT_LE(false_ones, 15);
}

// By hand: one stratum, landmark 0; 20 touched of 40, 14 and 8 won.
TEST(CorrelateItems, AgreesWithTheHandComputedCase) {
  std::vector<ComparedDeal> deals;
  for (int i = 0; i < 40; ++i) {
    ComparedDeal deal;
    deal.account = static_cast<uint32_t>(i);
    deal.close_age_days = 10;
    deal.won = i < 20 ? i < 14 : i < 28;
    deal.amount = i < 20 ? 200 : 100;
    if (i < 20) deal.touches.push_back({0, 0});
    deals.push_back(std::move(deal));
  }
  const ItemCorrelation item = CorrelateItems(deals, 1)[0];
  EXPECT_EQ(item.deal_count, 20);
  const Correlation& rate = item.by_measure[0];
  ASSERT_TRUE(rate.tested);
  EXPECT_DOUBLE_EQ(rate.touched_value, 0.7);
  EXPECT_DOUBLE_EQ(rate.untouched_value, 0.4);
  EXPECT_NEAR(rate.value, 0.3, 1e-12);
  // Excess 14 - 20 * 22 / 40 = 3; variance 20 * 20 / (40 * 39) * 22 * 18 / 40 = 2.538.
  EXPECT_NEAR(rate.p_value, 2 * stats::NormalCdf(-3 / std::sqrt(2.538461538)), 1e-9);
  // All cycles alike: no variance, not tested. Too few untouched with a price: 8 won.
  EXPECT_FALSE(item.by_measure[1].tested);
  EXPECT_FALSE(item.by_measure[2].tested);
  EXPECT_EQ(item.by_measure[2].untouched_count, 8);
}

TEST(CorrelateItems, TouchesAfterTheOutcomeDoNotCount) {
  ComparedDeal deal;
  deal.close_age_days = 10;
  deal.touches = {{0, 11}};
  EXPECT_EQ(CorrelateItems({deal}, 1)[0].deal_count, 0);
}

// Benjamini and Hochberg (1995), worked by hand.
TEST(FalseDiscoveryRates, AreTheAdjustedPValues) {
  const auto rates = FalseDiscoveryRates({0.04, 0.01, 0.03, 0.5});
  EXPECT_DOUBLE_EQ(rates[1], 0.04);
  EXPECT_DOUBLE_EQ(rates[2], 0.04 * 4 / 3);
  EXPECT_DOUBLE_EQ(rates[0], 0.04 * 4 / 3);
  EXPECT_DOUBLE_EQ(rates[3], 0.5);
  EXPECT_TRUE(FalseDiscoveryRates({}).empty());
}

}  // namespace
}  // namespace gtm::forecasting::domain
