// gtm reach: how far we are in the target market, through which channels.

#include <CLI/CLI.hpp>
#include <memory>

#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/lookups.h"
#include "services/gtm/cli/pages.h"
#include "services/gtm/cli/reach_flags.h"
#include "services/gtm/cli/reach_view.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;
using v1::TargetingService;

struct GroupFlags : ReachFlags {
  std::string segment, owner;
  bool undecided = false;
  int limit = 20;
};

Result<int> RunReach(Session& session, const ReachFlags& flags) {
  v1::GetReachRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_RETURN_IF_ERROR(flags.span.Fill(&request));
  request.set_definition_id(flags.definition);
  GTM_ASSIGN_OR_RETURN(const auto reach, session.client().Call<TargetingService>(
                                             &TargetingService::Stub::GetReach, request));
  Printer printer = session.printer();
  if (printer.Json(reach)) return kExitOk;
  // The channels of the same instant and days.
  v1::GetChannelEfficacyRequest channels_request;
  *channels_request.mutable_point() = request.point();
  *channels_request.mutable_point()->mutable_as_of() = reach.provenance().as_of();
  *channels_request.mutable_days() = reach.current().days();
  channels_request.set_definition_id(flags.definition);
  channels_request.set_grouping(flags.Grouping());
  GTM_ASSIGN_OR_RETURN(const auto channels,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::GetChannelEfficacy, channels_request));
  PrintReach(reach, channels, &printer);
  return kExitOk;
}

Result<int> RunChannels(Session& session, const ReachFlags& flags) {
  v1::GetChannelEfficacyRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_RETURN_IF_ERROR(flags.span.Fill(&request));
  request.set_definition_id(flags.definition);
  request.set_grouping(flags.Grouping());
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<TargetingService>(
                           &TargetingService::Stub::GetChannelEfficacy, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintChannels(answer, &printer);
  return kExitOk;
}

Result<int> RunGroups(Session& session, const GroupFlags& flags) {
  v1::ListBuyingGroupsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_RETURN_IF_ERROR(flags.span.Fill(&request));
  request.set_definition_id(flags.definition);
  request.set_segment(flags.segment);
  request.set_owner_seller_id(flags.owner);
  request.set_with_undecided(flags.undecided);
  GTM_ASSIGN_OR_RETURN(auto all, AskPages<TargetingService>(
                                     session, &TargetingService::Stub::ListBuyingGroups, request,
                                     &v1::ListBuyingGroupsResponse::mutable_groups, flags.limit));
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  std::vector<std::string> ids;
  for (const v1::BuyingGroup& group : all.groups()) ids.push_back(group.account_id());
  PrintBuyingGroups(all, NamesOf(session, "account", ids), &printer);
  return kExitOk;
}

}  // namespace

void AddReachCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<GroupFlags>();
  CLI::App* reach = app.add_subcommand(
      "reach", "How far we are in the target market, and through which channels");
  flags->point.Register(*reach);
  flags->span.Register(*reach, "the 90 days that end with --as-of");
  reach->add_option("--definition", flags->definition, "By this target definition")
      ->type_name("ID");
  reach->add_option("--by", flags->by, "Channels, campaigns or content")
      ->capture_default_str()
      ->check(CLI::IsMember({"channel", "campaign", "content"}));
  reach->require_subcommand(0, 1);
  CLI::App* channels =
      reach->add_subcommand("channels", "Only the channels: targets reached, and at what expense");
  channels->callback([&session, flags] {
    session.action = [&session, flags] { return RunChannels(session, *flags); };
  });
  CLI::App* groups = reach->add_subcommand(
      "groups", "How much of each target's buying group is reached, and what is missing");
  groups->add_option("--segment", flags->segment, "Only accounts of this segment");
  groups->add_option("--owner", flags->owner, "Only accounts of this seller")->type_name("ID");
  groups->add_flag("--undecided", flags->undecided,
                   "Also accounts whose missing data decide whether they are targets");
  groups->add_option("--limit", flags->limit, "At most so many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  groups->callback([&session, flags] {
    session.action = [&session, flags] { return RunGroups(session, *flags); };
  });
  AddReachExperimentsCommands(*reach, session, flags);
  reach->callback([reach, &session, flags] {
    if (!reach->get_subcommands().empty()) return;
    session.action = [&session, flags] { return RunReach(session, *flags); };
  });
}

}  // namespace gtm::cli
