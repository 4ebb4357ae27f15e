// GetForecast, GetCoverage, GetPipeline.

#include <algorithm>

#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/commit_amount.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/pipeline.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/target.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/period.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using domain::Target;
using records_client::Question;

void RenderTarget(const std::optional<Target>& target, Currency currency,
                  v1::TargetOutlook* result) {
  if (!target) return;
  result->set_source(target->from_quotas ? v1::TargetOutlook::SOURCE_QUOTAS
                                         : v1::TargetOutlook::SOURCE_REQUEST);
  *result->mutable_amount() = ToProto(Money{target->micros, currency});
  result->set_quota_count(target->quota_count);
}

// The number to commit to (C15); nothing where there is no distribution.
void RenderCommit(const domain::ErrorCosts& costs, const domain::PeriodForecast& forecast,
                  const DealTable& table, v1::Forecast* result) {
  if (table.deals.empty()) return;
  v1::CommitAdvice* commit = result->mutable_commit();
  commit->set_over_cost(costs.over);
  commit->set_under_cost(costs.under);
  commit->set_level(domain::CommitLevel(costs));
  *commit->mutable_amount() =
      ToProto(Money{domain::QuantileAt(forecast, commit->level()), table.currency});
  commit->set_formula("quantile of bookings at under_cost / (under_cost + over_cost)");
}

std::string DisplayNameOf(const Question& question, domain::Grouping grouping,
                          const std::string& key) {
  if (grouping == domain::Grouping::kStage) {
    for (const auto& stage : question.view.settings().stages) {
      if (stage.id == key && !stage.display_name.empty()) return stage.display_name;
    }
  }
  if (grouping == domain::Grouping::kOwner) {
    for (const auto& seller : question.view.sellers()) {
      if (seller->id() == key && !seller->display_name().empty()) return seller->display_name();
    }
  }
  return key;
}

// Position of a stage in the process; unknown ones last.
int32_t PositionOf(const Question& question, const std::string& stage_id) {
  for (const auto& stage : question.view.settings().stages) {
    if (stage.id == stage_id) return stage.position;
  }
  return INT32_MAX;
}

}  // namespace

Result<v1::Forecast> Forecast(const rpc::Call& call, const Question& question,
                              const v1::GetForecastRequest& request, ForecastCache& cache) {
  GTM_ASSIGN_OR_RETURN(const ForecastQuestion asked, ParseForecast(request));
  GTM_ASSIGN_OR_RETURN(const std::shared_ptr<ForecastCache::Entry> learned,
                       cache.LearnedAt(call, question, !request.point().has_recorded_as_of()));
  const DealTable& table = ForecastCache::Of(*learned).table;
  const FiscalPeriod period = PeriodAt(table, asked.period);
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(table, period));
  GTM_ASSIGN_OR_RETURN(const std::optional<Target> target, TargetOf(question, table, days, asked));
  const std::shared_ptr<const ToldPeriod> told = cache.Tell(learned, period, days, asked.selection);
  const domain::Model& model = told->model;
  const domain::PeriodForecast& forecast = told->forecast;
  v1::Forecast result;
  *result.mutable_period() = ToProto(period);
  *result.mutable_days() = ToProto(days);
  *result.mutable_selection() = ToProto(asked.selection);
  RenderForecast(table, model, forecast, asked.contribution_count, &result);
  if (asked.costs) RenderCommit(*asked.costs, forecast, table, &result);
  RenderTarget(target, table.currency, result.mutable_target());
  if (target && !table.deals.empty()) {
    result.mutable_target()->set_reach_probability(
        domain::ReachProbability(forecast, target->micros));
    *result.mutable_target()->mutable_expected_gap() =
        ToProto(Money{target->micros - forecast.mean_micros(), table.currency});
  }
  RenderWarnings(domain::FindWarnings(table, model, ForecastCache::Of(*learned).breaks,
                                      asked.selection, target.has_value()),
                 table.currency, result.mutable_warnings());
  std::string extra = fmt::format("contributions {}", asked.contribution_count);
  if (asked.costs) extra += fmt::format(" costs {} {}", asked.costs->over, asked.costs->under);
  RenderProvenance(question, table, days, asked.selection, target, extra,
                   result.mutable_provenance());
  return result;
}

