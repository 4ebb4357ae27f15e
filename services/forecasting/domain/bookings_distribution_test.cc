#include "services/forecasting/domain/bookings_distribution.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>

#include "common/core/random.h"
#include "common/stats/intervals.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/forecast_state.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

NodeValues Always(double p) {
  NodeValues values;
  values.fill(p);
  return values;
}

// Independent deals with these chances and amounts.
BookingsInput Independent(const std::vector<std::pair<double, double>>& deals) {
  BookingsInput input;
  for (const auto& [chance, amount] : deals) input.open.push_back({Always(chance), {amount}});
  return input;
}

// All sums of few independent deals with their chances, by rising sum.
std::vector<Atom> AllSums(const std::vector<std::pair<double, double>>& deals) {
  std::vector<Atom> sums = {{0, 1}};
  for (const auto& [chance, amount] : deals) {
    const size_t count = sums.size();
    for (size_t i = 0; i < count; ++i) {
      sums.push_back({sums[i].value + amount, sums[i].weight * chance});
      sums[i].weight *= 1 - chance;
    }
  }
  return Condense(std::move(sums), sums.size());
}

double QuantileOf(const std::vector<Atom>& sums, double p) {
  double below = 0;
  for (const Atom& sum : sums) {
    below += sum.weight;
    if (below >= p) return sum.value;
  }
  return sums.back().value;
}

// A company in the small: common factors, ratios, deals not created yet.
BookingsInput Draw(uint64_t seed) {
  Random random(seed);
  BookingsInput input;
  const double spread = 0.05 + 0.3 * random.Uniform();
  const auto moved = [&](double p) {
    NodeValues values;
    for (int k = 0; k < kNodeCount; ++k) {
      values[static_cast<size_t>(k)] = p * std::exp(spread * NodeAt(k) - spread * spread / 2);
    }
    return values;
  };
  const auto classes = 1 + random.Below(30);
  const double per_class = seed % 3 == 0 ? 1 : 15 * random.Uniform();
  for (uint64_t c = 0; c < classes; ++c) {
    OpenClass one{moved(0.3 * random.Uniform()), {}};
    for (double i = 0; i < per_class; ++i) {
      one.amounts.push_back(20e9 * std::exp(1.2 * random.Normal()));
    }
    input.open.push_back(one);
  }
  for (int i = 0; i < 256; ++i) {
    input.ratios.push_back(
        {std::exp(0.3 * stats::NormalQuantile((i + 0.5) / 256) - 0.045), 1 / 256.0});
  }
  input.ratio_spread = 0.2 * random.Uniform();
  input.new_wins = moved(static_cast<double>(classes) * random.Uniform());
  for (int i = 0; i < 50; ++i) {
    input.new_amounts.push_back({20e9 * std::exp(0.8 * random.Normal()), 0.02});
  }
  input.new_amount_spread = 0.2 * random.Uniform();
  input.new_count_shape = 1 / std::pow(0.05 + 0.3 * random.Uniform(), 2);
  return input;
}

// One draw of it, in the plain way.
double DrawOnce(const BookingsInput& input, Random* random) {
  const double z = random->Normal();
  const auto level = [&](double spread) {
    return std::exp(spread * random->Normal() - spread * spread / 2);
  };
  const double ratio = level(input.ratio_spread), amount = level(input.new_amount_spread);
  double sum = 0;
  for (const OpenClass& c : input.open) {
    const double p = Interpolate(c.chances, z);
    for (const double a : c.amounts) {
      if (random->Uniform() < p) sum += a * ratio * input.ratios[random->Below(256)].value;
    }
  }
  const double wins =
      Interpolate(input.new_wins, z) * random->Gamma(input.new_count_shape) / input.new_count_shape;
  for (int64_t n = random->Poisson(wins); n > 0; --n) {
    sum += amount * input.new_amounts[random->Below(50)].value;
  }
  return sum;
}

