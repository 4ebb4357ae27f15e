// gtm definition: the agreed definition of a target, from draft to three signatures.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/definition_view.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/replay_view.h"
#include "services/gtm/cli/targets_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetingService;

struct DefinitionFlags {
  std::string file;
  std::string id;
  std::string function;
  std::string signer;
  std::string note;
  std::string reason;
  std::string baseline;
  std::string from, until;
  std::string step = "month";
  int moved = 0;
  bool all_fields = false;
  PointFlags point;
};

targeting::v1::SigningFunction FunctionOf(const std::string& name) {
  if (name == "sales") return targeting::v1::SIGNING_FUNCTION_SALES;
  if (name == "marketing") return targeting::v1::SIGNING_FUNCTION_MARKETING;
  return targeting::v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS;
}

Result<int> RunCreate(Session& session, const DefinitionFlags& flags) {
  targeting::v1::CreateTargetDefinitionRequest request;
  request.set_request_id(NewRequestId());
  GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, request.mutable_definition()));
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::CreateTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinition(answer.definition(), &printer);
  for (const std::string& missing : answer.missing_for_proposal()) {
    printer.Line("before it can be proposed: " + missing);
  }
  if (answer.missing_for_proposal().empty()) {
    printer.Line(fmt::format("next: gtm definition propose {}", answer.definition().id()));
  }
  return kExitOk;
}

Result<int> RunUpdate(Session& session, const DefinitionFlags& flags) {
  targeting::v1::UpdateTargetDefinitionRequest request;
  request.set_request_id(NewRequestId());
  GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, request.mutable_definition()));
  if (!flags.id.empty()) request.mutable_definition()->set_id(flags.id);
  if (flags.all_fields) request.mutable_update_mask()->add_paths("*");
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::UpdateTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinition(answer.definition(), &printer);
  for (const std::string& missing : answer.missing_for_proposal()) {
    printer.Line("before it can be proposed: " + missing);
  }
  return kExitOk;
}

// One definition, or the one in force with its review.
Result<int> RunShow(Session& session, const DefinitionFlags& flags) {
  Printer printer = session.printer();
  if (!flags.id.empty()) {
    targeting::v1::GetTargetDefinitionRequest request;
    request.set_definition_id(flags.id);
    GTM_ASSIGN_OR_RETURN(const auto answer,
                         session.client().Call<TargetingService>(
                             &TargetingService::Stub::GetTargetDefinition, request));
    if (printer.Json(answer)) return kExitOk;
    PrintDefinitionText(answer, nullptr, &printer);
    return kExitOk;
  }
  targeting::v1::GetActiveTargetDefinitionRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::GetActiveTargetDefinition, request));
  if (printer.Json(answer)) return kExitOk;
  PrintDefinitionText(answer.definition(), &answer.review(), &printer);
  printer.Line(ProvenanceText(answer.provenance()));
  return kExitOk;
}

Result<int> RunPropose(Session& session, const DefinitionFlags& flags) {
  targeting::v1::ProposeTargetDefinitionRequest request;
  request.set_request_id(NewRequestId());
  request.set_definition_id(flags.id);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::ProposeTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinition(answer.definition(), &printer);
  if (answer.early_change()) {
    printer.Line("the definition in force is less than a quarter old: was it ever agreed?");
  }
  printer.Line(
      fmt::format("next: gtm definition sign {} --function sales --signer NAME", flags.id));
  return kExitOk;
}

Result<int> RunSign(Session& session, const DefinitionFlags& flags) {
  targeting::v1::SignOffTargetDefinitionRequest request;
  request.set_request_id(NewRequestId());
  request.set_definition_id(flags.id);
  request.set_function(FunctionOf(flags.function));
  request.set_signer(flags.signer);
  request.set_note(flags.note);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::SignOffTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinition(answer.definition(), &printer);
  std::string waiting;
  for (const int function : answer.waiting_for()) {
    waiting += (waiting.empty() ? "" : ", ") +
               EnumText(SigningFunction_Name(static_cast<targeting::v1::SigningFunction>(function)),
                        "SIGNING_FUNCTION_");
  }
  printer.Line(waiting.empty() ? "it is in force" : "still to sign: " + waiting);
  return kExitOk;
}

Result<int> RunList(Session& session, const DefinitionFlags& flags) {
  targeting::v1::ListTargetDefinitionsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_page_size(1'000);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::ListTargetDefinitions, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinitions(answer, &printer);
  return kExitOk;
}

Result<int> RunRetire(Session& session, const DefinitionFlags& flags) {
  targeting::v1::RetireTargetDefinitionRequest request;
  request.set_request_id(NewRequestId());
  request.set_definition_id(flags.id);
  request.set_reason(flags.reason);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::RetireTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinition(answer.definition(), &printer);
  return kExitOk;
}

Result<int> RunDiff(Session& session, const DefinitionFlags& flags) {
  targeting::v1::CompareTargetDefinitionsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.id);
  request.set_older_definition_id(flags.baseline);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::CompareTargetDefinitions, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintDefinitionChanges(answer, flags.id, &printer);
  return kExitOk;
}

