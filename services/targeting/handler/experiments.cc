// What goes together with pipeline, and what experiments show.

#include "services/targeting/domain/experiment.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/activity_impact.h"
#include "services/targeting/domain/engagement_diagnosis.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/handler/market_question.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kImpactDays = 365;
constexpr int kActivitiesDefault = 100;
constexpr int kActivitiesMax = 1'000;
constexpr int kExperimentsDefault = 20;
constexpr int kExperimentsMax = 100;
constexpr int kArmWeightsMax = 100;
constexpr int kArmWeightMax = 1'000'000;
constexpr int32_t kLowRateBps = 500;
constexpr int32_t kLowRateBpsMax = 5'000;
constexpr double kBpsOfOne = 10'000;

void Render(const domain::ImpactTest& test, domain::ImpactMeasure measure,
            v1::ActivityImpact::Test* out) {
  out->set_measure(static_cast<v1::ActivityImpact::Measure>(measure));
  out->set_touched_count(test.touched_count);
  out->set_untouched_count(test.untouched_count);
  if (!test.tested) {
    type::v1::Estimate* effect = out->mutable_effect();
    *effect = stats::NoDataEstimate();
    if (test.touched_count > 0) effect->set_sufficiency(type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
    effect->set_sample_count(test.touched_count);
    return;
  }
  const bool is_rate =
      measure == domain::ImpactMeasure::kCreation || measure == domain::ImpactMeasure::kWinRate;
  out->set_touched_value(test.touched_value);
  out->set_untouched_value(test.untouched_value);
  *out->mutable_effect() = stats::IntervalEstimate(
      test.value, test.interval, stats::kConfidence,
      is_rate ? "mantel-haenszel" : "stratified-log-mean", test.touched_count, true);
  out->set_p_value(test.p_value);
  out->set_q_value(test.q_value);
  out->set_significant(test.q_value <= domain::kFalseDiscoveryRate);
}

void Render(const domain::ActivityImpact& impact, const domain::Activity& activity,
            Currency currency, v1::ActivityImpact* out) {
  out->set_key(activity.key);
  out->set_display_name(activity.display_name);
  out->set_channel(activity.channel);
  out->set_touched_target_count(impact.touched_targets);
  for (int measure = 1; measure <= domain::kImpactMeasures; ++measure) {
    const auto which = static_cast<domain::ImpactMeasure>(measure);
    Render(impact.of(which), which, out->add_tests());
  }
  const domain::ImpactTest& creation = impact.of(domain::ImpactMeasure::kCreation);
  *out->mutable_extra_opportunities() =
      creation.tested ? stats::IntervalEstimate(impact.extra_opportunities, impact.extra_interval,
                                                stats::kConfidence, "mantel-haenszel",
                                                creation.touched_count, true)
                      : out->tests(0).effect();
  out->set_open_opportunity_count(impact.forecast_count);
  *out->mutable_open_amount() = RenderMoney(impact.forecast_micros, currency);
  out->set_sourced_opportunity_count(impact.sourced_count);
}

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size())));
}

int32_t Bound(int32_t value, int32_t otherwise, int32_t low, int32_t high, const char* field,
              Violations* violations) {
  if (value == 0) return otherwise;
  if (value >= low && value <= high) return value;
  violations->Add(std::string("rules.") + field,
                  fmt::format("{} is out of range; use {} to {}", value, low, high));
  return otherwise;
}

