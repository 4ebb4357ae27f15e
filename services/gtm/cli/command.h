#pragma once
// What every command is given, and how it is chosen.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/core/result.h"
#include "gtm/type/v1/time.pb.h"
#include "services/gtm/cli/client.h"
#include "services/gtm/cli/connection.h"
#include "services/gtm/cli/console.h"
#include "services/gtm/cli/printer.h"

namespace CLI {
class App;
}

namespace gtm::cli {

// Exit codes, as `gtm --help` tells them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPartly = 3;

// Flags that every command takes.
struct GlobalFlags {
  ConnectionFlags connection;
  std::string tenant;
  std::string output = "table";
  std::string timeout = "30s";
};

// One run of the command line. Commands register flags and leave an action; exactly one
// action is chosen by the arguments.
class Session {
 public:
  explicit Session(const Console& console) : console_(console) {}

  GlobalFlags flags;
  // A channel of the own process, or null for flags.connection; and what is shown on it.
  std::shared_ptr<grpc::Channel> channel;
  std::string authorization;
  // What to do: gives an exit code, or the error that is shown.
  std::function<Result<int>()> action;

  const Console& console() const { return console_; }
  Client& client();
  Printer printer() const;
  // Checks flags that CLI11 cannot, and prepares the connection. Error: INVALID_FIELDS.
  Status Check();

 private:
  bool over_network_ = false;
  Console console_;
  std::unique_ptr<Client> client_;
};

// Registers commands under `app`. `session` outlives the parse.
void AddImportCommand(CLI::App& app, Session& session);
void AddRecordCommands(CLI::App& app, Session& session);
void AddTargetsCommands(CLI::App& app, Session& session);
void AddEnablementCommands(CLI::App& app, Session& session);
void AddUrgencyCommands(CLI::App& app, Session& session);
void AddVisitorsCommands(CLI::App& app, Session& session);
void AddDefinitionCommands(CLI::App& app, Session& session);
void AddSponsorsCommands(CLI::App& app, Session& session);
void AddForecastCommands(CLI::App& app, Session& session);
void AddPipelineCommands(CLI::App& app, Session& session);
void AddWhatIfCommand(CLI::App& app, Session& session);
// Under `gtm pipeline`, which it makes where nobody has.
void AddVelocityCommands(CLI::App& app, Session& session);
void AddSignalsCommands(CLI::App& app, Session& session);
void AddApiKeyCommands(CLI::App& app, Session& session);
void AddVersionCommand(CLI::App& app, Session& session);
void AddHandoverCommands(CLI::App& app, Session& session);
// Under `gtm handover`.
void AddHandoverDiagnosisCommands(CLI::App& handover, Session& session);
void AddReachCommands(CLI::App& app, Session& session);
// Under `gtm definition`.
void AddLearnCommand(CLI::App& definition, Session& session);
// Under `gtm funnel`.
void AddFunnelPlanCommand(CLI::App& funnel, Session& session);

// "0.1.0".
std::string VersionText();

// The flags of a question: when it is asked, and what may be known.
struct PointFlags {
  std::string as_of;
  std::string recorded_as_of;
  std::string min_revision;
  void Register(CLI::App& command);
  Result<type::v1::PointInTime> Parse() const;
};

// The message in a JSON file ("-": standard input). Error: file, and what is wrong.
Status ReadJsonFile(const std::string& path, google::protobuf::Message* message);

}  // namespace gtm::cli
