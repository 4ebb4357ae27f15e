// The journey, content and messages, through the handler.

#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;

class EnablementHandlerTest : public TargetingHandlerTest {
 protected:
  void SetUp() override {
    records_.Put(test::TenantSettings());
    records_.Put(test::Account("a").Set([](crm::v1::Account& a) {
      a.set_display_name("Birch Mutual");
      a.set_industry("insurance");
    }));
    records_.Put(test::Contact("p", "a").Set(
        [](crm::v1::Contact& c) { c.set_buying_role(crm::v1::BUYING_ROLE_CHAMPION); }));
  }
  void Act(const std::string& id, std::string_view time, const std::string& content,
           crm::v1::Engagement::Type type = crm::v1::Engagement::TYPE_CONTENT_READ) {
    records_.Put(test::Engagement(id, "a", time, type).Set([&](crm::v1::Engagement& e) {
      e.set_contact_id("p");
      e.set_content_id(content);
    }));
  }
};

TEST_F(EnablementHandlerTest, GetBuyerJourneyTellsTheStepAndItsEvidence) {  // BE-03
  Act("e1", "2026-05-01", "guide");
  Act("e2", "2026-06-01", "", crm::v1::Engagement::TYPE_MEETING);
  rpc::Call call = At("2026-06-30");
  v1::GetBuyerJourneyRequest request;
  request.set_account_id("a");
  v1::GetBuyerJourneyResponse response;
  ASSERT_THAT(handler_.GetBuyerJourney(call, request, &response), IsOk());
  EXPECT_EQ(response.step(), crm::v1::JOURNEY_STEP_EXAMINE_SOLUTIONS);
  ASSERT_EQ(response.evidence_size(), 2);
  EXPECT_EQ(response.evidence(0).engagement_type(), crm::v1::Engagement::TYPE_MEETING);
  EXPECT_EQ(response.evidence(0).contact_id(), "p");
  EXPECT_EQ(response.unanswered_fields_size(), 6);
  EXPECT_EQ(response.active_people().success_count(), 1);
  EXPECT_EQ(response.provenance().rules_version(), "journey 1");
  records_.Put(test::Account("b"));
  request.set_account_id("b");
  request.set_contact_id("p");
  EXPECT_THAT(handler_.GetBuyerJourney(call, request, &response), FailsOn("contact_id"));
  request.set_account_id("nobody");
  EXPECT_THAT(handler_.GetBuyerJourney(call, request, &response),
              FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(EnablementHandlerTest, SuggestContentSaysWhatItRestsOn) {
  Act("e1", "2026-02-01", "guide");
  rpc::Call call = At("2026-06-30");
  v1::SuggestContentRequest request;
  request.set_contact_id("p");
  request.add_candidate_keys("guide");
  request.add_candidate_keys("video");
  v1::SuggestContentResponse response;
  ASSERT_THAT(handler_.SuggestContent(call, request, &response), IsOk());
  EXPECT_EQ(response.content_kind(), v1::CONTENT_KIND_CONTENT);
  EXPECT_EQ(response.role(), crm::v1::BUYING_ROLE_CHAMPION);
  ASSERT_EQ(response.suggestions_size(), 1) << "the guide was met";
  EXPECT_EQ(response.suggestions(0).key(), "video");
  EXPECT_EQ(response.suggestions(0).basis(), v1::SUGGESTION_BASIS_NOT_ENOUGH_DATA);
  EXPECT_EQ(response.suggestions(0).moved_on().sufficiency(),
            type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_THAT(response.met_keys(), ElementsAre("guide"));
  EXPECT_EQ(response.channel().source(), v1::ChannelPreference::SOURCE_LEARNED);
  EXPECT_EQ(response.channel().channel(), "content read");
  request.add_candidate_keys("video");
  EXPECT_THAT(handler_.SuggestContent(call, request, &response), FailsOn("candidate_keys[2]"));
  request.clear_candidate_keys();
  request.set_outcome_days(1);
  EXPECT_THAT(handler_.SuggestContent(call, request, &response), FailsOn("outcome_days"));
}

TEST_F(EnablementHandlerTest, TestMessageKnowsTheTarget) {  // BE-08, FC-30
  rpc::Call call = At("2026-06-30");
  v1::TestMessageRequest request;
  request.set_text("Birch Mutual closes its books in nine days. Who owns that?");
  request.set_contact_id("p");
  v1::TestMessageResponse response;
  ASSERT_THAT(handler_.TestMessage(call, request, &response), IsOk());
  EXPECT_EQ(response.verdict(), v1::TestMessageResponse::VERDICT_PASS);
  EXPECT_THAT(response.specifics(), ElementsAre("Birch Mutual"));
  request.set_text("We help teams do more. Who owns that?");
  response.Clear();
  ASSERT_THAT(handler_.TestMessage(call, request, &response), IsOk());
  EXPECT_EQ(response.verdict(), v1::TestMessageResponse::VERDICT_TOO_GENERIC);
  ASSERT_EQ(response.findings_size(), 1);
  EXPECT_EQ(response.findings(0).rule(), v1::MessageFinding::RULE_NOTHING_SPECIFIC);
  request.clear_text();
  EXPECT_THAT(handler_.TestMessage(call, request, &response), FailsOn("text"));
}

TEST_F(EnablementHandlerTest, TestMessageHoldsNumbersAgainstWhatWasAgreed) {  // BE-09
  rpc::Call call = At("2026-06-30");
  v1::TestMessageRequest request;
  request.set_text("Teams of your size save 60%. Who owns the close today?");
  request.set_agreed_text("They save 40 percent.");
  v1::TestMessageResponse response;
  ASSERT_THAT(handler_.TestMessage(call, request, &response), IsOk());
  EXPECT_EQ(response.verdict(), v1::TestMessageResponse::VERDICT_CONTRADICTS);
  ASSERT_EQ(response.findings_size(), 1);
  EXPECT_EQ(response.findings(0).rule(), v1::MessageFinding::RULE_NUMBER_NOT_AGREED);
  EXPECT_EQ(response.findings(0).excerpt(), "60%");
  request.set_agreed_text(std::string(20'001, 'x'));
  EXPECT_THAT(handler_.TestMessage(call, request, &response), FailsOn("agreed_text"));
}

}  // namespace
}  // namespace gtm::targeting::handler
