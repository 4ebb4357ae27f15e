// gtm: the front door. All services in one process, and the command line.
#include "services/gtm/serve.h"

int main(int argc, char** argv) {
  return gtm::cli::RunCli(argc, argv, {.serve = gtm::Serve, .demo = gtm::Demo});
}
