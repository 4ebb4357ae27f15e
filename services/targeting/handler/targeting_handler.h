#pragma once
// The methods of gtm.targeting.v1.TargetingService as plain functions: parse, pin a view,
// let the domain decide, commit, render. What they answer is said in service.proto.

#include <functional>
#include <string>

#include "common/core/clock.h"
#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/handler/compiled_definition.h"

namespace gtm::targeting::handler {

// Holds no state of its own but a cache: any number of replicas answer alike. Thread-safe.
class TargetingHandler {
 public:
  explicit TargetingHandler(records_client::Records& records, const Clock& clock = SystemClock())
      : records_(records), clock_(clock) {}

  // definitions.cc
  Status CreateTargetDefinition(rpc::Call& call, const v1::CreateTargetDefinitionRequest& request,
                                v1::CreateTargetDefinitionResponse* response);
  Status UpdateTargetDefinition(rpc::Call& call, const v1::UpdateTargetDefinitionRequest& request,
                                v1::UpdateTargetDefinitionResponse* response);
  Status ProposeTargetDefinition(rpc::Call& call, const v1::ProposeTargetDefinitionRequest& request,
                                 v1::ProposeTargetDefinitionResponse* response);
  Status GetTargetDefinition(rpc::Call& call, const v1::GetTargetDefinitionRequest& request,
                             v1::TargetDefinition* response);
  Status GetActiveTargetDefinition(rpc::Call& call,
                                   const v1::GetActiveTargetDefinitionRequest& request,
                                   v1::GetActiveTargetDefinitionResponse* response);
  Status ListTargetDefinitions(rpc::Call& call, const v1::ListTargetDefinitionsRequest& request,
                               v1::ListTargetDefinitionsResponse* response);
  Status ListAttributes(rpc::Call& call, const v1::ListAttributesRequest& request,
                        v1::ListAttributesResponse* response);
  // compare_definitions.cc
  Status CompareTargetDefinitions(rpc::Call& call,
                                  const v1::CompareTargetDefinitionsRequest& request,
                                  v1::CompareTargetDefinitionsResponse* response);
  // replay.cc
  Status ReplayTargetDefinition(rpc::Call& call, const v1::ReplayTargetDefinitionRequest& request,
                                v1::ReplayTargetDefinitionResponse* response);
  // agreement.cc
  Status SignOffTargetDefinition(rpc::Call& call, const v1::SignOffTargetDefinitionRequest& request,
                                 v1::SignOffTargetDefinitionResponse* response);
  Status RetireTargetDefinition(rpc::Call& call, const v1::RetireTargetDefinitionRequest& request,
                                v1::RetireTargetDefinitionResponse* response);
  // scores.cc. What is asked most is answered with the bytes of its response, appended.
  Status ScoreAccount(rpc::Call& call, const v1::ScoreAccountRequest& request, std::string* answer);
  Status GetScoreGap(rpc::Call& call, const v1::GetScoreGapRequest& request,
                     v1::GetScoreGapResponse* response);
  Status ScoreContact(rpc::Call& call, const v1::ScoreContactRequest& request,
                      v1::ScoreContactResponse* response);
  Status ListTargetPeople(rpc::Call& call, const v1::ListTargetPeopleRequest& request,
                          v1::ListTargetPeopleResponse* response);
  Status BatchScoreAccounts(rpc::Call& call, const v1::BatchScoreAccountsRequest& request,
                            std::string* answer);
  Status ListTargets(rpc::Call& call, const v1::ListTargetsRequest& request,
                     v1::ListTargetsResponse* response);
  // visitors.cc
  Status ScoreVisitor(rpc::Call& call, const v1::ScoreVisitorRequest& request,
                      v1::ScoreVisitorResponse* response);
  Status ListVisitors(rpc::Call& call, const v1::ListVisitorsRequest& request,
                      v1::ListVisitorsResponse* response);
  // watch.cc. Comes back when the caller is gone, or cannot be answered any more.
  Status WatchTargets(rpc::Call& call, const v1::WatchTargetsRequest& request,
                      const std::function<bool(const v1::WatchTargetsResponse&)>& write);
  // handovers.cc
  Status RecordHandover(rpc::Call& call, const v1::RecordHandoverRequest& request,
                        v1::RecordHandoverResponse* response);
  Status DecideHandover(rpc::Call& call, const v1::DecideHandoverRequest& request,
                        v1::DecideHandoverResponse* response);
  Status GetHandshake(rpc::Call& call, const v1::GetHandshakeRequest& request,
                      v1::GetHandshakeResponse* response);
  // plans.cc
  Status CheckFunnelPlan(rpc::Call& call, const v1::CheckFunnelPlanRequest& request,
                         v1::CheckFunnelPlanResponse* response);
  // reach.cc
  Status GetReach(rpc::Call& call, const v1::GetReachRequest& request,
                  v1::GetReachResponse* response);
  Status ListBuyingGroups(rpc::Call& call, const v1::ListBuyingGroupsRequest& request,
                          v1::ListBuyingGroupsResponse* response);
  Status GetChannelEfficacy(rpc::Call& call, const v1::GetChannelEfficacyRequest& request,
                            v1::GetChannelEfficacyResponse* response);
  // diagnosis.cc
  Status DiagnoseHandovers(rpc::Call& call, const v1::DiagnoseHandoversRequest& request,
                           v1::DiagnoseHandoversResponse* response);
  Status CheckStageGate(rpc::Call& call, const v1::CheckStageGateRequest& request,
                        v1::CheckStageGateResponse* response);
  // experiments.cc
  Status RankActivities(rpc::Call& call, const v1::RankActivitiesRequest& request,
                        v1::RankActivitiesResponse* response);
  Status GetExperiment(rpc::Call& call, const v1::GetExperimentRequest& request,
                       v1::GetExperimentResponse* response);
  Status ListExperiments(rpc::Call& call, const v1::ListExperimentsRequest& request,
                         v1::ListExperimentsResponse* response);
  Status DiagnoseEngagement(rpc::Call& call, const v1::DiagnoseEngagementRequest& request,
                            v1::DiagnoseEngagementResponse* response);
  // urgency.cc
  Status GetUrgency(rpc::Call& call, const v1::GetUrgencyRequest& request,
                    v1::GetUrgencyResponse* response);
  Status ListSimmering(rpc::Call& call, const v1::ListSimmeringRequest& request,
                       v1::ListSimmeringResponse* response);
  Status GetTriggerStatistics(rpc::Call& call, const v1::GetTriggerStatisticsRequest& request,
                              v1::GetTriggerStatisticsResponse* response);
  Status GetMeetingYield(rpc::Call& call, const v1::GetMeetingYieldRequest& request,
                         v1::GetMeetingYieldResponse* response);
  // buying.cc
  Status GetBuyingBehavior(rpc::Call& call, const v1::GetBuyingBehaviorRequest& request,
                           v1::GetBuyingBehaviorResponse* response);
  // enablement.cc
  Status GetBuyerJourney(rpc::Call& call, const v1::GetBuyerJourneyRequest& request,
                         v1::GetBuyerJourneyResponse* response);
  Status SuggestContent(rpc::Call& call, const v1::SuggestContentRequest& request,
                        v1::SuggestContentResponse* response);
  Status TestMessage(rpc::Call& call, const v1::TestMessageRequest& request,
                     v1::TestMessageResponse* response);
  // learning.cc
  Status LearnTargetDefinition(rpc::Call& call, const v1::LearnTargetDefinitionRequest& request,
                               v1::LearnTargetDefinitionResponse* response);

 private:
  records_client::Records& records_;
  const Clock& clock_;               // of streams, which outlive the instant of their call
  CompiledDefinitions definitions_;  // a cache
};

}  // namespace gtm::targeting::handler
