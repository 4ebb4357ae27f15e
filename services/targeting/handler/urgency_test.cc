// Urgency, the simmer queue, trigger statistics and meetings, through the handler.

#include <vector>

#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using crm::v1::TriggerEvent;
using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;

class UrgencyHandlerTest : public TargetingHandlerTest {
 protected:
  void SetUp() override { records_.Put(test::TenantSettings()); }
  TriggerEvent PutTrigger(const std::string& account, TriggerEvent::Type type,
                          std::string_view time) {
    TriggerEvent event;
    event.set_id(account + "-t");
    event.set_account_id(account);
    event.set_type(type);
    *event.mutable_occur_time() = test::Stamp(time);
    event.set_has_authority(true);
    event.set_solves_problem(true);
    records_.Put(test::Wrap(event));
    return event;
  }
  v1::GetUrgencyResponse Urgency(const std::string& account, std::string_view time) {
    rpc::Call call = At(time);
    v1::GetUrgencyRequest request;
    request.set_account_id(account);
    v1::GetUrgencyResponse response;
    EXPECT_THAT(handler_.GetUrgency(call, request, &response), IsOk());
    return response;
  }
  v1::ListSimmeringResponse Simmering(v1::ListSimmeringRequest request,
                                      std::string_view time = "2026-06-30") {
    rpc::Call call = At(time);
    v1::ListSimmeringResponse response;
    EXPECT_THAT(handler_.ListSimmering(call, request, &response), IsOk());
    return response;
  }
  v1::GetUrgencyResponse ignored_;
};

