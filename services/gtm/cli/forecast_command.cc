// gtm forecast: what will close, and how sure that is.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/forecast_flags.h"
#include "services/gtm/cli/forecast_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using forecasting::v1::ForecastingService;
namespace v1 = forecasting::v1;

// Fields that GetForecast and GetCoverage share.
template <class Request>
Status Fill(const ForecastFlags& flags, Request* request) {
  GTM_RETURN_IF_ERROR(FillPeriodAndPoint(flags, request));
  if (!flags.target.empty()) {
    GTM_ASSIGN_OR_RETURN(*request->mutable_target_amount(),
                         ParseMoneyFlag(flags.target, "--target"));
  }
  request->mutable_selection()->set_owner_seller_id(flags.owner);
  request->mutable_selection()->set_segment(flags.segment);
  return {};
}

// What errors cost, where it was given.
void FillCosts(const ForecastFlags& flags, v1::GetForecastRequest* request) {
  if (flags.over_cost != 0) request->set_over_cost(flags.over_cost);
  if (flags.under_cost != 0) request->set_under_cost(flags.under_cost);
}

Result<v1::GetCoverageResponse> AskCoverage(Session& session, const ForecastFlags& flags) {
  v1::GetCoverageRequest request;
  GTM_RETURN_IF_ERROR(Fill(flags, &request));
  return session.client().Call<ForecastingService>(&ForecastingService::Stub::GetCoverage, request);
}

Result<int> RunShow(Session& session, const ForecastFlags& flags) {
  v1::GetForecastRequest request;
  GTM_RETURN_IF_ERROR(Fill(flags, &request));
  request.set_contribution_count(std::max(flags.deals, 1));
  FillCosts(flags, &request);
  GTM_ASSIGN_OR_RETURN(auto answer, session.client().Call<ForecastingService>(
                                        &ForecastingService::Stub::GetForecast, request));
  if (flags.deals == 0) answer.mutable_forecast()->clear_contributions();
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  // What is over needs no pipeline.
  std::optional<v1::GetCoverageResponse> coverage;
  if (!IsOver(answer.forecast())) {
    auto asked = AskCoverage(session, flags);
    if (asked.ok()) coverage = *std::move(asked);
  }
  PrintForecast(answer.forecast(), coverage ? &*coverage : nullptr, &printer);
  return kExitOk;
}

Result<int> RunCoverage(Session& session, const ForecastFlags& flags) {
  GTM_ASSIGN_OR_RETURN(const auto answer, AskCoverage(session, flags));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintCoverage(answer, &printer);
  return kExitOk;
}

Result<int> RunPipeline(Session& session, const ForecastFlags& flags) {
  v1::GetPipelineRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  request.mutable_selection()->set_owner_seller_id(flags.owner);
  request.mutable_selection()->set_segment(flags.segment);
  request.set_grouping(flags.by == "owner"     ? v1::PIPELINE_GROUPING_OWNER
                       : flags.by == "segment" ? v1::PIPELINE_GROUPING_SEGMENT
                                               : v1::PIPELINE_GROUPING_STAGE);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<ForecastingService>(
                                              &ForecastingService::Stub::GetPipeline, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintPipeline(answer, flags.by == "owner", &printer);
  return kExitOk;
}

Result<int> RunCommit(Session& session, const ForecastFlags& flags) {
  v1::CommitForecastEditionRequest request;
  request.set_request_id(NewRequestId());
  request.set_note(flags.note);
  GTM_RETURN_IF_ERROR(Fill(flags, request.mutable_forecast()));
  FillCosts(flags, request.mutable_forecast());
  GTM_ASSIGN_OR_RETURN(const auto edition,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::CommitForecastEdition, request));
  Printer printer = session.printer();
  if (printer.Json(edition)) return kExitOk;
  PrintForecast(edition.forecast(), nullptr, &printer);
  printer.Line(fmt::format("kept as edition {}", edition.id()));
  return kExitOk;
}

}  // namespace

void AddForecastCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ForecastFlags>();
  CLI::App* forecast = app.add_subcommand("forecast", "What will close, and how sure that is");
  forecast->require_subcommand(0, 1);
  flags->point.Register(*forecast);
  forecast->add_option("--period", flags->period, "Such as 2017-Q4; default: this quarter");
  forecast->add_option("--target", flags->target, "Bookings wanted: \"1.5M USD\"; default: quotas")
      ->type_name("AMOUNT");
  forecast->add_option("--owner", flags->owner, "Only deals of this seller")->type_name("ID");
  forecast->add_option("--segment", flags->segment, "Only deals of this segment");
  forecast->add_option("--over-cost", flags->over_cost,
                       "What a unit of over-forecast costs, against --under-cost: with both, the "
                       "number to commit to");
  forecast->add_option("--under-cost", flags->under_cost, "What a unit of under-forecast costs");
  forecast->add_option("--deals", flags->deals, "Deals to show by their swing")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000));
  const auto show = [&session, flags] {
    session.action = [&session, flags] { return RunShow(session, *flags); };
  };
  forecast->callback([forecast, show] {
    if (forecast->get_subcommands().empty()) show();
  });
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const ForecastFlags&)) {
    CLI::App* command = forecast->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  add("show", "The number with its range and parts (default)", &RunShow);
  add("coverage", "Compare open pipeline with the target that is left", &RunCoverage);
  add("pipeline", "Sum up open pipeline with ages", &RunPipeline)
      ->add_option("--by", flags->by, "How to group")
      ->capture_default_str()
      ->check(CLI::IsMember({"stage", "owner", "segment"}));
  add("commit", "Keep the forecast as an immutable edition", &RunCommit)
      ->add_option("--note", flags->note, "Why");
  AddForecastHistoryCommands(*forecast, session, flags);
}

}  // namespace gtm::cli
