// gtm-records: the record store as a process of its own.
#include "common/process/process.h"
#include "services/records/api_keys.h"
#include "services/records/handler/records_handler.h"
#include "services/records/handler/records_service.h"
#include "services/records/open_store.h"
#include "services/records/record_meters.h"

namespace {

using namespace gtm;  // NOLINT: this file is nothing but the table of contents

Status Run(process::Process& process) {
  const std::string& url = process.config().Text(config::kStore);
  GTM_ASSIGN_OR_RETURN(const auto migrate,
                       records::ParseMigrate(process.config().Text(config::kMigrate)));
  GTM_ASSIGN_OR_RETURN(auto opened, records::OpenStore(url, process.log(), migrate));
  records::RecordMeters meters(process.metrics());
  const auto store = meters.Meter(std::move(opened));
  GTM_RETURN_IF_ERROR(records::CheckVerifiable(process, *store));
  records::handler::RecordsOptions options;
  options.committer.writer_threads = records::WriterThreads(url);
  options.maintenance.log = &process.log();
  options.maintenance.on_round = [&meters](bool ok) { meters.MaintenanceRan(ok); };
  options.observer = &meters;
  records::handler::RecordsHandler handler(*store, SystemClock(), options);
  if (auto* verifier = process.identity().verifier; verifier != nullptr) {
    verifier->SetKeyLookup(records::LookupIn(handler));
  }
  process.gate().AddMethods(records::handler::RecordsMethods());
  const auto service = records::handler::MakeRecordsService(process.gate(), handler);
  GTM_RETURN_IF_ERROR(process.Listen({service.get()}));
  process.RunUntilSignal([&] { handler.EndStreams(); });
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto config =
      config::Config::Load(config::RecordsKeys(), arguments, config::ProcessEnvironment);
  if (config.ok()) {
    if (const auto code = records::MigrateOnly("gtm-records", *config)) return *code;
  }
  return process::Main("gtm-records", config::RecordsKeys(), argc, argv, Run);
}
