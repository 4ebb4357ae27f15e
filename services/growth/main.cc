// gtm-growth: the growth service as a process of its own.
#include <grpcpp/grpcpp.h>

#include "common/process/service_process.h"
#include "services/growth/handler/business_gauges.h"
#include "services/growth/handler/growth_service.h"

int main(int argc, char** argv) {
  return gtm::process::ServiceMain({.name = "growth",
                                    .methods = gtm::growth::handler::GrowthMethods(),
                                    .make = gtm::growth::handler::MakeGrowthService,
                                    .gauges = gtm::growth::handler::AddBusinessGauges},
                                   argc, argv);
}
