#include "common/core/funnel_need.h"

#include "gtest/gtest.h"

namespace gtm {
namespace {

// D1 of the requirements.
TEST(GroupsIn, SevenAndAHalfThousandPeopleMake681To1071Groups) {
  constexpr GroupCounts kGroups = GroupsIn(7'500, 7, 11);
  EXPECT_EQ(kGroups.min, 681);
  EXPECT_EQ(kGroups.max, 1'071);
  EXPECT_EQ(GroupsIn(6, 7, 11).max, 0);
}

TEST(FunnelNeed, AddsUpExactly) {
  FunnelNeed need;
  need.Add(265'000, 2);
  need.Add(2'600, 30);
  EXPECT_EQ(need.told(), 608'000);
}

TEST(FunnelNeed, TellsTheLargestNumberOfWhatDoesNotFit) {
  FunnelNeed need;
  need.Add(1'000'000'000'000, INT64_MAX);
  EXPECT_EQ(need.told(), INT64_MAX);
  EXPECT_GT(need.exact(), INT64_MAX);
}

}  // namespace
}  // namespace gtm
