#include "common/process/process.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/common.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <prometheus/gauge.h>
#include <spdlog/version.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/version.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gtm::process {
namespace {

// "127.0.0.1:0" and 7700 -> "127.0.0.1:7700".
std::string WithPort(const std::string& address, int port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || port == 0) return address;
  return fmt::format("{}:{}", address.substr(0, colon), port);
}

}  // namespace

std::string_view Version() { return GTM_VERSION; }

std::string LibraryVersions() {
  return fmt::format("grpc {}\nprotobuf {}\nspdlog {}.{}.{}\nfmt {}\nboost {}\n", grpc::Version(),
                     google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION),
                     SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH, FMT_VERSION,
                     BOOST_LIB_VERSION);
}

struct Process::Signals {
  boost::asio::io_context context;
  boost::asio::signal_set set{context};
  boost::asio::steady_timer second{context};
};

Process::Process(config::Config config) : config_(std::move(config)) {}
Process::~Process() = default;

Result<std::unique_ptr<Process>> Process::Start(std::string_view name, config::Config config) {
  // Bad input is answered with an error; protobuf's own lines about it would flood the log.
  google::protobuf::SetLogHandler(nullptr);
  // So are addresses that are taken; gRPC's lines are no JSON. GRPC_VERBOSITY brings them back.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
  std::unique_ptr<Process> process(new Process(std::move(config)));
  GTM_RETURN_IF_ERROR(process->StartTelemetry(name));
  process->signals_ = std::make_unique<Signals>();
  GTM_ASSIGN_OR_RETURN(process->identity_,
                       MakeIdentity(name, process->config_, *process->log_, *process->metrics_));
  if (const auto* verifier = process->identity_.verifier; verifier != nullptr) {
    process->EverySecond([verifier] { verifier->Refresh(); });
  }
  rpc::GateOptions options;
  options.authenticator = process->identity_.authenticator.get();
  options.audit = process->identity_.audit.get();
  options.metrics = process->metrics_.get();
  options.log = process->log_.get();
  options.access_log = process->config_.Text(config::kAccessLog) == "all" ? rpc::AccessLog::kAll
                                                                          : rpc::AccessLog::kErrors;
  options.inflight_max = static_cast<int>(process->config_.Number(config::kInflightMax));
  options.tenant_inflight_max =
      static_cast<int>(process->config_.Number(config::kTenantInflightMax));
  options.queue_ms_max = static_cast<int>(process->config_.Number(config::kQueueMsMax));
  options.deadline_cap_ms = static_cast<int>(process->config_.Number(config::kDeadlineCapMs));
  options.pool_threads = static_cast<int>(process->config_.Number(config::kPoolThreads));
  process->gate_ = std::make_unique<rpc::Gate>(options);
  return process;
}

Status Process::StartTelemetry(std::string_view name) {
  static const std::map<std::string, telemetry::LogLevel> kLevels = {
      {"debug", telemetry::LogLevel::kDebug},
      {"info", telemetry::LogLevel::kInfo},
      {"warning", telemetry::LogLevel::kWarning},
      {"error", telemetry::LogLevel::kError},
      {"off", telemetry::LogLevel::kOff}};
  std::vector<FieldViolation> violations;
  const auto level = kLevels.find(config_.Text(config::kLogLevel));
  if (level == kLevels.end()) {
    violations.push_back({"--log-level", "use debug, info, warning, error or off"});
  }
  const std::string& access = config_.Text(config::kAccessLog);
  if (access != "all" && access != "errors") {
    violations.push_back({"--access-log", "use all or errors"});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  log_ = telemetry::MakeJsonLog(level->second, name);
  metrics_ = std::make_unique<telemetry::Metrics>();
  metrics_->Gauge(telemetry::kBuildInfo, {Version()}).Set(1);
  telemetry::ExportProcess(*metrics_);
  const std::string& address = config_.Text(config::kMetricsAddress);
  if (!address.empty()) {
    GTM_ASSIGN_OR_RETURN(metrics_server_, telemetry::MetricsServer::Start(address, *metrics_));
  }
  return {};
}

Status Process::Listen(std::vector<grpc::Service*> services) {
  rpc::ServerOptions options;
  options.address = config_.Text(config::kAddress);
  options.credentials = identity_.server_credentials;
  options.health_address = config_.Text(config::kHealthAddress);
  options.reflection = config_.Number(config::kReflection) == 1;
  options.services = std::move(services);
  GTM_ASSIGN_OR_RETURN(server_, rpc::Server::Start(options, *identity_.authenticator));
  log_->Info("listening", {{"address", std::string_view(options.address)},
                           {"port", int64_t{server_->port()}},
                           {"metrics_address", std::string_view(metrics_address())},
                           {"health_address", std::string_view(health_address())},
                           {"tls", identity_.server_credentials != nullptr},
                           {"authentication", identity_.verifier != nullptr ? "on" : "off"}});
  return {};
}

std::string Process::address() const {
  return WithPort(config_.Text(config::kAddress), server_ == nullptr ? 0 : server_->port());
}

std::string Process::metrics_address() const {
  return WithPort(config_.Text(config::kMetricsAddress),
                  metrics_server_ == nullptr ? 0 : metrics_server_->port());
}

std::string Process::health_address() const {
  return WithPort(config_.Text(config::kHealthAddress),
                  server_ == nullptr ? 0 : server_->health_port());
}

void Process::Tick() {
  for (const auto& work : every_second_) work();
  signals_->second.expires_after(std::chrono::seconds(1));
  signals_->second.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void Process::RunUntilSignal(const std::function<void()>& before_drain) {
  // Not before: until now a signal ends the process at once, which durable stores survive.
  signals_->set.add(SIGTERM);
  signals_->set.add(SIGINT);
  absl::Duration delay = absl::ZeroDuration();
  signals_->set.async_wait([&](const boost::system::error_code& error, int number) {
    // Who presses Ctrl-C does not want to wait.
    if (number == SIGTERM) delay = absl::Milliseconds(config_.Number(config::kDrainDelayMs));
    if (!error) log_->Info("draining", {{"signal", int64_t{number}}});
    signals_->context.stop();
  });
  Tick();
  signals_->context.run();
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  server_->StopAdvertising();
  absl::SleepFor(delay);
  before_drain();
  server_->Drain(*gate_, absl::Milliseconds(config_.Number(config::kDrainMs)));
  log_->Info("stopped", {});
}

void Process::Stop() { signals_->context.stop(); }

void Process::StopServing() { server_.reset(); }

int Main(std::string_view name, std::span<const config::Key> keys, int argc, char** argv,
         const std::function<Status(Process&)>& body) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      fmt::print("usage: {} [flags]\n\n{}", name, config::HelpText(keys));
      return 0;
    }
    if (argument == "--version") {
      fmt::print("{} {}\n{}", name, Version(), LibraryVersions());
      return 0;
    }
  }
  auto config = config::Config::Load(keys, arguments, config::ProcessEnvironment);
  if (!config.ok()) {
    fmt::print(stderr, "{}: {}\n", name, config.error().message());
    return 2;
  }
  auto process = Process::Start(name, std::move(config).value());
  const Status status = process.ok() ? body(**process) : Status(process.error());
  if (status.ok()) return 0;
  fmt::print(stderr, "{}: {}\n", name, status.error().message());
  return 1;
}

}  // namespace gtm::process
