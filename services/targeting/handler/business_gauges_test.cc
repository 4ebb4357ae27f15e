#include "services/targeting/handler/business_gauges.h"

#include <map>

#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::IsOk;

class TargetingGaugesTest : public TargetingHandlerTest {
 protected:
  // By metric and labels: "gtm_experiments acme running".
  std::map<std::string, double> GaugesAt(std::string_view time) {
    const auto question = records_.Ask(test::MakeCall(time), {});
    EXPECT_THAT(question, IsOk());
    telemetry::GaugeSheet sheet;
    EXPECT_THAT(gauges_.Add(*question, "acme", &sheet), IsOk());
    std::map<std::string, double> gauges;
    for (const auto& row : sheet.rows()) {
      std::string name(row.def->name);
      for (const std::string& value : row.values) name += " " + value;
      gauges[name] = row.number;
    }
    return gauges;
  }
  void PutTouch(const std::string& account, std::string_view time, const std::string& campaign) {
    records_.Put(test::Engagement(fmt::format("e-{}-{}", account, campaign), account, time)
                     .Set([&](crm::v1::Engagement& e) { e.set_campaign_id(campaign); }));
  }
  // Accounts with every urgency, an account that acts, and three experiments.
  void PutMarket() {
    records_.Put(test::TenantSettings().Set([](auto& s) { s.set_market_account_count(50); }));
    PutAccount("acme", 2'000, "software");
    PutAccount("bolt", 3'000, "software");
    PutAccount("maybe", std::nullopt, "software");
    PutTouch("acme", "2026-05-20", "");
    PutTouch("maybe", "2026-05-20", "");
    crm::v1::TriggerEvent trigger;
    trigger.set_id("t");
    trigger.set_account_id("acme");
    trigger.set_type(crm::v1::TriggerEvent::TYPE_AUTHORITY_SHIFT);
    *trigger.mutable_occur_time() = test::Stamp("2026-06-01");
    trigger.set_has_authority(true);
    trigger.set_solves_problem(true);
    records_.Put(test::Wrap(trigger));
    trigger.set_id("u");
    trigger.set_account_id("bolt");
    trigger.clear_has_authority();  // a question, open since the first of June
    records_.Put(test::Wrap(trigger));
    for (const char* arm : {"offer=a", "offer=b", "timing=early", "form=video"}) {
      records_.Put(test::Campaign(arm).Set([&](auto& c) { c.set_experiment_arm(arm); }));
    }
    PutTouch("acme", "2026-06-20", "timing=early");
    PutTouch("bolt", "2026-01-20", "offer=a");
    crm::v1::Spend spend;  // in a currency without a rate: nobody needs its cost
    spend.set_id("s");
    *spend.mutable_start_date() = test::Date("2026-01-01");
    *spend.mutable_end_date() = test::Date("2026-02-01");
    *spend.mutable_amount() = test::MoneyOf(10, "EUR");
    spend.set_campaign_id("offer=a");
    records_.Put(test::Wrap(spend));
  }

  TargetingGauges gauges_;
};

TEST_F(TargetingGaugesTest, AreAbsentWhereThereIsNothing) {
  records_.Put(test::Campaign("c"));
  for (const auto& [name, number] : GaugesAt("2026-06-30")) {
    EXPECT_EQ(name.rfind("gtm_data_freshness_seconds", 0), 0u) << name;
  }
  PutMarket();
  const auto gauges = GaugesAt("2026-06-30");
  EXPECT_TRUE(gauges.contains("gtm_urgency_accounts acme live")) << "needs no definition";
  EXPECT_FALSE(gauges.contains("gtm_market_penetration_ratio acme low"));
  EXPECT_FALSE(gauges.contains("gtm_experiments acme running"));
}

TEST_F(TargetingGaugesTest, AreWhatGetReachAnswers) {
  PutMarket();
  Activate("d1", "2026-01-14");
  const auto gauges = GaugesAt("2026-06-30");
  rpc::Call call = At("2026-06-30");
  v1::GetReachResponse reach;
  ASSERT_THAT(handler_.GetReach(call, {}, &reach), IsOk());
  const auto& share = reach.current().account_penetration();
  EXPECT_DOUBLE_EQ(share.low(), 0.02);
  EXPECT_DOUBLE_EQ(share.high(), 0.04) << "one may be a target";
  EXPECT_DOUBLE_EQ(gauges.at("gtm_market_penetration_ratio acme low"), share.low());
  EXPECT_DOUBLE_EQ(gauges.at("gtm_market_penetration_ratio acme high"), share.high());
  const std::map<int, std::string> coverages = {{v1::BuyingGroup::COVERAGE_NONE, "none"},
                                                {v1::BuyingGroup::COVERAGE_SINGLE, "single"},
                                                {v1::BuyingGroup::COVERAGE_PARTIAL, "partial"},
                                                {v1::BuyingGroup::COVERAGE_SPOKEN, "spoken"},
                                                {v1::BuyingGroup::COVERAGE_FULL, "full"}};
  ASSERT_EQ(reach.current().group_counts_size(), 5);
  double sum = 0;
  for (const auto& count : reach.current().group_counts()) {
    const double told = gauges.at("gtm_buying_groups acme " + coverages.at(count.coverage()));
    EXPECT_EQ(told, count.account_count());
    sum += told;
  }
  EXPECT_EQ(sum, 2);
}

TEST_F(TargetingGaugesTest, AreWhatListTargetsAnswers) {
  PutMarket();
  Activate("d1", "2026-01-14");
  const auto gauges = GaugesAt("2026-06-30");
  rpc::Call call = At("2026-06-30");
  v1::ListTargetsResponse targets;
  ASSERT_THAT(handler_.ListTargets(call, {}, &targets), IsOk());
  ASSERT_EQ(targets.verdict_counts_size(), 3);
  const char* names[] = {"target", "not_target", "undecided"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(targets.verdict_counts(i).verdict(), i + 1);
    EXPECT_EQ(gauges.at(std::string("gtm_target_accounts acme ") + names[i]),
              targets.verdict_counts(i).account_count());
  }
}

// TG-20, D2, C27: a share of few hand-overs is not told.
TEST_F(TargetingGaugesTest, AcceptanceIsToldOnlyWithEnoughData) {
  const auto hand_over = [&](int count, int accepted) {
    for (int i = 0; i < count; ++i) {
      v1::Handover handover;
      handover.set_id("h" + std::to_string(i));
      handover.set_account_id("acme");
      *handover.mutable_handover_time() = test::Stamp("2026-06-01");
      handover.set_state(i < accepted ? v1::Handover::STATE_ACCEPTED
                                      : v1::Handover::STATE_REJECTED);
      auto* decision = handover.add_decisions();
      decision->set_state(handover.state());
      *decision->mutable_decide_time() = test::Stamp("2026-06-02");
      records_.Put(test::Wrap(handover));
    }
  };
  hand_over(10, 7);
  EXPECT_FALSE(GaugesAt("2026-06-30").contains("gtm_handover_acceptance_ratio acme value"));
  hand_over(200, 138);
  const auto gauges = GaugesAt("2026-06-30");
  EXPECT_DOUBLE_EQ(gauges.at("gtm_handover_acceptance_ratio acme value"), 0.69);
  EXPECT_LT(gauges.at("gtm_handover_acceptance_ratio acme low"), 0.69);
  EXPECT_GT(gauges.at("gtm_handover_acceptance_ratio acme high"), 0.69);
}

TEST_F(TargetingGaugesTest, AreWhatListSimmeringAnswers) {
  PutMarket();
  const auto gauges = GaugesAt("2026-06-30");
  rpc::Call call = At("2026-06-30");
  v1::ListSimmeringResponse simmering;
  ASSERT_THAT(handler_.ListSimmering(call, {}, &simmering), IsOk());
  EXPECT_EQ(simmering.overdue_count(), 1) << "bolt's question; maybe was never asked";
  EXPECT_EQ(simmering.due_count(), 2);
  EXPECT_EQ(gauges.at("gtm_urgency_accounts acme live"), simmering.active_count());
  EXPECT_EQ(gauges.at("gtm_urgency_accounts acme overdue"), simmering.overdue_count());
  EXPECT_EQ(gauges.at("gtm_urgency_accounts acme simmering"),
            simmering.total_count() - simmering.overdue_count());
}

TEST_F(TargetingGaugesTest, AreWhatListExperimentsAnswers) {
  PutMarket();
  Activate("d1", "2026-01-14");
  const auto gauges = GaugesAt("2026-06-30");
  EXPECT_EQ(gauges.at("gtm_experiments acme not_begun"), 1) << "form";
  EXPECT_EQ(gauges.at("gtm_experiments acme running"), 1) << "timing";
  EXPECT_EQ(gauges.at("gtm_experiments acme stopped_early"), 1) << "offer";
  EXPECT_EQ(gauges.at("gtm_experiments acme decided"), 0);
  EXPECT_EQ(gauges.at("gtm_experiments acme uneven_split"), 0);
  records_.Delete(records::v1::RECORD_KIND_SPEND, "s");  // whose cost the answer shows
  rpc::Call call = At("2026-06-30");
  v1::ListExperimentsResponse listed;
  ASSERT_THAT(handler_.ListExperiments(call, {}, &listed), IsOk());
  ASSERT_EQ(listed.experiments_size(), 3);
  EXPECT_EQ(listed.experiments(0).state(), v1::Experiment::STATE_NOT_BEGUN);
  EXPECT_EQ(listed.experiments(1).state(), v1::Experiment::STATE_STOPPED_EARLY);
  EXPECT_EQ(listed.experiments(2).state(), v1::Experiment::STATE_RUNNING);
}

TEST_F(TargetingGaugesTest, FollowTimeAndRecords) {
  PutMarket();
  Activate("d1", "2026-01-14");
  EXPECT_EQ(GaugesAt("2026-06-30").at("gtm_experiments acme running"), 1);
  EXPECT_EQ(GaugesAt("2026-06-30").at("gtm_experiments acme running"), 1) << "as told before";
  EXPECT_EQ(GaugesAt("2026-08-30").at("gtm_experiments acme running"), 0) << "its horizon is over";
  PutTouch("bolt", "2026-08-20", "timing=early");
  PutAccount("corner", 2'000, "software");
  const auto gauges = GaugesAt("2026-08-30");
  EXPECT_EQ(gauges.at("gtm_buying_groups acme none") + gauges.at("gtm_buying_groups acme single"),
            3);
}

}  // namespace
}  // namespace gtm::targeting::handler
