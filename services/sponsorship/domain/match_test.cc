#include "services/sponsorship/domain/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "common/core/random.h"
#include "services/sponsorship/domain/margins.h"

namespace gtm::sponsorship::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every assignment, in lexicographic order with kUnmatched last; the first best stays.
class BruteForce {
 public:
  explicit BruteForce(const MatchProblem& problem)
      : p_(problem), loads_(problem.capacities.size()) {
    now_.assign(static_cast<size_t>(p_.candidate_count), kUnmatched);
    Try(0, 0, 0);
  }
  std::vector<int32_t> best;
  int64_t objective = 0;
  int64_t first_count = -1;

 private:
  void Try(int32_t i, int64_t first, int64_t total) {
    if (i == p_.candidate_count) {
      if (first > first_count || (first == first_count && total > objective)) {
        best = now_;
        objective = total;
        first_count = first;
      }
      return;
    }
    for (int32_t j = 0; j < p_.executive_count; ++j) {
      if (p_.IsForbidden(i, j) || loads_[j] == p_.capacities[j]) continue;
      ++loads_[j];
      now_[i] = j;
      Try(i + 1, first + p_.IsServedFirst(i), total + p_.Benefit(i, j));
      --loads_[j];
    }
    now_[i] = kUnmatched;
    Try(i + 1, first, total);
  }
  const MatchProblem& p_;
  std::vector<int32_t> loads_;
  std::vector<int32_t> now_;
};

struct Shape {
  int candidates_max = 5;
  int executives_max = 3;
  int64_t benefit_min = -3;
  int64_t benefit_max = 6;
};

MatchProblem RandomProblem(Random& random, const Shape& shape) {
  MatchProblem p;
  p.candidate_count = static_cast<int32_t>(random.Below(shape.candidates_max + 1));
  p.executive_count = static_cast<int32_t>(random.Below(shape.executives_max + 1));
  const auto span = static_cast<uint64_t>(shape.benefit_max - shape.benefit_min + 1);
  for (int k = 0; k < p.candidate_count * p.executive_count; ++k) {
    const auto b = shape.benefit_min + static_cast<int64_t>(random.Below(span));
    p.benefits.push_back(random.Below(6) == 0 ? kForbidden : b);
  }
  for (int j = 0; j < p.executive_count; ++j) {
    p.capacities.push_back(static_cast<int32_t>(random.Below(4)));
  }
  if (random.Below(2) == 0 && p.executive_count > 0) {
    p.keep_bonus = static_cast<int64_t>(random.Below(4));
    for (int i = 0; i < p.candidate_count; ++i) {
      p.live_executives.push_back(
          static_cast<int32_t>(random.Below(static_cast<uint64_t>(p.executive_count + 1))) - 1);
    }
  }
  if (random.Below(2) == 0) {
    for (int i = 0; i < p.candidate_count; ++i) {
      p.served_first.push_back(static_cast<uint8_t>(random.Below(2)));
    }
  }
  return p;
}

TEST(MatchSponsors, EqualsBruteForceInValueAndTies) {
  Random random(1);
  int matched = 0;
  for (int round = 0; round < 40000; ++round) {
    const bool large = round % 4 == 3;
    const MatchProblem p = RandomProblem(
        random, large ? Shape{6, 3, -kBenefitMax, kBenefitMax} : Shape{6, 3, -2, round % 3 + 1});
    const BruteForce expected(p);
    const auto s = MatchSponsors(p);
    ASSERT_TRUE(s.ok()) << s.error().message();
    ASSERT_EQ(s->objective, expected.objective) << "round " << round;
    ASSERT_EQ(s->executive_of, expected.best) << "round " << round;
    const Status proof = VerifyOptimal(p, *s);
    ASSERT_TRUE(proof.ok()) << "round " << round << ": " << proof.error().message();
    matched += static_cast<int>(std::count_if(s->executive_of.begin(), s->executive_of.end(),
                                              [](int32_t j) { return j != kUnmatched; }));
  }
  EXPECT_GT(matched, 20000);
}

TEST(MatchSponsors, SlotPriceIsTheGainFromOneMoreSlot) {
  Random random(2);
  for (int round = 0; round < 6000; ++round) {
    MatchProblem p = RandomProblem(random, {5, 3, -3, 9});
    p.served_first.clear();
    const auto s = MatchSponsors(p);
    ASSERT_TRUE(s.ok());
    for (size_t j = 0; j < p.capacities.size(); ++j) {
      MatchProblem larger = p;
      ++larger.capacities[j];
      ASSERT_EQ(BruteForce(larger).objective - s->objective, s->executive_prices[j]);
    }
  }
}

