// How good the model is on companies of very different shape: errors against simple
// baselines, and what the intervals hold. GTM_SKILL_COMPANIES raises the number.

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::domain {
namespace {

const DayRange kQuarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};

// What a quarter of this company usually brings: errors are told as shares of it, so that
// a quarter that brought almost nothing does not drown all others.
double ScaleOf(const GeneratedCompany& company) {
  const DayRange around = {absl::CivilDay(2024, 7, 1), kQuarter.end};
  return std::max(1e6, static_cast<double>(company.BookingsOf(around)) / 3);
}

// One method over many companies.
struct Errors {
  double sum = 0;
  double bias = 0;
  int count = 0;
  void Add(int64_t told, int64_t actual, double scale) {
    const double share = static_cast<double>(told - actual) / scale;
    sum += std::abs(share);
    bias += share;
    ++count;
  }
  double mean() const { return 100 * sum / std::max(1, count); }
  double mean_bias() const { return 100 * bias / std::max(1, count); }
};

struct Group {
  Errors model, weighted, run_rate, previous, average;
  int covered = 0, below = 0, above = 0;
  int count() const { return model.count; }
};

TEST(Model, BeatsSimpleMethodsOnCompaniesOfManyShapes) {
  const char* wanted = std::getenv("GTM_SKILL_COMPANIES");
  const int companies = wanted != nullptr ? std::atoi(wanted) : 100;
  std::map<int, Group> by_day;
  Group all, large, small;
  for (int seed = 0; seed < companies; ++seed) {
    const CompanyShape shape = DrawShape(static_cast<uint64_t>(seed) + 5000);
    const GeneratedCompany company(shape, static_cast<uint64_t>(seed));
    const int64_t actual = company.BookingsOf(kQuarter);
    const double scale = ScaleOf(company);
    for (const int cut_day : {0, 30, 60}) {
      const DealTable table = company.AtEndOf(NumberOf(kQuarter.start) - 1 + cut_day);
      const PeriodForecast forecast = ForecastPeriod(
          table, Blend(table, LearnModel(table), {PeriodUnit::kQuarter, 2025, 1}), kQuarter, {});
      const DrawSummary summary =
          Summarize(forecast.won_micros, forecast.open_draws, forecast.new_draws);
      const int64_t run_rate = RunRate(table, kQuarter);
      const int64_t previous = PreviousQuarter(table, kQuarter);
      Group& size = shape.arrivals_per_day * shape.win_share > 0.5 ? large : small;
      for (Group* group : {&by_day[cut_day], &all, &size}) {
        group->model.Add(forecast.mean_micros(), actual, scale);
        group->weighted.Add(WeightedPipeline(table, kQuarter), actual, scale);
        group->run_rate.Add(run_rate, actual, scale);
        group->previous.Add(previous, actual, scale);
        group->average.Add((run_rate + previous) / 2, actual, scale);
        group->below += actual < summary.p10;
        group->above += actual > summary.p90;
        group->covered += summary.p10 <= actual && actual <= summary.p90;
      }
    }
  }
  const auto print = [](const std::string& name, const Group& g) {
    fmt::print(
        "{:>6}: error % model {:5.1f} ({:+5.1f}) weighted {:6.1f} run rate {:5.1f} "
        "previous {:5.1f} their mean {:5.1f} | 80 % interval holds {:4.1f} % (below {:4.1f} "
        "above {:4.1f})\n",
        name, g.model.mean(), g.model.mean_bias(), g.weighted.mean(), g.run_rate.mean(),
        g.previous.mean(), g.average.mean(), 100.0 * g.covered / g.count(),
        100.0 * g.below / g.count(), 100.0 * g.above / g.count());
  };
  for (const auto& [day, group] : by_day) print(fmt::format("day {}", day), group);
  print("large", large);
  print("small", small);
  print("all", all);
  EXPECT_LT(all.model.mean(), all.average.mean());
  EXPECT_LT(all.model.mean(), all.weighted.mean());
  EXPECT_GE(all.covered, all.count() * 0.70);
  EXPECT_LE(all.covered, all.count() * 0.90);
}

}  // namespace
}  // namespace gtm::forecasting::domain
