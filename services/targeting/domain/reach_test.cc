#include "services/targeting/domain/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "services/targeting/domain/test_market.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = At("2026-06-30");
const DayRange kQuarter{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)};

Reach Measure(const Market& market, const GroupRule& rule = {}) {
  const book::BookView view = market.View();
  return MeasureReach(market.Judge(view, kNow), view,
                      SpanOf(kQuarter, view.settings().calendar, kNow), rule, StillAlive)
      .value();
}
BuyingGroup MeasureGroup(const Market& market, const std::string& account,
                         const GroupRule& rule = {}) {
  const book::BookView view = market.View();
  GroupMeter meter(view, rule, SpanOf(kQuarter, view.settings().calendar, kNow), kNow);
  return meter.Measure(*view.FindAccount(account));
}

// TG-13: engagements from individuals inside the target market, relative to that market.
TEST(MeasureReach, CountsTheBuyersActsInsideTheMarket) {
  Market market;
  for (const char* id : {"t1", "t2", "t3", "t4"}) market.Target(id);
  market.Other("o1");
  market.Undecided("u1");
  market.Person("p1", "t1");
  market.Person("p2", "t1");
  market.Touch("t1", "2026-05-01", "in", "p1");
  market.Touch("t1", "2026-05-02", "in", "p2", "", 3);
  market.Touch("t1", "2026-05-03", "in", "p1");
  market.Touch("t2", "2026-05-01", "out");
  market.Touch("t3", "2026-03-31", "in");            // before the span
  market.Touch("t4", "2026-06-30T00:00:01Z", "in");  // after as_of
  market.Touch("o1", "2026-05-01", "in");
  market.Touch("u1", "2026-05-01", "in");
  const Reach reach = Measure(market);
  EXPECT_EQ(reach.accounts, (ByVerdict{4, 1, 1}));
  EXPECT_EQ(reach.people, (ByVerdict{2, 0, 0}));
  EXPECT_EQ(reach.touched_accounts, (ByVerdict{2, 1, 1}));
  EXPECT_EQ(reach.engaged_accounts, (ByVerdict{1, 1, 1}));
  EXPECT_EQ(reach.engaged_people, (ByVerdict{2, 0, 0}));
  EXPECT_EQ(reach.engagements, (ByVerdict{5, 1, 1}));
  EXPECT_EQ(reach.approached_targets, 1);
  EXPECT_EQ(reach.answered_targets, 0);
}

TEST(MeasureReach, TellsWhoAnsweredFromWhoCameAlone) {
  Market market;
  for (const char* id : {"answers", "comes", "silent"}) market.Target(id);
  market.Touch("answers", "2026-05-01", "out");
  market.Touch("answers", "2026-05-02", "in");
  market.Touch("comes", "2026-05-01", "in");
  market.Touch("comes", "2026-05-02", "out");
  market.Touch("comes", "2026-05-03", "in");
  market.Touch("silent", "2026-05-02", "out");
  const Reach reach = Measure(market);
  EXPECT_EQ(reach.approached_targets, 2);
  EXPECT_EQ(reach.answered_targets, 1);
}

TEST(Penetration, IsExactButForTheUndecided) {  // C27
  const Penetration exact = PenetrationOf({3, 0, 9}, 12);
  EXPECT_DOUBLE_EQ(exact.value, 0.25);
  EXPECT_EQ(exact.range.low, exact.range.high);
  const Penetration range = PenetrationOf({3, 3, 9}, 12);
  EXPECT_DOUBLE_EQ(range.value, 0.25);
  EXPECT_DOUBLE_EQ(range.range.low, 0.25);
  EXPECT_DOUBLE_EQ(range.range.high, 0.5);
  // Of what is recorded: 3 of 10 targets, 2 of 6 undecided. At least 3 / (10 + 4), at most
  // (3 + 2) / (10 + 2).
  const Penetration recorded = PenetrationOfRecorded({3, 2, 0}, {10, 6, 5});
  EXPECT_DOUBLE_EQ(recorded.value, 0.3);
  EXPECT_DOUBLE_EQ(recorded.range.low, 3.0 / 14);
  EXPECT_DOUBLE_EQ(recorded.range.high, 5.0 / 12);
}

TEST(Penetration, HoldsEveryWayInWhichTheUndecidedCouldTurnOut) {
  Random random(7);
  for (int i = 0; i < 2'000; ++i) {
    const int64_t targets = 1 + static_cast<int64_t>(random.Below(8));
    const int64_t undecided = static_cast<int64_t>(random.Below(8));
    const ByVerdict recorded{targets, undecided, 0};
    const ByVerdict reached{static_cast<int64_t>(random.Below(targets + 1)),
                            static_cast<int64_t>(random.Below(undecided + 1)), 0};
    const Penetration share = PenetrationOfRecorded(reached, recorded);
    const int64_t silent = undecided - reached.undecided;
    const auto of_reached = static_cast<int64_t>(random.Below(reached.undecided + 1));
    const auto of_silent = static_cast<int64_t>(random.Below(silent + 1));
    const double truth = static_cast<double>(reached.target + of_reached) /
                         static_cast<double>(targets + of_reached + of_silent);
    EXPECT_LE(share.range.low, truth + 1e-12);
    EXPECT_GE(share.range.high, truth - 1e-12);
  }
}