constexpr double kLevels[] = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95};

TEST(BookingsDistribution, AgreesWithPlainDraws) {
  constexpr int kDraws = 20'000;
  double worst = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const BookingsInput input = Draw(seed);
    const BookingsDistribution told(input);
    Random random(seed + 1000);
    std::vector<double> draws(kDraws);
    for (double& draw : draws) draw = DrawOnce(input, &random);
    std::sort(draws.begin(), draws.end());
    const double mean = std::accumulate(draws.begin(), draws.end(), 0.0) / kDraws;
    EXPECT_NEAR(told.mean(), mean, 4.5 * told.standard_deviation() / std::sqrt(kDraws)) << seed;
    for (const double p : kLevels) {
      const double x = told.Quantile(p);
      if (x == 0) continue;  // more often nothing than p
      const double below =
          static_cast<double>(std::upper_bound(draws.begin(), draws.end(), x) - draws.begin()) /
          kDraws;
      const double error = (below - p) / std::sqrt(p * (1 - p) / kDraws);
      worst = std::max(worst, std::abs(error));
      EXPECT_LT(std::abs(error), 4.5) << seed << " P" << 100 * p;
    }
  }
  RecordProperty("worst_standard_errors", std::to_string(worst));
}

// 20,000 deals: the same from the direct product of all transforms at many more points.
TEST(BookingsDistribution, ManyIndependentDealsAreExactToFiveDigits) {
  Random random(11);
  std::vector<std::pair<double, double>> deals;
  for (int i = 0; i < 20'000; ++i) {
    deals.emplace_back(0.02 + 0.9 * random.Uniform() * random.Uniform(),
                       std::clamp(60e9 * std::exp(1.1 * random.Normal()), 5e9, 2e12));
  }
  const BookingsDistribution told(Independent(deals));
  // Characteristic function on an interval of 12 standard deviations to each side.
  const double deviation = told.standard_deviation();
  const double low = told.mean() - 12 * deviation, length = 24 * deviation;
  constexpr int kTerms = 96;
  std::vector<std::complex<double>> terms;
  for (int k = 1; k <= kTerms; ++k) {
    const double w = 2 * M_PI * k / length;
    std::complex<double> log = std::complex<double>(0, -w * low);
    for (const auto& [p, a] : deals) log += std::log(1.0 + p * (std::polar(1.0, w * a) - 1.0));
    terms.push_back(std::exp(log));
  }
  const auto below = [&](double x) {
    const double t = x - low;
    double sum = t / length;
    for (int k = 1; k <= kTerms; ++k) {
      const std::complex<double> iw(0, 2 * M_PI * k / length);
      sum +=
          2 / length * (terms[static_cast<size_t>(k) - 1] * (1.0 - std::exp(-iw * t)) / iw).real();
    }
    return sum;
  };
  for (const double p : {0.1, 0.5, 0.9}) {
    double a = low, b = low + length;
    for (int i = 0; i < 60; ++i) (below((a + b) / 2) < p ? a : b) = (a + b) / 2;
    EXPECT_NEAR(told.Quantile(p) / a, 1, 1e-7) << p;
  }
}

TEST(BookingsDistribution, FewDealsAreTheirSums) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<double, double>> deals;
    for (uint64_t i = 0; i <= random.Below(10); ++i) {
      deals.emplace_back(random.Uniform(), 1e9 * (1 + static_cast<double>(random.Below(50))));
    }
    const std::vector<Atom> sums = AllSums(deals);
    const BookingsDistribution told(Independent(deals));
    double below = 0;
    for (const Atom& sum : sums) {
      EXPECT_NEAR(told.ChanceUpTo(sum.value - 1), below, 1e-12) << round;
      below += sum.weight;
      EXPECT_NEAR(told.ChanceUpTo(sum.value), below, 1e-12) << round;
      EXPECT_NEAR(told.ChanceToReach(sum.value), std::clamp(1 - below + sum.weight, 1e-6, 1 - 1e-6),
                  1e-12)
          << "to reach exactly counts";
    }
    for (const double p : kLevels) EXPECT_EQ(told.Quantile(p), QuantileOf(sums, p)) << round;
  }
}

