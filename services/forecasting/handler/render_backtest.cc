#include "services/forecasting/handler/render_backtest.h"

#include "common/stats/estimate_proto.h"
#include "services/forecasting/domain/backtest_skill.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

v1::BacktestCut ToProto(const domain::Cut& cut, Currency currency) {
  const auto money = [&](int64_t micros) { return handler::ToProto(Money{micros, currency}); };
  v1::BacktestCut result;
  *result.mutable_period() = handler::ToProto(cut.quarter);
  result.set_cut_day(cut.cut_day);
  *result.mutable_as_of() = handler::ToProto(cut.as_of);
  *result.mutable_actual() = money(cut.actual_micros);
  *result.mutable_bookings() = handler::ToProto(cut.mean_micros, cut.bookings, currency);
  *result.mutable_weighted_pipeline() = money(cut.weighted_pipeline_micros);
  *result.mutable_run_rate() = money(cut.run_rate_micros);
  *result.mutable_previous_quarter() = money(cut.previous_quarter_micros);
  if (cut.last_year_micros) *result.mutable_last_year() = money(*cut.last_year_micros);
  return result;
}

v1::MethodSkill ToProto(const domain::MethodSkill& skill) {
  v1::MethodSkill result;
  result.set_method(std::string(domain::MethodName(skill.method)));
  result.set_cut_count(skill.cut_count);
  result.set_absolute_error_share(skill.absolute_error_share);
  result.set_bias_share(skill.bias_share);
  result.set_pinball_p10_share(skill.pinball_p10_share);
  result.set_pinball_p50_share(skill.pinball_p50_share);
  result.set_pinball_p90_share(skill.pinball_p90_share);
  result.set_pinball_mean_share(skill.pinball_mean_share);
  result.set_crps_share(skill.crps_share);
  if (skill.model_gain) result.set_model_gain(*skill.model_gain);
  return result;
}

void RenderDays(const domain::BacktestSkill& skill, v1::BacktestResponse* response) {
  for (const domain::DaySkill& day : skill.days) {
    v1::BacktestDay* item = response->add_days();
    item->set_cut_day(day.cut_day);
    item->set_cut_count(day.cut_count);
    *item->mutable_interval_coverage() = stats::RateEstimate(day.covered_count, day.cut_count);
    for (const domain::MethodSkill& method : day.methods) *item->add_skills() = ToProto(method);
  }
}

void RenderChances(const domain::ChanceScore& score, v1::ChanceSkill* result) {
  result->set_deal_count(score.deal_count());
  if (score.deal_count() == 0) return;
  result->set_brier_score(score.brier());
  result->set_base_brier_score(score.base_brier());
  result->set_calibration_error(score.calibration_error());
  for (size_t k = 0; k < score.bins.size(); ++k) {
    const auto& bin = score.bins[k];
    if (bin.deal_count == 0) continue;
    v1::ChanceBin* item = result->add_bins();
    item->set_low(static_cast<double>(k) / domain::ChanceScore::kBinCount);
    item->set_high(static_cast<double>(k + 1) / domain::ChanceScore::kBinCount);
    item->set_deal_count(bin.deal_count);
    item->set_mean_chance(bin.chance_sum / static_cast<double>(bin.deal_count));
    *item->mutable_won() = stats::RateEstimate(bin.won_count, bin.deal_count);
  }
}

}  // namespace

void RenderBacktest(const std::vector<domain::Cut>& cuts, Currency currency,
                    v1::BacktestResponse* response) {
  for (const domain::Cut& cut : cuts) *response->add_cuts() = ToProto(cut, currency);
  const domain::BacktestSkill skill = domain::JudgeCuts(cuts);
  for (const domain::MethodSkill& method : skill.methods) {
    *response->add_methods() = ToProto(method);
    v1::BacktestResponse::Skill* item = response->add_skills();
    item->set_method(std::string(domain::MethodName(method.method)));
    item->set_absolute_error_share(method.absolute_error_share);
    item->set_bias_share(method.bias_share);
  }
  RenderDays(skill, response);
  for (const domain::CalibrationCount& point : skill.calibration) {
    if (skill.cut_count == 0) break;
    v1::CalibrationPoint* item = response->add_calibration();
    item->set_level(point.level);
    *item->mutable_below() = stats::RateEstimate(point.below_count, skill.cut_count);
  }
  *response->mutable_interval_coverage() =
      stats::RateEstimate(skill.covered_count, skill.cut_count);
  *response->mutable_wide_interval_coverage() =
      stats::RateEstimate(skill.wide_covered_count, skill.cut_count);
  RenderChances(skill.chances, response->mutable_chances());
  response->set_quarter_count(skill.quarter_count);
  response->set_sufficiency(response->interval_coverage().sufficiency());
}

}  // namespace gtm::forecasting::handler
