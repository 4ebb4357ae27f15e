#include "services/sponsorship/domain/shortlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "common/core/random.h"

namespace gtm::sponsorship::domain {
namespace {

using ::testing::ElementsAre;

// Whether all of `members` can be served together.
bool CanServe(const std::vector<std::vector<int32_t>>& allowed, std::vector<int32_t> free,
              const std::vector<int32_t>& members, size_t at = 0) {
  if (at == members.size()) return true;
  for (const int32_t j : allowed[static_cast<size_t>(members[at])]) {
    if (free[static_cast<size_t>(j)] == 0) continue;
    --free[static_cast<size_t>(j)];
    if (CanServe(allowed, free, members, at + 1)) return true;
    ++free[static_cast<size_t>(j)];
  }
  return false;
}

// Down the list in the given order.
std::vector<uint8_t> Greedy(const std::vector<std::vector<int32_t>>& allowed,
                            const std::vector<int32_t>& capacities,
                            const std::vector<int32_t>& order) {
  std::vector<uint8_t> chosen(allowed.size(), 0);
  std::vector<int32_t> members;
  for (const int32_t c : order) {
    members.push_back(c);
    if (CanServe(allowed, capacities, members)) {
      chosen[static_cast<size_t>(c)] = 1;
    } else {
      members.pop_back();
    }
  }
  return chosen;
}

TEST(ChooseShortlist, IsTheListCutAtTheCapacity) {
  const Shortlist list = ChooseShortlist({{0, 1}, {0, 1}, {0, 1}, {0, 1}}, {2, 1});
  EXPECT_THAT(list.chosen, ElementsAre(1, 1, 1, 0));
  EXPECT_THAT(list.displaceable, ElementsAre(-1, -1, -1, 2));
}

TEST(ChooseShortlist, EqualsGreedyAndNamesWhomToOvertake) {
  Random random(11);
  for (int round = 0; round < 3000; ++round) {
    const int32_t m = 1 + static_cast<int32_t>(random.Below(4));
    const size_t n = random.Below(8);
    std::vector<std::vector<int32_t>> allowed(n);
    for (auto& executives : allowed) {
      for (int32_t j = 0; j < m; ++j) {
        if (random.Below(2) == 0) executives.push_back(j);
      }
    }
    std::vector<int32_t> capacities;
    for (int32_t j = 0; j < m; ++j) capacities.push_back(static_cast<int32_t>(random.Below(3)));
    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    const Shortlist list = ChooseShortlist(allowed, capacities);
    ASSERT_EQ(list.chosen, Greedy(allowed, capacities, order));
    for (size_t c = 0; c < n; ++c) {
      if (list.chosen[c]) continue;
      // Ranked just before its displaceable it is taken; just after, it is not.
      const auto taken_at = [&](int32_t position) {
        std::vector<int32_t> moved = order;
        moved.erase(moved.begin() + static_cast<ptrdiff_t>(c));
        moved.insert(moved.begin() + position, static_cast<int32_t>(c));
        return Greedy(allowed, capacities, moved)[c] == 1;
      };
      const int32_t other = list.displaceable[c];
      if (other < 0) {
        ASSERT_FALSE(taken_at(0));
      } else {
        ASSERT_TRUE(taken_at(other));
        ASSERT_FALSE(taken_at(other + 1));
      }
    }
  }
}

}  // namespace
}  // namespace gtm::sponsorship::domain
