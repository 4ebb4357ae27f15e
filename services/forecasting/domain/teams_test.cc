#include "services/forecasting/domain/teams.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gtm::forecasting::domain {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> IdsOf(const Teams& teams) {
  std::vector<std::string> ids;
  for (const TeamMember& member : teams.members()) ids.push_back(member.id);
  return ids;
}

TEST(Teams, PutsManagersBeforeWhoReportsToThem) {
  const Teams teams({{"dan", "Dan", "bea"},
                     {"ada", "Ada", ""},
                     {"bea", "Bea", "ada"},
                     {"cyd", "Cyd", "ada"},
                     {"eve", "Eve", "somebody, in words", true}});
  EXPECT_THAT(IdsOf(teams), ElementsAre("ada", "bea", "dan", "cyd", "eve"));
  const TeamMember& ada = *teams.Find("ada");
  EXPECT_THAT(ada.reports, ElementsAre("bea", "cyd"));
  EXPECT_THAT(ada.team, ElementsAre("ada", "bea", "cyd", "dan"));
  EXPECT_EQ(teams.Find("dan")->depth, 2);
  EXPECT_THAT(teams.Find("eve")->team, ElementsAre("eve"));
  EXPECT_TRUE(teams.Find("eve")->has_left);
  EXPECT_FALSE(ada.has_left);
  EXPECT_EQ(teams.Find("zoe"), nullptr);
}

TEST(Teams, BreaksCycles) {
  // a and b manage each other, c is their own manager, d reports into the cycle.
  const Teams teams({{"a", "a", "b"}, {"b", "b", "a"}, {"c", "c", "c"}, {"d", "d", "a"}});
  EXPECT_THAT(IdsOf(teams), ElementsAre("a", "d", "b", "c"));
  EXPECT_THAT(teams.Find("a")->team, ElementsAre("a", "d"));
  EXPECT_EQ(teams.Find("b")->depth, 0);
}

}  // namespace
}  // namespace gtm::forecasting::domain
