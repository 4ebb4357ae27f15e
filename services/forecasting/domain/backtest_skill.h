#pragma once
// What the cuts of a back-test say about the methods: errors, bias, and how good the told
// ranges were (C14).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "services/forecasting/domain/walk_forward.h"

namespace gtm::forecasting::domain {

enum class Method { kModel, kWeightedPipeline, kRunRate, kPreviousQuarter, kLastYear };
inline constexpr int kMethodCount = 5;
// "weighted_pipeline".
std::string_view MethodName(Method method);

// The quantiles that are told.
inline constexpr std::array<double, 7> kToldLevels = {0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95};
std::array<int64_t, 7> ToldQuantiles(const DrawSummary& bookings);

// The pinball loss of having told `told` as the quantile of `level`, in micros: what came
// below it costs 1 - level a unit, what came above it `level`.
double PinballLoss(double level, int64_t told, int64_t actual);
// The continuous ranked probability score from the told quantiles, in micros: twice the
// integral of the pinball loss over the levels, each told level standing for what is nearest
// to it. Of one number told for all levels it is the absolute error.
double RankedScore(const std::array<int64_t, 7>& told, int64_t actual);

// Shares of the sum of what came. All are 0 where nothing came.
struct MethodSkill {
  Method method = Method::kModel;
  int cut_count = 0;
  double absolute_error_share = 0;
  double bias_share = 0;
  double pinball_p10_share = 0;
  double pinball_p50_share = 0;
  double pinball_p90_share = 0;
  double pinball_mean_share = 0;
  double crps_share = 0;
  // 1 - the model's absolute error over this method's, on the same cuts.
  std::optional<double> model_gain;
};

struct CalibrationCount {
  double level = 0;
  int below_count = 0;
};

struct DaySkill {
  int cut_day = 0;
  int cut_count = 0;
  int covered_count = 0;  // within P10 to P90
  std::vector<MethodSkill> methods;
};

struct BacktestSkill {
  int cut_count = 0;
  int quarter_count = 0;
  int covered_count = 0;       // within P10 to P90
  int wide_covered_count = 0;  // within P05 to P95
  // The model first; a baseline that had no answer at any cut is left out.
  std::vector<MethodSkill> methods;
  std::vector<DaySkill> days;  // by rising cut_day
  std::array<CalibrationCount, 7> calibration{};
  ChanceScore chances;
};

BacktestSkill JudgeCuts(const std::vector<Cut>& cuts);

}  // namespace gtm::forecasting::domain
