#pragma once
// A handler on records in memory, with the requests that most tests need.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {

// A different UUID for every number.
inline std::string RequestId(int number) {
  return fmt::format("01900000-0000-7000-8000-{:012d}", number);
}

// Fit: 60 employees, 40 industry; a target from 60 points. Engagement by recent points.
inline v1::TargetDefinition MakeDefinition(const std::string& id, const std::string& reason = "") {
  v1::TargetDefinition definition;
  definition.set_id(id);
  definition.set_text("Software companies of more than 1,000 people.");
  definition.set_change_reason(reason);
  definition.set_target_min_fit_points(60);
  auto* employees = definition.add_account_criteria();
  employees->set_id("employees");
  employees->set_attribute("account.employee_count");
  employees->set_weight(60);
  auto* band = employees->mutable_bands()->add_bands();
  band->set_min(1'000);
  band->set_share_bps(10'000);
  auto* industry = definition.add_account_criteria();
  industry->set_id("industry");
  industry->set_attribute("account.industry");
  industry->set_weight(40);
  auto* choice = industry->mutable_choices()->add_choices();
  choice->set_value("software");
  choice->set_share_bps(10'000);
  auto* recent = definition.add_engagement_criteria();
  recent->set_id("recent");
  recent->set_attribute("engagement.recent_points");
  recent->set_weight(1);
  auto* active = recent->mutable_bands()->add_bands();
  active->set_min(1);
  active->set_share_bps(10'000);
  auto* function = definition.add_person_criteria();
  function->set_id("function");
  function->set_attribute("contact.job_function");
  function->set_weight(1);
  auto* finance = function->mutable_choices()->add_choices();
  finance->set_value("finance");
  finance->set_share_bps(10'000);
  return definition;
}

// The handler with answers as messages where it gives bytes.
class MessageHandler : public TargetingHandler {
 public:
  using TargetingHandler::TargetingHandler;
  Status ScoreAccount(rpc::Call& call, const v1::ScoreAccountRequest& request,
                      v1::ScoreAccountResponse* response) {
    std::string bytes;
    GTM_RETURN_IF_ERROR(TargetingHandler::ScoreAccount(call, request, &bytes));
    return Read(bytes, response);
  }
  Status BatchScoreAccounts(rpc::Call& call, const v1::BatchScoreAccountsRequest& request,
                            v1::BatchScoreAccountsResponse* response) {
    std::string bytes;
    GTM_RETURN_IF_ERROR(TargetingHandler::BatchScoreAccounts(call, request, &bytes));
    return Read(bytes, response);
  }

 private:
  // The bytes must be those that the generated code writes for the same message.
  template <class Response>
  static Status Read(const std::string& bytes, Response* response) {
    EXPECT_TRUE(response->ParseFromString(bytes));
    EXPECT_EQ(CanonicalBytes(*response), bytes);
    return {};
  }
};

class TargetingHandlerTest : public ::testing::Test {
 protected:
  rpc::Call At(std::string_view time) { return test::MakeCall(time); }

  Status Create(const v1::TargetDefinition& definition, std::string_view time, int request = 0) {
    rpc::Call call = At(time);
    v1::CreateTargetDefinitionRequest create;
    create.set_request_id(RequestId(request != 0 ? request : ++next_request_));
    *create.mutable_definition() = definition;
    created_.Clear();
    return handler_.CreateTargetDefinition(call, create, &created_);
  }
  Status Propose(const std::string& id, std::string_view time, int request = 0) {
    rpc::Call call = At(time);
    v1::ProposeTargetDefinitionRequest propose;
    propose.set_request_id(RequestId(request != 0 ? request : ++next_request_));
    propose.set_definition_id(id);
    proposed_.Clear();
    return handler_.ProposeTargetDefinition(call, propose, &proposed_);
  }
  Status SignOff(const std::string& id, int function, std::string_view time, int request = 0) {
    rpc::Call call = At(time);
    v1::SignOffTargetDefinitionRequest sign;
    sign.set_request_id(RequestId(request != 0 ? request : ++next_request_));
    sign.set_definition_id(id);
    sign.set_function(static_cast<v1::SigningFunction>(function));
    sign.set_signer("person-" + std::to_string(function));
    signed_.Clear();
    return handler_.SignOffTargetDefinition(call, sign, &signed_);
  }
  // From nothing to proposed, or to in force.
  void Proposal(const std::string& id, std::string_view time, const std::string& reason = "") {
    ASSERT_THAT(Create(MakeDefinition(id, reason), time), test::IsOk());
    ASSERT_THAT(Propose(id, time), test::IsOk());
  }
  void Activate(const std::string& id, std::string_view time, const std::string& reason = "") {
    Proposal(id, time, reason);
    for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff(id, f, time), test::IsOk());
  }
  v1::TargetDefinition Stored(const std::string& id) {
    const auto record = records_.Find(records::v1::RECORD_KIND_TARGET_DEFINITION, id);
    return record == nullptr ? v1::TargetDefinition() : record->target_definition();
  }
  void PutAccount(const std::string& id, std::optional<int64_t> employees,
                  const std::string& industry) {
    records_.Put(test::Account(id).Set([&](crm::v1::Account& a) {
      if (employees) a.set_employee_count(*employees);
      a.set_industry(industry);
    }));
  }

  test::FakeRecords records_{"targeting"};
  MessageHandler handler_{records_};
  int next_request_ = 1'000;
  v1::CreateTargetDefinitionResponse created_;
  v1::ProposeTargetDefinitionResponse proposed_;
  v1::SignOffTargetDefinitionResponse signed_;
};

}  // namespace gtm::targeting::handler