Status ForecastingHandler::GetForecast(rpc::Call& call, const v1::GetForecastRequest& request,
                                       v1::GetForecastResponse* response) {
  if (const auto parsed = ParseForecast(request); !parsed.ok()) return parsed.error();
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(*response->mutable_forecast(), Forecast(call, question, request, cache_));
  return {};
}

Status ForecastingHandler::GetCoverage(rpc::Call& call, const v1::GetCoverageRequest& request,
                                       v1::GetCoverageResponse* response) {
  v1::GetForecastRequest alike;
  if (request.has_period()) *alike.mutable_period() = request.period();
  if (request.has_target_amount()) *alike.mutable_target_amount() = request.target_amount();
  *alike.mutable_selection() = request.selection();
  GTM_ASSIGN_OR_RETURN(const ForecastQuestion asked, ParseForecast(alike));
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const std::shared_ptr<ForecastCache::Entry> learned,
                       cache_.LearnedAt(call, question, !request.point().has_recorded_as_of()));
  const auto& [table, model, breaks] = ForecastCache::Of(*learned);
  const FiscalPeriod period = PeriodAt(table, asked.period);
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(table, period));
  GTM_ASSIGN_OR_RETURN(const std::optional<Target> target, TargetOf(question, table, days, asked));
  const domain::Coverage coverage =
      domain::MeasureCoverage(table, model.close, days, asked.selection,
                              target ? std::optional<int64_t>(target->micros) : std::nullopt);
  RenderCoverage(coverage, target.has_value(), table.currency, response);
  RenderTarget(target, table.currency, response->mutable_target());
  *response->mutable_period() = ToProto(period);
  RenderWarnings(domain::FindWarnings(table, model, breaks, asked.selection, target.has_value()),
                 table.currency, response->mutable_warnings());
  RenderProvenance(question, table, days, asked.selection, target, "coverage",
                   response->mutable_provenance());
  return {};
}

Status ForecastingHandler::GetPipeline(rpc::Call& call, const v1::GetPipelineRequest& request,
                                       v1::GetPipelineResponse* response) {
  Violations violations;
  const domain::Selection selection = SelectionOf(request.selection(), "selection", &violations);
  const domain::Grouping grouping = GroupingOf(request.grouping(), &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const std::shared_ptr<ForecastCache::Entry> learned,
                       cache_.LearnedAt(call, question, !request.point().has_recorded_as_of()));
  const auto& [table, model, breaks] = ForecastCache::Of(*learned);
  domain::Pipeline pipeline = domain::SumUpPipeline(table, model.close, selection, grouping);
  if (grouping == domain::Grouping::kStage) {
    std::stable_sort(pipeline.groups.begin(), pipeline.groups.end(),
                     [&](const auto& a, const auto& b) {
                       return PositionOf(question, a.key) < PositionOf(question, b.key);
                     });
  }
  std::string names = fmt::format("pipeline {}", static_cast<int>(grouping));
  for (const domain::PipelineGroup& group : pipeline.groups) {
    const std::string name = DisplayNameOf(question, grouping, group.key);
    *response->add_groups() = ToProto(group, name, table.currency);
    names += '\n' + name;
  }
  *response->mutable_total() = ToProto(pipeline.total, "", table.currency);
  *response->mutable_won_cycle_days() = stats::MedianEstimate(pipeline.won_cycle_days);
  RenderWarnings(domain::FindWarnings(table, model, breaks, selection, true), table.currency,
                 response->mutable_warnings());
  const DayRange today{domain::DayAt(table.today), domain::DayAt(table.today)};
  RenderProvenance(question, table, today, selection, std::nullopt, names,
                   response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
