#pragma once
// What every process of the platform has: configuration, log, metrics, gate, a server,
// and a graceful end on SIGTERM or SIGINT. Each main.cc is a table of contents over it.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/core/result.h"
#include "common/process/identity.h"
#include "common/rpc/gate.h"
#include "common/rpc/server.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"

namespace gtm::process {

// Version of the product, as printed by `gtm version`.
std::string_view Version();
// The versions of the libraries that the product was built with, a line each.
std::string LibraryVersions();

class Process {
 public:
  // `name` is the process in logs: "gtm", "gtm-records". Error: INVALID_FIELDS for a
  // log level, access log mode or metrics address that cannot be used.
  static Result<std::unique_ptr<Process>> Start(std::string_view name, config::Config config);
  ~Process();

  const config::Config& config() const { return config_; }
  telemetry::Log& log() { return *log_; }
  telemetry::Metrics& metrics() { return *metrics_; }
  rpc::Gate& gate() { return *gate_; }
  const rpc::Authenticator& authenticator() const { return *identity_.authenticator; }
  // What is verified, TLS, and the audit log.
  const ProcessIdentity& identity() const { return identity_; }

  // Serves on config's address from now on. Error: INVALID_FIELDS ("address").
  Status Listen(std::vector<grpc::Service*> services);
  rpc::Server& server() { return *server_; }
  // "127.0.0.1:7700", with the port that was really taken.
  std::string address() const;
  std::string metrics_address() const;
  // "" where --health-address is not given.
  std::string health_address() const;

  // Runs `work` about once a second while RunUntilSignal waits: for gauges. Call it before.
  void EverySecond(std::function<void()> work) { every_second_.push_back(std::move(work)); }

  // Waits for SIGTERM or SIGINT (or Stop), then drains: streams that handlers keep open
  // are told to end by `before_drain`. A second signal ends at once.
  void RunUntilSignal(const std::function<void()>& before_drain);
  // Ends RunUntilSignal from another thread.
  void Stop();
  // Ends the server at once, if it still runs: before what its services use is destroyed.
  void StopServing();

 private:
  explicit Process(config::Config config);
  Status StartTelemetry(std::string_view name);
  void Tick();

  struct Signals;
  const config::Config config_;
  std::unique_ptr<telemetry::Log> log_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  std::unique_ptr<telemetry::MetricsServer> metrics_server_;
  ProcessIdentity identity_;
  std::unique_ptr<Signals> signals_;
  std::vector<std::function<void()>> every_second_;
  std::unique_ptr<rpc::Gate> gate_;
  std::unique_ptr<rpc::Server> server_;
};

// Loads the configuration of a service's own process, prints --help and --version, and
// runs `body`; reports its error on standard error. Returns the exit code: 0, 1, or 2
// for a usage error.
int Main(std::string_view name, std::span<const config::Key> keys, int argc, char** argv,
         const std::function<Status(Process&)>& body);

}  // namespace gtm::process
