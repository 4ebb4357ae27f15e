#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/matchers.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsWith;
using test::IsOk;

class ReplayTest : public TargetingHandlerTest {
 protected:
  void SetUp() override {
    PutAccount("big", 2'000, "software");
    PutAccount("middle", 2'000, "mining");
    PutAccount("small", 10, "mining");
    Activate("d1", "2026-01-10");
  }
  Status Replay(const std::function<void(v1::ReplayTargetDefinitionRequest*)>& set) {
    rpc::Call call = At("2026-06-30");
    v1::ReplayTargetDefinitionRequest request;
    set(&request);
    response_.Clear();
    return handler_.ReplayTargetDefinition(call, request, &response_);
  }
  void HandOver(const std::string& account, std::string_view time) {
    rpc::Call call = At(time);
    v1::RecordHandoverRequest request;
    request.set_request_id(RequestId(++next_request_));
    request.mutable_handover()->set_account_id(account);
    v1::RecordHandoverResponse response;
    ASSERT_THAT(handler_.RecordHandover(call, request, &response), IsOk());
  }
  v1::ReplayTargetDefinitionResponse response_;
};

// C02: the replay of the version in force gives the decisions that were stored, exactly.
TEST_F(ReplayTest, OfTheActiveVersionEqualsTheStoredDecisions) {
  HandOver("big", "2026-02-01");
  HandOver("middle", "2026-03-01");
  ASSERT_THAT(Replay([](auto* request) { request->set_definition_id("d1"); }), IsOk());
  EXPECT_EQ(response_.stored_decisions().handover_count(), 2);
  EXPECT_EQ(response_.stored_decisions().equal_count(), 2);
  EXPECT_EQ(
      response_.tried().targets().handover_count() + response_.tried().others().handover_count(),
      2);
  EXPECT_EQ(response_.instants_size(), 12);
  for (const auto& instant : response_.instants()) {
    EXPECT_EQ(instant.leaving_count(), 0);
    if (!instant.has_baseline()) continue;  // before it came into force
    EXPECT_EQ(instant.tried().target_count(), instant.baseline().target_count());
    EXPECT_EQ(instant.entering_count(), 0);
  }
  // Facts that changed since are told apart from a score that comes out another way.
  PutAccount("middle", 500, "mining");
  ASSERT_THAT(Replay([](auto* request) { request->set_definition_id("d1"); }), IsOk());
  EXPECT_EQ(response_.stored_decisions().equal_count(), 1);
  EXPECT_EQ(response_.stored_decisions().changed_facts_count(), 1);
  EXPECT_EQ(response_.stored_decisions().different_handover_ids_size(), 0);
}

TEST_F(ReplayTest, OfADraftTellsWhoEntersAndLeaves) {
  v1::TargetDefinition draft = MakeDefinition("", "only size counts");
  draft.mutable_account_criteria()->RemoveLast();
  draft.set_target_min_fit_points(100);
  ASSERT_THAT(Replay([&](auto* request) {
                *request->mutable_definition() = draft;
                request->set_baseline_definition_id("d1");
              }),
              IsOk());
  const auto& last = *response_.instants().rbegin();
  EXPECT_EQ(last.account_count(), 3);
  EXPECT_EQ(last.tried().target_count(), 2);
  EXPECT_EQ(last.entering_count() - last.leaving_count(),
            last.tried().target_count() - last.baseline().target_count());
  EXPECT_FALSE(response_.has_stored_decisions());
  for (const auto& moved : response_.entering()) {
    EXPECT_NE(moved.account_id(), "small");
    EXPECT_TRUE(moved.has_baseline_fit_micropoints());
  }
}

TEST_F(ReplayTest, RefusesWhatItCannotReplay) {
  EXPECT_THAT(Replay([](auto*) {}), test::FailsOn("tried"));
  EXPECT_THAT(Replay([](auto* request) { request->set_definition_id("d9"); }),
              FailsWith(Reason::RECORD_NOT_FOUND));
  EXPECT_THAT(Replay([](auto* request) {
                request->set_definition_id("d1");
                request->set_step(v1::ReplayTargetDefinitionRequest::STEP_WEEK);
                *request->mutable_days()->mutable_start_date() = test::Date("2016-01-01");
                *request->mutable_days()->mutable_end_date() = test::Date("2026-01-01");
              }),
              test::FailsOn("days"));
  EXPECT_THAT(Replay([](auto* request) { request->mutable_definition()->set_id("empty"); }),
              FailsWith(Reason::INVALID_FIELDS));
}

}  // namespace
}  // namespace gtm::targeting::handler