Result<int> RunReplay(Session& session, const DefinitionFlags& flags) {
  using Request = targeting::v1::ReplayTargetDefinitionRequest;
  Request request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  if (flags.id.empty() == flags.file.empty()) {
    return InvalidField("id", "give the id of a definition, or --file with one; not both");
  }
  if (flags.id.empty()) {
    GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, request.mutable_definition()));
  } else {
    request.set_definition_id(flags.id);
  }
  request.set_baseline_definition_id(flags.baseline);
  if (flags.from.empty() != flags.until.empty()) {
    return InvalidField("--from", "give both --from and --until, or neither");
  }
  if (!flags.from.empty()) {
    auto* days = request.mutable_days();
    GTM_ASSIGN_OR_RETURN(*days->mutable_start_date(), ParseDateFlag(flags.from, "--from"));
    GTM_ASSIGN_OR_RETURN(*days->mutable_end_date(), ParseDateFlag(flags.until, "--until"));
  }
  request.set_step(flags.step == "week"      ? Request::STEP_WEEK
                   : flags.step == "quarter" ? Request::STEP_QUARTER
                                             : Request::STEP_MONTH);
  request.set_moved_account_count(flags.moved);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::ReplayTargetDefinition, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& moved : answer.entering()) ids.push_back(moved.account_id());
  for (const auto& moved : answer.leaving()) ids.push_back(moved.account_id());
  PrintReplay(answer, NamesOf(session, "account", ids), &printer);
  return kExitOk;
}

Result<int> RunAttributes(Session& session, const DefinitionFlags&) {
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::ListAttributes,
                                              targeting::v1::ListAttributesRequest()));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintAttributes(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddDefinitionCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<DefinitionFlags>();
  CLI::App* definition = app.add_subcommand("definition", "The agreed definition of a target");
  definition->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const DefinitionFlags&)) {
    CLI::App* command = definition->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  const auto with_id = [flags](CLI::App* command) {
    command->add_option("id", flags->id, "Id of the definition")->required();
    return command;
  };
  add("create", "Write a draft from a file", &RunCreate)
      ->add_option("--file", flags->file, "A TargetDefinition in JSON; - reads standard input")
      ->required()
      ->type_name("FILE");
  CLI::App* update = add("update", "Rewrite a draft from a file", &RunUpdate);
  update->add_option("id", flags->id, "Id of the draft; default: the one in the file");
  update->add_option("--file", flags->file, "A TargetDefinition in JSON; - reads standard input")
      ->required()
      ->type_name("FILE");
  update->add_flag("--all", flags->all_fields,
                   "Also empty what the file does not have; default: keep it");
  CLI::App* show = add("show", "A definition in words, with its criteria and review", &RunShow);
  show->add_option("id", flags->id, "Id of the definition; default: the one in force");
  flags->point.Register(*show);
  with_id(add("propose", "Put a draft to sales, marketing and customer success", &RunPropose));
  CLI::App* sign = with_id(add("sign", "Sign a proposal for one function", &RunSign));
  sign->add_option("--function", flags->function, "For which function")
      ->required()
      ->check(CLI::IsMember({"sales", "marketing", "customer-success"}));
  sign->add_option("--signer", flags->signer, "Who signs; default: the caller");
  sign->add_option("--note", flags->note, "A remark");
  flags->point.Register(*add("list", "List definitions with their signatures", &RunList));
  CLI::App* diff = with_id(add("diff", "What differs between two definitions", &RunDiff));
  diff->add_option("--from", flags->baseline, "The older one; default: what it was written from");
  flags->point.Register(*diff);
  CLI::App* replay = add("replay", "What a definition would have said over history", &RunReplay);
  replay->add_option("id", flags->id, "Id of the definition to try");
  replay
      ->add_option("--file", flags->file, "Try a TargetDefinition in JSON; - reads standard input")
      ->type_name("FILE");
  replay->add_option("--baseline", flags->baseline,
                     "Compare with this definition; default: the one in force each time");
  replay->add_option("--from", flags->from, "First day; default: a year before the last");
  replay->add_option("--until", flags->until, "Day after the last; default: tomorrow");
  replay->add_option("--step", flags->step, "How far apart the instants are")
      ->check(CLI::IsMember({"week", "month", "quarter"}));
  replay->add_option("--moved", flags->moved, "Accounts to name that enter, and that leave")
      ->check(CLI::Range(1, 1'000));
  flags->point.Register(*replay);
  add("attributes", "List what a criterion can read", &RunAttributes);
  with_id(add("retire", "Take a definition out of force", &RunRetire))
      ->add_option("--reason", flags->reason, "Why")
      ->required();
  AddLearnCommand(*definition, session);
}

}  // namespace gtm::cli
