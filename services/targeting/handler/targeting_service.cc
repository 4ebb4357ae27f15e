#include "services/targeting/handler/targeting_service.h"

#include "common/rpc/raw_stream.h"
#include "common/rpc/raw_unary.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr char kService[] = "gtm.targeting.v1.TargetingService";

using Service = v1::TargetingService;
using Base = rpc::Mixed<
    Service::Service, Service::WithRawCallbackMethod_CreateTargetDefinition,
    Service::WithRawCallbackMethod_UpdateTargetDefinition,
    Service::WithRawCallbackMethod_ProposeTargetDefinition,
    Service::WithRawCallbackMethod_SignOffTargetDefinition,
    Service::WithRawCallbackMethod_RetireTargetDefinition,
    Service::WithRawCallbackMethod_GetTargetDefinition,
    Service::WithRawCallbackMethod_GetActiveTargetDefinition,
    Service::WithRawCallbackMethod_ListTargetDefinitions,
    Service::WithRawCallbackMethod_CompareTargetDefinitions,
    Service::WithRawCallbackMethod_ListAttributes,
    Service::WithRawCallbackMethod_ReplayTargetDefinition,
    Service::WithRawCallbackMethod_ScoreAccount, Service::WithRawCallbackMethod_GetScoreGap,
    Service::WithRawCallbackMethod_ScoreContact, Service::WithRawCallbackMethod_ListTargetPeople,
    Service::WithRawCallbackMethod_BatchScoreAccounts, Service::WithRawCallbackMethod_ListTargets,
    Service::WithRawCallbackMethod_WatchTargets, Service::WithRawCallbackMethod_RecordHandover,
    Service::WithRawCallbackMethod_DecideHandover, Service::WithRawCallbackMethod_GetHandshake,
    Service::WithRawCallbackMethod_CheckFunnelPlan, Service::WithRawCallbackMethod_GetReach,
    Service::WithRawCallbackMethod_ListBuyingGroups,
    Service::WithRawCallbackMethod_GetChannelEfficacy,
    Service::WithRawCallbackMethod_DiagnoseHandovers, Service::WithRawCallbackMethod_CheckStageGate,
    Service::WithRawCallbackMethod_RankActivities, Service::WithRawCallbackMethod_GetExperiment,
    Service::WithRawCallbackMethod_ListExperiments,
    Service::WithRawCallbackMethod_DiagnoseEngagement, Service::WithRawCallbackMethod_GetUrgency,
    Service::WithRawCallbackMethod_ListSimmering,
    Service::WithRawCallbackMethod_GetTriggerStatistics,
    Service::WithRawCallbackMethod_GetMeetingYield, Service::WithRawCallbackMethod_GetBuyerJourney,
    Service::WithRawCallbackMethod_GetBuyingBehavior, Service::WithRawCallbackMethod_SuggestContent,
    Service::WithRawCallbackMethod_TestMessage,
    Service::WithRawCallbackMethod_LearnTargetDefinition,
    Service::WithRawCallbackMethod_ScoreVisitor, Service::WithRawCallbackMethod_ListVisitors>;

class TargetingRpc final : public Base {
 public:
  TargetingRpc(rpc::Gate& gate, records_client::Records& records)
      : gate_(gate), handler_(records) {}

