// gtm handover and gtm funnel: what marketing hands to sales, and whether a plan can be.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/targets_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::Handover;
using targeting::v1::TargetingService;

struct HandoverFlags {
  std::string file;
  std::string id;
  std::string account;
  std::string contact;
  std::string opportunity;
  std::string source;
  std::string campaign;
  std::string time;
  std::string reason;
  std::string etag;
  bool dry_run = false;
};

Result<int> Show(Session& session, const google::protobuf::Message& answer,
                 const Handover& handover) {
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintHandover(handover, &printer);
  return kExitOk;
}

Result<int> RunRecord(Session& session, const HandoverFlags& flags) {
  targeting::v1::RecordHandoverRequest request;
  request.set_request_id(NewRequestId());
  request.set_validate_only(flags.dry_run);
  Handover& handover = *request.mutable_handover();
  if (!flags.file.empty()) GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, &handover));
  // What stands on the command line counts.
  const auto set = [](const std::string& flag, std::string* field) {
    if (!flag.empty()) *field = flag;
  };
  set(flags.id, handover.mutable_id());
  set(flags.account, handover.mutable_account_id());
  set(flags.contact, handover.mutable_contact_id());
  set(flags.opportunity, handover.mutable_opportunity_id());
  set(flags.source, handover.mutable_source());
  set(flags.campaign, handover.mutable_campaign_id());
  if (!flags.time.empty()) {
    GTM_ASSIGN_OR_RETURN(*handover.mutable_handover_time(), ParseTimeFlag(flags.time, "--time"));
  }
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::RecordHandover, request));
  return Show(session, answer, answer.handover());
}

Result<int> Decide(Session& session, const HandoverFlags& flags, Handover::State state) {
  targeting::v1::DecideHandoverRequest request;
  request.set_request_id(NewRequestId());
  request.set_handover_id(flags.id);
  request.set_state(state);
  request.set_reason(flags.reason);
  request.set_etag(flags.etag);
  if (!flags.time.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_decide_time(), ParseTimeFlag(flags.time, "--time"));
  }
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::DecideHandover, request));
  return Show(session, answer, answer.handover());
}

struct FunnelFlags {
  PointFlags point;
  std::string file;
};

Result<int> RunFunnel(Session& session, const FunnelFlags& flags) {
  targeting::v1::CheckFunnelPlanRequest request;
  GTM_RETURN_IF_ERROR(ReadJsonFile(flags.file, &request));
  GTM_ASSIGN_OR_RETURN(const auto point, flags.point.Parse());
  request.mutable_point()->MergeFrom(point);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::CheckFunnelPlan, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintFunnelCheck(answer, &printer);
  return kExitOk;
}

void AddFunnelCommand(CLI::App& app, Session& session) {
  auto flags = std::make_shared<FunnelFlags>();
  CLI::App* funnel = app.add_subcommand("funnel", "Plan a funnel; check whether one can be");
  flags->point.Register(*funnel);
  funnel
      ->add_option("--file", flags->file,
                   "A CheckFunnelPlanRequest in JSON; - reads standard input")
      ->type_name("FILE");
  funnel->require_subcommand(0, 1);
  AddFunnelPlanCommand(*funnel, session);
  funnel->callback([funnel, &session, flags] {
    if (!funnel->get_subcommands().empty()) return;
    if (flags->file.empty()) throw CLI::RequiredError("--file, or the command plan,");
    session.action = [&session, flags] { return RunFunnel(session, *flags); };
  });
}

}  // namespace

void AddHandoverCommands(CLI::App& app, Session& session) {
  CLI::App* handover = app.add_subcommand("handover", "What marketing hands to sales");
  handover->require_subcommand(1);
  auto flags = std::make_shared<HandoverFlags>();
  CLI::App* record = handover->add_subcommand("record", "Hand an account over");
  record->add_option("--file", flags->file, "A Handover in JSON; - reads standard input")
      ->type_name("FILE");
  const std::pair<const char*, std::string*> ids[] = {{"--account", &flags->account},
                                                      {"--contact", &flags->contact},
                                                      {"--opportunity", &flags->opportunity},
                                                      {"--campaign", &flags->campaign},
                                                      {"--id", &flags->id}};
  const char* const meanings[] = {"The account", "The person", "The deal opened at Stage 0",
                                  "Campaign that it came from", "Its id; default: a new one"};
  for (size_t i = 0; i < std::size(ids); ++i) {
    record->add_option(ids[i].first, *ids[i].second, meanings[i])->type_name("ID");
  }
  record->add_option("--source", flags->source, "Channel that it came from");
  record->add_option("--time", flags->time, "When; default: now")->type_name("TIME");
  record->add_flag("--dry-run", flags->dry_run, "Check only; write nothing");
  record->callback([&session, flags] {
    session.action = [&session, flags] { return RunRecord(session, *flags); };
  });
  const auto add = [&](const char* name, const char* meaning, Handover::State state) {
    CLI::App* command = handover->add_subcommand(name, meaning);
    command->add_option("id", flags->id, "Id of the hand-over")->required();
    command->add_option("--reason", flags->reason, "Why, in your own words");
    command->add_option("--time", flags->time, "When; default: now")->type_name("TIME");
    command->add_option("--etag", flags->etag, "Only if it still has this etag");
    command->callback([&session, flags, state] {
      session.action = [&session, flags, state] { return Decide(session, *flags, state); };
    });
    return command;
  };
  add("accept", "Sales accepts it", Handover::STATE_ACCEPTED);
  add("reject", "Sales does not accept it; needs a --reason", Handover::STATE_REJECTED);
  add("qualify", "It qualified after all", Handover::STATE_QUALIFIED);
  add("disqualify", "It was turned away; needs a --reason", Handover::STATE_DISQUALIFIED);
  AddHandoverDiagnosisCommands(*handover, session);
  AddFunnelCommand(app, session);
}

}  // namespace gtm::cli
