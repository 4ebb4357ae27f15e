// How good the model is on companies of very different shape: errors against simple
// baselines, and what the intervals hold. GTM_SKILL_COMPANIES raises the number;
// GTM_SKILL_FIRST moves to other seeds.

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/last_year.h"
#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::domain {
namespace {

int NumberFrom(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// What a quarter of this company usually brings: errors are told as shares of it, so that
// a quarter that brought almost nothing does not drown all others.
double ScaleOf(const GeneratedCompany& company) {
  const DayRange quarter = company.quarter_days();
  const DayRange around = {quarter.start - 184, quarter.end};
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
  Errors model, weighted, run_rate, previous, last_year, average;
  double width = 0;
  double interval_score = 0;  // Winkler, of the 80 % interval: smaller is better
  int covered = 0, below = 0, above = 0;
  int count() const { return model.count; }
};

// One cut of one company.
struct Case {
  int64_t actual, mean, weighted, run_rate, previous, last_year;
  DrawSummary told;
  double scale;
};

void Add(const Case& c, Group* group) {
  group->model.Add(c.mean, c.actual, c.scale);
  group->weighted.Add(c.weighted, c.actual, c.scale);
  group->run_rate.Add(c.run_rate, c.actual, c.scale);
  group->previous.Add(c.previous, c.actual, c.scale);
  group->last_year.Add(c.last_year, c.actual, c.scale);
  group->average.Add((c.run_rate + c.previous + c.last_year) / 3, c.actual, c.scale);
  group->below += c.actual < c.told.p10;
  group->above += c.actual > c.told.p90;
  group->covered += c.told.p10 <= c.actual && c.actual <= c.told.p90;
  const auto width = static_cast<double>(c.told.p90 - c.told.p10);
  const auto miss =
      static_cast<double>(std::max<int64_t>({0, c.told.p10 - c.actual, c.actual - c.told.p90}));
  group->width += width / c.scale;
  group->interval_score += (width + 10 * miss) / c.scale;
}

void Print(const std::string& name, const Group& g) {
  fmt::print(
      "{:>14} {:5}: error % model {:5.2f} ({:+5.1f}) weighted {:6.1f} run rate {:5.1f} previous "
      "{:5.1f} last year {:5.1f} mean of three {:5.2f} ({:+5.1f}) | 80 % interval holds {:4.1f} % "
      "(below {:4.1f} above {:4.1f}) width {:5.1f} score {:5.1f}\n",
      name, g.count(), g.model.mean(), g.model.mean_bias(), g.weighted.mean(), g.run_rate.mean(),
      g.previous.mean(), g.last_year.mean(), g.average.mean(), g.average.mean_bias(),
      100.0 * g.covered / g.count(), 100.0 * g.below / g.count(), 100.0 * g.above / g.count(),
      100 * g.width / g.count(), 100 * g.interval_score / g.count());
}

TEST(Model, BeatsSimpleMethodsOnCompaniesOfManyShapes) {
  const int companies = NumberFrom("GTM_SKILL_COMPANIES", 100);
  const int first = NumberFrom("GTM_SKILL_FIRST", 5000);
  std::map<std::string, Group> groups;
  for (int seed = first; seed < first + companies; ++seed) {
    const CompanyShape shape = DrawShape(static_cast<uint64_t>(seed));
    const GeneratedCompany company(shape, static_cast<uint64_t>(seed) * 31);
    const DayRange quarter = company.quarter_days();
    const int64_t actual = company.BookingsOf(quarter);
    const double scale = ScaleOf(company);
    for (const int cut_day : {0, 30, 60}) {
      const DealTable table = company.AtEndOf(NumberOf(quarter.start) - 1 + cut_day);
      const PeriodForecast forecast =
          ForecastPeriod(table, Blend(table, LearnModel(table), company.quarter()), quarter, {},
                         Detail::kBookings);
      const Case c = {actual,
                      forecast.mean_micros(),
                      WeightedPipeline(table, quarter),
                      RunRate(table, quarter),
                      PreviousQuarter(table, quarter),
                      LastYearTimesGrowth(table, quarter).value_or(PreviousQuarter(table, quarter)),
                      forecast.bookings,
                      scale};
      Add(c, &groups[fmt::format("day {}", cut_day)]);
      for (const std::string& group : GroupsOf(shape)) Add(c, &groups[group]);
    }
  }
  for (const auto& [name, group] : groups) Print(name, group);
  const Group& all = groups["all"];
  EXPECT_LT(all.model.mean(), all.average.mean());
  EXPECT_LT(all.model.mean(), all.weighted.mean());
  EXPECT_GE(all.covered, all.count() * 0.70);
  EXPECT_LE(all.covered, all.count() * 0.90);
}

}  // namespace
}  // namespace gtm::forecasting::domain
