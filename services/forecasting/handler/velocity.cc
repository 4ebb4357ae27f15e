// GetVelocity.

#include <algorithm>

#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_stages.h"
#include "services/forecasting/domain/velocity.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::AgeQuantile;
using domain::Survival;
using domain::Trend;

// Changes whenever the same deals may give other numbers.
constexpr char kVelocityRules[] = "gtm-velocity/1";
// A trend beyond chance at this level is told as one.
constexpr double kTrendLevel = 0.05;

type::v1::Money ToMoney(int64_t micros, Currency currency) {
  return ToProto(Money{micros, currency});
}

domain::VelocityGrouping ParseGrouping(v1::VelocityGrouping grouping, Violations* violations) {
  switch (grouping) {
    case v1::VELOCITY_GROUPING_UNSPECIFIED:
      return domain::VelocityGrouping::kNone;
    case v1::VELOCITY_GROUPING_SEGMENT:
      return domain::VelocityGrouping::kSegment;
    case v1::VELOCITY_GROUPING_OWNER:
      return domain::VelocityGrouping::kOwner;
    default:
      violations->Add("grouping", "must be SEGMENT or OWNER, or left out");
      return domain::VelocityGrouping::kNone;
  }
}

type::v1::Estimate ToEstimate(const AgeQuantile& quantile) {
  if (quantile.event_count == 0) return stats::NoDataEstimate();
  type::v1::Estimate estimate;
  if (quantile.value) estimate.set_value(*quantile.value);
  if (quantile.low) estimate.set_low(*quantile.low);
  if (quantile.high) estimate.set_high(*quantile.high);
  estimate.set_confidence(stats::kConfidence);
  estimate.set_method("kaplan-meier");
  estimate.set_sample_count(quantile.event_count);
  estimate.set_sufficiency(quantile.value && quantile.high ? type::v1::SUFFICIENCY_ENOUGH
                                                           : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  return estimate;
}

type::v1::Estimate ToEstimate(const std::optional<Survival::Share>& share, int64_t count) {
  if (!share) return stats::NoDataEstimate();
  type::v1::Estimate estimate = stats::IntervalEstimate(
      share->value, share->interval, stats::kConfidence, "aalen-johansen", count,
      share->interval.half_width() <= stats::RateOptions{}.half_width_max);
  estimate.set_success_count(share->event_count);
  return estimate;
}

void RenderDurations(const AgeQuantile& median, const AgeQuantile& p90,
                     v1::DurationEstimate* result) {
  *result->mutable_median_days() = ToEstimate(median);
  *result->mutable_p90_days() = ToEstimate(p90);
}

void RenderBuckets(const std::vector<domain::AgeBucket>& buckets, Currency currency,
                   google::protobuf::RepeatedPtrField<v1::AgeBucket>* result) {
  for (const domain::AgeBucket& bucket : buckets) {
    v1::AgeBucket* item = result->Add();
    item->set_from_days(bucket.from_days);
    item->set_to_days(bucket.to_days);
    item->set_reached_count(bucket.reached_count);
    item->set_won_count(bucket.won_count);
    item->set_lost_count(bucket.lost_count);
    item->set_open_count(bucket.open_count);
    *item->mutable_open_amount() = ToMoney(bucket.open_micros, currency);
    *item->mutable_win_share() =
        stats::RateEstimate(bucket.won_count, bucket.won_count + bucket.lost_count);
  }
}

void RenderGroup(const domain::VelocityGroup& group, Currency currency, v1::VelocityGroup* result) {
  result->set_key(group.key);
  result->set_all(group.all);
  result->set_opportunity_count(group.count);
  RenderDurations(group.median_days, group.p90_days, result->mutable_time_to_close());
  *result->mutable_win_share() = ToEstimate(group.won, group.count);
  RenderBuckets(group.by_pipeline_age, currency, result->mutable_by_pipeline_age());
  RenderBuckets(group.by_clock_age, currency, result->mutable_by_clock_age());
}

void RenderStages(std::vector<domain::StageVelocity> stages, const book::Settings& settings,
                  v1::GetVelocityResponse* response) {
  const auto known = [&](const std::string& id) {
    return std::find_if(settings.stages.begin(), settings.stages.end(),
                        [&](const auto& stage) { return stage.id == id; });
  };
  const auto position = [&](const domain::StageVelocity& stage) {
    const auto found = known(stage.stage_id);
    return found == settings.stages.end() ? INT32_MAX : found->position;
  };
  std::stable_sort(stages.begin(), stages.end(),
                   [&](const auto& a, const auto& b) { return position(a) < position(b); });
  for (const domain::StageVelocity& stage : stages) {
    v1::StageVelocity* item = response->add_stages();
    item->set_stage_id(stage.stage_id);
    const auto found = known(stage.stage_id);
    const bool named = found != settings.stages.end() && !found->display_name.empty();
    item->set_display_name(named ? found->display_name : stage.stage_id);
    item->set_visit_count(stage.visit_count);
    item->set_open_count(stage.open_count);
    *item->mutable_forward_share() = ToEstimate(stage.forward, stage.visit_count);
    *item->mutable_lost_share() = ToEstimate(stage.lost, stage.visit_count);
    *item->mutable_back_share() = ToEstimate(stage.back, stage.visit_count);
    RenderDurations(stage.median_days, stage.p90_days, item->mutable_time_in_stage());
  }
}

void RenderQuarters(const std::vector<domain::QuarterVelocity>& quarters, Currency currency,
                    v1::GetVelocityResponse* response) {
  for (const domain::QuarterVelocity& quarter : quarters) {
    v1::QuarterVelocity* item = response->add_quarters();
    *item->mutable_period() = ToProto(quarter.quarter);
    item->set_created_count(quarter.created_count);
    item->set_won_count(quarter.won_count);
    *item->mutable_won_amount() = ToMoney(quarter.won_micros, currency);
    if (quarter.priced_count > 0) {
      *item->mutable_average_amount() =
          ToMoney(quarter.won_micros / quarter.priced_count, currency);
    }
    if (quarter.median_cycle_days) item->set_median_cycle_days(*quarter.median_cycle_days);
  }
}

void AddTrend(v1::VelocityTrend::Measure measure, const std::optional<Trend>& trend, int count,
              v1::GetVelocityResponse* response) {
  v1::VelocityTrend* item = response->add_trends();
  item->set_measure(measure);
  item->set_quarter_count(count);
  item->set_direction(v1::VelocityTrend::DIRECTION_NOT_ENOUGH_DATA);
  if (!trend) return;
  item->set_change_per_quarter(trend->change_per_step);
  item->set_p_value(trend->p_value);
  item->set_direction(trend->p_value >= kTrendLevel ? v1::VelocityTrend::DIRECTION_NO_TREND
                      : trend->change_per_step > 0  ? v1::VelocityTrend::DIRECTION_RISING
                                                    : v1::VelocityTrend::DIRECTION_FALLING);
}

}  // namespace