TEST(Margins, LossIsWhatForcingAPairCosts) {
  Random random(3);
  int asked = 0;
  for (int round = 0; round < 6000; ++round) {
    MatchProblem p = RandomProblem(random, {5, 3, -3, 9});
    p.served_first.clear();
    const auto s = MatchSponsors(p);
    ASSERT_TRUE(s.ok());
    const Margins margins(p, *s);
    for (int32_t i = 0; i < p.candidate_count; ++i) {
      for (int32_t j = 0; j < p.executive_count; ++j) {
        const auto loss = margins.LossOf(i, j);
        if (p.IsForbidden(i, j) || p.capacities[j] == 0) {
          ASSERT_FALSE(loss.has_value());
          continue;
        }
        // Force the pair: it alone is worth a great deal more.
        const int64_t lure = 1000;
        MatchProblem forced = p;
        forced.benefits[p.Cell(i, j)] += lure;
        ASSERT_EQ(s->objective + lure - BruteForce(forced).objective, loss.value());
        ++asked;
      }
    }
  }
  EXPECT_GT(asked, 1000);
}

TEST(Margins, NextBestChangesTheAnswerExactlyBeyondItsLoss) {
  // One executive each: candidate 0 prefers executive 0 by 4; nobody else competes.
  MatchProblem p{
      .candidate_count = 1, .executive_count = 2, .benefits = {9, 5}, .capacities = {1, 1}};
  auto s = MatchSponsors(p);
  ASSERT_TRUE(s.ok());
  const auto next = Margins(p, *s).NextBest(0);
  EXPECT_EQ(next.executive, 1);
  EXPECT_EQ(next.loss, 4);
  p.benefits[1] += next.loss;
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(0));
  p.benefits[1] += 1;
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(1));
}

TEST(MatchSponsors, AnswerDoesNotDependOnWhichEqualCandidateIsWhich) {
  Random random(4);
  for (int round = 0; round < 300; ++round) {
    MatchProblem p = RandomProblem(random, {8, 4, 0, 2});
    if (p.candidate_count < 2 || p.executive_count == 0) continue;
    p.live_executives.clear();
    p.served_first.clear();
    const auto m = static_cast<size_t>(p.executive_count);
    std::copy_n(p.benefits.begin(), m, p.benefits.begin() + static_cast<ptrdiff_t>(m));
    const auto s = MatchSponsors(p);
    ASSERT_TRUE(s.ok());
    std::swap_ranges(p.benefits.begin(), p.benefits.begin() + static_cast<ptrdiff_t>(m),
                     p.benefits.begin() + static_cast<ptrdiff_t>(m));
    const auto swapped = MatchSponsors(p);
    ASSERT_EQ(s->executive_of, swapped->executive_of);
    ASSERT_EQ(s->candidate_prices, swapped->candidate_prices);
    ASSERT_EQ(s->executive_prices, swapped->executive_prices);
  }
}

TEST(MatchSponsors, EarlierCandidatesWinTies) {
  MatchProblem p{.candidate_count = 4,
                 .executive_count = 2,
                 .benefits = std::vector<int64_t>(8, 5),
                 .capacities = {1, 2}};
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(0, 1, 1, kUnmatched));
}

TEST(MatchSponsors, KeepsAPairThatStillQualifies) {
  // Swapping the two would gain 3 in all.
  MatchProblem p{.candidate_count = 2,
                 .executive_count = 2,
                 .benefits = {10, 12, 11, 10},
                 .capacities = {1, 1},
                 .live_executives = {0, 1},
                 .keep_bonus = 2};
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(0, 1));
  EXPECT_EQ(MatchSponsors(p)->objective, 24);
  p.keep_bonus = 1;
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(1, 0));
}

TEST(MatchSponsors, BreaksAPairOnlyForMoreThanTheBonus) {
  Random random(5);
  for (int round = 0; round < 1000; ++round) {
    MatchProblem p = RandomProblem(random, {5, 3, 0, 20});
    p.served_first.clear();
    if (p.live_executives.empty()) continue;
    p.keep_bonus = 7;
    MatchProblem bare = p;
    bare.live_executives.clear();
    const auto kept = [&](const std::vector<int32_t>& executive_of) {
      int64_t count = 0;
      for (size_t i = 0; i < executive_of.size(); ++i) {
        count += executive_of[i] != kUnmatched && executive_of[i] == p.live_executives[i];
      }
      return count;
    };
    const auto with = MatchSponsors(p);
    const auto without = MatchSponsors(bare);
    ASSERT_TRUE(with.ok() && without.ok());
    const int64_t with_kept = kept(with->executive_of);
    const int64_t without_kept = kept(without->executive_of);
    ASSERT_GE(with_kept, without_kept);
    const int64_t price = without->objective - (with->objective - 7 * with_kept);
    ASSERT_GE(price, 0);
    ASSERT_LE(price, 7 * (with_kept - without_kept));
  }
}

