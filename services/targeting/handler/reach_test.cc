#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReachTest : public TargetingHandlerTest {
 protected:
  // Two targets, of which one acts, and one account that is none; a definition since January.
  void SetUp() override {
    records_.Put(test::TenantSettings().Set([](auto& s) {
      s.set_market_account_count(50);
      s.set_market_people_count(400);
    }));
    PutAccount("acme", 2'000, "software");
    PutAccount("bolt", 3'000, "software");
    PutAccount("corner", 5, "retail");
    records_.Put(test::Contact("ada", "acme"));
    records_.Put(test::Campaign("fair").Set([](auto& c) { c.set_channel("events"); }));
    for (const auto& [id, account, time] :
         {std::tuple("e1", "acme", "2026-05-20"), std::tuple("e2", "acme", "2026-02-10"),
          std::tuple("e3", "corner", "2026-05-20")}) {
      records_.Put(test::Engagement(id, account, time).Set([&](auto& e) {
        e.set_campaign_id("fair");
        if (std::string(account) == "acme") e.set_contact_id("ada");
      }));
    }
    crm::v1::Spend spend;
    spend.set_id("s1");
    spend.set_campaign_id("fair");
    *spend.mutable_start_date() = test::Date("2026-05-01");
    *spend.mutable_end_date() = test::Date("2026-06-01");
    *spend.mutable_amount() = test::MoneyOf(310);
    records_.Put(test::Wrap(spend));
    Activate("d1", "2026-01-14");
  }
  template <class Request, class Response>
  Status Ask(Status (TargetingHandler::*method)(rpc::Call&, const Request&, Response*),
             const Request& request, Response* response) {
    rpc::Call call = At("2026-06-30");
    response->Clear();
    return (handler_.*method)(call, request, response);
  }
};

TEST_F(ReachTest, TellsPenetrationOfTheMarketAndWhatItRestsOn) {  // TG-13
  v1::GetReachRequest request;
  v1::GetReachResponse out;
  ASSERT_THAT(Ask(&TargetingHandler::GetReach, request, &out), IsOk());
  EXPECT_EQ(out.accounts().target_count(), 2);
  EXPECT_EQ(out.accounts().other_count(), 1);
  EXPECT_EQ(out.market_accounts().count(), 50);
  EXPECT_EQ(out.market_accounts().source(), v1::MarketSize::SOURCE_SETTINGS);
  EXPECT_DOUBLE_EQ(out.current().account_penetration().value(), 0.02);
  EXPECT_EQ(out.current().account_penetration().method(), "exact");
  EXPECT_DOUBLE_EQ(out.current().people_penetration().value(), 1.0 / 400);
  EXPECT_EQ(out.current().days().start_date().month(), 4) << "90 days that end with as_of";
  EXPECT_EQ(out.before().engaged_accounts().target_count(), 1);
  EXPECT_EQ(out.current().answer_rate().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_THAT(out.current().group_counts(), SizeIs(5));
  EXPECT_EQ(out.current().group_counts(1).account_count(), 1) << "a single thread";
  EXPECT_EQ(out.group_rule().size_min(), 7);
  EXPECT_EQ(out.group_rule().touches_max(), 13);
  EXPECT_EQ(out.provenance().rules_version(), "target_definition d1 version 1");
  EXPECT_EQ(out.provenance().input_sha256().size(), 64u);
}

TEST_F(ReachTest, RefusesSpansAndRulesThatCannotBe) {
  v1::GetReachRequest request;
  v1::GetReachResponse out;
  request.mutable_group_rule()->set_size_min(12);
  request.mutable_group_rule()->set_size_max(11);
  request.mutable_group_rule()->add_expected_roles(crm::v1::BUYING_ROLE_UNSPECIFIED);
  const Status refused = Ask(&TargetingHandler::GetReach, request, &out);
  EXPECT_THAT(refused, FailsOn("group_rule.size_max"));
  EXPECT_THAT(refused, FailsOn("group_rule.expected_roles[0]"));
  request.clear_group_rule();
  *request.mutable_days()->mutable_start_date() = test::Date("2000-01-01");
  *request.mutable_days()->mutable_end_date() = test::Date("2026-01-01");
  EXPECT_THAT(Ask(&TargetingHandler::GetReach, request, &out), FailsOn("days"));
  *request.mutable_days()->mutable_end_date() = test::Date("2000-01-01");
  EXPECT_THAT(Ask(&TargetingHandler::GetReach, request, &out), FailsOn("days.end_date"));
  request.clear_span();
  request.set_definition_id("d9");
  EXPECT_THAT(Ask(&TargetingHandler::GetReach, request, &out), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(ReachTest, ListsBuyingGroupsInPages) {  // TG-11, TG-12
  v1::ListBuyingGroupsRequest request;
  v1::ListBuyingGroupsResponse out;
  request.set_page_size(1);
  ASSERT_THAT(Ask(&TargetingHandler::ListBuyingGroups, request, &out), IsOk());
  EXPECT_EQ(out.total_count(), 2);
  ASSERT_THAT(out.groups(), SizeIs(1));
  EXPECT_EQ(out.groups(0).account_id(), "acme") << "the engaged one first";
  EXPECT_EQ(out.groups(0).coverage(), v1::BuyingGroup::COVERAGE_SINGLE);
  EXPECT_EQ(out.groups(0).touches_missing_count(), 76);
  EXPECT_DOUBLE_EQ(out.groups(0).touches_per_person(), 1);
  EXPECT_THAT(out.groups(0).unknown_roles(), SizeIs(4));
  request.set_page_token(out.next_page_token());
  ASSERT_THAT(Ask(&TargetingHandler::ListBuyingGroups, request, &out), IsOk());
  ASSERT_THAT(out.groups(), SizeIs(1));
  EXPECT_EQ(out.groups(0).account_id(), "bolt");
  EXPECT_EQ(out.groups(0).touches_missing_count(), 77);
  EXPECT_FALSE(out.groups(0).has_touches_per_person());
  EXPECT_EQ(out.next_page_token(), "");
  request.set_segment("other");
  EXPECT_THAT(Ask(&TargetingHandler::ListBuyingGroups, request, &out),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
  request.set_page_size(-1);
  EXPECT_THAT(Ask(&TargetingHandler::ListBuyingGroups, request, &out), FailsOn("page_size"));
}

TEST_F(ReachTest, TellsWhatAChannelReachedAtWhatExpense) {  // TG-14, TG-32
  v1::GetChannelEfficacyRequest request;
  v1::GetChannelEfficacyResponse out;
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(2);
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), IsOk());
  ASSERT_THAT(out.channels(), SizeIs(1));
  const v1::ChannelEfficacy& events = out.channels(0);
  EXPECT_EQ(events.key(), "events");
  EXPECT_EQ(events.accounts().target_count(), 1);
  EXPECT_DOUBLE_EQ(events.other_share().value(), 0.5);
  EXPECT_EQ(events.other_share().sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_EQ(events.cost().units(), 310);
  EXPECT_EQ(events.cost_per_target().units(), 310);
  EXPECT_LT(events.cost_per_target_low().units(), 310);
  EXPECT_GT(events.cost_per_target_high().units(), 310);
  EXPECT_EQ(events.cost_day_count(), 31);
  EXPECT_EQ(out.day_count(), 90);
  request.set_grouping(v1::ACTIVITY_GROUPING_CAMPAIGN);
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), IsOk());
  EXPECT_EQ(out.channels(0).key(), "fair");
  request.set_grouping(static_cast<v1::ActivityGrouping>(9));
  request.set_activity_count_max(1'001);
  EXPECT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), FailsOn("grouping"));
  EXPECT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out),
              FailsOn("activity_count_max"));
}