// The series and the sums are two ways to the same distribution: where a common factor moves
// the chances and a deal brings one of three ratios, a spread of nothing to speak of changes
// nothing to speak of.
TEST(BookingsDistribution, FewDealsAreWhatTheSeriesTells) {
  Random random(11);
  for (int round = 0; round < 20; ++round) {
    BookingsInput input;
    input.ratios = {{0.8, 0.3}, {1, 0.4}, {1.2, 0.3}};
    for (uint64_t i = 0; i <= random.Below(5); ++i) {
      const double p = 0.1 + 0.5 * random.Uniform();
      NodeValues chances;
      for (int k = 0; k < kNodeCount; ++k) {
        chances[static_cast<size_t>(k)] = std::min(0.99, p * std::exp(0.2 * NodeAt(k)));
      }
      input.open.push_back({chances, {1e9 * (1 + static_cast<double>(random.Below(9)))}});
    }
    BookingsInput spread = input;
    spread.ratio_spread = 1e-9;
    const BookingsDistribution exact(input), series(spread);
    EXPECT_NEAR(exact.mean(), series.mean(), 1e-6 * series.mean());
    const double range = series.Quantile(0.999);
    int apart = 0;
    for (int i = 1; i < 100; ++i) {
      // Away from any step.
      const double x = range * i / 100, near = range / 60;
      if (exact.ChanceUpTo(x - near) != exact.ChanceUpTo(x + near)) continue;
      ++apart;
      EXPECT_NEAR(exact.ChanceUpTo(x), series.ChanceUpTo(x), 3e-4) << round << " " << i;
    }
    EXPECT_GT(apart, 0) << round;
  }
}

TEST(BookingsDistribution, FewDealsChangeExactly) {
  const BookingsDistribution before(Independent({{0.5, 1e12}, {0.25, 3e12}}), true);
  EXPECT_EQ(before.ChanceToReach(3e12), 0.25);
  const BookingsDistribution after =
      before.With({.gone = {{1e12, Always(0.5)}}, .added = {{2e12, Always(0.5)}}});
  EXPECT_EQ(after.ChanceToReach(2e12), 0.625);
  EXPECT_EQ(after.Quantile(0.4), 2e12);
}

TEST(BookingsDistribution, NothingIsNothing) {
  const BookingsDistribution told{BookingsInput()};
  EXPECT_EQ(told.Summarize(7).p05, 7);
  EXPECT_EQ(told.Summarize(7).p95, 7);
  EXPECT_EQ(told.ChanceUpTo(0), 1);
}

// One deal with 60 % of the quarter: below its chance nothing, above it its amount.
TEST(BookingsDistribution, OneLargeDealHasTwoHills) {
  const BookingsDistribution told(Independent({{0.6, 1e12}}));
  EXPECT_EQ(told.Summarize(5).p25, 5);
  EXPECT_EQ(told.Quantile(0.5), 1e12);
  EXPECT_NEAR(told.ChanceToReach(1e12), 0.6, 1e-12);
}

TEST(BookingsDistribution, SurvivesExtremes) {
  // Cents beside billions, rare and certain, and amounts at the end of int64.
  for (const double scale : {1e4, 1e9, 1e15, 9.2e18}) {
    for (const double chance : {1e-9, 1e-4, 0.5, 1.0}) {
      std::vector<std::pair<double, double>> deals = {{chance, scale}, {0.3, 1e4}, {0.5, 0}};
      for (int i = 0; i < 100; ++i) deals.emplace_back(chance, scale * (1 + i % 7));
      const DrawSummary told = BookingsDistribution(Independent(deals)).Summarize(INT64_MAX / 2);
      EXPECT_GE(told.p05, INT64_MAX / 2);
      EXPECT_LE(told.p05, told.p10);
      EXPECT_LE(told.p10, told.p50);
      EXPECT_LE(told.p50, told.p90);
      EXPECT_LE(told.p90, told.p95);
      EXPECT_GE(told.standard_deviation, 0);
    }
  }
}

