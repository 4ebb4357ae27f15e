// gtm version: what this binary is made of.

#include <fmt/format.h>
#include <google/protobuf/stubs/common.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>

#include "services/gtm/cli/command.h"

namespace gtm::cli {
namespace {

// name=version pairs that CMake found, separated by ';'.
constexpr std::string_view kFound = GTM_DEPENDENCY_VERSIONS;

Result<int> RunVersion(Session& session) {
  Table table{{{"part", "part", Align::kLeft, false}, {"version", "version", Align::kLeft, false}},
              {}};
  table.rows.push_back({"gtm", GTM_VERSION});
  table.rows.push_back({"compiler", __VERSION__});
  table.rows.push_back({"grpc", grpc::Version()});
  table.rows.push_back(
      {"protobuf", google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION)});
  std::string_view rest = kFound;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const size_t equals = pair.find('=');
    table.rows.push_back(
        {std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1))});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  Printer printer = session.printer();
  if (printer.format() == OutputFormat::kJson) {
    std::string json = "{";
    for (const auto& row : table.rows) {
      json +=
          fmt::format("{}\n \"{}\": \"{}\"", json.size() == 1 ? "" : ",", row[0].text, row[1].text);
    }
    *session.console().out << json << "\n}\n";
    return kExitOk;
  }
  printer.Main(table);
  return kExitOk;
}

}  // namespace

std::string VersionText() { return GTM_VERSION; }

void AddVersionCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("version", "Show the version and what it is built on");
  command->callback([&session] { session.action = [&session] { return RunVersion(session); }; });
}

}  // namespace gtm::cli