TEST_F(UrgencyHandlerTest, GetUrgencyExplainsItsScore) {
  records_.Put(test::Account("a"));
  PutTrigger("a", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-06-01");
  records_.Put(test::Opportunity("o1", "a"));
  const auto answer = Urgency("a", "2026-06-01");
  EXPECT_EQ(answer.state(), v1::URGENCY_STATE_ACTIVE);
  EXPECT_EQ(answer.urgency().micropoints(), 60'000'000);
  ASSERT_EQ(answer.urgency().parts_size(), 1);
  EXPECT_EQ(answer.urgency().parts(0).criterion_id(), "a-t");
  ASSERT_EQ(answer.triggers_size(), 1);
  EXPECT_EQ(answer.triggers(0).verdict(), v1::TRIGGER_VERDICT_ACTIVE);
  EXPECT_EQ(answer.wake_up_rules_size(), 0);
  ASSERT_EQ(answer.opportunities_size(), 1);
  EXPECT_EQ(answer.opportunities(0).conditions_size(), 5);
  EXPECT_EQ(answer.opportunities(0).met_count(), 2);
  EXPECT_EQ(answer.rules().review_days(), 90) << "defaults are told";
  EXPECT_EQ(answer.provenance().rules_version(), "urgency 1");
  EXPECT_EQ(answer.provenance().input_sha256(),
            Urgency("a", "2026-06-01").provenance().input_sha256());
}

TEST_F(UrgencyHandlerTest, GetUrgencyTakesOtherRulesAndRefusesImpossibleOnes) {
  records_.Put(test::Account("a"));
  PutTrigger("a", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-06-01");
  rpc::Call call = At("2026-06-01");
  v1::GetUrgencyRequest request;
  request.set_account_id("a");
  request.mutable_rules()->set_authority_shift_points(80);
  v1::GetUrgencyResponse response;
  ASSERT_THAT(handler_.GetUrgency(call, request, &response), IsOk());
  EXPECT_EQ(response.urgency().micropoints(), 80'000'000);
  request.mutable_rules()->set_authority_shift_points(101);
  EXPECT_THAT(handler_.GetUrgency(call, request, &ignored_),
              FailsOn("rules.authority_shift_points"));
  request.Clear();
  EXPECT_THAT(handler_.GetUrgency(call, request, &ignored_), FailsOn("account_id"));
  request.set_account_id("nobody");
  EXPECT_THAT(handler_.GetUrgency(call, request, &ignored_), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(UrgencyHandlerTest, ListSimmeringPutsWhatIsLongestDueFirst) {  // UR-05, C06
  records_.Put(test::Account("active"));
  PutTrigger("active", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-06-01");
  records_.Put(test::Account("faded"));
  PutTrigger("faded", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2025-01-01");
  records_.Put(test::Account("new"));
  records_.Put(test::Account("refused"));
  TriggerEvent refused = PutTrigger("refused", TriggerEvent::TYPE_PERSONAL_DRIVE, "2026-06-15");
  refused.set_has_authority(false);
  records_.Put(test::Wrap(refused));
  records_.Put(test::Opportunity("o", "refused"));
  const auto all = Simmering({});
  ASSERT_EQ(all.accounts_size(), 3);
  EXPECT_EQ(all.accounts(0).account_id(), "faded");
  EXPECT_EQ(all.accounts(0).reason(), v1::TRIGGER_REASON_FADED);
  EXPECT_EQ(all.accounts(1).account_id(), "new");
  EXPECT_THAT(all.accounts(1).questions(), ElementsAre(v1::URGENCY_QUESTION_WHY_NOW));
  EXPECT_TRUE(all.accounts(1).due());
  EXPECT_EQ(all.accounts(2).account_id(), "refused");
  EXPECT_EQ(all.accounts(2).reason(), v1::TRIGGER_REASON_NO_AUTHORITY);
  EXPECT_FALSE(all.accounts(2).due());
  EXPECT_EQ(all.total_count(), 3);
  EXPECT_EQ(all.due_count(), 2);
  EXPECT_EQ(all.active_count(), 1);
  for (const auto& account : all.accounts()) {
    EXPECT_NE(account.wake_up_rule().kind(), v1::WakeUpRule::KIND_UNSPECIFIED);
    EXPECT_TRUE(account.wake_up_rule().has_due_date());
  }
  v1::ListSimmeringRequest with_deals;
  with_deals.set_with_opportunities_only(true);
  EXPECT_EQ(Simmering(with_deals).accounts_size(), 1);
  v1::ListSimmeringRequest due;
  due.set_due_only(true);
  EXPECT_EQ(Simmering(due).accounts_size(), 2);
}

TEST_F(UrgencyHandlerTest, ListSimmeringPagesHoldTogether) {
  std::vector<std::string> expected;
  for (int i = 0; i < 23; ++i) {
    expected.push_back(fmt::format("a{:02}", i));
    records_.Put(test::Account(expected.back()));
  }
  std::vector<std::string> seen;
  v1::ListSimmeringRequest request;
  request.set_page_size(5);
  do {
    const auto page = Simmering(request);
    for (const auto& account : page.accounts()) seen.push_back(account.account_id());
    EXPECT_EQ(page.total_count(), 23);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, expected);
  rpc::Call call = At("2026-06-30");
  request.set_page_token("nonsense");
  v1::ListSimmeringResponse response;
  EXPECT_THAT(handler_.ListSimmering(call, request, &response),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
}

TEST_F(UrgencyHandlerTest, GetTriggerStatisticsWithholdsWhatAFewCannotShow) {  // UR-13, C27
  records_.Put(test::Account("a").Set([](auto& a) { a.set_industry("banking"); }));
  PutTrigger("a", TriggerEvent::TYPE_PERSONAL_DRIVE, "2026-02-01");
  records_.Put(test::Opportunity("o", "a").Stage("2026-02-10", "open").Stage("2026-04-01", "won"));
  rpc::Call call = At("2026-06-30");
  v1::GetTriggerStatisticsRequest request;
  request.set_dimension(v1::TRIGGER_DIMENSION_INDUSTRY);
  v1::GetTriggerStatisticsResponse response;
  ASSERT_THAT(handler_.GetTriggerStatistics(call, request, &response), IsOk());
  ASSERT_EQ(response.segments_size(), 1);
  EXPECT_EQ(response.segments(0).segment(), "banking");
  EXPECT_EQ(response.segments(0).types(2).event_count(), 1);
  EXPECT_EQ(response.all().win_rate_with().success_count(), 1);
  EXPECT_EQ(response.all().effect(), v1::TRIGGER_EFFECT_NOT_ENOUGH_DATA);
  EXPECT_EQ(response.all().difference().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  request.set_window_days(5);
  EXPECT_THAT(handler_.GetTriggerStatistics(call, request, &response), FailsOn("window_days"));
}

// D4 through the handler.
TEST_F(UrgencyHandlerTest, GetMeetingYieldTellsTheMarginalYield) {
  int count = 0;
  for (const auto& [seller, meetings, opened] :
       {std::tuple{"A", 81, 37}, std::tuple{"B", 47, 35}}) {
    for (int i = 0; i < meetings; ++i) {
      const std::string id = fmt::format("a{:04}", ++count);
      records_.Put(test::Account(id));
      records_.Put(test::Engagement(id + "-e", id, "2026-02-01").Set([&](crm::v1::Engagement& e) {
        e.set_participant_id(seller);
      }));
      if (i < opened) {
        records_.Put(test::Opportunity(id + "-o", id).Stage("2026-02-11", "open").Owner(seller));
      }
    }
  }
  rpc::Call call = At("2026-06-30");
  v1::GetMeetingYieldRequest request;
  v1::GetMeetingYieldResponse response;
  ASSERT_THAT(handler_.GetMeetingYield(call, request, &response), IsOk());
  ASSERT_EQ(response.sellers_size(), 2);
  const v1::SellerMeetings& a = response.sellers(1);
  EXPECT_NEAR(a.average_yield().value(), 0.457, 0.0005);
  EXPECT_NEAR(response.sellers(0).average_yield().value(), 0.745, 0.0005);
  EXPECT_NEAR(a.marginal_yield().value(), 0.059, 0.0005);
  EXPECT_LT(a.marginal_yield().low(), a.marginal_yield().value());
  EXPECT_EQ(a.advice(), v1::MEETING_ADVICE_DISQUALIFY_EARLIER);
  EXPECT_EQ(response.sellers(0).marginal_yield().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  request.set_yield_days(400);
  EXPECT_THAT(handler_.GetMeetingYield(call, request, &response), FailsOn("yield_days"));
}

}  // namespace
}  // namespace gtm::targeting::handler
