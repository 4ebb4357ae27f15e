#include "services/gtm/serve.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "common/process/process.h"
#include "services/gtm/cli/client.h"
#include "services/gtm/cli/connection.h"
#include "services/gtm/cli/progress_bar.h"
#include "services/gtm/demo/load.h"
#include "services/gtm/platform.h"
#include "services/records/open_store.h"

namespace gtm {
namespace {

// What of the demo is asked for on the command line.
struct DemoFlags {
  uint64_t seed = 1;
  std::string size = "small";
  std::string today;  // YYYY-MM-DD; empty: the day of the clock
  std::string tenant;

  void Register(CLI::App& app) {
    app.add_option("--seed", seed, "Seed of the generated company")->capture_default_str();
    app.add_option("--size", size, "small, medium, large, huge or a number of accounts")
        ->capture_default_str();
    app.add_option("--today", today, "Day at which the company is looked at, YYYY-MM-DD");
    app.add_option("--tenant", tenant, "Tenant to load it into")->envname("GTM_TENANT");
  }

  Result<demo::Options> Parse(absl::Time now) const {
    GTM_RETURN_IF_ERROR(cli::CheckTenant(tenant));
    demo::Options options;
    options.seed = seed;
    GTM_ASSIGN_OR_RETURN(options.account_count, demo::AccountCountOf(size));
    options.today = absl::ToCivilDay(now, absl::UTCTimeZone());
    if (!today.empty() && !absl::ParseCivilTime(today, &options.today)) {
      return InvalidField("--today", fmt::format("\"{}\" is no date; use YYYY-MM-DD", today));
    }
    return options;
  }
};

constexpr int kCallsAccountsMax = 10'000;

// Returns a revision that contains all of it.
Result<std::string> LoadDemo(const cli::Client& client, const demo::Options& options,
                             const cli::Console& console) {
  const absl::Duration start = SystemClock().Monotonic();
  cli::ProgressBar bar(console.err, console.err_is_terminal, "loading the demo company");
  const auto report = demo::LoadRecords(client, options, [&](int64_t accounts) {
    const absl::Duration elapsed = SystemClock().Monotonic() - start;
    bar.Show({static_cast<double>(accounts) / options.account_count, accounts, elapsed});
  });
  bar.Clear();
  if (!report.ok()) return report.error();
  GTM_ASSIGN_OR_RETURN(std::string revision, demo::LoadDecisions(client));
  // Each call beside a forecast of its owner's deals: not for a company of millions.
  if (options.account_count <= kCallsAccountsMax) {
    GTM_ASSIGN_OR_RETURN(revision, demo::LoadHandovers(client, options));
    GTM_ASSIGN_OR_RETURN(revision, demo::LoadForecastCalls(client, revision));
  }
  const double seconds = absl::ToDoubleSeconds(SystemClock().Monotonic() - start);
  *console.err << fmt::format("demo company: {} accounts, {} records in {:.1f} s, revision {}\n",
                              options.account_count, report->record_count, seconds, revision);
  return revision;
}

// The four questions, as a person would ask them.
int PrintAnswers(const cli::Console& console, const cli::Connection& connection,
                 const DemoFlags& flags, const std::string& revision) {
  struct Question {
    std::string_view title;
    std::vector<std::string> arguments;
  };
  const Question questions[] = {
      {"Whom to target", {"targets", "--limit", "10"}},
      {"Which executive sponsors whom", {"sponsors", "propose"}},
      {"What will close this quarter", {"forecast"}},
      {"Is growth real", {"signals"}},
  };
  int worst = 0;
  for (const Question& question : questions) {
    std::vector<std::string> arguments = question.arguments;
    // A company of another day is asked as of that day; its definition came into force now.
    if (!flags.today.empty()) arguments.insert(arguments.end(), {"--as-of", flags.today});
    if (!flags.today.empty() && arguments.front() == "targets") {
      arguments.insert(arguments.end(), {"--definition", "demo-target"});
    }
    if (!flags.tenant.empty()) arguments.insert(arguments.end(), {"--tenant", flags.tenant});
    *console.out << fmt::format("\n=== {}: gtm {} ===\n\n", question.title,
                                fmt::join(arguments, " "));
    if (!revision.empty()) arguments.insert(arguments.end(), {"--min-revision", revision});
    worst = std::max(
        worst, cli::RunCommand(arguments, console, connection.channel, connection.authorization));
  }
  console.out->flush();
  return worst;
}

int Fail(const Error& error) {
  std::cerr << "gtm: " << error.message() << "\n";
  return error.reason() == Reason::INVALID_FIELDS ? 2 : 1;
}

// CLI11 reads demo flags; what is left is configuration.
std::optional<int> ParseFlags(CLI::App& app, const cli::ServeOptions& options) {
  std::vector<std::string> arguments(options.arguments.rbegin(), options.arguments.rend());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

Status ServeUntilSignal(process::Process& process, bool with_demo, const DemoFlags& flags) {
  const std::string& url = process.config().Text(config::kStore);
  GTM_ASSIGN_OR_RETURN(const demo::Options options, flags.Parse(SystemClock().Now()));
  GTM_ASSIGN_OR_RETURN(const auto migrate,
                       records::ParseMigrate(process.config().Text(config::kMigrate)));
  GTM_ASSIGN_OR_RETURN(auto store, records::OpenStore(url, process.log(), migrate));
  GTM_ASSIGN_OR_RETURN(const auto platform,
                       Platform::Start(process, std::move(store), records::WriterThreads(url)));
  // Also where loading fails: the server ends before the platform that it calls.
  const auto stop = [&](void*) {
    platform->Shutdown();
    process.StopServing();
  };
  const std::unique_ptr<void, decltype(stop)> stop_at_end(&process, stop);
  const cli::Console console = cli::ProcessConsole();
  if (with_demo) {
    const identity::Verifier* verifier = process.identity().verifier;
    const cli::Connection connection{process.server().InProcessChannel(),
                                     verifier == nullptr ? "" : verifier->own_authorization()};
    const cli::Client client(connection.channel, {.tenant = flags.tenant,
                                                  .address = process.address(),
                                                  .authorization = connection.authorization});
    // The company of another day is another company: its events happened at other times.
    GTM_ASSIGN_OR_RETURN(const bool is_loaded, demo::IsLoaded(client));
    std::string revision;
    if (is_loaded) {
      *console.err << "demo company: this store has one already, which stays as it is; for one of "
                      "today name another --store\n";
    } else {
      GTM_ASSIGN_OR_RETURN(revision, LoadDemo(client, options, console));
    }
    PrintAnswers(console, connection, flags, revision);
  }
  *console.err << fmt::format(
      "\nserving gRPC on {}{}; Ctrl-C ends\n", process.address(),
      process.config().Text(config::kMetricsAddress).empty()
          ? ""
          : fmt::format(", metrics on http://{}/metrics", process.metrics_address()));
  process.RunUntilSignal([&] { platform->Shutdown(); });
  return {};
}

}  // namespace

int Serve(const cli::ServeOptions& options) {
  CLI::App app("All five services in one process, until Ctrl-C.", "gtm serve");
  bool with_demo = false;
  DemoFlags flags;
  app.add_flag("--demo", with_demo, "Load the demo company and print the four answers");
  flags.Register(app);
  app.allow_extras();
  app.footer("Configuration:\n" + config::HelpText(config::ServeKeys()));
  if (const auto code = ParseFlags(app, options)) return *code;
  auto config =
      config::Config::Load(config::ServeKeys(), app.remaining(), config::ProcessEnvironment);
  if (!config.ok()) return Fail(config.error());
  if (const auto code = records::MigrateOnly("gtm", *config)) return *code;
  auto process = process::Process::Start("gtm", std::move(config).value());
  if (!process.ok()) return Fail(process.error());
  const Status status = ServeUntilSignal(**process, with_demo, flags);
  return status.ok() ? 0 : Fail(status.error());
}

int Demo(const cli::ServeOptions& options) {
  CLI::App app("Loads the demo company into a running platform and prints the four answers.",
               "gtm demo");
  DemoFlags flags;
  cli::ConnectionFlags where;
  flags.Register(app);
  where.Register(app);
  if (const auto code = ParseFlags(app, options)) return *code;
  const auto parsed = flags.Parse(SystemClock().Now());
  if (!parsed.ok()) return Fail(parsed.error());
  const cli::Console console = cli::ProcessConsole();
  const auto connection = cli::Connect(where);
  if (!connection.ok()) return Fail(connection.error());
  const cli::Client client(connection->channel, {.tenant = flags.tenant,
                                                 .address = where.address,
                                                 .authorization = connection->authorization});
  const auto is_other = demo::HasOtherCompany(client, *parsed);
  if (!is_other.ok()) return Fail(is_other.error());
  if (*is_other && (!flags.today.empty() || flags.seed != 1)) {
    return Fail(Error(Reason::WRONG_STATE,
                      "this tenant has a demo company of another day or seed, and the two would "
                      "mix; load this one into a tenant of its own, such as --tenant demo2, or "
                      "leave --today and --seed out to see the answers of the one that is there"));
  }
  if (*is_other) {
    std::cerr << "demo company: this tenant has one of another day already, which stays as it is; "
                 "for one of today name another --tenant\n";
    return PrintAnswers(console, *connection, flags, "");
  }
  const auto revision = LoadDemo(client, *parsed, console);
  if (!revision.ok()) return Fail(revision.error());
  return PrintAnswers(console, *connection, flags, *revision);
}

}  // namespace gtm
