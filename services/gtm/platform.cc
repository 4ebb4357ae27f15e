#include "services/gtm/platform.h"

#include "common/process/service_process.h"
#include "common/records_client/book_cache.h"
#include "common/records_client/grpc_records.h"
#include "services/forecasting/handler/business_gauges.h"
#include "services/forecasting/handler/forecasting_service.h"
#include "services/growth/handler/business_gauges.h"
#include "services/growth/handler/growth_service.h"
#include "services/records/api_keys.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/records_service.h"
#include "services/records/record_meters.h"
#include "services/sponsorship/handler/business_gauges.h"
#include "services/sponsorship/handler/sponsorship_service.h"
#include "services/targeting/handler/business_gauges.h"
#include "services/targeting/handler/targeting_service.h"

namespace gtm {

// In the order in which they are made; destroyed in reverse.
struct Platform::Parts {
  std::unique_ptr<records::RecordMeters> meters;
  std::unique_ptr<records::store::Store> store;
  std::unique_ptr<records::handler::RecordsHandler> records;
  // The internal server: a gate of its own, so that calls between services are neither
  // shed with nor counted among those of clients.
  std::unique_ptr<telemetry::Metrics> internal_metrics;
  rpc::LoopbackAuthenticator trust;
  std::unique_ptr<rpc::Gate> internal_gate;
  std::unique_ptr<grpc::Service> internal_service;
  std::unique_ptr<rpc::Server> internal_server;
  std::shared_ptr<records_client::BookCache> books;
  std::vector<std::unique_ptr<records_client::Records>> clients;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<process::BusinessMetrics> business;
};

Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::Start(process::Process& process,
                                                  std::unique_ptr<records::store::Store> store,
                                                  int writer_threads) {
  std::unique_ptr<Platform> platform(new Platform);
  platform->parts_ = std::make_unique<Parts>();
  // The Books of this process tell how far the feed is.
  platform->parts_->meters = std::make_unique<records::RecordMeters>(
      process.metrics(), records::RecordMetersOptions{.export_head = false});
  platform->parts_->store = platform->parts_->meters->Meter(std::move(store));
  GTM_RETURN_IF_ERROR(records::CheckVerifiable(process, *platform->parts_->store));
  GTM_RETURN_IF_ERROR(platform->StartRecords(process, writer_threads));
  GTM_ASSIGN_OR_RETURN(
      process::BusinessMetricsOptions options,
      process::ReadBusinessOptions(process.config(), process::kBusinessTenantsMaxTogether));
  platform->StartServices(process, std::move(options));
  std::vector<grpc::Service*> services;
  for (const auto& service : platform->parts_->services) services.push_back(service.get());
  GTM_RETURN_IF_ERROR(process.Listen(std::move(services)));
  platform->parts_->business->Start();
  return platform;
}

Status Platform::StartRecords(process::Process& process, int writer_threads) {
  records::handler::RecordsOptions options;
  options.committer.writer_threads = writer_threads;
  options.maintenance.log = &process.log();
  options.maintenance.on_round = [this](bool ok) { parts_->meters->MaintenanceRan(ok); };
  options.observer = parts_->meters.get();
  parts_->records =
      std::make_unique<records::handler::RecordsHandler>(*parts_->store, SystemClock(), options);
  parts_->internal_metrics = std::make_unique<telemetry::Metrics>();
  rpc::GateOptions gate;
  // Only this process reaches it, and says itself for whom it asks.
  gate.authenticator = &parts_->trust;
  gate.metrics = parts_->internal_metrics.get();
  gate.log = &process.log();
  gate.audit = process.identity().audit.get();
  parts_->internal_gate = std::make_unique<rpc::Gate>(gate);
  parts_->internal_gate->AddMethods(records::handler::RecordsMethods());
  parts_->internal_service =
      records::handler::MakeRecordsService(*parts_->internal_gate, *parts_->records);
  rpc::ServerOptions server;
  server.reflection = false;
  server.services = {parts_->internal_service.get()};
  GTM_ASSIGN_OR_RETURN(parts_->internal_server, rpc::Server::Start(server, parts_->trust));
  if (auto* verifier = process.identity().verifier; verifier != nullptr) {
    verifier->SetKeyLookup(records::LookupIn(*parts_->records));
  }
  return {};
}

void Platform::StartServices(process::Process& process, process::BusinessMetricsOptions options) {
  rpc::Gate& gate = process.gate();
  gate.AddMethods(records::handler::RecordsMethods());
  parts_->services.push_back(records::handler::MakeRecordsService(gate, *parts_->records));
  const auto channel = parts_->internal_server->InProcessChannel();
  parts_->books = process::MakeBookCache(process, channel, "gtm");
  const process::ServiceParts services[] = {
      {"targeting", targeting::handler::TargetingMethods(),
       targeting::handler::MakeTargetingService, targeting::handler::MakeTargetingGauges(), true},
      {"sponsorship", sponsorship::handler::SponsorshipMethods(),
       sponsorship::handler::MakeSponsorshipService, sponsorship::handler::AddBusinessGauges},
      {"forecasting", forecasting::handler::ForecastingMethods(),
       forecasting::handler::MakeForecastingService, forecasting::handler::MakeForecastGauges()},
      {"growth", growth::handler::GrowthMethods(), growth::handler::MakeGrowthService,
       growth::handler::AddBusinessGauges},
  };
  std::vector<process::BusinessPart> business;
  for (const process::ServiceParts& service : services) {
    auto& client = parts_->clients.emplace_back(records_client::MakeGrpcRecords(
        parts_->books, channel, std::string(service.name), &process.metrics()));
    gate.AddMethods(service.methods);
    parts_->services.push_back(service.make(gate, *client));
    business.push_back(
        {std::string(service.name), client.get(), service.gauges, service.gauges_age});
  }
  parts_->business = std::make_unique<process::BusinessMetrics>(
      process.metrics(), process.log(), std::move(business), std::move(options));
}

void Platform::Shutdown() { parts_->records->EndStreams(); }

}  // namespace gtm
