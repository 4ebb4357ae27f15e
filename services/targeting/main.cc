// gtm-targeting: the targeting service as a process of its own.
#include <grpcpp/grpcpp.h>

#include "common/process/service_process.h"
#include "services/targeting/handler/business_gauges.h"
#include "services/targeting/handler/targeting_service.h"

int main(int argc, char** argv) {
  return gtm::process::ServiceMain({.name = "targeting",
                                    .methods = gtm::targeting::handler::TargetingMethods(),
                                    .make = gtm::targeting::handler::MakeTargetingService,
                                    .gauges = gtm::targeting::handler::MakeTargetingGauges(),
                                    .gauges_age = true},
                                   argc, argv);
}
