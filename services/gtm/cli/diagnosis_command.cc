// gtm handover diagnose, gtm handover gate: what the hand-over says of the target, and whether a
// deal has what Stage 1 asks for.

#include <CLI/CLI.hpp>
#include <memory>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/diagnosis_view.h"
#include "services/gtm/cli/span_flags.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;
using v1::TargetingService;

struct DiagnoseFlags {
  PointFlags point;
  SpanFlags span;
  std::string definition;
  std::vector<std::string> no_problem, no_value, will_not_spend;
};

struct GateFlags {
  PointFlags point;
  std::string definition;
  std::string opportunity;
  int team = 0;
  bool one_person = false;
};

Result<int> RunDiagnose(Session& session, const DiagnoseFlags& flags) {
  v1::DiagnoseHandoversRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_RETURN_IF_ERROR(flags.span.Fill(&request));
  request.set_definition_id(flags.definition);
  const auto add = [&](const std::vector<std::string>& words, v1::ReasonClass reason_class) {
    for (const std::string& word : words) {
      auto* rule = request.add_reason_rules();
      rule->set_words(word);
      rule->set_reason_class(reason_class);
    }
  };
  add(flags.no_problem, v1::REASON_CLASS_NO_PROBLEM);
  add(flags.no_value, v1::REASON_CLASS_NO_VALUE);
  add(flags.will_not_spend, v1::REASON_CLASS_WILL_NOT_SPEND);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::DiagnoseHandovers, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintDiagnosis(answer, &printer);
  return kExitOk;
}

Result<int> RunGate(Session& session, const GateFlags& flags) {
  v1::CheckStageGateRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  request.set_opportunity_id(flags.opportunity);
  request.set_team_min(flags.team);
  if (flags.one_person) request.set_one_person_buys(true);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::CheckStageGate, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintStageGate(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddHandoverDiagnosisCommands(CLI::App& handover, Session& session) {
  auto flags = std::make_shared<DiagnoseFlags>();
  CLI::App* diagnose = handover.add_subcommand(
      "diagnose", "Is the target wrong, does trash come in: period against period");
  flags->point.Register(*diagnose);
  flags->span.Register(*diagnose, "the last fiscal quarter that is over");
  diagnose->add_option("--definition", flags->definition, "By this target definition")
      ->type_name("ID");
  diagnose->add_option("--no-problem", flags->no_problem, "Words of a reason: no real problem")
      ->type_name("WORDS");
  diagnose->add_option("--no-value", flags->no_value, "Words of a reason: not valued")
      ->type_name("WORDS");
  diagnose->add_option("--will-not-spend", flags->will_not_spend, "Words of a reason: no money")
      ->type_name("WORDS");
  diagnose->callback([&session, flags] {
    session.action = [&session, flags] { return RunDiagnose(session, *flags); };
  });
  auto gate_flags = std::make_shared<GateFlags>();
  CLI::App* gate = handover.add_subcommand(
      "gate", "Is the evidence for Stage 1 there: team engaged, discovery, measured interest");
  gate_flags->point.Register(*gate);
  gate->add_option("opportunity", gate_flags->opportunity, "Id of the opportunity")->required();
  gate->add_option("--definition", gate_flags->definition, "By this target definition")
      ->type_name("ID");
  gate->add_option("--team", gate_flags->team, "People who make a buying team; default: 3")
      ->check(CLI::Range(2, 100));
  gate->add_flag("--one-person", gate_flags->one_person, "One person can buy");
  gate->callback([&session, gate_flags] {
    session.action = [&session, gate_flags] { return RunGate(session, *gate_flags); };
  });
}

}  // namespace gtm::cli