TEST_F(ReachTest, TellsWhatContentReached) {  // TG-14
  const auto put = [&](const char* id, const char* account, const char* content,
                       const char* campaign) {
    records_.Put(test::Engagement(id, account, "2026-05-21").Set([&](auto& e) {
      e.set_content_id(content);
      e.set_campaign_id(campaign);
    }));
  };
  put("c1", "acme", "guide", "fair");
  put("c2", "bolt", "guide", "");
  put("c3", "bolt", "video", "");
  v1::GetChannelEfficacyRequest request;
  v1::GetChannelEfficacyResponse out;
  request.set_grouping(v1::ACTIVITY_GROUPING_CONTENT);
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), IsOk());
  EXPECT_EQ(out.grouping(), v1::ACTIVITY_GROUPING_CONTENT);
  ASSERT_THAT(out.channels(), SizeIs(3));
  EXPECT_EQ(out.total_count(), 2);
  EXPECT_EQ(out.channels(0).key(), "guide");
  EXPECT_EQ(out.channels(0).accounts().target_count(), 2);
  EXPECT_EQ(out.channels(0).cost().units(), 310) << "the fair is about the guide alone";
  EXPECT_EQ(out.channels(0).cost_per_target().units(), 155);
  EXPECT_EQ(out.channels(1).key(), "video");
  EXPECT_FALSE(out.channels(1).has_cost()) << "not known";
  EXPECT_FALSE(out.channels(1).has_cost_per_target());
  EXPECT_EQ(out.channels(2).key(), "") << "touches that name no content";
  request.set_activity_count_max(1);
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), IsOk());
  ASSERT_THAT(out.channels(), SizeIs(2));
  EXPECT_EQ(out.channels(1).key(), "") << "beside the others";
  EXPECT_EQ(out.total_count(), 2);
}

