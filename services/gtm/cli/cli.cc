#include "services/gtm/cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <utility>

#include "services/gtm/cli/command.h"
#include "services/gtm/cli/completion.h"
#include "services/gtm/cli/error_text.h"
#include "services/gtm/import/field_path.h"

namespace gtm::cli {
namespace {

constexpr const char* kDescription =
    "Go-to-market decisions: whom to target, which executive sponsors whom, what will close\n"
    "this quarter, and whether growth is real.";

constexpr const char* kFooter =
    "\nExit codes: 0 done; 1 failed; 2 wrong usage; 3 done in part (some records rejected).\n"
    "Tables for people, -o json or -o csv for programs. NO_COLOR switches color off.\n"
    "`gtm COMMAND --help` tells more.";

void AddGlobalFlags(CLI::App& app, Session& session) {
  session.flags.connection.Register(app);
  app.add_option("--tenant", session.flags.tenant, "Whose records; default: the server's")
      ->envname("GTM_TENANT")
      ->type_name("ID");
  app.add_option("-o,--output", session.flags.output, "Form of the answer")
      ->envname("GTM_OUTPUT")
      ->capture_default_str()
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_option("--timeout", session.flags.timeout, "Longest that a call may take")
      ->envname("GTM_TIMEOUT")
      ->capture_default_str()
      ->type_name("TIME");
}

void AddCompletionCommand(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &session, shell] {
    session.action = [&app, &session, shell]() -> Result<int> {
      *session.console().out << CompletionScript(app, *shell);
      return kExitOk;
    };
  });
}

// Known to help and completion; run before the arguments are parsed. Parsed only where
// something stands before them.
void AddHookCommands(CLI::App& app, Session& session, const ServeHooks& hooks) {
  const auto add = [&](const std::string& name, const std::string& meaning) {
    app.add_subcommand(name, meaning)->allow_extras()->callback([&session, name] {
      session.action = [&session, name]() -> Result<int> {
        *session.console().err << fmt::format(
            "gtm: the command comes first: gtm {0} [OPTIONS]; `gtm {0} --help` lists them\n", name);
        return kExitUsage;
      };
    });
  };
  if (hooks.serve) add("serve", "Run the whole platform in this process");
  if (hooks.demo) add("demo", "Generate a demo company and show the four answers");
  if (hooks.backup) add("backup", "Write a store that is in use to a file");
  if (hooks.restore) add("restore", "Fill an empty store from a backup");
}

// Flags of a command hold for what is below it, and the help says so.
void ShareFlags(CLI::App* command, const std::string& flags_of) {
  command->fallthrough();
  command->footer(fmt::format("Flags of {} work here, too.", flags_of));
  const auto options = std::as_const(*command).get_options();
  const bool has_flags = std::any_of(options.begin(), options.end(), [](const CLI::Option* option) {
    return !option->get_positional() && !option->check_lname("help");
  });
  for (CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
    ShareFlags(
        sub, has_flags ? fmt::format("`gtm {}` and {}", command->get_name(), flags_of) : flags_of);
  }
}

// The value of a flag is wrong, found after CLI11 had read it.
bool BlamesFlag(const Error& error) {
  return std::any_of(error.violations().begin(), error.violations().end(),
                     [](const FieldViolation& violation) {
                       return std::string_view(violation.field).starts_with("--");
                     });
}

// What CLI11 has to say: help goes to out, mistakes to err.
int ShowParseResult(const CLI::App& app, const CLI::ParseError& error, const Console& console) {
  const bool help = error.get_exit_code() == 0;
  const int code = app.exit(error, *console.out, *console.err);
  return help || code == 0 ? kExitOk : kExitUsage;
}

// CLI11 would only say that a subcommand is missing. "" where the command is known.
std::string UnknownCommand(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with('-')) return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == arguments[0]) return "";
    names.push_back(command->get_name());
  }
  return fmt::format("gtm: there is no command \"{}\"{}\n", arguments[0],
                     importing::DidYouMean(arguments[0], names));
}

int Run(std::vector<std::string> arguments, const Console& console,
        std::shared_ptr<grpc::Channel> channel, const std::string& authorization,
        const ServeHooks& hooks) {
  Session session(console);
  session.channel = std::move(channel);
  session.authorization = authorization;
  CLI::App app(kDescription, "gtm");
  app.require_subcommand(1);
  app.set_version_flag("--version", "gtm " + VersionText(), "Show the version and exit");
  app.get_formatter()->column_width(34);
  AddGlobalFlags(app, session);
  AddHookCommands(app, session, hooks);
  AddTargetsCommands(app, session);
  AddHandoverCommands(app, session);
  AddReachCommands(app, session);
  AddUrgencyCommands(app, session);
  AddVisitorsCommands(app, session);
  AddEnablementCommands(app, session);
  AddSponsorsCommands(app, session);
  AddForecastCommands(app, session);
  AddPipelineCommands(app, session);
  AddWhatIfCommand(app, session);
  AddVelocityCommands(app, session);
  AddSignalsCommands(app, session);
  AddDefinitionCommands(app, session);
  AddImportCommand(app, session);
  AddRecordCommands(app, session);
  AddApiKeyCommands(app, session);
  AddCompletionCommand(app, session);
  AddVersionCommand(app, session);
  app.footer(kFooter);
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    ShareFlags(command, "`gtm`");
  }
  if (const std::string unknown = UnknownCommand(app, arguments); !unknown.empty()) {
    *console.err << unknown;
    return kExitUsage;
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return ShowParseResult(app, error, console);
  }
  const bool err_color = console.color && console.err_is_terminal;
  Status status = session.Check();
  if (status.ok() && session.action) {
    const Result<int> code = session.action();
    console.out->flush();
    if (code.ok()) return *code;
    *console.err << ErrorText(code.error(), err_color);
    return BlamesFlag(code.error()) ? kExitUsage : kExitFailed;
  }
  if (!status.ok()) *console.err << ErrorText(status.error(), err_color);
  return kExitUsage;
}

}  // namespace

int RunCli(int argc, char** argv, const ServeHooks& hooks) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty()) {
    const ServeOptions options{{arguments.begin() + 1, arguments.end()}};
    if (arguments[0] == "serve" && hooks.serve) return hooks.serve(options);
    if (arguments[0] == "demo" && hooks.demo) return hooks.demo(options);
    if (arguments[0] == "backup" && hooks.backup) return hooks.backup(options);
    if (arguments[0] == "restore" && hooks.restore) return hooks.restore(options);
  }
  return Run(std::move(arguments), ProcessConsole(), nullptr, "", hooks);
}

int RunCommand(const std::vector<std::string>& arguments, const Console& console,
               std::shared_ptr<grpc::Channel> channel, const std::string& authorization) {
  return Run(arguments, console, std::move(channel), authorization, {});
}

}  // namespace gtm::cli