// A rare giant moves no quantile, and its chance shows where it counts.
TEST(BookingsDistribution, ARareGiantIsOnlyInTheTail) {
  std::vector<std::pair<double, double>> deals;
  for (int i = 0; i < 50; ++i) deals.emplace_back(0.4, 1e9 + 1e7 * i);
  const BookingsDistribution without(Independent(deals));
  deals.emplace_back(1e-3, 1e15);
  const BookingsDistribution with(Independent(deals));
  EXPECT_NEAR(with.Quantile(0.5) / without.Quantile(0.5), 1, 2e-3);
  EXPECT_NEAR(with.Quantile(0.9) / without.Quantile(0.9), 1, 5e-3);
  EXPECT_NEAR(with.ChanceToReach(5e14), 1e-3, 1e-5);
}

TEST(BookingsDistribution, WithChangesIsTheFullAnswer) {
  for (uint64_t seed = 0; seed < 9; ++seed) {
    BookingsInput input = Draw(seed);
    const BookingsDistribution base(input, true);
    const DealInSum gone{input.open[0].amounts[0], input.open[0].chances};
    const DealInSum added{50e9, input.open.back().chances};
    const BookingsDistribution changed = base.With({{gone}, {added}});
    input.open[0].amounts.erase(input.open[0].amounts.begin());
    input.open.push_back({added.chances, {added.amount}});
    const BookingsDistribution full(input);
    EXPECT_NEAR(changed.mean() / full.mean(), 1, 1e-6) << seed;
    EXPECT_NEAR(changed.standard_deviation() / full.standard_deviation(), 1, 1e-6) << seed;
    for (const double p : kLevels) {
      EXPECT_NEAR(changed.Quantile(p), full.Quantile(p), 0.01 * full.standard_deviation())
          << seed << " P" << 100 * p;
    }
  }
}

TEST(ForecastState, ChangesOneDealAndNothingElse) {
  const DayRange quarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};
  const GeneratedCompany company(CompanyShape{}, 2);
  const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 20)));
  const ForecastState state(table, LearnModel(table), quarter, {});
  ASSERT_GT(state.deals().size(), 5u);
  const std::string id = state.deals()[3].id;
  ASSERT_EQ(state.Find(id), 3u);
  EXPECT_EQ(state.Find("nobody"), std::nullopt);
  const ChangedForecast lost = state.With(std::vector<DealChange>{{3, std::nullopt}});
  EXPECT_LT(lost.mean_micros, state.forecast().mean_micros());
  EXPECT_LE(lost.bookings.p50, state.forecast().bookings.p50);
  int64_t moved = 0;
  for (const int64_t difference : lost.draw_differences) {
    EXPECT_LE(difference, 0);
    moved += difference < 0;
  }
  EXPECT_NEAR(static_cast<double>(moved) / kDrawCount, NormalMean(state.deals()[3].chances), 0.05);
  // A deal that comes back as it was changes nothing.
  const ChangedForecast same_again = state.With(std::vector<DealChange>{{3, state.deals()[3]}});
  EXPECT_EQ(same_again.mean_micros, state.forecast().mean_micros());
  EXPECT_EQ(
      *std::max_element(same_again.draw_differences.begin(), same_again.draw_differences.end()), 0);
  const double reach = state.ReachProbabilityWith({}, state.forecast().bookings.p50);
  EXPECT_NEAR(reach, 0.5, 1e-3);
}

}  // namespace
}  // namespace gtm::forecasting::domain
