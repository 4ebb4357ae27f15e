// gtm-sponsorship: the sponsorship service as a process of its own.
#include <grpcpp/grpcpp.h>

#include "common/process/service_process.h"
#include "services/sponsorship/handler/business_gauges.h"
#include "services/sponsorship/handler/sponsorship_service.h"

int main(int argc, char** argv) {
  return gtm::process::ServiceMain({.name = "sponsorship",
                                    .methods = gtm::sponsorship::handler::SponsorshipMethods(),
                                    .make = gtm::sponsorship::handler::MakeSponsorshipService,
                                    .gauges = gtm::sponsorship::handler::AddBusinessGauges},
                                   argc, argv);
}