// The rules with their defaults filled in.
v1::ExperimentRules RulesOf(const v1::ExperimentRules& asked, Violations* violations) {
  v1::ExperimentRules rules = asked;
  if (asked.outcome() == v1::EXPERIMENT_OUTCOME_UNSPECIFIED) {
    rules.set_outcome(v1::EXPERIMENT_OUTCOME_RESPONDED);
  } else if (!v1::ExperimentOutcome_IsValid(asked.outcome())) {
    violations->Add("rules.outcome", "not an outcome; use responded, handed over or opportunity");
  }
  rules.set_horizon_days(Bound(asked.horizon_days(), 30, 1, 365, "horizon_days", violations));
  rules.set_alpha_bps(Bound(asked.alpha_bps(), 500, 1, 2'000, "alpha_bps", violations));
  rules.set_worth_difference_bps(
      Bound(asked.worth_difference_bps(), 500, 10, 5'000, "worth_difference_bps", violations));
  return rules;
}

domain::ExperimentOptions OptionsOf(const v1::ExperimentRules& rules,
                                    const std::string& experiment) {
  domain::ExperimentOptions options;
  options.experiment = Lower(experiment);
  options.outcome = static_cast<domain::ExperimentOutcome>(rules.outcome());
  options.horizon_days = rules.horizon_days();
  options.targets_only = rules.targets_only();
  options.test.alpha = rules.alpha_bps() / kBpsOfOne;
  options.test.worth_difference = rules.worth_difference_bps() / kBpsOfOne;
  return options;
}

void FillSplit(const v1::GetExperimentRequest& request, domain::ExperimentOptions* options,
               Violations* violations) {
  options->control_arm = Lower(request.control_arm());
  if (request.arm_weights_size() > kArmWeightsMax) {
    violations->Add("arm_weights", "more than 100");
    return;
  }
  std::set<std::string> seen;
  for (int i = 0; i < request.arm_weights_size(); ++i) {
    const auto& weight = request.arm_weights(i);
    const std::string field = fmt::format("arm_weights[{}]", i);
    std::string arm = Lower(weight.arm());
    if (weight.weight() < 1 || weight.weight() > kArmWeightMax) {
      violations->Add(field + ".weight", "required: 1 to 1,000,000");
    }
    if (!seen.insert(arm).second) violations->Add(field + ".arm", "listed before");
    options->weights.emplace_back(std::move(arm), weight.weight());
  }
}

void Render(const domain::Arm& arm, Currency currency, v1::ExperimentArm* out) {
  out->set_name(arm.name);
  for (const std::string& id : arm.campaign_ids) out->add_campaign_ids(id);
  out->set_account_count(arm.account_count);
  out->set_target_count(arm.target_count);
  out->set_pending_count(arm.pending_count);
  out->set_contaminated_count(arm.contaminated_count);
  *out->mutable_rate() = stats::RateEstimate(arm.outcome.successes, arm.outcome.trials);
  if (!arm.spend_micros) return;
  *out->mutable_cost() = RenderMoney(*arm.spend_micros, currency);
  if (arm.outcome.successes == 0) return;
  const auto each = MulDivRoundHalfEven(*arm.spend_micros, 1, arm.outcome.successes);
  if (each.ok()) *out->mutable_cost_per_success() = RenderMoney(*each, currency);
}

void Render(const domain::ArmComparison& comparison, const domain::Experiment& experiment,
            v1::ArmComparison* out) {
  const domain::Arm& arm = experiment.arms[comparison.arm];
  const domain::Arm& control = experiment.arms[experiment.control];
  const int64_t cases = arm.outcome.trials + control.outcome.trials;
  out->set_arm(arm.name);
  out->set_verdict(static_cast<v1::ArmComparison::Verdict>(comparison.verdict));
  const double confidence = 1 - experiment.alpha_each;
  if (comparison.single_look) {
    const bool decided = comparison.decided_at.has_value() && !experiment.split_mismatch;
    *out->mutable_difference() =
        stats::IntervalEstimate(comparison.difference, comparison.sequence, confidence,
                                "mixture-sprt-sequence", cases, decided);
    *out->mutable_single_look_difference() =
        stats::IntervalEstimate(comparison.difference, *comparison.single_look, stats::kConfidence,
                                "newcombe", cases, decided);
  } else {
    *out->mutable_difference() = stats::NoDataEstimate();
    *out->mutable_single_look_difference() = stats::NoDataEstimate();
  }
  out->set_p_value(comparison.p_value);
  if (comparison.decided_at) out->set_decided_account_count(*comparison.decided_at);
  if (comparison.remaining_per_arm) out->set_remaining_account_count(*comparison.remaining_per_arm);
  if (comparison.remaining_days) out->set_remaining_days(*comparison.remaining_days);
  out->set_scale_up(static_cast<v1::ArmComparison::ScaleUp>(comparison.scale_up));
}

void Render(const domain::Experiment& experiment, Currency currency, v1::Experiment* out) {
  out->set_name(experiment.name);
  out->set_variable(static_cast<v1::ExperimentVariable>(experiment.variable));
  for (const domain::Arm& arm : experiment.arms) Render(arm, currency, out->add_arms());
  out->set_control_arm(experiment.arms[experiment.control].name);
  for (const domain::ArmComparison& comparison : experiment.comparisons) {
    Render(comparison, experiment, out->add_comparisons());
  }
  if (experiment.split_p_value) out->set_split_p_value(*experiment.split_p_value);
  out->set_split_mismatch(experiment.split_mismatch);
  out->set_state(static_cast<v1::Experiment::State>(domain::StateOf(experiment)));
  if (experiment.first_touch != absl::InfiniteFuture()) {
    domain::SetTime(experiment.first_touch, out->mutable_first_touch_time());
  }
}

void Render(const domain::EngagementDiagnosis& diagnosis,
            v1::DiagnoseEngagementResponse* response) {
  using Response = v1::DiagnoseEngagementResponse;
  response->set_conclusion(static_cast<Response::Conclusion>(diagnosis.conclusion));
  for (const domain::EngagementQuestion& question : diagnosis.questions) {
    v1::EngagementQuestion* const out = response->add_questions();
    out->set_kind(static_cast<v1::EngagementQuestion::Kind>(question.ask));
    out->set_answer(static_cast<v1::EngagementQuestion::Answer>(question.answer));
    out->set_need(static_cast<v1::EngagementQuestion::Need>(question.need));
    for (const std::string& name : question.experiments) out->add_experiments(name);
    for (const std::string& arm : question.better_arms) out->add_better_arms(arm);
    out->set_needed(question.needed);
  }
  response->set_engagement(static_cast<Response::Engagement>(diagnosis.engagement));
  response->set_best_arm(diagnosis.best_arm);
  stats::RateOptions options;
  options.confidence = diagnosis.confidence;
  *response->mutable_best_rate() =
      stats::RateEstimate(diagnosis.best_rate.successes, diagnosis.best_rate.trials, options);
}

}  // namespace

Status TargetingHandler::RankActivities(rpc::Call& call, const v1::RankActivitiesRequest& request,
                                        v1::RankActivitiesResponse* response) {
  Violations violations;
  const domain::ActivityGrouping grouping = GroupingOf(request.grouping(), &violations);
  if (request.activity_count_max() < 0 || request.activity_count_max() > kActivitiesMax) {
    violations.Add("activity_count_max", "out of range; use 0 to 1,000; 0 means 100");
  }
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const DayRange year = DaysUntil(asked.question.as_of, asked.calendar(), kImpactDays);
  GTM_ASSIGN_OR_RETURN(const DayRange days, SpanDaysOf(request, asked.calendar(), year));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  domain::Activities activities(asked.view(), grouping, asked.question.as_of);
  GTM_ASSIGN_OR_RETURN(
      const auto impacts,
      domain::RankActivities(audience, asked.view(), &activities, asked.SpanOf(days), alive));
  const auto most = static_cast<size_t>(
      request.activity_count_max() == 0 ? kActivitiesDefault : request.activity_count_max());
  const Currency currency = asked.view().settings().reporting_currency;
  for (size_t i = 0; i < std::min(impacts.size(), most); ++i) {
    Render(impacts[i], activities.at(impacts[i].activity), currency, response->add_activities());
  }
  response->set_total_count(static_cast<int32_t>(impacts.size()));
  *response->mutable_days() = RenderDays(days);
  response->set_grouping(static_cast<v1::ActivityGrouping>(grouping));
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

Status TargetingHandler::GetExperiment(rpc::Call& call, const v1::GetExperimentRequest& request,
                                       v1::GetExperimentResponse* response) {
  Violations violations;
  violations.CheckId("experiment", request.experiment());
  violations.CheckId("definition_id", request.definition_id(), false);
  *response->mutable_rules() = RulesOf(request.rules(), &violations);
  domain::ExperimentOptions options = OptionsOf(response->rules(), request.experiment());
  FillSplit(request, &options, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  GTM_ASSIGN_OR_RETURN(const domain::Experiment experiment,
                       domain::EvaluateExperiment(audience, asked.view(), options, alive));
  Render(experiment, asked.view().settings().reporting_currency, response->mutable_experiment());
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

Status TargetingHandler::ListExperiments(rpc::Call& call, const v1::ListExperimentsRequest& request,
                                         v1::ListExperimentsResponse* response) {
  Violations violations;
  violations.CheckId("definition_id", request.definition_id(), false);
  if (request.page_size() < 0) {
    violations.Add("page_size", "must not be negative; 0 means 20");
  }
  *response->mutable_rules() = RulesOf(request.rules(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  const std::string digest = RequestDigest(request);
  GTM_ASSIGN_OR_RETURN(const std::string token, ReadPageToken(request.page_token(), digest));
  GTM_ASSIGN_OR_RETURN(const auto position, ParsePosition(token));
  GTM_ASSIGN_OR_RETURN(const auto point, PointOf(request.point(), position));
  GTM_ASSIGN_OR_RETURN(const MarketQuestion asked,
                       AskMarket(records_, definitions_, call, point, request.definition_id()));
  std::vector<std::string> names = domain::ExperimentsOf(asked.view());
  if (position) {
    names.erase(names.begin(), std::upper_bound(names.begin(), names.end(), position->id));
  }
  const auto page_size = static_cast<size_t>(request.page_size() == 0
                                                 ? kExperimentsDefault
                                                 : std::min(request.page_size(), kExperimentsMax));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  for (size_t i = 0; i < std::min(names.size(), page_size); ++i) {
    GTM_ASSIGN_OR_RETURN(const domain::Experiment experiment,
                         domain::EvaluateExperiment(audience, asked.view(),
                                                    OptionsOf(response->rules(), names[i]), alive));
    Render(experiment, asked.view().settings().reporting_currency, response->add_experiments());
  }
  if (names.size() > page_size) {
    response->set_next_page_token(
        MakePageToken(PositionText({0, asked.question.as_of, names[page_size - 1]}), digest));
  }
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

Status TargetingHandler::DiagnoseEngagement(rpc::Call& call,
                                            const v1::DiagnoseEngagementRequest& request,
                                            v1::DiagnoseEngagementResponse* response) {
  Violations violations;
  if (request.rules().outcome() != v1::EXPERIMENT_OUTCOME_UNSPECIFIED) {
    violations.Add("rules.outcome", "each question has its own; leave it out");
  }
  if (request.low_rate_bps() < 0 || request.low_rate_bps() > kLowRateBpsMax) {
    violations.Add("low_rate_bps", "out of range; use 1 to 5,000, or 0 for 500");
  }
  v1::ExperimentRules rules = RulesOf(request.rules(), &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(
      const MarketQuestion asked,
      AskMarket(records_, definitions_, call, request.point(), request.definition_id()));
  const domain::CheckAlive alive = AliveWhile(call);
  GTM_ASSIGN_OR_RETURN(
      const domain::Audience audience,
      domain::JudgeAccounts(asked.definition(), asked.view(), asked.question.as_of, alive));
  domain::ExperimentOptions options = OptionsOf(rules, "");
  options.with_cost = false;
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::Experiment> responded,
                       domain::EvaluateExperiments(audience, asked.view(), options, alive));
  options.outcome = domain::ExperimentOutcome::kOpportunity;
  GTM_ASSIGN_OR_RETURN(const std::vector<domain::Experiment> decided,
                       domain::EvaluateExperiments(audience, asked.view(), options, alive));
  const int32_t low_bps = request.low_rate_bps() == 0 ? kLowRateBps : request.low_rate_bps();
  Render(domain::DiagnoseEngagement(responded, decided, low_bps / kBpsOfOne), response);
  response->set_low_rate_bps(low_bps);
  rules.clear_outcome();
  *response->mutable_rules() = rules;
  *response->mutable_provenance() = asked.Basis(CanonicalBytes(*response));
  return {};
}

}  // namespace gtm::targeting::handler
