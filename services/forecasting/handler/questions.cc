// GetForecast, GetCoverage, GetPipeline, Backtest.

#include <algorithm>

#include "common/core/clock.h"
#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/coverage.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/domain/pipeline.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/target.h"
#include "services/forecasting/domain/walk_forward.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using domain::Target;
using records_client::Question;

// How far ahead a period may end, in days.
constexpr int kHorizonDaysMax = 3 * 366;
constexpr int kBacktestQuartersMax = 8;
constexpr int kBacktestCutsMax = 12;
constexpr int kBacktestCutDayMax = 80;

FiscalPeriod PeriodAt(const DealTable& table, const std::optional<FiscalPeriod>& asked) {
  if (asked) return *asked;
  return table.calendar.PeriodOf(domain::DayAt(table.today), PeriodUnit::kQuarter);
}

Result<DayRange> DaysOf(const DealTable& table, const FiscalPeriod& period) {
  const DayRange days = table.calendar.DaysOf(period);
  if (days.end - domain::DayAt(table.today) > kHorizonDaysMax) {
    return InvalidField("period", fmt::format("{} ends more than three years after as_of; ask "
                                              "for an earlier period",
                                              Format(period)));
  }
  return days;
}

// The target given, else the quotas.
Result<std::optional<Target>> TargetOf(const Question& question, const DealTable& table,
                                       const DayRange& days, const ForecastQuestion& asked) {
  const absl::CivilDay today = domain::DayAt(table.today);
  if (!asked.target) {
    return domain::TargetFromQuotas(question.view, days, asked.selection, today);
  }
  GTM_ASSIGN_OR_RETURN(const Money money, question.view.InReportingCurrency(*asked.target, today));
  return std::optional<Target>(Target{money.micros});
}

void RenderTarget(const std::optional<Target>& target, Currency currency,
                  v1::TargetOutlook* result) {
  if (!target) return;
  result->set_source(target->from_quotas ? v1::TargetOutlook::SOURCE_QUOTAS
                                         : v1::TargetOutlook::SOURCE_REQUEST);
  *result->mutable_amount() = ToProto(Money{target->micros, currency});
  result->set_quota_count(target->quota_count);
}

