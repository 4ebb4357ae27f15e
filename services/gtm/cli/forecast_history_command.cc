// gtm forecast backtest, editions, explain, call, calls: how good forecasts were, and why they
// moved.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/backtest_view.h"
#include "services/gtm/cli/calls_view.h"
#include "services/gtm/cli/change_view.h"
#include "services/gtm/cli/forecast_flags.h"
#include "services/gtm/cli/progress_bar.h"

namespace gtm::cli {
namespace {

using forecasting::v1::ForecastingService;
namespace v1 = forecasting::v1;

// A back-test shows how far it is and can be stopped: it may take longer than a question.
constexpr absl::Duration kBacktestPatience = absl::Minutes(10);

struct HistoryFlags {
  bool recorded = false;
  std::string older;
  std::string newer;
  std::string since;
  int per_step = 2;
  std::string commit;
  std::string best_case;
  bool accuracy = false;
  std::string unit;
};

struct Flags {
  std::shared_ptr<ForecastFlags> shared;
  HistoryFlags own;
};

Result<v1::BacktestResponse> StreamBacktest(Session& session,
                                            const v1::RunBacktestRequest& request) {
  const Client& client = session.client();
  const auto stub = ForecastingService::NewStub(client.channel());
  const auto context = client.NewContext(std::max(client.options().timeout, kBacktestPatience));
  const auto reader = stub->RunBacktest(context.get(), request);
  ProgressBar bar(session.console().err, session.console().err_is_terminal, "back-testing");
  const absl::Time start = absl::Now();
  v1::RunBacktestResponse update;
  v1::BacktestResponse result;
  while (reader->Read(&update)) {
    if (update.has_result()) result = update.result();
    if (!update.has_progress()) continue;
    const auto& progress = update.progress();
    bar.Show(
        {.share = static_cast<double>(progress.done_count()) / std::max(1, progress.total_count()),
         .record_count = progress.done_count(),
         .elapsed = absl::Now() - start,
         .unit = "cuts"});
  }
  const grpc::Status status = reader->Finish();
  bar.Clear();
  if (!status.ok()) return client.ToError(status);
  return result;
}

Result<int> RunBacktest(Session& session, const Flags& flags) {
  v1::RunBacktestRequest request;
  v1::BacktestRequest& backtest = *request.mutable_backtest();
  GTM_ASSIGN_OR_RETURN(*backtest.mutable_point(), flags.shared->point.Parse());
  if (!flags.shared->period.empty()) {
    GTM_ASSIGN_OR_RETURN(*backtest.mutable_first_quarter(),
                         ParsePeriodFlag(flags.shared->period, "--period"));
  }
  backtest.mutable_selection()->set_owner_seller_id(flags.shared->owner);
  backtest.mutable_selection()->set_segment(flags.shared->segment);
  if (flags.own.recorded) backtest.set_knowledge(v1::BACKTEST_KNOWLEDGE_RECORDED);
  GTM_ASSIGN_OR_RETURN(const v1::BacktestResponse answer, StreamBacktest(session, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintBacktest(answer, &printer);
  return kExitOk;
}

Result<v1::ListForecastEditionsResponse> ListEditions(Session& session, const Flags& flags) {
  v1::ListForecastEditionsRequest request;
  GTM_RETURN_IF_ERROR(FillPeriodAndPoint(*flags.shared, &request));
  const bool selects = !flags.shared->owner.empty() || !flags.shared->segment.empty();
  if (selects) {
    request.mutable_selection()->set_owner_seller_id(flags.shared->owner);
    request.mutable_selection()->set_segment(flags.shared->segment);
  }
  return session.client().Call<ForecastingService>(&ForecastingService::Stub::ListForecastEditions,
                                                   request);
}

Result<int> RunEditions(Session& session, const Flags& flags) {
  GTM_ASSIGN_OR_RETURN(const auto answer, ListEditions(session, flags));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintEditions(answer, &printer);
  return kExitOk;
}

Result<int> RunExplain(Session& session, const Flags& flags) {
  v1::ExplainForecastChangeRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.shared->point.Parse());
  request.set_older_edition_id(flags.own.older);
  request.set_newer_edition_id(flags.own.newer);
  request.set_deal_count(flags.own.per_step);
  if (!flags.own.since.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_older_time(), ParseTimeFlag(flags.own.since, "--since"));
    GTM_RETURN_IF_ERROR(FillPeriodAndPoint(*flags.shared, &request));
    request.mutable_selection()->set_owner_seller_id(flags.shared->owner);
    request.mutable_selection()->set_segment(flags.shared->segment);
  } else if (flags.own.older.empty()) {
    GTM_ASSIGN_OR_RETURN(const auto kept, ListEditions(session, flags));
    if (kept.editions().empty()) {
      return InvalidField("EDITION",
                          "none is kept yet: say --since 2017-11-01, or keep one with "
                          "`gtm forecast commit`");
    }
    request.set_older_edition_id(kept.editions(0).id());
  }
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::ExplainForecastChange, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintForecastChange(answer, &printer);
  return kExitOk;
}

Result<type::v1::FiscalPeriod> ThisQuarter(Session& session, const Flags& flags) {
  v1::GetCoverageRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.shared->point.Parse());
  GTM_ASSIGN_OR_RETURN(const auto coverage, session.client().Call<ForecastingService>(
                                                &ForecastingService::Stub::GetCoverage, request));
  return coverage.period();
}

Result<int> RunCall(Session& session, const Flags& flags) {
  if (flags.shared->owner.empty()) {
    return InvalidField("--owner", "required: whose number it is");
  }
  v1::SubmitForecastCallRequest request;
  request.set_request_id(NewRequestId());
  request.set_owner_seller_id(flags.shared->owner);
  request.set_note(flags.shared->note);
  if (flags.shared->period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_period(), ThisQuarter(session, flags));
  } else {
    GTM_ASSIGN_OR_RETURN(*request.mutable_period(),
                         ParsePeriodFlag(flags.shared->period, "--period"));
  }
  GTM_ASSIGN_OR_RETURN(*request.mutable_commit_amount(),
                       ParseMoneyFlag(flags.own.commit, "--commit"));
  if (!flags.own.best_case.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_best_case_amount(),
                         ParseMoneyFlag(flags.own.best_case, "--best-case"));
  }
  GTM_ASSIGN_OR_RETURN(const auto kept,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::SubmitForecastCall, request));
  Printer printer = session.printer();
  if (printer.Json(kept)) return kExitOk;
  printer.Line(fmt::format("{} commits to {} in {}{}; kept as call {}", kept.owner_seller_id(),
                           MoneyText(kept.commit_amount()), PeriodText(kept.period()),
                           kept.has_best_case_amount()
                               ? ", best case " + MoneyText(kept.best_case_amount())
                               : std::string(),
                           kept.id()));
  return kExitOk;
}