// Found by content: money that no content is known to have cost was divided by the targets of
// touches that name none.
TEST_F(ReachTest, MoneyOfNoActivityDidNotBuyTheTouchesOfNone) {
  records_.Put(test::Engagement("plain", "acme", "2026-05-21"));
  crm::v1::Spend spend;
  spend.set_id("unassigned");
  *spend.mutable_start_date() = test::Date("2026-05-20");
  *spend.mutable_end_date() = test::Date("2026-05-22");
  *spend.mutable_amount() = test::MoneyOf(900);
  records_.Put(test::Wrap(spend));
  v1::GetChannelEfficacyRequest request;
  v1::GetChannelEfficacyResponse out;
  request.set_grouping(v1::ACTIVITY_GROUPING_CAMPAIGN);
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &out), IsOk());
  const v1::ChannelEfficacy& none = *out.channels().rbegin();
  EXPECT_EQ(none.key(), "");
  EXPECT_GT(none.accounts().target_count(), 0);
  EXPECT_GE(none.cost().units(), 900);
  EXPECT_FALSE(none.has_cost_per_target());
  EXPECT_FALSE(none.has_cost_per_target_low());
}

TEST_F(ReachTest, DiagnosesTheLastWholeQuarter) {  // TG-25, TG-32
  for (int i = 0; i < 30; ++i) {
    records_.Put(test::Opportunity("o" + std::to_string(i), "acme")
                     .Stage("2026-01-05", "open")
                     .Stage("2026-02-05", i < 25 ? "lost" : "won")
                     .Set([](auto& o) { o.set_loss_reason("Kein Bedarf"); }));
  }
  v1::DiagnoseHandoversRequest request;
  v1::DiagnoseHandoversResponse out;
  ASSERT_THAT(Ask(&TargetingHandler::DiagnoseHandovers, request, &out), IsOk());
  EXPECT_EQ(out.current().days().start_date().month(), 1);
  EXPECT_EQ(out.before().days().start_date().month(), 10);
  EXPECT_EQ(out.current().won_count(), 5);
  EXPECT_EQ(out.wrong_target(), v1::HandoverFinding::STATUS_NOT_SURE)
      << "nobody says what the reason means";
  auto* rule = request.add_reason_rules();
  rule->set_words("kein bedarf");
  EXPECT_THAT(Ask(&TargetingHandler::DiagnoseHandovers, request, &out),
              FailsOn("reason_rules[0].reason_class"));
  rule->set_reason_class(v1::REASON_CLASS_NO_PROBLEM);
  ASSERT_THAT(Ask(&TargetingHandler::DiagnoseHandovers, request, &out), IsOk());
  EXPECT_EQ(out.wrong_target(), v1::HandoverFinding::STATUS_YES);
  EXPECT_EQ(out.trash_in(), v1::HandoverFinding::STATUS_NO_DATA);
  ASSERT_THAT(out.findings(), SizeIs(6));
  EXPECT_DOUBLE_EQ(out.findings(0).value().value(), 1);
  EXPECT_EQ(out.findings(0).value().sample_count(), 25);
  EXPECT_THAT(out.conclusions(), ElementsAre(HasSubstr("wrong (TG-25)"), HasSubstr("TG-32")));
}

TEST_F(ReachTest, ChecksTheGateOfOneDeal) {  // TG-19
  records_.Put(test::Opportunity("o1", "acme").Stage("2026-06-01", "stage_zero"));
  v1::CheckStageGateRequest request;
  v1::CheckStageGateResponse out;
  EXPECT_THAT(Ask(&TargetingHandler::CheckStageGate, request, &out), FailsOn("opportunity_id"));
  request.set_opportunity_id("nobody");
  EXPECT_THAT(Ask(&TargetingHandler::CheckStageGate, request, &out),
              FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_opportunity_id("o1");
  request.set_team_min(1);
  EXPECT_THAT(Ask(&TargetingHandler::CheckStageGate, request, &out), FailsOn("team_min"));
  request.set_team_min(2);
  ASSERT_THAT(Ask(&TargetingHandler::CheckStageGate, request, &out), IsOk());
  EXPECT_EQ(out.status(), v1::CheckStageGateResponse::STATUS_MISSING);
  ASSERT_THAT(out.evidence(), SizeIs(4));
  EXPECT_THAT(out.evidence(1).record_ids(), ElementsAre("ada"));
  EXPECT_THAT(out.evidence(1).needed(), HasSubstr("engage 1 more person"));
  EXPECT_FALSE(out.has_qualified_time());
  EXPECT_EQ(out.provenance().rules_version(), "target_definition d1 version 1");
}

TEST_F(ReachTest, GivesTheSameBytesForTheSameQuestion) {
  v1::GetChannelEfficacyRequest request;
  v1::GetChannelEfficacyResponse first;
  v1::GetChannelEfficacyResponse second;
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &first), IsOk());
  ASSERT_THAT(Ask(&TargetingHandler::GetChannelEfficacy, request, &second), IsOk());
  EXPECT_EQ(CanonicalBytes(first), CanonicalBytes(second));
}

}  // namespace
}  // namespace gtm::targeting::handler