// Everything that the answer depends on: the table, the question, the target, the model.
void RenderProvenance(const Question& question, const DealTable& table, const DayRange& days,
                      const domain::Selection& selection, const std::optional<Target>& target,
                      std::string_view extra, type::v1::Provenance* result) {
  Sha256 hash;
  hash.UpdateText(domain::kModelVersion).UpdateText(domain::HashOf(table));
  hash.Update(absl::ToUnixMicros(question.as_of));
  hash.Update(domain::NumberOf(days.start)).Update(domain::NumberOf(days.end));
  hash.UpdateText(selection.owner_seller_id).UpdateText(selection.segment);
  hash.Update(target ? target->micros : int64_t{-1}).UpdateText(extra);
  *result->mutable_as_of() = ToProto(question.as_of);
  result->set_revision(question.view.revision());
  result->set_input_sha256(hash.HexDigest());
  result->set_rules_version(std::string(domain::kModelVersion));
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

Result<std::vector<int>> CutDaysOf(const v1::BacktestRequest& request) {
  if (request.cut_days().empty()) {
    return std::vector<int>(std::begin(domain::kCutDays), std::end(domain::kCutDays));
  }
  Violations violations;
  if (request.cut_days_size() > kBacktestCutsMax) {
    violations.Add("cut_days", fmt::format("at most {} are allowed", kBacktestCutsMax));
  }
  for (int i = 0; i < request.cut_days_size(); ++i) {
    const int day = request.cut_days(i);
    if (day < 0 || day > kBacktestCutDayMax) {
      violations.Add(fmt::format("cut_days[{}]", i),
                     fmt::format("must be 0 to {}", kBacktestCutDayMax));
    } else if (i > 0 && day <= request.cut_days(i - 1)) {
      violations.Add(fmt::format("cut_days[{}]", i), "must be above the one before");
    }
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return std::vector<int>(request.cut_days().begin(), request.cut_days().end());
}

void AddSkill(const char* method, const domain::Skill& skill, v1::BacktestResponse* response) {
  auto* item = response->add_skills();
  item->set_method(method);
  item->set_absolute_error_share(skill.absolute_error_share);
  item->set_bias_share(skill.bias_share);
}

void RenderBacktest(const std::vector<domain::Cut>& cuts, Currency currency,
                    v1::BacktestResponse* response) {
  for (const domain::Cut& cut : cuts) *response->add_cuts() = ToProto(cut, currency);
  using domain::Cut;
  AddSkill("model", domain::SkillOf(cuts, &Cut::mean_micros), response);
  AddSkill("weighted_pipeline", domain::SkillOf(cuts, &Cut::weighted_pipeline_micros), response);
  AddSkill("run_rate", domain::SkillOf(cuts, &Cut::run_rate_micros), response);
  AddSkill("previous_quarter", domain::SkillOf(cuts, &Cut::previous_quarter_micros), response);
  *response->mutable_interval_coverage() =
      stats::RateEstimate(domain::CoveredCount(cuts), static_cast<int64_t>(cuts.size()));
  response->set_sufficiency(response->interval_coverage().sufficiency());
}

}  // namespace

std::vector<FiscalPeriod> QuartersToTest(const DealTable& after,
                                         const std::optional<FiscalPeriod>& first_asked) {
  domain::DayNumber first_close = after.today;
  for (const domain::Deal& deal : after.deals) {
    if (deal.outcome != domain::Outcome::kOpen) {
      first_close = std::min(first_close, deal.closed_day);
    }
  }
  const FiscalPeriod current =
      after.calendar.PeriodOf(domain::DayAt(after.today), PeriodUnit::kQuarter);
  std::vector<FiscalPeriod> quarters;
  for (int back = kBacktestQuartersMax; back >= 1; --back) {
    const FiscalPeriod quarter = after.calendar.Shift(current, -back);
    if (first_asked && quarter < *first_asked) continue;
    const DayRange days = after.calendar.DaysOf(quarter);
    if (domain::NumberOf(days.start) - first_close >= 28) quarters.push_back(quarter);
  }
  return quarters;
}

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
  RenderTarget(target, table.currency, result.mutable_target());
  if (target && !table.deals.empty()) {
    result.mutable_target()->set_reach_probability(
        domain::ReachProbability(forecast, target->micros));
    *result.mutable_target()->mutable_expected_gap() =
        ToProto(Money{target->micros - forecast.mean_micros(), table.currency});
  }
  RenderWarnings(domain::FindWarnings(table, model, asked.selection, target.has_value()),
                 table.currency, result.mutable_warnings());
  RenderProvenance(question, table, days, asked.selection, target,
                   fmt::format("contributions {}", asked.contribution_count),
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
  GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question.view, question.as_of));
  const FiscalPeriod period = PeriodAt(table, asked.period);
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(table, period));
  GTM_ASSIGN_OR_RETURN(const std::optional<Target> target, TargetOf(question, table, days, asked));
  const domain::Model model = domain::LearnModel(table);
  const domain::Coverage coverage =
      domain::MeasureCoverage(table, model.close, days, asked.selection,
                              target ? std::optional<int64_t>(target->micros) : std::nullopt);
  RenderCoverage(coverage, target.has_value(), table.currency, response);
  RenderTarget(target, table.currency, response->mutable_target());
  *response->mutable_period() = ToProto(period);
  RenderWarnings(domain::FindWarnings(table, model, asked.selection, target.has_value()),
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
  GTM_ASSIGN_OR_RETURN(const DealTable table, domain::DealsAt(question.view, question.as_of));
  const domain::Model model = domain::LearnModel(table);
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
  *response->mutable_won_cycle_days() = MedianEstimate(pipeline.won_cycle_days);
  RenderWarnings(domain::FindWarnings(table, model, selection, true), table.currency,
                 response->mutable_warnings());
  const DayRange today{domain::DayAt(table.today), domain::DayAt(table.today)};
  RenderProvenance(question, table, today, selection, std::nullopt, names,
                   response->mutable_provenance());
  return {};
}

Status ForecastingHandler::Backtest(rpc::Call& call, const v1::BacktestRequest& request,
                                    v1::BacktestResponse* response) {
  Violations violations;
  std::optional<FiscalPeriod> first;
  if (request.has_first_quarter()) {
    first = PeriodOf("first_quarter", request.first_quarter(), &violations);
    if (first && first->unit != PeriodUnit::kQuarter) {
      violations.Add("first_quarter.unit", "must be UNIT_QUARTER");
    }
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const std::vector<int> cut_days, CutDaysOf(request));
  GTM_ASSIGN_OR_RETURN(const Question question, records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const DealTable after, domain::DealsAt(question.view, question.as_of));
  const std::vector<FiscalPeriod> quarters = QuartersToTest(after, first);
  const auto table_at = [&](absl::Time as_of) -> Result<DealTable> {
    GTM_RETURN_IF_ERROR(call.CheckAlive(SystemClock().Now()));
    return domain::DealsAt(question.view, as_of);
  };
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::Cut> cuts,
                       domain::WalkForward(table_at, after, quarters, cut_days));
  RenderBacktest(cuts, after.currency, response);
  const absl::CivilDay today = domain::DayAt(after.today);
  const DayRange days{quarters.empty() ? today : after.calendar.DaysOf(quarters.front()).start,
                      quarters.empty() ? today : after.calendar.DaysOf(quarters.back()).end};
  std::string cut_key = "backtest";
  for (const int day : cut_days) cut_key += fmt::format(" {}", day);
  RenderProvenance(question, after, days, {}, std::nullopt, cut_key,
                   response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
