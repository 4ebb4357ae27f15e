// Keeps a forecast of a fiscal quarter: forecast YEAR QUARTER UUID
#include <google/rpc/status_details.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtm/forecasting/v1/service.grpc.pb.h>

#include <fstream>
#include <iostream>

int main(int argc, char** argv) {
  namespace v1 = gtm::forecasting::v1;
  if (argc != 4) return 2;
  v1::CommitForecastEditionRequest request;
  request.mutable_forecast()->mutable_period()->set_unit(gtm::type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_forecast()->mutable_period()->set_fiscal_year(std::stoi(argv[1]));
  request.mutable_forecast()->mutable_period()->set_index(std::stoi(argv[2]));
  request.set_request_id(argv[3]);  // sent again after a timeout, the same request acts once

  std::ifstream file("protos/service_config.json");
  grpc::ChannelArguments retries;
  retries.SetServiceConfigJSON(std::string(std::istreambuf_iterator<char>(file), {}));
  const char* address = std::getenv("GTM_ADDRESS");
  const auto forecasting = v1::ForecastingService::NewStub(grpc::CreateCustomChannel(
      address ? address : "127.0.0.1:7700", grpc::InsecureChannelCredentials(), retries));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  v1::ForecastEdition edition;
  const grpc::Status status = forecasting->CommitForecastEdition(&context, request, &edition);
  google::rpc::Status details;  // stays empty where nobody answered
  details.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest invalid;
  for (const auto& detail : details.details()) detail.UnpackTo(&info) || detail.UnpackTo(&invalid);
  if (!status.ok()) std::cout << "code " << status.error_code() << "\n" << info.reason() << "\n";
  for (const auto& violation : invalid.field_violations())
    std::cout << violation.field() << ": " << violation.description() << "\n";
  if (!status.ok()) return 1;
  const auto& median = edition.forecast().bookings().p50();
  std::cout << "P50 " << median.units() << " " << median.currency_code() << "\n";
}
