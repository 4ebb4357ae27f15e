#include "services/forecasting/handler/forecasting_service.h"

#include "common/rpc/raw_stream.h"
#include "common/rpc/raw_unary.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/what_if.h"

namespace gtm::forecasting::handler {
namespace {

constexpr char kService[] = "gtm.forecasting.v1.ForecastingService";

using Service = v1::ForecastingService;
using Base = rpc::Mixed<
    Service::Service, Service::WithRawCallbackMethod_GetForecast,
    Service::WithRawCallbackMethod_GetCoverage, Service::WithRawCallbackMethod_GetPipeline,
    Service::WithRawCallbackMethod_CommitForecastEdition,
    Service::WithRawCallbackMethod_GetForecastEdition,
    Service::WithRawCallbackMethod_ListForecastEditions,
    Service::WithRawCallbackMethod_SubmitForecastCall,
    Service::WithRawCallbackMethod_ListForecastCalls, Service::WithRawCallbackMethod_Backtest,
    Service::WithRawCallbackMethod_RunBacktest,
    Service::WithRawCallbackMethod_ExplainForecastChange,
    Service::WithRawCallbackMethod_CompareForecastCalls,
    Service::WithRawCallbackMethod_MeasureForecastCalls, Service::WithRawCallbackMethod_PlanFunnel,
    Service::WithRawCallbackMethod_WhatIf, Service::WithRawCallbackMethod_GetVelocity,
    Service::WithRawCallbackMethod_CorrelateContent,
    Service::WithRawCallbackMethod_InterrogatePipeline>;

class ForecastingRpc final : public Base {
 public:
  ForecastingRpc(rpc::Gate& gate, records_client::Records& records)
      : gate_(gate), records_(records), handler_(records) {}

  GTM_RPC_UNARY(GetForecast, v1::GetForecastRequest, v1::GetForecastResponse)
  GTM_RPC_UNARY(GetCoverage, v1::GetCoverageRequest, v1::GetCoverageResponse)
  GTM_RPC_UNARY(GetPipeline, v1::GetPipelineRequest, v1::GetPipelineResponse)
  GTM_RPC_UNARY(CommitForecastEdition, v1::CommitForecastEditionRequest, v1::ForecastEdition)
  GTM_RPC_UNARY(GetForecastEdition, v1::GetForecastEditionRequest, v1::ForecastEdition)
  GTM_RPC_UNARY(ListForecastEditions, v1::ListForecastEditionsRequest,
                v1::ListForecastEditionsResponse)
  GTM_RPC_UNARY(SubmitForecastCall, v1::SubmitForecastCallRequest, v1::ForecastCall)
  GTM_RPC_UNARY(ListForecastCalls, v1::ListForecastCallsRequest, v1::ListForecastCallsResponse)
  GTM_RPC_UNARY(Backtest, v1::BacktestRequest, v1::BacktestResponse)
  GTM_RPC_SERVER_STREAM(RunBacktest, v1::RunBacktestRequest, v1::RunBacktestResponse)
  GTM_RPC_UNARY(ExplainForecastChange, v1::ExplainForecastChangeRequest,
                v1::ExplainForecastChangeResponse)
  GTM_RPC_UNARY(CompareForecastCalls, v1::CompareForecastCallsRequest,
                v1::CompareForecastCallsResponse)
  GTM_RPC_UNARY(MeasureForecastCalls, v1::MeasureForecastCallsRequest,
                v1::MeasureForecastCallsResponse)
  GTM_RPC_UNARY(PlanFunnel, v1::PlanFunnelRequest, v1::PlanFunnelResponse)
  GTM_RPC_UNARY(GetVelocity, v1::GetVelocityRequest, v1::GetVelocityResponse)
  GTM_RPC_UNARY(CorrelateContent, v1::CorrelateContentRequest, v1::CorrelateContentResponse)
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* WhatIf(
      grpc::CallbackServerContext* context) override {
    return rpc::RawBidiStream<v1::WhatIfRequest, v1::WhatIfResponse>::Start(
        gate_, context, std::string(kService) + "/WhatIf", kWhatIfSilenceMax,
        [this](rpc::Call& call, WhatIfStream& stream) {
          return RunWhatIf(call, records_, SystemClock(), kWhatIfSilenceMax, stream);
        });
  }
  GTM_RPC_UNARY(InterrogatePipeline, v1::InterrogatePipelineRequest,
                v1::InterrogatePipelineResponse)

 private:
  rpc::Gate& gate_;
  records_client::Records& records_;
  ForecastingHandler handler_;
};

using rpc::Cost;
using rpc::Role;

// Commitments are the work of whoever sells and reports: writers.
constexpr rpc::MethodRule kMethods[] = {
    {"gtm.forecasting.v1.ForecastingService/GetForecast", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/GetCoverage", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/GetPipeline", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/CommitForecastEdition", Role::kWriter, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/GetForecastEdition", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/ListForecastEditions", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/SubmitForecastCall", Role::kWriter, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/ListForecastCalls", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/Backtest", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/RunBacktest", Role::kReader, Cost::kStream},
    {"gtm.forecasting.v1.ForecastingService/ExplainForecastChange", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/CompareForecastCalls", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/MeasureForecastCalls", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/PlanFunnel", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/WhatIf", Role::kReader, Cost::kStream},
    {"gtm.forecasting.v1.ForecastingService/GetVelocity", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/CorrelateContent", Role::kReader, Cost::kHeavy},
    {"gtm.forecasting.v1.ForecastingService/InterrogatePipeline", Role::kReader, Cost::kHeavy},
};

}  // namespace

std::unique_ptr<grpc::Service> MakeForecastingService(rpc::Gate& gate,
                                                      records_client::Records& records) {
  return std::make_unique<ForecastingRpc>(gate, records);
}

std::span<const rpc::MethodRule> ForecastingMethods() { return kMethods; }

}  // namespace gtm::forecasting::handler
