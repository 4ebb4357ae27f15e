// gtm reach activities, experiments and diagnose: what goes together with pipeline, what works,
// and what it means where nothing does.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/engagement_view.h"
#include "services/gtm/cli/experiments_view.h"
#include "services/gtm/cli/reach_flags.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;
using v1::TargetingService;

struct ActivityFlags {
  int limit = 20;
};

struct ExperimentFlags {
  std::string name;
  std::string outcome = "responded";
  int horizon_days = 30;
  bool targets = false;
  double alpha_percent = 5;
  double worth_points = 5;
  std::string control;
  std::vector<std::string> weights;
};

Result<int> RunActivities(Session& session, const ReachFlags& reach, const ActivityFlags& flags) {
  v1::RankActivitiesRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), reach.point.Parse());
  GTM_RETURN_IF_ERROR(reach.span.Fill(&request));
  request.set_definition_id(reach.definition);
  request.set_grouping(reach.Grouping());
  request.set_activity_count_max(flags.limit);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::RankActivities, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintActivities(answer, &printer);
  return kExitOk;
}

void FillRules(const ExperimentFlags& flags, v1::ExperimentRules* rules) {
  constexpr double kBpsOfPercent = 100;
  if (flags.outcome == "handover") rules->set_outcome(v1::EXPERIMENT_OUTCOME_HANDED_OVER);
  if (flags.outcome == "opportunity") rules->set_outcome(v1::EXPERIMENT_OUTCOME_OPPORTUNITY);
  if (flags.outcome == "won") rules->set_outcome(v1::EXPERIMENT_OUTCOME_WON);
  rules->set_horizon_days(flags.horizon_days);
  rules->set_targets_only(flags.targets);
  rules->set_alpha_bps(static_cast<int32_t>(std::lround(flags.alpha_percent * kBpsOfPercent)));
  rules->set_worth_difference_bps(
      static_cast<int32_t>(std::lround(flags.worth_points * kBpsOfPercent)));
}

// "a=2".
Status ParseWeight(const std::string& text, v1::GetExperimentRequest::ArmWeight* out) {
  const size_t equals = text.rfind('=');
  const std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
  int weight = 0;
  if (!CLI::detail::lexical_cast(number, weight) || weight < 1) {
    return InvalidField("--split", fmt::format("\"{}\": write ARM=WEIGHT, such as a=2", text));
  }
  out->set_arm(text.substr(0, equals));
  out->set_weight(weight);
  return {};
}

Result<int> RunOne(Session& session, const ReachFlags& reach, const ExperimentFlags& flags) {
  v1::GetExperimentRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), reach.point.Parse());
  request.set_definition_id(reach.definition);
  request.set_experiment(flags.name);
  request.set_control_arm(flags.control);
  for (const std::string& weight : flags.weights) {
    GTM_RETURN_IF_ERROR(ParseWeight(weight, request.add_arm_weights()));
  }
  FillRules(flags, request.mutable_rules());
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetExperiment, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  v1::ListExperimentsResponse shown;
  *shown.add_experiments() = answer.experiment();
  *shown.mutable_rules() = answer.rules();
  *shown.mutable_provenance() = answer.provenance();
  PrintExperiments(shown, &printer);
  return kExitOk;
}

Result<int> RunAll(Session& session, const ReachFlags& reach, const ExperimentFlags& flags) {
  if (!flags.control.empty()) return InvalidField("--control", "needs the name of an experiment");
  if (!flags.weights.empty()) return InvalidField("--split", "needs the name of an experiment");
  v1::ListExperimentsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), reach.point.Parse());
  request.set_definition_id(reach.definition);
  FillRules(flags, request.mutable_rules());
  v1::ListExperimentsResponse all;
  do {
    request.set_page_token(all.next_page_token());
    GTM_ASSIGN_OR_RETURN(auto page, session.client().Call<TargetingService>(
                                        &TargetingService::Stub::ListExperiments, request));
    auto experiments = std::move(*all.mutable_experiments());
    for (auto& experiment : *page.mutable_experiments()) *experiments.Add() = std::move(experiment);
    all = std::move(page);
    *all.mutable_experiments() = std::move(experiments);
  } while (!all.next_page_token().empty());
  Printer printer = session.printer();
  if (!printer.Json(all)) PrintExperiments(all, &printer);
  return kExitOk;
}