Status ForecastingHandler::GetVelocity(rpc::Call& call, const v1::GetVelocityRequest& request,
                                       v1::GetVelocityResponse* response) {
  Violations violations;
  const domain::Selection selection = SelectionOf(request.selection(), "selection", &violations);
  const domain::VelocityGrouping grouping = ParseGrouping(request.grouping(), &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const domain::DealTable table,
                       domain::DealsAt(question.view, question.as_of));
  const domain::Model model = domain::LearnModel(table);
  const domain::DayNumber watched_from = model.close.truncated_before;
  for (const auto& group : MeasureVelocity(table, watched_from, selection, grouping)) {
    RenderGroup(group, table.currency, response->add_groups());
  }
  RenderStages(MeasureStages(StageVisitsAt(question.view, table, selection), watched_from),
               question.view.settings(), response);
  const auto quarters = MeasureQuarters(table, selection);
  RenderQuarters(quarters, table.currency, response);
  const domain::QuarterTrends trends = FindTrends(table, quarters, watched_from);
  AddTrend(v1::VelocityTrend::MEASURE_CREATED_COUNT, trends.created, trends.created_values,
           response);
  AddTrend(v1::VelocityTrend::MEASURE_WON_COUNT, trends.won, trends.won_values, response);
  AddTrend(v1::VelocityTrend::MEASURE_AVERAGE_AMOUNT, trends.amount, trends.amount_values,
           response);
  AddTrend(v1::VelocityTrend::MEASURE_CYCLE_DAYS, trends.cycle, trends.cycle_values, response);
  RenderWarnings(domain::FindWarnings(table, model, selection, true), table.currency,
                 response->mutable_warnings());
  // The histories of stages are in no table: what they gave stands for them.
  Sha256 hash;
  hash.UpdateText(kVelocityRules).UpdateText(domain::HashOf(table));
  hash.UpdateText(selection.owner_seller_id).UpdateText(selection.segment);
  hash.Update(static_cast<int64_t>(grouping));
  for (const v1::StageVelocity& stage : response->stages()) hash.UpdateText(CanonicalBytes(stage));
  *response->mutable_provenance()->mutable_as_of() = ToProto(question.as_of);
  response->mutable_provenance()->set_revision(question.view.revision());
  response->mutable_provenance()->set_input_sha256(hash.HexDigest());
  response->mutable_provenance()->set_rules_version(kVelocityRules);
  return {};
}

}  // namespace gtm::forecasting::handler
