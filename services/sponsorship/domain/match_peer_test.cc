// Against an independent solver on cases that brute force cannot reach.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "common/core/random.h"
#include "services/sponsorship/domain/lemon_peer.h"
#include "services/sponsorship/domain/match.h"

namespace gtm::sponsorship::domain {
namespace {

struct Case {
  int candidates;
  int executives;
  int capacity_min;
  int capacity_max;
  int benefit_max;
  bool low_rank;  // affinity along few directions plus noise: many near ties
};

std::vector<int32_t> Benefits(Random& random, const Case& c) {
  std::vector<int32_t> benefits;
  constexpr int kRank = 8;
  std::vector<double> a(static_cast<size_t>(c.candidates) * kRank);
  std::vector<double> b(static_cast<size_t>(c.executives) * kRank);
  for (double& x : a) x = std::pow(random.Uniform(), 2);
  for (double& x : b) x = std::pow(random.Uniform(), 2);
  for (int i = 0; i < c.candidates; ++i) {
    for (int j = 0; j < c.executives; ++j) {
      double fit = random.Uniform();
      if (c.low_rank) {
        fit = 0.02 * random.Normal();
        for (int k = 0; k < kRank; ++k) fit += a[i * kRank + k] * b[j * kRank + k] / 4;
      }
      benefits.push_back(static_cast<int32_t>(
          std::clamp(std::round(fit * c.benefit_max), 0.0, static_cast<double>(c.benefit_max))));
    }
  }
  return benefits;
}

void Compare(const Case& c, uint64_t seed) {
  Random random(seed);
  const std::vector<int32_t> benefits = Benefits(random, c);
  MatchProblem p{.candidate_count = c.candidates, .executive_count = c.executives};
  p.benefits.assign(benefits.begin(), benefits.end());
  for (int j = 0; j < c.executives; ++j) {
    p.capacities.push_back(c.capacity_min +
                           static_cast<int32_t>(random.Below(c.capacity_max - c.capacity_min + 1)));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto solution = MatchSponsors(p);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_TRUE(solution.ok());
  const Status proof = VerifyOptimal(p, *solution);
  ASSERT_TRUE(proof.ok()) << proof.error().message();
  double peer_seconds = 0;
  EXPECT_EQ(solution->objective, LemonObjective(c.candidates, c.executives, benefits.data(),
                                                p.capacities.data(), &peer_seconds));
  if (c.candidates >= 1000) {
    printf("%s %dx%d: ours %.3f s, LEMON network simplex %.3f s (%.1f times)\n",
           c.low_rank ? "fit" : "uni", c.candidates, c.executives, seconds, peer_seconds,
           peer_seconds / seconds);
  }
}

TEST(MatchSponsorsPeer, EqualsNetworkSimplexOnMiddlingCases) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const bool low_rank = seed % 2 == 0;
    Compare({60, 9, 0, 5, 20, low_rank}, seed);  // ties
    Compare({120, 30, 1, 6, 10000, low_rank}, seed);
    Compare({80, 80, 1, 1, 1000000, low_rank}, seed);
    Compare({25, 50, 0, 3, 300, low_rank}, seed);  // more slots than candidates
  }
}

TEST(MatchSponsorsPeer, FiveThousandCandidatesTwoHundredExecutives) {
  Compare({5000, 200, 5, 20, 10000, false}, 7);
  Compare({5000, 200, 5, 20, 10000, true}, 7);
}

TEST(MatchSponsorsPeer, OneToOne) {
  Compare({1000, 1000, 1, 1, 10000, false}, 8);
  Compare({1000, 1000, 1, 1, 10000, true}, 8);
}

}  // namespace
}  // namespace gtm::sponsorship::domain
