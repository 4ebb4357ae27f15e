// gtm targets: whom to target, and why.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/pages.h"
#include "services/gtm/cli/people_view.h"
#include "services/gtm/cli/targets_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using targeting::v1::TargetingService;

struct TargetsFlags {
  std::vector<std::string> accounts;
  bool everything = false;
  int seconds = 3'600;
  PointFlags point;
  std::string definition;
  std::string verdict;
  std::string segment;
  std::string owner;
  double min_priority = 0;
  bool prospects = false;
  int limit = 20;
  std::string account;
  std::string contact;
  std::string period;
};

targeting::v1::TargetVerdict VerdictOf(const std::string& name) {
  if (name == "target") return targeting::v1::TARGET_VERDICT_TARGET;
  if (name == "not-target") return targeting::v1::TARGET_VERDICT_NOT_TARGET;
  return targeting::v1::TARGET_VERDICT_UNDECIDED;
}

Result<int> RunList(Session& session, const TargetsFlags& flags) {
  targeting::v1::ListTargetsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  if (!flags.verdict.empty()) request.add_verdicts(VerdictOf(flags.verdict));
  request.set_min_priority_micropoints(static_cast<int64_t>(flags.min_priority * 1e6));
  request.set_prospects_only(flags.prospects);
  request.set_segment(flags.segment);
  request.set_owner_seller_id(flags.owner);
  GTM_ASSIGN_OR_RETURN(
      auto all, AskPages<TargetingService>(session, &TargetingService::Stub::ListTargets, request,
                                           &targeting::v1::ListTargetsResponse::mutable_targets,
                                           flags.limit));
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& target : all.targets()) ids.push_back(target.account_id());
  PrintTargets(all, NamesOf(session, "account", ids), &printer);
  return kExitOk;
}

Result<int> RunExplain(Session& session, const TargetsFlags& flags) {
  targeting::v1::ScoreAccountRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  request.set_account_id(flags.account);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::ScoreAccount, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintTargetExplained(answer, NameOf(NamesOf(session, "account", {flags.account}), flags.account),
                       &printer);
  targeting::v1::GetScoreGapRequest gap;
  *gap.mutable_point() = request.point();
  gap.set_account_id(flags.account);
  gap.set_definition_id(flags.definition);
  GTM_ASSIGN_OR_RETURN(const auto missing, session.client().Call<TargetingService>(
                                               &TargetingService::Stub::GetScoreGap, gap));
  PrintScoreGap(missing, &printer);
  return kExitOk;
}

Result<int> RunGap(Session& session, const TargetsFlags& flags) {
  targeting::v1::GetScoreGapRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_account_id(flags.account);
  request.set_definition_id(flags.definition);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetScoreGap, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintGapTable(answer, &printer);
  return kExitOk;
}

Result<int> RunPeople(Session& session, const TargetsFlags& flags) {
  targeting::v1::ListTargetPeopleRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  request.set_account_id(flags.account);
  request.set_min_weighted_micropoints(static_cast<int64_t>(flags.min_priority * 1e6));
  GTM_ASSIGN_OR_RETURN(auto all,
                       AskPages<TargetingService>(
                           session, &TargetingService::Stub::ListTargetPeople, request,
                           &targeting::v1::ListTargetPeopleResponse::mutable_people, flags.limit));
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& person : all.people()) ids.push_back(person.contact_id());
  PrintTargetPeople(all, NamesOf(session, "contact", ids), &printer);
  return kExitOk;
}

Result<int> RunPerson(Session& session, const TargetsFlags& flags) {
  targeting::v1::ScoreContactRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  request.set_contact_id(flags.contact);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::ScoreContact, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintPersonExplained(answer, NameOf(NamesOf(session, "contact", {flags.contact}), flags.contact),
                       &printer);
  return kExitOk;
}

