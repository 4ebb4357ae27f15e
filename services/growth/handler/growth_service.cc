#include "services/growth/handler/growth_service.h"

#include "common/rpc/raw_unary.h"
#include "gtm/growth/v1/service.grpc.pb.h"
#include "services/growth/handler/growth_handler.h"

namespace gtm::growth::handler {
namespace {

constexpr char kService[] = "gtm.growth.v1.GrowthService";

using Service = v1::GrowthService;
using Base = rpc::Mixed<Service::Service, Service::WithRawCallbackMethod_GetSignals,
                        Service::WithRawCallbackMethod_ListSignalSeries,
                        Service::WithRawCallbackMethod_GetRevenueMovements,
                        Service::WithRawCallbackMethod_CommitSignalVerdict,
                        Service::WithRawCallbackMethod_GetSignalVerdict,
                        Service::WithRawCallbackMethod_ListSignalVerdicts,
                        Service::WithRawCallbackMethod_CreateCommitment,
                        Service::WithRawCallbackMethod_UpdateCommitment,
                        Service::WithRawCallbackMethod_GetCommitment,
                        Service::WithRawCallbackMethod_ListCommitments,
                        Service::WithRawCallbackMethod_EvaluateCommitment>;

class GrowthRpc final : public Base {
 public:
  GrowthRpc(rpc::Gate& gate, records_client::Records& records) : gate_(gate), handler_(records) {}

  GTM_RPC_UNARY(GetSignals, v1::GetSignalsRequest, v1::GetSignalsResponse)
  GTM_RPC_UNARY(ListSignalSeries, v1::ListSignalSeriesRequest, v1::ListSignalSeriesResponse)
  GTM_RPC_UNARY(GetRevenueMovements, v1::GetRevenueMovementsRequest,
                v1::GetRevenueMovementsResponse)
  GTM_RPC_UNARY(CommitSignalVerdict, v1::CommitSignalVerdictRequest, v1::SignalVerdict)
  GTM_RPC_UNARY(GetSignalVerdict, v1::GetSignalVerdictRequest, v1::SignalVerdict)
  GTM_RPC_UNARY(ListSignalVerdicts, v1::ListSignalVerdictsRequest, v1::ListSignalVerdictsResponse)
  GTM_RPC_UNARY(CreateCommitment, v1::CreateCommitmentRequest, v1::Commitment)
  GTM_RPC_UNARY(UpdateCommitment, v1::UpdateCommitmentRequest, v1::Commitment)
  GTM_RPC_UNARY(GetCommitment, v1::GetCommitmentRequest, v1::Commitment)
  GTM_RPC_UNARY(ListCommitments, v1::ListCommitmentsRequest, v1::ListCommitmentsResponse)
  GTM_RPC_UNARY(EvaluateCommitment, v1::EvaluateCommitmentRequest, v1::EvaluateCommitmentResponse)

 private:
  rpc::Gate& gate_;
  GrowthHandler handler_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGrowthService(rpc::Gate& gate,
                                                 records_client::Records& records) {
  return std::make_unique<GrowthRpc>(gate, records);
}

std::span<const rpc::MethodRule> GrowthMethods() {
  using rpc::Cost;
  using rpc::Role;
  // Whoever waits for records does not wait on the gRPC thread.
  static constexpr rpc::MethodRule kMethods[] = {
      {"gtm.growth.v1.GrowthService/GetSignals", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/ListSignalSeries", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/GetRevenueMovements", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/CommitSignalVerdict", Role::kApprover, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/GetSignalVerdict", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/ListSignalVerdicts", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/CreateCommitment", Role::kWriter, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/UpdateCommitment", Role::kWriter, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/GetCommitment", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/ListCommitments", Role::kReader, Cost::kHeavy},
      {"gtm.growth.v1.GrowthService/EvaluateCommitment", Role::kReader, Cost::kHeavy},
  };
  return kMethods;
}

}  // namespace gtm::growth::handler
