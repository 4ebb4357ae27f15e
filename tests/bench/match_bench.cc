// Matching against LEMON's network simplex on the same problem.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include "common/core/random.h"
#include "services/sponsorship/domain/lemon_peer.h"
#include "services/sponsorship/domain/match.h"

namespace gtm::sponsorship::domain {
namespace {

constexpr int kCandidates = 5'000;
constexpr int kExecutives = 200;

// Capacities 5 to 20; uniform benefits, or affinities along few directions plus noise.
MatchProblem Problem(bool low_rank) {
  Random random(low_rank ? 2 : 1);
  constexpr int kRank = 8;
  std::vector<double> a(kCandidates * kRank);
  std::vector<double> b(kExecutives * kRank);
  for (double& x : a) x = std::pow(random.Uniform(), 2);
  for (double& x : b) x = std::pow(random.Uniform(), 2);
  MatchProblem problem{.candidate_count = kCandidates, .executive_count = kExecutives};
  for (int i = 0; i < kCandidates; ++i) {
    for (int j = 0; j < kExecutives; ++j) {
      double fit = random.Uniform();
      if (low_rank) {
        fit = 0.02 * random.Normal();
        for (int k = 0; k < kRank; ++k) fit += a[i * kRank + k] * b[j * kRank + k] / 4;
      }
      problem.benefits.push_back(
          static_cast<int64_t>(std::clamp(std::round(fit * 10'000), 0.0, 10'000.0)));
    }
  }
  for (int j = 0; j < kExecutives; ++j) {
    problem.capacities.push_back(5 + static_cast<int32_t>(random.Below(16)));
  }
  return problem;
}

void BM_MatchSponsors(benchmark::State& state) {
  const MatchProblem problem = Problem(state.range(0) != 0);
  for (auto _ : state) benchmark::DoNotOptimize(MatchSponsors(problem));
}

void BM_LemonNetworkSimplex(benchmark::State& state) {
  const MatchProblem problem = Problem(state.range(0) != 0);
  const std::vector<int32_t> benefits(problem.benefits.begin(), problem.benefits.end());
  double seconds = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(LemonObjective(kCandidates, kExecutives, benefits.data(),
                                            problem.capacities.data(), &seconds));
  }
}

// Argument 0: uniform, 1: low rank.
BENCHMARK(BM_MatchSponsors)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LemonNetworkSimplex)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gtm::sponsorship::domain
