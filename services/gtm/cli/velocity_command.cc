// gtm pipeline velocity, gtm pipeline content: how fast deals move, and what correlates with
// winning.

#include <CLI/CLI.hpp>
#include <memory>

#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/velocity_view.h"

namespace gtm::cli {
namespace {

namespace v1 = forecasting::v1;

struct VelocityFlags {
  PointFlags point;
  std::string owner, segment, by;
  bool clock = false;
};

struct ContentFlags {
  PointFlags point;
  std::string owner, segment;
  int false_discovery_percent = 5;
  bool everything = false;
};

Result<int> RunVelocity(Session& session, const VelocityFlags& flags) {
  v1::GetVelocityRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.mutable_selection()->set_owner_seller_id(flags.owner);
  request.mutable_selection()->set_segment(flags.segment);
  if (flags.by == "segment") request.set_grouping(v1::VELOCITY_GROUPING_SEGMENT);
  if (flags.by == "owner") request.set_grouping(v1::VELOCITY_GROUPING_OWNER);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<v1::ForecastingService>(
                                              &v1::ForecastingService::Stub::GetVelocity, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintVelocity(answer, flags.clock, &printer);
  return kExitOk;
}

Result<int> RunContent(Session& session, const ContentFlags& flags) {
  v1::CorrelateContentRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.mutable_selection()->set_owner_seller_id(flags.owner);
  request.mutable_selection()->set_segment(flags.segment);
  request.set_false_discovery_permille(flags.false_discovery_percent * 10);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<v1::ForecastingService>(
                           &v1::ForecastingService::Stub::CorrelateContent, request));
  Printer printer = session.printer();
  if (!printer.Json(answer)) PrintCorrelations(answer, flags.everything, &printer);
  return kExitOk;
}

void AddVelocity(CLI::App& pipeline, Session& session) {
  auto velocity_flags = std::make_shared<VelocityFlags>();
  CLI::App* velocity = pipeline.add_subcommand(
      "velocity", "At which age deals are won and lost, stage by stage; more, bigger, faster");
  velocity_flags->point.Register(*velocity);
  velocity->add_option("--by", velocity_flags->by, "Also in groups")
      ->check(CLI::IsMember({"segment", "owner"}));
  velocity->add_flag("--clock", velocity_flags->clock,
                     "Ages since the clock started, Stage 0 included");
  velocity->add_option("--owner", velocity_flags->owner, "Only deals of this seller")
      ->type_name("ID");
  velocity->add_option("--segment", velocity_flags->segment, "Only deals of this segment");
  velocity->callback([&session, velocity_flags] {
    session.action = [&session, velocity_flags] { return RunVelocity(session, *velocity_flags); };
  });
}

void AddContent(CLI::App& pipeline, Session& session) {
  auto content_flags = std::make_shared<ContentFlags>();
  CLI::App* content = pipeline.add_subcommand(
      "content", "Campaigns, content and events in correlation with winning, speed and price");
  content_flags->point.Register(*content);
  content->add_option("--owner", content_flags->owner, "Only deals of this seller")
      ->type_name("ID");
  content->add_option("--segment", content_flags->segment, "Only deals of this segment");
  content
      ->add_option("--false-discovery", content_flags->false_discovery_percent,
                   "Percent of false ones among the correlations told")
      ->capture_default_str()
      ->check(CLI::Range(1, 50));
  content->add_flag("--all", content_flags->everything, "Show those without a correlation, too");
  content->callback([&session, content_flags] {
    session.action = [&session, content_flags] { return RunContent(session, *content_flags); };
  });
}

}  // namespace

void AddVelocityCommands(CLI::App& app, Session& session) {
  const auto found = app.get_subcommands(
      [](const CLI::App* command) { return command->get_name() == "pipeline"; });
  CLI::App* group = nullptr;
  if (found.empty()) {
    group = app.add_subcommand("pipeline", "What open and closed deals tell");
    group->require_subcommand(1);
  } else {
    group = found.front();
  }
  AddVelocity(*group, session);
  AddContent(*group, session);
}

}  // namespace gtm::cli