TEST(MatchSponsors, ServesFirstEvenAtALoss) {
  MatchProblem p{.candidate_count = 2,
                 .executive_count = 1,
                 .benefits = {-5, 100},
                 .capacities = {1},
                 .served_first = {1, 0}};
  EXPECT_THAT(MatchSponsors(p)->executive_of, ElementsAre(0, kUnmatched));
  EXPECT_EQ(MatchSponsors(p)->objective, -5);
}

TEST(MatchSponsors, NothingToMatch) {
  EXPECT_EQ(MatchSponsors({})->objective, 0);
  EXPECT_THAT(MatchSponsors({.candidate_count = 2})->executive_of,
              ElementsAre(kUnmatched, kUnmatched));
  MatchProblem full{.candidate_count = 1, .executive_count = 1, .benefits = {8}, .capacities = {0}};
  const auto s = MatchSponsors(full);
  EXPECT_THAT(s->executive_of, ElementsAre(kUnmatched));
  EXPECT_THAT(s->executive_prices, ElementsAre(8));
  EXPECT_TRUE(VerifyOptimal(full, *s).ok());
}

TEST(MatchSponsors, RefusesWhatBreaksItsLimits) {
  MatchProblem p{
      .candidate_count = 1, .executive_count = 1, .benefits = {kBenefitMax + 1}, .capacities = {1}};
  EXPECT_THAT(MatchSponsors(p).error().message(), HasSubstr("benefits"));
  p.benefits = {1, 2};
  EXPECT_FALSE(MatchSponsors(p).ok());
  p.benefits = {1};
  p.capacities = {-1};
  EXPECT_THAT(MatchSponsors(p).error().message(), HasSubstr("capacities"));
  p.capacities = {1};
  p.live_executives = {1};
  EXPECT_THAT(MatchSponsors(p).error().message(), HasSubstr("live_executives"));
  p.live_executives = {};
  p.keep_bonus = -1;
  EXPECT_THAT(MatchSponsors(p).error().message(), HasSubstr("keep_bonus"));
  p.keep_bonus = 0;
  p.served_first = {0, 0};
  EXPECT_THAT(MatchSponsors(p).error().message(), HasSubstr("served_first"));
  EXPECT_FALSE(MatchSponsors({.candidate_count = -1}).ok());
  EXPECT_FALSE(MatchSponsors({.executive_count = kMatchExecutivesMax + 1}).ok());
}

TEST(MatchSponsors, ManyTiesAndLargeNumbers) {
  MatchProblem p{.candidate_count = 600, .executive_count = 60};
  p.benefits.assign(36000, kBenefitMax);
  p.capacities.assign(60, 7);
  p.served_first.assign(600, 1);
  const auto s = MatchSponsors(p);
  ASSERT_TRUE(s.ok());
  EXPECT_TRUE(VerifyOptimal(p, *s).ok());
  for (int i = 0; i < 600; ++i) EXPECT_EQ(s->executive_of[i], i < 420 ? i / 7 : kUnmatched);
}

TEST(VerifyOptimal, FindsEveryKindOfFault) {
  const MatchProblem p{.candidate_count = 3,
                       .executive_count = 2,
                       .benefits = {9, 5, 7, 6, kForbidden, 2},
                       .capacities = {1, 1}};
  const MatchSolution good = *MatchSponsors(p);
  ASSERT_TRUE(VerifyOptimal(p, good).ok());
  const auto fault = [&](auto change) {
    MatchSolution s = good;
    change(s);
    const Status status = VerifyOptimal(p, s);
    return status.ok() ? std::string() : status.error().message();
  };
  EXPECT_THAT(fault([](auto& s) { s.executive_of.pop_back(); }), HasSubstr("entries"));
  EXPECT_THAT(fault([](auto& s) { s.executive_of = {1, 0, 0}; }), HasSubstr("forbidden"));
  EXPECT_THAT(fault([](auto& s) { s.executive_of = {0, 1, 1}; }), HasSubstr("over capacity"));
  EXPECT_THAT(fault([](auto& s) {
                s.executive_of = {0, 7, kUnmatched};
              }),
              HasSubstr("no executive"));
  EXPECT_THAT(fault([](auto& s) { s.executive_of = {1, 0, kUnmatched}; }), HasSubstr("less"));
  EXPECT_THAT(fault([](auto& s) { s.candidate_prices[0] -= 1; }), HasSubstr("more than its price"));
  EXPECT_THAT(fault([](auto& s) { s.candidate_prices[2] += 1; }), HasSubstr("no executive"));
  EXPECT_THAT(fault([](auto& s) { s.executive_prices[0] = -1; }), ::testing::Not(""));
  EXPECT_THAT(fault([](auto& s) { s.objective += 1; }), HasSubstr("objective"));
  // A worse assignment cannot be proven by any prices: leave a candidate out.
  EXPECT_THAT(fault([](auto& s) { s.executive_of[1] = kUnmatched; }), ::testing::Not(""));
}

}  // namespace
}  // namespace gtm::sponsorship::domain
