#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::SizeIs;

class ExperimentsHandlerTest : public TargetingHandlerTest {
 protected:
  void SetUp() override {
    Activate("d1", "2026-01-01");
    for (const char* arm : {"a", "b"}) {
      records_.Put(test::Campaign(std::string("camp-") + arm).Set([&](crm::v1::Campaign& c) {
        c.set_experiment_arm(std::string("offer=") + arm);
        c.set_channel("mail");
        c.set_display_name(std::string("Offer ") + arm);
      }));
      crm::v1::Spend spend;
      spend.set_id(std::string("spend-") + arm);
      *spend.mutable_start_date() = test::Date("2026-01-01");
      *spend.mutable_end_date() = test::Date("2026-02-01");
      *spend.mutable_amount() = test::MoneyOf(1'000);
      spend.set_campaign_id(std::string("camp-") + arm);
      records_.Put(test::Wrap(spend));
    }
    // Every tenth account of arm a answers, every third of arm b.
    for (int i = 0; i < 300; ++i) {
      const bool b = i % 2 == 1;
      const std::string id = fmt::format("acct-{:03}", i);
      PutAccount(id, 2'000, "software");
      records_.Put(Touch(id, "2026-01-10T08:00:00Z", b ? "camp-b" : "camp-a"));
      if (i / 2 % (b ? 3 : 10) == 0) records_.Put(Touch(id, "2026-01-12T08:00:00Z", ""));
    }
  }
  static records::v1::Record Touch(const std::string& account, std::string_view time,
                                   const std::string& campaign) {
    return test::Engagement(fmt::format("e-{}-{}", account, campaign), account, time)
        .Set([&](crm::v1::Engagement& e) { e.set_campaign_id(campaign); });
  }
  Status Get(const v1::GetExperimentRequest& request, std::string_view time = "2026-04-01") {
    rpc::Call call = At(time);
    got_.Clear();
    return handler_.GetExperiment(call, request, &got_);
  }

  v1::GetExperimentResponse got_;
};

TEST_F(ExperimentsHandlerTest, TellsWhichArmToScale) {  // TG-27
  v1::GetExperimentRequest request;
  request.set_experiment("Offer");
  ASSERT_THAT(Get(request), IsOk());
  const v1::Experiment& experiment = got_.experiment();
  EXPECT_EQ(experiment.name(), "offer");
  EXPECT_EQ(experiment.variable(), v1::EXPERIMENT_VARIABLE_OFFER);
  EXPECT_EQ(experiment.control_arm(), "a");
  ASSERT_THAT(experiment.arms(), SizeIs(2));
  EXPECT_EQ(experiment.arms(0).account_count(), 150);
  EXPECT_EQ(experiment.arms(0).rate().success_count(), 15);
  EXPECT_EQ(experiment.arms(1).cost_per_success().units(), 20);
  ASSERT_THAT(experiment.comparisons(), SizeIs(1));
  const v1::ArmComparison& b = experiment.comparisons(0);
  EXPECT_EQ(b.verdict(), v1::ArmComparison::VERDICT_BETTER);
  EXPECT_EQ(b.scale_up(), v1::ArmComparison::SCALE_UP_YES);
  EXPECT_GT(b.difference().low(), 0);
  EXPECT_EQ(b.difference().method(), "mixture-sprt-sequence");
  EXPECT_LT(b.single_look_difference().high() - b.single_look_difference().low(),
            b.difference().high() - b.difference().low());
  EXPECT_EQ(got_.rules().alpha_bps(), 500);
  EXPECT_EQ(got_.provenance().rules_version(), "target_definition d1 version 1");
  const v1::GetExperimentResponse first = got_;
  ASSERT_THAT(Get(request), IsOk());
  EXPECT_THAT(got_, test::EqualsProto(first));
}

TEST_F(ExperimentsHandlerTest, AnswersAsOfThePast) {
  v1::GetExperimentRequest request;
  request.set_experiment("offer");
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-01-20");
  ASSERT_THAT(Get(request), IsOk());
  EXPECT_EQ(got_.experiment().arms(0).pending_count(), 150);
  EXPECT_EQ(got_.experiment().comparisons(0).verdict(), v1::ArmComparison::VERDICT_KEEP_GOING);
  EXPECT_EQ(got_.experiment().arms(0).rate().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  // Twenty of the thirty-one days that the money covers, the day of as_of included.
  EXPECT_EQ(got_.experiment().arms(0).cost().units(), 645);
}

TEST_F(ExperimentsHandlerTest, NamesWhatIsWrongWithARequest) {
  v1::GetExperimentRequest request;
  EXPECT_THAT(Get(request), FailsOn("experiment"));
  request.set_experiment("offer");
  request.mutable_rules()->set_horizon_days(400);
  request.mutable_rules()->set_alpha_bps(5'000);
  request.mutable_rules()->set_worth_difference_bps(5);
  request.mutable_rules()->set_outcome(static_cast<v1::ExperimentOutcome>(9));
  auto* weight = request.add_arm_weights();
  weight->set_arm("a");
  weight = request.add_arm_weights();
  weight->set_arm("A");
  weight->set_weight(1);
  for (const char* field : {"rules.horizon_days", "rules.alpha_bps", "rules.worth_difference_bps",
                            "rules.outcome", "arm_weights[0].weight", "arm_weights[1].arm"}) {
    EXPECT_THAT(Get(request), FailsOn(field));
  }
  request.Clear();
  request.set_experiment("offer");
  request.set_control_arm("z");
  EXPECT_THAT(Get(request), FailsOn("control_arm"));
  request.set_experiment("form");
  EXPECT_THAT(Get(request), FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_experiment("offer");
  request.set_definition_id("d9");
  EXPECT_THAT(Get(request), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(ExperimentsHandlerTest, AsksTheQuestionsOfAllExperiments) {  // TG-26
  v1::DiagnoseEngagementRequest request;
  v1::DiagnoseEngagementResponse out;
  rpc::Call call = At("2026-04-01");
  ASSERT_THAT(handler_.DiagnoseEngagement(call, request, &out), IsOk());
  using Question = v1::EngagementQuestion;
  ASSERT_THAT(out.questions(), SizeIs(5));
  EXPECT_EQ(out.conclusion(), v1::DiagnoseEngagementResponse::CONCLUSION_ENGAGED);
  EXPECT_EQ(out.best_arm(), "offer=b");
  EXPECT_EQ(out.best_rate().success_count(), 50);
  EXPECT_DOUBLE_EQ(out.best_rate().confidence(), 0.975) << "two arms";
  EXPECT_EQ(out.low_rate_bps(), 500);
  EXPECT_EQ(out.questions(1).kind(), Question::KIND_OFFER);
  EXPECT_EQ(out.questions(1).answer(), Question::ANSWER_NO);
  EXPECT_THAT(out.questions(1).better_arms(), ::testing::ElementsAre("offer=b"));
  EXPECT_EQ(out.questions(2).need(), Question::NEED_EXPERIMENT);
  EXPECT_EQ(out.questions(4).answer(), Question::ANSWER_OPEN) << "no opportunity, no decision";
  EXPECT_EQ(out.provenance().rules_version(), "target_definition d1 version 1");
  request.set_low_rate_bps(5'000);
  out.Clear();
  ASSERT_THAT(handler_.DiagnoseEngagement(call, request, &out), IsOk());
  EXPECT_EQ(out.engagement(), v1::DiagnoseEngagementResponse::ENGAGEMENT_LOW);
  EXPECT_EQ(out.conclusion(), v1::DiagnoseEngagementResponse::CONCLUSION_USE_WHAT_IS_BETTER);
  request.set_low_rate_bps(5'001);
  request.mutable_rules()->set_outcome(v1::EXPERIMENT_OUTCOME_OPPORTUNITY);
  EXPECT_THAT(handler_.DiagnoseEngagement(call, request, &out), FailsOn("low_rate_bps"));
  EXPECT_THAT(handler_.DiagnoseEngagement(call, request, &out), FailsOn("rules.outcome"));
}

TEST_F(ExperimentsHandlerTest, ListsExperimentsPageByPage) {
  records_.Put(test::Campaign("camp-t").Set([](auto& c) { c.set_experiment_arm("timing=early"); }));
  v1::ListExperimentsRequest request;
  request.set_page_size(1);
  v1::ListExperimentsResponse response;
  rpc::Call call = At("2026-04-01");
  ASSERT_THAT(handler_.ListExperiments(call, request, &response), IsOk());
  ASSERT_THAT(response.experiments(), SizeIs(1));
  EXPECT_EQ(response.experiments(0).name(), "offer");
  request.set_page_token(response.next_page_token());
  rpc::Call later = At("2026-05-01");
  response.Clear();
  ASSERT_THAT(handler_.ListExperiments(later, request, &response), IsOk());
  ASSERT_THAT(response.experiments(), SizeIs(1));
  EXPECT_EQ(response.experiments(0).name(), "timing");
  EXPECT_TRUE(response.next_page_token().empty());
  EXPECT_THAT(response.provenance().as_of(), test::EqualsProto(test::Stamp("2026-04-01")));
  request.mutable_rules()->set_horizon_days(10);
  EXPECT_THAT(handler_.ListExperiments(later, request, &response),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
  request.set_page_token("");
  request.set_page_size(-1);
  EXPECT_THAT(handler_.ListExperiments(later, request, &response), FailsOn("page_size"));
}

TEST_F(ExperimentsHandlerTest, RanksActivitiesAndCountsForecastDeals) {  // TG-30
  records_.Put(
      test::Opportunity("o1", "acct-001").Stage("2026-01-20", "open").Amount("2026-01-20", 7'000));
  v1::RankActivitiesRequest request;
  request.set_grouping(v1::ACTIVITY_GROUPING_CAMPAIGN);
  v1::RankActivitiesResponse response;
  rpc::Call call = At("2026-04-01");
  ASSERT_THAT(handler_.RankActivities(call, request, &response), IsOk());
  ASSERT_THAT(response.activities(), SizeIs(2));
  EXPECT_EQ(response.total_count(), 2);
  const v1::ActivityImpact& first = response.activities(0);
  EXPECT_EQ(first.touched_target_count(), 150);
  EXPECT_THAT(first.tests(), SizeIs(4));
  EXPECT_EQ(first.tests(1).effect().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  for (const v1::ActivityImpact& activity : response.activities()) {
    const bool b = activity.key() == "camp-b";
    EXPECT_EQ(activity.open_opportunity_count(), b ? 1 : 0);
    EXPECT_EQ(activity.open_amount().units(), b ? 7'000 : 0);
    EXPECT_EQ(activity.display_name(), b ? "Offer b" : "Offer a");
  }
  request.set_activity_count_max(1);
  response.Clear();
  ASSERT_THAT(handler_.RankActivities(call, request, &response), IsOk());
  EXPECT_THAT(response.activities(), SizeIs(1));
  EXPECT_EQ(response.total_count(), 2);
  request.set_grouping(static_cast<v1::ActivityGrouping>(7));
  request.set_activity_count_max(2'000);
  EXPECT_THAT(handler_.RankActivities(call, request, &response), FailsOn("grouping"));
  EXPECT_THAT(handler_.RankActivities(call, request, &response), FailsOn("activity_count_max"));
}

TEST_F(ExperimentsHandlerTest, NeedsADefinition) {
  rpc::Call call = At("2025-06-01");
  v1::RankActivitiesRequest request;
  v1::RankActivitiesResponse response;
  EXPECT_THAT(handler_.RankActivities(call, request, &response),
              FailsWith(Reason::NO_ACTIVE_DEFINITION));
}

}  // namespace
}  // namespace gtm::targeting::handler