Result<int> RunWatch(Session& session, const TargetsFlags& flags) {
  targeting::v1::WatchTargetsRequest request;
  request.set_definition_id(flags.definition);
  request.set_changes_only(!flags.everything);
  for (const std::string& account : flags.accounts) request.add_account_ids(account);
  const Client& client = session.client();
  const auto stub = TargetingService::NewStub(client.channel());
  const auto context = client.NewContext(absl::Seconds(flags.seconds));
  const auto reader = stub->WatchTargets(context.get(), request);
  targeting::v1::WatchTargetsResponse message;
  bool is_first = true;
  while (reader->Read(&message)) {
    Printer printer = session.printer();
    if (!printer.JsonLine(message)) PrintWatched(message, is_first, &printer);
    is_first = false;
    session.console().out->flush();
  }
  const grpc::Status status = reader->Finish();
  // It ends when its time is over, and that is no failure.
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return kExitOk;
  return client.ToError(status);
}

Result<int> RunHandshake(Session& session, const TargetsFlags& flags) {
  targeting::v1::GetHandshakeRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::GetHandshake, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintHandshake(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddTargetsCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<TargetsFlags>();
  CLI::App* targets = app.add_subcommand("targets", "Whom to target, and why");
  targets->require_subcommand(0, 1);
  const auto add_common = [flags](CLI::App* command) {
    flags->point.Register(*command);
    command
        ->add_option("--definition", flags->definition,
                     "Score with this definition; default: the one in force")
        ->type_name("ID");
  };
  const auto add_list_flags = [flags](CLI::App* command) {
    command->add_option("--verdict", flags->verdict, "Only accounts with this verdict")
        ->check(CLI::IsMember({"target", "undecided", "not-target"}));
    command->add_flag("--prospects", flags->prospects, "Only targets that show real interest");
    command->add_option("--segment", flags->segment, "Only accounts of this segment");
    command->add_option("--owner", flags->owner, "Only accounts of this seller")->type_name("ID");
    command->add_option("--min-priority", flags->min_priority, "Only priorities of this and more")
        ->check(CLI::Range(0.0, 100.0));
    command->add_option("--limit", flags->limit, "Most accounts to show")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000'000));
  };
  const auto list = [&session, flags] {
    session.action = [&session, flags] { return RunList(session, *flags); };
  };
  add_common(targets);
  add_list_flags(targets);
  targets->callback([targets, list] {
    if (targets->get_subcommands().empty()) list();
  });
  CLI::App* list_command = targets->add_subcommand("list", "Rank accounts by priority (default)");
  list_command->callback(list);
  CLI::App* explain = targets->add_subcommand("explain", "Show one account's score in its parts");
  explain->add_option("account", flags->account, "Id of the account")->required();
  explain->callback([&session, flags] {
    session.action = [&session, flags] { return RunExplain(session, *flags); };
  });
  CLI::App* gap =
      targets->add_subcommand("gap", "What would make an account a target, or a prospect");
  gap->add_option("account", flags->account, "Id of the account")->required();
  gap->callback([&session, flags] {
    session.action = [&session, flags] { return RunGap(session, *flags); };
  });
  CLI::App* people =
      targets->add_subcommand("people", "Rank people by their fit, weighted by their buying role");
  people->add_option("account", flags->account, "Id of an account; default: people of all");
  people->callback([&session, flags] {
    session.action = [&session, flags] { return RunPeople(session, *flags); };
  });
  CLI::App* person = targets->add_subcommand("person", "Show one person's score in its parts");
  person->add_option("contact", flags->contact, "Id of the person")->required();
  person->callback([&session, flags] {
    session.action = [&session, flags] { return RunPerson(session, *flags); };
  });
  CLI::App* handshake =
      targets->add_subcommand("handshake", "How much of what is handed over sales accepts");
  handshake->add_option("--period", flags->period, "Such as 2017-Q4; default: this quarter");
  CLI::App* watch = targets->add_subcommand("watch", "Show scores as they change");
  watch->add_option("--account", flags->accounts, "Only these accounts")->type_name("ID");
  watch->add_flag("--all", flags->everything, "Begin with every score");
  watch->add_option("--seconds", flags->seconds, "Watch for so long")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  watch->callback([&session, flags] {
    session.action = [&session, flags] { return RunWatch(session, *flags); };
  });
  handshake->callback([&session, flags] {
    session.action = [&session, flags] { return RunHandshake(session, *flags); };
  });
}

}  // namespace gtm::cli