Result<int> RunAccuracy(Session& session, const Flags& flags) {
  v1::MeasureForecastCallsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.shared->point.Parse());
  request.set_owner_seller_id(flags.shared->owner);
  if (flags.own.unit == "month") request.set_unit(type::v1::FiscalPeriod::UNIT_MONTH);
  if (flags.own.unit == "year") request.set_unit(type::v1::FiscalPeriod::UNIT_YEAR);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::MeasureForecastCalls, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintCallSkills(answer, &printer);
  return kExitOk;
}

Result<int> RunCalls(Session& session, const Flags& flags) {
  if (flags.own.accuracy) return RunAccuracy(session, flags);
  v1::CompareForecastCallsRequest request;
  GTM_RETURN_IF_ERROR(FillPeriodAndPoint(*flags.shared, &request));
  request.set_owner_seller_id(flags.shared->owner);
  GTM_ASSIGN_OR_RETURN(const auto answer,
                       session.client().Call<ForecastingService>(
                           &ForecastingService::Stub::CompareForecastCalls, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintCallComparison(answer, &printer);
  return kExitOk;
}

}  // namespace

void AddForecastHistoryCommands(CLI::App& forecast, Session& session,
                                const std::shared_ptr<ForecastFlags>& shared) {
  auto flags = std::make_shared<Flags>();
  flags->shared = shared;
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const Flags&)) {
    CLI::App* command = forecast.add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  add("backtest", "Repeat the forecast at past cuts and compare", &RunBacktest)
      ->add_flag("--recorded", flags->own.recorded,
                 "Know at each cut only what had been recorded by then (reads the records anew "
                 "for each cut)");
  add("editions", "List kept forecasts, newest first", &RunEditions);
  CLI::App* explain = add("explain", "Why the forecast moved, as a waterfall", &RunExplain);
  explain->add_option("older", flags->own.older, "Edition to explain from; default: the latest");
  explain->add_option("newer", flags->own.newer, "Edition to explain to; default: now");
  explain->add_option("--since", flags->own.since, "From an instant instead of an edition")
      ->type_name("TIME");
  explain->add_option("--per-step", flags->own.per_step, "Deals to show of each step")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  CLI::App* call = add("call", "Commit to a number for a period (--owner says whose)", &RunCall);
  call->add_option("--commit", flags->own.commit, "Bookings committed to: \"1.5M USD\"")
      ->type_name("AMOUNT")
      ->required();
  call->add_option("--best-case", flags->own.best_case, "Bookings if all goes well")
      ->type_name("AMOUNT");
  call->add_option("--note", shared->note, "What it rests on");
  CLI::App* calls = add("calls", "What people call, beside the model", &RunCalls);
  calls->add_flag("--accuracy", flags->own.accuracy, "How past calls compare with what came");
  calls->add_option("--unit", flags->own.unit, "Length of the past periods; default: quarter")
      ->check(CLI::IsMember({"month", "quarter", "year"}));
}

}  // namespace gtm::cli
