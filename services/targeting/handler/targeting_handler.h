#pragma once
// The methods of gtm.targeting.v1.TargetingService as plain functions: parse, pin a view,
// let the domain decide, commit, render. What they answer is said in service.proto.

#include <string>

#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/handler/compiled_definition.h"

namespace gtm::targeting::handler {

// Holds no state of its own but a cache: any number of replicas answer alike. Thread-safe.
class TargetingHandler {
 public:
  explicit TargetingHandler(records_client::Records& records) : records_(records) {}

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
  // agreement.cc
  Status SignOffTargetDefinition(rpc::Call& call, const v1::SignOffTargetDefinitionRequest& request,
                                 v1::SignOffTargetDefinitionResponse* response);
  Status RetireTargetDefinition(rpc::Call& call, const v1::RetireTargetDefinitionRequest& request,
                                v1::RetireTargetDefinitionResponse* response);
  // scores.cc. What is asked most is answered with the bytes of its response, appended.
  Status ScoreAccount(rpc::Call& call, const v1::ScoreAccountRequest& request, std::string* answer);
  Status ScoreContact(rpc::Call& call, const v1::ScoreContactRequest& request,
                      v1::ScoreContactResponse* response);
  Status BatchScoreAccounts(rpc::Call& call, const v1::BatchScoreAccountsRequest& request,
                            std::string* answer);
  Status ListTargets(rpc::Call& call, const v1::ListTargetsRequest& request,
                     v1::ListTargetsResponse* response);
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
  // learning.cc
  Status LearnTargetDefinition(rpc::Call& call, const v1::LearnTargetDefinitionRequest& request,
                               v1::LearnTargetDefinitionResponse* response);

 private:
  records_client::Records& records_;
  CompiledDefinitions definitions_;  // a cache
};

}  // namespace gtm::targeting::handler
