#include "services/targeting/domain/score_gap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "fmt/format.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using ::testing::ElementsAre;

class ScoreGapTest : public ::testing::Test {
 protected:
  void Put(const std::string& id, std::optional<int64_t> employees, const std::string& industry,
           const std::string& technology) {
    records_.Put(test::Account(id).Set([&](crm::v1::Account& a) {
      if (employees) a.set_employee_count(*employees);
      a.set_industry(industry);
      if (!technology.empty()) a.add_technologies(technology);
    }));
  }
  // Weighs, and asks while what it refers to lives.
  template <class Ask>
  auto Of(const std::string& id, Ask ask) {
    const book::BookView view = records_.View();
    AccountScorer scorer(definition_, view, At("2026-06-30"));
    return ask(definition_, scorer.Weigh(*view.FindAccount(id)));
  }

  test::FakeRecords records_{"targeting"};
  const Definition definition_ = Compiled();  // 50 employees, 30 industry, 20 warehouse; from 60
};

TEST_F(ScoreGapTest, NamesWhatIsEnough) {
  Put("acme", 200, "mining", "Snowflake");  // 25 + 0 + 20
  const ScoreGap gap = Of("acme", FindTargetGap);
  EXPECT_EQ(gap.gap_micropoints, 15'000'000);
  EXPECT_TRUE(gap.reachable);
  ASSERT_EQ(gap.levers.size(), 2u);
  EXPECT_EQ(gap.levers[0].criterion_id, "industry");
  EXPECT_EQ(gap.levers[0].best_outcome, "software");
  EXPECT_EQ(gap.levers[0].sufficient_outcome, "retail");  // 15 points are just enough
  EXPECT_EQ(gap.levers[1].sufficient_outcome, "enterprise");
  EXPECT_THAT(gap.fewest_criterion_ids, ElementsAre("industry"));
}

TEST_F(ScoreGapTest, CountsAMissingValueWithItsLeast) {
  Put("acme", std::nullopt, "software", "Snowflake");  // 0..50 + 30 + 20
  const ScoreGap gap = Of("acme", FindTargetGap);
  EXPECT_EQ(gap.gap_micropoints, 10'000'000);
  ASSERT_EQ(gap.levers.size(), 1u);
  EXPECT_FALSE(gap.levers[0].known);
  EXPECT_EQ(gap.levers[0].sufficient_outcome, "mid-market");
}

TEST_F(ScoreGapTest, OfAProspectIsInItsEngagement) {
  Put("acme", 2'000, "software", "Snowflake");
  EXPECT_EQ(Of("acme", FindTargetGap).gap_micropoints, 0);
  EXPECT_TRUE(Of("acme", FindTargetGap).fewest_criterion_ids.empty());
  const auto gap = Of("acme", FindProspectGap);
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->gap_micropoints, 30'000'000);
  EXPECT_EQ(gap->levers[0].criterion_id, "recent");
}

// What is said to be enough is; one criterion fewer is not.
TEST_F(ScoreGapTest, FewestAreEnoughAndFewerAreNot) {
  Random random(2);
  const char* industries[] = {"software", "retail", "mining", ""};
  const char* technologies[] = {"Snowflake", "Redshift", ""};
  for (int i = 0; i < 300; ++i) {
    const std::string id = fmt::format("a{}", i);
    Put(id, random.Below(4) == 0 ? std::nullopt : std::optional<int64_t>(random.Below(2'000)),
        industries[random.Below(4)], technologies[random.Below(3)]);
    const ScoreGap gap = Of(id, FindTargetGap);
    if (gap.gap_micropoints == 0) continue;
    ASSERT_TRUE(gap.reachable);  // the best of everything is 100 points
    int64_t closed = 0;
    for (size_t k = 0; k < gap.fewest_criterion_ids.size(); ++k) {
      ASSERT_EQ(gap.levers[k].criterion_id, gap.fewest_criterion_ids[k]);
      ASSERT_LT(closed, gap.gap_micropoints);  // fewer are not enough
      closed += gap.levers[k].gain();
    }
    ASSERT_GE(closed, gap.gap_micropoints);
    for (const ScoreLever& lever : gap.levers) {
      ASSERT_EQ(lever.sufficient_outcome.empty(), lever.gain() < gap.gap_micropoints);
    }
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
