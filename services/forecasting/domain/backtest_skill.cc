#include "services/forecasting/domain/backtest_skill.h"

#include <cmath>
#include <map>
#include <set>

namespace gtm::forecasting::domain {
namespace {

constexpr std::array<Method, kMethodCount> kMethods = {Method::kModel, Method::kWeightedPipeline,
                                                       Method::kRunRate, Method::kPreviousQuarter,
                                                       Method::kLastYear};

// The number that a method tells at a cut; the model's is its mean.
std::optional<int64_t> ToldBy(Method method, const Cut& cut) {
  switch (method) {
    case Method::kModel:
      return cut.mean_micros;
    case Method::kWeightedPipeline:
      return cut.weighted_pipeline_micros;
    case Method::kRunRate:
      return cut.run_rate_micros;
    case Method::kPreviousQuarter:
      return cut.previous_quarter_micros;
    case Method::kLastYear:
      return cut.last_year_micros;
  }
  return {};
}

double Distance(int64_t a, int64_t b) {
  return std::abs(static_cast<double>(a) - static_cast<double>(b));
}

// Adds one cut to sums of money, which become shares at the end.
void AddCut(const Cut& cut, int64_t told, MethodSkill* sums) {
  std::array<int64_t, 7> quantiles{};
  quantiles.fill(told);
  if (sums->method == Method::kModel) quantiles = ToldQuantiles(cut.bookings);
  ++sums->cut_count;
  sums->absolute_error_share += Distance(told, cut.actual_micros);
  sums->bias_share += static_cast<double>(told) - static_cast<double>(cut.actual_micros);
  sums->pinball_p10_share += PinballLoss(0.10, quantiles[1], cut.actual_micros);
  sums->pinball_p50_share += PinballLoss(0.50, quantiles[3], cut.actual_micros);
  sums->pinball_p90_share += PinballLoss(0.90, quantiles[5], cut.actual_micros);
  for (size_t k = 0; k < quantiles.size(); ++k) {
    sums->pinball_mean_share += PinballLoss(kToldLevels[k], quantiles[k], cut.actual_micros) /
                                static_cast<double>(quantiles.size());
  }
  sums->crps_share += RankedScore(quantiles, cut.actual_micros);
}

std::optional<MethodSkill> JudgeMethod(Method method, const std::vector<const Cut*>& cuts) {
  MethodSkill skill;
  skill.method = method;
  double actual = 0, model_error = 0;
  for (const Cut* cut : cuts) {
    const auto told = ToldBy(method, *cut);
    if (!told) continue;
    AddCut(*cut, *told, &skill);
    actual += static_cast<double>(cut->actual_micros);
    model_error += Distance(cut->mean_micros, cut->actual_micros);
  }
  if (skill.cut_count == 0) return {};
  if (method != Method::kModel && skill.absolute_error_share > 0) {
    skill.model_gain = 1 - model_error / skill.absolute_error_share;
  }
  for (double* sum : {&skill.absolute_error_share, &skill.bias_share, &skill.pinball_p10_share,
                      &skill.pinball_p50_share, &skill.pinball_p90_share, &skill.pinball_mean_share,
                      &skill.crps_share}) {
    *sum = actual > 0 ? *sum / actual : 0;
  }
  return skill;
}

std::vector<MethodSkill> JudgeMethods(const std::vector<const Cut*>& cuts) {
  std::vector<MethodSkill> skills;
  for (const Method method : kMethods) {
    if (const auto skill = JudgeMethod(method, cuts)) skills.push_back(*skill);
  }
  return skills;
}

}  // namespace

std::string_view MethodName(Method method) {
  switch (method) {
    case Method::kModel:
      return "model";
    case Method::kWeightedPipeline:
      return "weighted_pipeline";
    case Method::kRunRate:
      return "run_rate";
    case Method::kPreviousQuarter:
      return "previous_quarter";
    case Method::kLastYear:
      return "last_year";
  }
  return "";
}

std::array<int64_t, 7> ToldQuantiles(const DrawSummary& bookings) {
  return {bookings.p05, bookings.p10, bookings.p25, bookings.p50,
          bookings.p75, bookings.p90, bookings.p95};
}

double PinballLoss(double level, int64_t told, int64_t actual) {
  return (actual < told ? 1 - level : level) * Distance(told, actual);
}

double RankedScore(const std::array<int64_t, 7>& told, int64_t actual) {
  double score = 0;
  for (size_t k = 0; k < told.size(); ++k) {
    const double from = k == 0 ? 0 : (kToldLevels[k - 1] + kToldLevels[k]) / 2;
    const double to = k + 1 == told.size() ? 1 : (kToldLevels[k] + kToldLevels[k + 1]) / 2;
    score += 2 * (to - from) * PinballLoss(kToldLevels[k], told[k], actual);
  }
  return score;
}

BacktestSkill JudgeCuts(const std::vector<Cut>& cuts) {
  BacktestSkill skill;
  skill.cut_count = static_cast<int>(cuts.size());
  for (size_t k = 0; k < kToldLevels.size(); ++k) skill.calibration[k].level = kToldLevels[k];
  std::vector<const Cut*> all;
  std::map<int, std::vector<const Cut*>> by_day;
  std::set<FiscalPeriod> quarters;
  for (const Cut& cut : cuts) {
    all.push_back(&cut);
    by_day[cut.cut_day].push_back(&cut);
    quarters.insert(cut.quarter);
    skill.covered_count += cut.is_covered();
    skill.wide_covered_count +=
        cut.bookings.p05 <= cut.actual_micros && cut.actual_micros <= cut.bookings.p95;
    const auto told = ToldQuantiles(cut.bookings);
    for (size_t k = 0; k < told.size(); ++k) {
      // A tie is on the side that the level expects, as it is inside of every interval.
      const bool below =
          kToldLevels[k] > 0.5 ? cut.actual_micros <= told[k] : cut.actual_micros < told[k];
      skill.calibration[k].below_count += below;
    }
    skill.chances += cut.chances;
  }
  skill.quarter_count = static_cast<int>(quarters.size());
  skill.methods = JudgeMethods(all);
  for (const auto& [day, of_day] : by_day) {
    DaySkill entry;
    entry.cut_day = day;
    entry.cut_count = static_cast<int>(of_day.size());
    for (const Cut* cut : of_day) entry.covered_count += cut->is_covered();
    entry.methods = JudgeMethods(of_day);
    skill.days.push_back(std::move(entry));
  }
  return skill;
}

}  // namespace gtm::forecasting::domain