void AddExperiments(CLI::App& reach, Session& session, std::shared_ptr<ReachFlags> shared) {
  auto flags = std::make_shared<ExperimentFlags>();
  CLI::App* command = reach.add_subcommand(
      "experiments", "Which arm of an experiment is better, at every look; what to scale");
  command->add_option("name", flags->name, "Only this one: \"offer\" of \"offer=a\"; default: all");
  command->add_option("--outcome", flags->outcome, "What counts")
      ->capture_default_str()
      ->check(CLI::IsMember({"responded", "handover", "opportunity", "won"}));
  command->add_option("--horizon", flags->horizon_days, "Days after the first touch that count")
      ->capture_default_str()
      ->check(CLI::Range(1, 365));
  command->add_flag("--targets", flags->targets, "Only accounts that are targets");
  command
      ->add_option("--alpha", flags->alpha_percent,
                   "Percent of experiments without a difference in which one may be told")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 20.0));
  command
      ->add_option("--worth", flags->worth_points,
                   "Difference of the rates that is worth something, in points")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 50.0));
  command->add_option("--control", flags->control, "Compare with this arm")->type_name("ARM");
  command->add_option("--split", flags->weights, "How accounts were meant to be split: a=2 b=1")
      ->type_name("ARM=WEIGHT");
  command->callback([&session, shared, flags] {
    session.action = [&session, shared, flags] {
      return flags->name.empty() ? RunAll(session, *shared, *flags)
                                 : RunOne(session, *shared, *flags);
    };
  });
}

struct DiagnoseFlags {
  int horizon_days = 30;
  bool targets = false;
  double low_percent = 5;
};

Result<int> RunDiagnose(Session& session, const ReachFlags& reach, const DiagnoseFlags& flags) {
  constexpr double kBpsOfPercent = 100;
  v1::DiagnoseEngagementRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), reach.point.Parse());
  request.set_definition_id(reach.definition);
  request.mutable_rules()->set_horizon_days(flags.horizon_days);
  request.mutable_rules()->set_targets_only(flags.targets);
  request.set_low_rate_bps(static_cast<int32_t>(std::lround(flags.low_percent * kBpsOfPercent)));
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::DiagnoseEngagement, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintEngagementDiagnosis(answer, &printer);
  return kExitOk;
}

void AddDiagnose(CLI::App& reach, Session& session, const std::shared_ptr<ReachFlags>& shared) {
  auto flags = std::make_shared<DiagnoseFlags>();
  CLI::App* command = reach.add_subcommand(
      "diagnose", "Why there is no engagement: what all experiments say of five questions");
  command->add_option("--horizon", flags->horizon_days, "Days after the first touch that count")
      ->capture_default_str()
      ->check(CLI::Range(1, 365));
  command->add_flag("--targets", flags->targets, "Only accounts that are targets");
  command
      ->add_option("--low", flags->low_percent,
                   "Percent of accounts that act below which there is no engagement")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 50.0));
  command->callback([&session, shared, flags] {
    session.action = [&session, shared, flags] { return RunDiagnose(session, *shared, *flags); };
  });
}

}  // namespace

void AddReachExperimentsCommands(CLI::App& reach, Session& session,
                                 const std::shared_ptr<ReachFlags>& shared) {
  auto flags = std::make_shared<ActivityFlags>();
  CLI::App* activities = reach.add_subcommand(
      "activities",
      "Channels, campaigns or content by what goes together with them: deals, wins, price");
  activities->add_option("--limit", flags->limit, "At most so many")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  activities->callback([&session, shared, flags] {
    session.action = [&session, shared, flags] { return RunActivities(session, *shared, *flags); };
  });
  AddExperiments(reach, session, shared);
  AddDiagnose(reach, session, shared);
}

}  // namespace gtm::cli
