// gtm: the front door. All services in one process, and the command line.
#include "services/gtm/backup.h"
#include "services/gtm/serve.h"

int main(int argc, char** argv) {
  const auto console = gtm::cli::ProcessConsole();
  return gtm::cli::RunCli(
      argc, argv,
      {.serve = gtm::Serve,
       .demo = gtm::Demo,
       .backup = [&](const auto& options) { return gtm::Backup(options, console); },
       .restore = [&](const auto& options) { return gtm::Restore(options, console); }});
}
