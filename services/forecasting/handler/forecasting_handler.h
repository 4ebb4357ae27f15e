#pragma once
// The methods of gtm.forecasting.v1.ForecastingService as plain functions: parse, pin a
// view, let the domain decide, commit, render. What they answer is said in service.proto.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "gtm/forecasting/v1/service.pb.h"
#include "services/forecasting/domain/deals.h"
#include "services/forecasting/handler/forecast_cache.h"

namespace gtm::forecasting::handler {

// Holds no truth of its own, only what it has worked out before: any number of replicas
// answer alike. Thread-safe.
class ForecastingHandler {
 public:
  // `cache_bytes_max` 0: nothing is kept.
  explicit ForecastingHandler(records_client::Records& records,
                              int64_t cache_bytes_max = limits::kForecastCacheBytes)
      : records_(records), cache_(cache_bytes_max) {}

  // questions.cc
  Status GetForecast(rpc::Call& call, const v1::GetForecastRequest& request,
                     v1::GetForecastResponse* response);
  Status GetCoverage(rpc::Call& call, const v1::GetCoverageRequest& request,
                     v1::GetCoverageResponse* response);
  Status GetPipeline(rpc::Call& call, const v1::GetPipelineRequest& request,
                     v1::GetPipelineResponse* response);
  // backtest.cc
  Status Backtest(rpc::Call& call, const v1::BacktestRequest& request,
                  v1::BacktestResponse* response);
  // `write` gives false where nobody reads any more.
  Status RunBacktest(rpc::Call& call, const v1::RunBacktestRequest& request,
                     const std::function<bool(const v1::RunBacktestResponse&)>& write);
  // interrogate.cc
  Status InterrogatePipeline(rpc::Call& call, const v1::InterrogatePipelineRequest& request,
                             v1::InterrogatePipelineResponse* response);
  // editions.cc
  Status CommitForecastEdition(rpc::Call& call, const v1::CommitForecastEditionRequest& request,
                               v1::ForecastEdition* response);
  Status GetForecastEdition(rpc::Call& call, const v1::GetForecastEditionRequest& request,
                            v1::ForecastEdition* response);
  Status ListForecastEditions(rpc::Call& call, const v1::ListForecastEditionsRequest& request,
                              v1::ListForecastEditionsResponse* response);
  // explain_change.cc
  Status ExplainForecastChange(rpc::Call& call, const v1::ExplainForecastChangeRequest& request,
                               v1::ExplainForecastChangeResponse* response);
  // calls.cc
  Status SubmitForecastCall(rpc::Call& call, const v1::SubmitForecastCallRequest& request,
                            v1::ForecastCall* response);
  Status ListForecastCalls(rpc::Call& call, const v1::ListForecastCallsRequest& request,
                           v1::ListForecastCallsResponse* response);
  // compare_calls.cc
  Status CompareForecastCalls(rpc::Call& call, const v1::CompareForecastCallsRequest& request,
                              v1::CompareForecastCallsResponse* response);
  // measure_calls.cc
  Status MeasureForecastCalls(rpc::Call& call, const v1::MeasureForecastCallsRequest& request,
                              v1::MeasureForecastCallsResponse* response);
  // plan.cc
  Status PlanFunnel(rpc::Call& call, const v1::PlanFunnelRequest& request,
                    v1::PlanFunnelResponse* response);
  // velocity.cc
  Status GetVelocity(rpc::Call& call, const v1::GetVelocityRequest& request,
                     v1::GetVelocityResponse* response);
  // content.cc
  Status CorrelateContent(rpc::Call& call, const v1::CorrelateContentRequest& request,
                          v1::CorrelateContentResponse* response);

 private:
  records_client::Records& records_;
  ForecastCache cache_;
  std::atomic<int> running_backtests_{0};  // streams
};

// The forecast of a question on a pinned view. Error: EXCHANGE_RATE_MISSING,
// INVALID_FIELDS for a period more than three years ahead.
Result<v1::Forecast> Forecast(const rpc::Call& call, const records_client::Question& question,
                              const v1::GetForecastRequest& request, ForecastCache& cache);

// Whole quarters before `after`'s day that Backtest repeats, oldest first: at most eight, and
// only those with some closed deals before them.
std::vector<FiscalPeriod> QuartersToTest(const domain::DealTable& after,
                                         const std::optional<FiscalPeriod>& first_asked);

}  // namespace gtm::forecasting::handler
