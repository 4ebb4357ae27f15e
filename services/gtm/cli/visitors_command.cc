// gtm visitors: who engages without a name, and who they turn out to be.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gtm/records/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/pages.h"
#include "services/gtm/cli/visitors_view.h"

namespace gtm::cli {
namespace {

using records::v1::RecordsService;
using targeting::v1::TargetingService;
namespace v1 = targeting::v1;

struct VisitorsFlags {
  PointFlags point;
  std::string definition;
  std::string standing;
  double min_engagement = 0;
  int limit = 20;
  std::string visitor;
  std::string account;
  std::string contact;
  std::string basis = "stated";
};

const std::map<std::string, v1::VisitorStanding> kStandings = {
    {"unknown", v1::VISITOR_STANDING_UNKNOWN}, {"linked", v1::VISITOR_STANDING_LINKED}};
const std::map<std::string, crm::v1::VisitorLink::Basis> kBases = {
    {"stated", crm::v1::VisitorLink::BASIS_STATED},
    {"recognized", crm::v1::VisitorLink::BASIS_RECOGNIZED},
    {"inferred", crm::v1::VisitorLink::BASIS_INFERRED}};

Result<int> RunList(Session& session, const VisitorsFlags& flags) {
  v1::ListVisitorsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  if (!flags.standing.empty()) request.set_standing(kStandings.at(flags.standing));
  request.set_min_engagement_micropoints(static_cast<int64_t>(flags.min_engagement * 1e6));
  GTM_ASSIGN_OR_RETURN(auto all, AskPages<TargetingService>(
                                     session, &TargetingService::Stub::ListVisitors, request,
                                     &v1::ListVisitorsResponse::mutable_visitors, flags.limit));
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  std::vector<std::string> ids;
  for (const auto& visitor : all.visitors()) {
    if (!visitor.account_id().empty()) ids.push_back(visitor.account_id());
  }
  PrintVisitors(all, NamesOf(session, "account", ids), &printer);
  return kExitOk;
}

Result<int> RunExplain(Session& session, const VisitorsFlags& flags) {
  v1::ScoreVisitorRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.set_definition_id(flags.definition);
  request.set_visitor_id(flags.visitor);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<TargetingService>(
                                              &TargetingService::Stub::ScoreVisitor, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintVisitorExplained(answer, &printer);
  return kExitOk;
}

Result<int> CommitLink(Session& session, const records::v1::CommitRequest& request,
                       const std::string& done) {
  GTM_ASSIGN_OR_RETURN(const auto response, session.client().Call<RecordsService>(
                                                &RecordsService::Stub::Commit, request));
  Printer printer = session.printer();
  if (printer.Json(response)) return kExitOk;
  printer.Line(fmt::format("{} · revision {}", done, response.revision()));
  return kExitOk;
}

Result<int> RunLink(Session& session, const VisitorsFlags& flags) {
  records::v1::CommitRequest request;
  request.set_request_id(NewRequestId());
  auto* link = request.mutable_mutation()->mutable_put()->mutable_visitor_link();
  link->set_id(flags.visitor);
  link->set_account_id(flags.account);
  link->set_contact_id(flags.contact);
  link->set_basis(kBases.at(flags.basis));
  return CommitLink(
      session, request,
      fmt::format("{} is of {}: what it did counts there", flags.visitor, flags.account));
}

Result<int> RunUnlink(Session& session, const VisitorsFlags& flags) {
  records::v1::CommitRequest request;
  request.set_request_id(NewRequestId());
  auto* key = request.mutable_mutation()->mutable_delete_();
  key->set_kind(records::v1::RECORD_KIND_VISITOR_LINK);
  key->set_id(flags.visitor);
  return CommitLink(session, request,
                    fmt::format("{} is nobody's again: scores are as before", flags.visitor));
}

}  // namespace

void AddVisitorsCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<VisitorsFlags>();
  CLI::App* visitors =
      app.add_subcommand("visitors", "Who engages without a name, and who they turn out to be");
  visitors->require_subcommand(0, 1);
  flags->point.Register(*visitors);
  visitors
      ->add_option("--definition", flags->definition,
                   "Score with this definition; default: the one in force")
      ->type_name("ID");
  visitors->add_option("--standing", flags->standing, "Only visitors of this standing")
      ->check(CLI::IsMember({"unknown", "linked"}));
  visitors
      ->add_option("--min-engagement", flags->min_engagement, "Only engagement of this and more")
      ->check(CLI::Range(0.0, 100.0));
  visitors->add_option("--limit", flags->limit, "Most visitors to show")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const VisitorsFlags&)) {
    CLI::App* command = visitors->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  visitors->callback([&session, flags, visitors] {
    if (!visitors->get_subcommands().empty()) return;
    session.action = [&session, flags] { return RunList(session, *flags); };
  });
  add("list", "Rank visitors by engagement (default)", &RunList);
  const auto add_visitor = [flags](CLI::App* command) {
    command->add_option("visitor", flags->visitor, "Id of the visitor")->required();
  };
  add_visitor(add("explain", "Show one visitor's score in its parts", &RunExplain));
  CLI::App* link = add("link", "Say who a visitor is: what it did counts there", &RunLink);
  add_visitor(link);
  link->add_option("--account", flags->account, "Of this account")->required()->type_name("ID");
  link->add_option("--contact", flags->contact, "This person of it")->type_name("ID");
  link->add_option("--basis", flags->basis, "How it is known")
      ->capture_default_str()
      ->check(CLI::IsMember({"stated", "recognized", "inferred"}));
  add_visitor(add("unlink", "Take that back: every score is as before", &RunUnlink));
}

}  // namespace gtm::cli
