// gtm signals: are we really growing?

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "gtm/growth/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/signals_view.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using growth::v1::GrowthService;
namespace v1 = growth::v1;

struct SignalsFlags {
  PointFlags point;
  std::string period;
  std::string unit = "quarter";
  bool has_unit = false;  // --unit was given
  std::string note;
  std::string id;
  bool details = false;
  int count = 12;
};

type::v1::FiscalPeriod::Unit UnitOf(const SignalsFlags& flags) {
  return flags.unit == "month"  ? type::v1::FiscalPeriod::UNIT_MONTH
         : flags.unit == "year" ? type::v1::FiscalPeriod::UNIT_YEAR
                                : type::v1::FiscalPeriod::UNIT_QUARTER;
}

// The period asked for: a certain one, or the last complete one of a unit.
Result<type::v1::FiscalPeriod> PeriodOf(const SignalsFlags& flags) {
  if (!flags.period.empty()) return ParsePeriodFlag(flags.period, "--period");
  type::v1::FiscalPeriod period;
  period.set_unit(UnitOf(flags));
  return period;
}

Result<int> RunShow(Session& session, const SignalsFlags& flags) {
  v1::GetSignalsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_ASSIGN_OR_RETURN(*request.mutable_period(), PeriodOf(flags));
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<GrowthService>(
                                              &GrowthService::Stub::GetSignals, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintSignals(answer.report(), flags.details, &printer);
  return kExitOk;
}

Result<int> RunSeries(Session& session, const SignalsFlags& flags) {
  if (flags.has_unit && flags.unit != "month") {
    return InvalidField("--unit", fmt::format("a series is by month, not by {}; leave it out, or "
                                              "ask `gtm signals --unit {}`",
                                              flags.unit, flags.unit));
  }
  v1::ListSignalSeriesRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_end_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  request.set_month_count(flags.count);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<GrowthService>(
                                              &GrowthService::Stub::ListSignalSeries, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintSeries(answer, &printer);
  return kExitOk;
}

Result<int> RunMovements(Session& session, const SignalsFlags& flags) {
  v1::GetRevenueMovementsRequest request;
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_end_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  request.set_unit(UnitOf(flags));
  request.set_period_count(flags.count);
  GTM_ASSIGN_OR_RETURN(const auto answer, session.client().Call<GrowthService>(
                                              &GrowthService::Stub::GetRevenueMovements, request));
  Printer printer = session.printer();
  if (printer.Json(answer)) return kExitOk;
  PrintMovements(answer, &printer);
  return kExitOk;
}

Result<int> RunCommit(Session& session, const SignalsFlags& flags) {
  v1::CommitSignalVerdictRequest request;
  request.set_request_id(NewRequestId());
  request.set_id(flags.id);
  request.set_note(flags.note);
  GTM_ASSIGN_OR_RETURN(*request.mutable_point(), flags.point.Parse());
  GTM_ASSIGN_OR_RETURN(*request.mutable_period(), PeriodOf(flags));
  GTM_ASSIGN_OR_RETURN(const auto verdict, session.client().Call<GrowthService>(
                                               &GrowthService::Stub::CommitSignalVerdict, request));
  Printer printer = session.printer();
  if (printer.Json(verdict)) return kExitOk;
  PrintSignals(verdict.report(), flags.details, &printer);
  printer.Line(fmt::format("kept as verdict {}", verdict.id()));
  return kExitOk;
}

}  // namespace

void AddSignalsCommands(CLI::App& app, Session& session) {
  auto flags = std::make_shared<SignalsFlags>();
  CLI::App* signals = app.add_subcommand("signals", "Are we really growing?");
  signals->require_subcommand(0, 1);
  flags->point.Register(*signals);
  signals->add_option("--period", flags->period,
                      "Such as 2017-Q3 or 2017-09; default: the last complete one");
  signals->add_option("--unit", flags->unit, "Length of a period; series are by month")
      ->capture_default_str()
      ->check(CLI::IsMember({"month", "quarter", "year"}))
      ->each([flags](const std::string&) { flags->has_unit = true; });
  signals->add_flag("--details", flags->details, "Show gates and figures");
  signals->add_option("--count", flags->count, "Periods of a series")
      ->capture_default_str()
      ->check(CLI::Range(1, 120));
  const auto show = [&session, flags] {
    session.action = [&session, flags] { return RunShow(session, *flags); };
  };
  signals->callback([signals, show] {
    if (signals->get_subcommands().empty()) show();
  });
  const auto add = [&](const std::string& name, const std::string& meaning,
                       Result<int> (*run)(Session&, const SignalsFlags&)) {
    CLI::App* command = signals->add_subcommand(name, meaning);
    command->callback([&session, flags, run] {
      session.action = [&session, flags, run] { return run(session, *flags); };
    });
    return command;
  };
  add("show", "The five signals and three false ones of a period (default)", &RunShow);
  add("series", "The signals of successive months", &RunSeries);
  add("movements", "How recurring revenue moved", &RunMovements);
  CLI::App* commit = add("commit", "Keep the signals as told", &RunCommit);
  commit->add_option("--id", flags->id, "Id of the verdict; default: the period");
  commit->add_option("--note", flags->note, "What to say about it");
}

}  // namespace gtm::cli
