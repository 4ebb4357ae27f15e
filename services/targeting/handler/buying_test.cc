// How buyers buy, through the handler.

#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using crm::v1::Engagement;
using test::FailsOn;
using test::FailsWith;
using test::IsOk;

class BuyingHandlerTest : public TargetingHandlerTest {
 protected:
  // Accounts of which the first half used a tool; of those three in four were won, of the others
  // one in four.
  void PutDeals(int count) {
    records_.Put(test::TenantSettings());
    for (int i = 0; i < count; ++i) {
      const std::string id = fmt::format("a{:02}", i);
      PutAccount(id, 2'000, "software");
      const bool used = i < count / 2;
      records_.Put(
          test::Engagement("e" + id, id, "2026-01-01",
                           used ? Engagement::TYPE_ENABLEMENT_TOOL : Engagement::TYPE_WEB_VISIT));
      const bool won = used ? i % 4 != 0 : i % 4 == 0;
      records_.Put(test::Opportunity("o" + id, id)
                       .Stage("2026-02-01", "open")
                       .Stage("2026-04-01", won ? "won" : "lost"));
    }
  }
  Status Ask(const v1::GetBuyingBehaviorRequest& request = {}) {
    rpc::Call call = At("2026-06-30");
    response_.Clear();
    return handler_.GetBuyingBehavior(call, request, &response_);
  }
  v1::GetBuyingBehaviorResponse response_;
};

TEST_F(BuyingHandlerTest, TellsRatesWithIntervalsAndWhatTheyShow) {  // BE-01, BE-02
  PutDeals(80);
  Activate("d", "2026-01-05");
  ASSERT_THAT(Ask(), IsOk());
  const auto& won = response_.enablement().won();
  EXPECT_DOUBLE_EQ(won.with_enablement().value(), 0.75);
  EXPECT_DOUBLE_EQ(won.without_enablement().value(), 0.25);
  EXPECT_DOUBLE_EQ(won.difference().value(), 0.5);
  EXPECT_EQ(won.difference().method(), "newcombe");
  EXPECT_DOUBLE_EQ(won.ratio().value(), 3) << "the published claim";
  EXPECT_LT(won.ratio().low(), 3);
  EXPECT_GT(won.ratio().low(), 1);
  EXPECT_EQ(won.finding(), v1::EnablementEffect::FINDING_BETTER);
  EXPECT_FALSE(response_.enablement().has_kept());
  const auto& alone = response_.self_directed();
  EXPECT_EQ(alone.purchase_count(), 40);
  EXPECT_EQ(alone.time_share().value(), 1) << "nobody ever talked";
  EXPECT_EQ(alone.time_share().sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(alone.without_conversation().success_count(), 40);
  EXPECT_EQ(response_.bounces().finding(), v1::Bounces::FINDING_NOT_ENOUGH_DATA);
  EXPECT_EQ(response_.bounces().difference().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_EQ(response_.provenance().rules_version(), "target_definition d version 1");
  EXPECT_EQ(response_.days().start_date().year(), 2024) << "730 days";
}

TEST_F(BuyingHandlerTest, TellsOfTheDaysThatAreAskedFor) {  // BE-02, BE-10
  PutDeals(80);
  for (int i = 0; i < 80; ++i) {
    const std::string id = fmt::format("a{:02}", i);
    records_.Put(test::Contact("p" + id, id));
    if (i < 40) PutAccount(id, 10, "mining");  // no target
    records_.Put(test::Engagement("v" + id, id, "2026-05-01T10:00:00Z", Engagement::TYPE_WEB_VISIT)
                     .Set([&](Engagement& e) {
                       e.set_contact_id("p" + id);
                       e.set_count(i < 40 && i % 8 != 0 ? 1 : 3);
                     }));
    records_.Put(test::Movement("m" + id, id, "2026-04-01", 10));
  }
  Activate("d", "2026-01-05");
  v1::GetBuyingBehaviorRequest request;
  *request.mutable_days()->mutable_start_date() = test::Date("2026-05-01");
  *request.mutable_days()->mutable_end_date() = test::Date("2026-06-01");
  ASSERT_THAT(Ask(request), IsOk());
  EXPECT_EQ(response_.enablement().won().with_enablement().sample_count(), 0)
      << "they qualified before";
  EXPECT_EQ(response_.self_directed().purchase_count(), 0);
  ASSERT_TRUE(response_.enablement().has_kept()) << "revenue is recorded";
  EXPECT_EQ(response_.enablement().kept().finding(), v1::EnablementEffect::FINDING_NOT_ENOUGH_DATA);
  EXPECT_EQ(response_.bounces().others().success_count(), 35);
  EXPECT_EQ(response_.bounces().others().sample_count(), 40);
  EXPECT_EQ(response_.bounces().targets().success_count(), 0);
  EXPECT_EQ(response_.bounces().finding(), v1::Bounces::FINDING_UNFIT_LEAVE);
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(2);
  ASSERT_THAT(Ask(request), IsOk());
  EXPECT_EQ(response_.days().start_date().month(), 4);
  EXPECT_EQ(response_.self_directed().purchase_count(), 40);
}

TEST_F(BuyingHandlerTest, SaysNothingWithoutData) {
  records_.Put(test::TenantSettings());
  Activate("d", "2026-01-05");
  ASSERT_THAT(Ask(), IsOk());
  EXPECT_EQ(response_.self_directed().time_share().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_EQ(response_.enablement().won().finding(), v1::EnablementEffect::FINDING_NOT_ENOUGH_DATA);
  EXPECT_EQ(response_.enablement().won().ratio().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
}

TEST_F(BuyingHandlerTest, NamesWhatIsWrong) {
  records_.Put(test::TenantSettings());
  EXPECT_THAT(Ask(), FailsWith(Reason::NO_ACTIVE_DEFINITION));
  Activate("d", "2026-01-05");
  v1::GetBuyingBehaviorRequest request;
  request.add_enablement_content_ids("guide");
  request.add_enablement_content_ids("guide");
  EXPECT_THAT(Ask(request), FailsOn("enablement_content_ids[1]"));
  request.clear_enablement_content_ids();
  for (int i = 0; i <= 1'000; ++i) request.add_enablement_content_ids(std::to_string(i));
  EXPECT_THAT(Ask(request), FailsOn("enablement_content_ids"));
  request.clear_enablement_content_ids();
  request.set_definition_id("nowhere");
  EXPECT_THAT(Ask(request), FailsWith(Reason::RECORD_NOT_FOUND));
}

}  // namespace
}  // namespace gtm::targeting::handler