  GTM_RPC_UNARY(CreateTargetDefinition, v1::CreateTargetDefinitionRequest,
                v1::CreateTargetDefinitionResponse)
  GTM_RPC_UNARY(UpdateTargetDefinition, v1::UpdateTargetDefinitionRequest,
                v1::UpdateTargetDefinitionResponse)
  GTM_RPC_UNARY(ProposeTargetDefinition, v1::ProposeTargetDefinitionRequest,
                v1::ProposeTargetDefinitionResponse)
  GTM_RPC_UNARY(SignOffTargetDefinition, v1::SignOffTargetDefinitionRequest,
                v1::SignOffTargetDefinitionResponse)
  GTM_RPC_UNARY(RetireTargetDefinition, v1::RetireTargetDefinitionRequest,
                v1::RetireTargetDefinitionResponse)
  GTM_RPC_UNARY(GetTargetDefinition, v1::GetTargetDefinitionRequest, v1::TargetDefinition)
  GTM_RPC_UNARY(GetActiveTargetDefinition, v1::GetActiveTargetDefinitionRequest,
                v1::GetActiveTargetDefinitionResponse)
  GTM_RPC_UNARY(ListTargetDefinitions, v1::ListTargetDefinitionsRequest,
                v1::ListTargetDefinitionsResponse)
  GTM_RPC_UNARY(CompareTargetDefinitions, v1::CompareTargetDefinitionsRequest,
                v1::CompareTargetDefinitionsResponse)
  GTM_RPC_UNARY(ListAttributes, v1::ListAttributesRequest, v1::ListAttributesResponse)
  GTM_RPC_UNARY(ReplayTargetDefinition, v1::ReplayTargetDefinitionRequest,
                v1::ReplayTargetDefinitionResponse)
  GTM_RPC_UNARY_BYTES(ScoreAccount, v1::ScoreAccountRequest)
  GTM_RPC_UNARY(GetScoreGap, v1::GetScoreGapRequest, v1::GetScoreGapResponse)
  GTM_RPC_UNARY(ScoreContact, v1::ScoreContactRequest, v1::ScoreContactResponse)
  GTM_RPC_UNARY(ListTargetPeople, v1::ListTargetPeopleRequest, v1::ListTargetPeopleResponse)
  GTM_RPC_UNARY(ScoreVisitor, v1::ScoreVisitorRequest, v1::ScoreVisitorResponse)
  GTM_RPC_UNARY(ListVisitors, v1::ListVisitorsRequest, v1::ListVisitorsResponse)
  GTM_RPC_UNARY_BYTES(BatchScoreAccounts, v1::BatchScoreAccountsRequest)
  GTM_RPC_UNARY(ListTargets, v1::ListTargetsRequest, v1::ListTargetsResponse)
  GTM_RPC_SERVER_STREAM(WatchTargets, v1::WatchTargetsRequest, v1::WatchTargetsResponse)
  GTM_RPC_UNARY(RecordHandover, v1::RecordHandoverRequest, v1::RecordHandoverResponse)
  GTM_RPC_UNARY(DecideHandover, v1::DecideHandoverRequest, v1::DecideHandoverResponse)
  GTM_RPC_UNARY(GetHandshake, v1::GetHandshakeRequest, v1::GetHandshakeResponse)
  GTM_RPC_UNARY(CheckFunnelPlan, v1::CheckFunnelPlanRequest, v1::CheckFunnelPlanResponse)
  GTM_RPC_UNARY(GetReach, v1::GetReachRequest, v1::GetReachResponse)
  GTM_RPC_UNARY(ListBuyingGroups, v1::ListBuyingGroupsRequest, v1::ListBuyingGroupsResponse)
  GTM_RPC_UNARY(GetChannelEfficacy, v1::GetChannelEfficacyRequest, v1::GetChannelEfficacyResponse)
  GTM_RPC_UNARY(DiagnoseHandovers, v1::DiagnoseHandoversRequest, v1::DiagnoseHandoversResponse)
  GTM_RPC_UNARY(CheckStageGate, v1::CheckStageGateRequest, v1::CheckStageGateResponse)
  GTM_RPC_UNARY(RankActivities, v1::RankActivitiesRequest, v1::RankActivitiesResponse)
  GTM_RPC_UNARY(GetExperiment, v1::GetExperimentRequest, v1::GetExperimentResponse)
  GTM_RPC_UNARY(ListExperiments, v1::ListExperimentsRequest, v1::ListExperimentsResponse)
  GTM_RPC_UNARY(DiagnoseEngagement, v1::DiagnoseEngagementRequest, v1::DiagnoseEngagementResponse)
  GTM_RPC_UNARY(GetUrgency, v1::GetUrgencyRequest, v1::GetUrgencyResponse)
  GTM_RPC_UNARY(ListSimmering, v1::ListSimmeringRequest, v1::ListSimmeringResponse)
  GTM_RPC_UNARY(GetTriggerStatistics, v1::GetTriggerStatisticsRequest,
                v1::GetTriggerStatisticsResponse)
  GTM_RPC_UNARY(GetMeetingYield, v1::GetMeetingYieldRequest, v1::GetMeetingYieldResponse)
  GTM_RPC_UNARY(GetBuyerJourney, v1::GetBuyerJourneyRequest, v1::GetBuyerJourneyResponse)
  GTM_RPC_UNARY(SuggestContent, v1::SuggestContentRequest, v1::SuggestContentResponse)
  GTM_RPC_UNARY(GetBuyingBehavior, v1::GetBuyingBehaviorRequest, v1::GetBuyingBehaviorResponse)
  GTM_RPC_UNARY(TestMessage, v1::TestMessageRequest, v1::TestMessageResponse)
  GTM_RPC_UNARY(LearnTargetDefinition, v1::LearnTargetDefinitionRequest,
                v1::LearnTargetDefinitionResponse)