TEST(SizeOfMarket, GoesFromDefinitionToSettingsToRecords) {
  EXPECT_EQ(SizeOf(100, 200, 5).source, MarketSource::kDefinition);
  EXPECT_EQ(SizeOf(0, 200, 5).count, 200);
  EXPECT_EQ(SizeOf(0, 0, 5).source, MarketSource::kRecorded);
}

// D18: 7 people of 11 touches are 77, 11 people of 13 are 143.
TEST(BuyingGroup, D18) {
  EXPECT_EQ(GroupRule().group_touches_min(), 77);
  EXPECT_EQ(GroupRule().group_touches_max(), 143);
}

TEST(BuyingGroup, CountsWhatIsMissingPersonByPerson) {  // TG-12
  Market market;
  market.Target("t1");
  EXPECT_EQ(MeasureGroup(market, "t1").touches_missing, 77);
  market.Person("p1", "t1");
  market.Touch("t1", "2026-05-01", "in", "p1", "", 100);
  EXPECT_EQ(MeasureGroup(market, "t1").touches_missing, 66) << "a hundred touches of one person";
  for (int i = 2; i <= 7; ++i) {
    const std::string id = "p" + std::to_string(i);
    market.Person(id, "t1");
    market.Touch("t1", "2026-05-01", "out", id, "", 10);
    market.Touch("t1", "2026-05-02", "in", id);
  }
  const BuyingGroup group = MeasureGroup(market, "t1");
  EXPECT_EQ(group.touches_missing, 0);
  EXPECT_EQ(group.touch_count, 166);
  EXPECT_EQ(group.coverage, GroupCoverage::kFull);
}

TEST(BuyingGroup, ClimbsWithThePeopleWhoAct) {
  Market market;
  market.Target("t1");
  const auto coverage = [&] { return MeasureGroup(market, "t1").coverage; };
  market.Person("p0", "t1");
  market.Touch("t1", "2026-05-01", "out", "p0");
  market.Touch("t1", "2026-05-01", "in");  // nobody known
  EXPECT_EQ(coverage(), GroupCoverage::kNone);
  EXPECT_EQ(MeasureGroup(market, "t1").unnamed_touches, 1);
  const GroupCoverage expected[] = {GroupCoverage::kSingle,  GroupCoverage::kPartial,
                                    GroupCoverage::kPartial, GroupCoverage::kPartial,
                                    GroupCoverage::kPartial, GroupCoverage::kPartial,
                                    GroupCoverage::kSpoken};
  for (int i = 1; i <= 7; ++i) {
    const std::string id = "p" + std::to_string(i);
    market.Person(id, "t1");
    market.Touch("t1", "2026-05-01", "in", id);
    EXPECT_EQ(coverage(), expected[i - 1]) << i;
  }
}

TEST(BuyingGroup, TellsRolesThatNobodyHasFromThoseThatAreSilent) {  // TG-10
  Market market;
  market.Target("t1");
  market.Person("buyer", "t1", crm::v1::BUYING_ROLE_ECONOMIC_BUYER);
  market.Person("judge", "t1");
  market.Put(test::Opportunity("o1", "t1")
                 .Stage("2026-05-01", "stage_zero")
                 .Member("judge", crm::v1::BUYING_ROLE_TECHNICAL_EVALUATOR));
  market.Touch("t1", "2026-05-01", "in", "judge");
  GroupRule rule;
  rule.expected_roles = {crm::v1::BUYING_ROLE_ECONOMIC_BUYER, crm::v1::BUYING_ROLE_CHAMPION,
                         crm::v1::BUYING_ROLE_TECHNICAL_EVALUATOR};
  const BuyingGroup group = MeasureGroup(market, "t1", rule);
  EXPECT_THAT(group.unknown_roles, ElementsAre(crm::v1::BUYING_ROLE_CHAMPION));
  EXPECT_THAT(group.silent_roles, ElementsAre(crm::v1::BUYING_ROLE_ECONOMIC_BUYER));
}

TEST(BuyingGroup, NeverMissesLessWithATouchLessOrMoreThanAllOfThem) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    Market market;
    market.Target("t1");
    int64_t before = 77;
    for (int touch = 0; touch < 12; ++touch) {
      const std::string id = "p" + std::to_string(random.Below(9));
      market.Person(id, "t1");
      market.Touch("t1", "2026-05-01", random.Below(2) == 0 ? "in" : "out", id, "",
                   1 + static_cast<int>(random.Below(15)));
      const int64_t missing = MeasureGroup(market, "t1").touches_missing;
      EXPECT_LE(missing, before);
      EXPECT_GE(missing, 0);
      before = missing;
    }
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
