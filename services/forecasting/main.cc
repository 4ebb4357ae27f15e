// gtm-forecasting: the forecasting service as a process of its own.
#include <grpcpp/grpcpp.h>

#include "common/process/service_process.h"
#include "services/forecasting/handler/business_gauges.h"
#include "services/forecasting/handler/forecasting_service.h"

int main(int argc, char** argv) {
  return gtm::process::ServiceMain({.name = "forecasting",
                                    .methods = gtm::forecasting::handler::ForecastingMethods(),
                                    .make = gtm::forecasting::handler::MakeForecastingService,
                                    .gauges = gtm::forecasting::handler::MakeForecastGauges()},
                                   argc, argv);
}