 private:
  rpc::Gate& gate_;
  TargetingHandler handler_;
};

// What looks at one account, person or definition is light; what commits waits for records,
// and what walks over many accounts computes for long.
#define GTM_ROW(method, role, cost) \
  rpc::MethodRule { "gtm.targeting.v1.TargetingService/" method, rpc::Role::role, rpc::Cost::cost }
constexpr rpc::MethodRule kMethods[] = {
    GTM_ROW("CreateTargetDefinition", kWriter, kHeavy),
    GTM_ROW("UpdateTargetDefinition", kWriter, kHeavy),
    GTM_ROW("ProposeTargetDefinition", kWriter, kHeavy),
    GTM_ROW("SignOffTargetDefinition", kApprover, kHeavy),
    GTM_ROW("RetireTargetDefinition", kApprover, kHeavy),
    GTM_ROW("GetTargetDefinition", kReader, kLight),
    GTM_ROW("GetActiveTargetDefinition", kReader, kLight),
    GTM_ROW("ListTargetDefinitions", kReader, kLight),
    GTM_ROW("CompareTargetDefinitions", kReader, kLight),
    GTM_ROW("ListAttributes", kReader, kLight),
    GTM_ROW("ReplayTargetDefinition", kReader, kHeavy),
    GTM_ROW("ScoreAccount", kReader, kLight),
    GTM_ROW("GetScoreGap", kReader, kLight),
    GTM_ROW("ScoreContact", kReader, kLight),
    GTM_ROW("ListTargetPeople", kReader, kHeavy),
    GTM_ROW("ScoreVisitor", kReader, kLight),
    GTM_ROW("ListVisitors", kReader, kHeavy),
    GTM_ROW("BatchScoreAccounts", kReader, kHeavy),
    GTM_ROW("ListTargets", kReader, kHeavy),
    GTM_ROW("WatchTargets", kReader, kStream),
    GTM_ROW("RecordHandover", kWriter, kHeavy),
    GTM_ROW("DecideHandover", kWriter, kHeavy),
    GTM_ROW("GetHandshake", kReader, kLight),
    GTM_ROW("CheckFunnelPlan", kReader, kLight),
    GTM_ROW("GetReach", kReader, kHeavy),
    GTM_ROW("ListBuyingGroups", kReader, kHeavy),
    GTM_ROW("GetChannelEfficacy", kReader, kHeavy),
    GTM_ROW("DiagnoseHandovers", kReader, kHeavy),
    GTM_ROW("CheckStageGate", kReader, kLight),
    GTM_ROW("RankActivities", kReader, kHeavy),
    GTM_ROW("GetExperiment", kReader, kHeavy),
    GTM_ROW("ListExperiments", kReader, kHeavy),
    GTM_ROW("DiagnoseEngagement", kReader, kHeavy),
    GTM_ROW("GetUrgency", kReader, kLight),
    GTM_ROW("ListSimmering", kReader, kHeavy),
    GTM_ROW("GetTriggerStatistics", kReader, kHeavy),
    GTM_ROW("GetMeetingYield", kReader, kHeavy),
    GTM_ROW("GetBuyerJourney", kReader, kLight),
    GTM_ROW("SuggestContent", kReader, kHeavy),
    GTM_ROW("GetBuyingBehavior", kReader, kHeavy),
    GTM_ROW("TestMessage", kReader, kLight),
    GTM_ROW("LearnTargetDefinition", kReader, kHeavy),
};
#undef GTM_ROW

}  // namespace

std::unique_ptr<grpc::Service> MakeTargetingService(rpc::Gate& gate,
                                                    records_client::Records& records) {
  return std::make_unique<TargetingRpc>(gate, records);
}

std::span<const rpc::MethodRule> TargetingMethods() { return kMethods; }

}  // namespace gtm::targeting::handler
