#include "services/targeting/domain/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;

const absl::Time kNow = At("2026-06-30");

TEST(ParseArm, ReadsVariableExperimentAndArm) {
  EXPECT_EQ(ParseArm("offer=a")->experiment, "offer");
  EXPECT_EQ(ParseArm("offer=a")->arm, "a");
  EXPECT_EQ(ParseArm("offer=a")->variable, ExperimentVariable::kOffer);
  EXPECT_EQ(ParseArm(" Timing/Spring = Early ")->experiment, "timing/spring");
  EXPECT_EQ(ParseArm(" Timing/Spring = Early ")->arm, "early");
  EXPECT_EQ(ParseArm("timing/spring=early")->variable, ExperimentVariable::kTiming);
  EXPECT_EQ(ParseArm("target=x")->variable, ExperimentVariable::kTarget);
  EXPECT_EQ(ParseArm("form=x")->variable, ExperimentVariable::kForm);
  EXPECT_EQ(ParseArm("color=x")->variable, ExperimentVariable::kOther);
  for (const char* bad : {"", "offer", "=a", "offer=", " = "}) {
    EXPECT_FALSE(ParseArm(bad).has_value()) << bad;
  }
}

class ExperimentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PutArm("camp-a", "offer=a");
    PutArm("camp-b", "offer=b");
    PutArm("camp-x", "");
  }
  void PutArm(const std::string& campaign, const std::string& arm) {
    records_.Put(test::Campaign(campaign).Set([&](auto& c) { c.set_experiment_arm(arm); }));
  }
  void PutAccount(const std::string& id, int64_t employees = 2'000) {
    records_.Put(test::Account(id).Set([&](crm::v1::Account& a) {
      a.set_employee_count(employees);
      a.set_industry("software");
      a.add_technologies("Snowflake");
    }));
  }
  void Touch(const std::string& account, std::string_view time, const std::string& campaign,
             bool inbound = false) {
    using crm::v1::Engagement;
    records_.Put(
        test::Engagement(fmt::format("e{}", ++touches_), account, time,
                         inbound ? Engagement::TYPE_FORM : Engagement::TYPE_EMAIL,
                         inbound ? Engagement::DIRECTION_INBOUND : Engagement::DIRECTION_OUTBOUND)
            .Set([&](Engagement& e) { e.set_campaign_id(campaign); }));
  }
  void PutSpend(const std::string& campaign, int64_t units, const std::string& end = "2026-03-01") {
    crm::v1::Spend spend;
    spend.set_id(fmt::format("s{}", ++touches_));
    *spend.mutable_start_date() = test::Date("2026-01-01");
    *spend.mutable_end_date() = test::Date(end);
    *spend.mutable_amount() = test::MoneyOf(units);
    spend.set_campaign_id(campaign);
    records_.Put(test::Wrap(spend));
  }
  // So many accounts whose arm touched them on a day each, and so many of which answered.
  void PutArmOf(const std::string& arm, int account_count, int answer_count) {
    for (int i = 0; i < account_count; ++i) {
      const std::string id = fmt::format("{}-{:04}", arm, i);
      PutAccount(id);
      const absl::Time day = At("2026-01-01") + absl::Hours(6) * i;
      Touch(id, absl::FormatTime(absl::RFC3339_sec, day, absl::UTCTimeZone()), "camp-" + arm);
      if (i * answer_count / account_count == (i + 1) * answer_count / account_count) continue;
      Touch(id, absl::FormatTime(absl::RFC3339_sec, day + absl::Hours(48), absl::UTCTimeZone()), "",
            true);
    }
  }
  Result<Experiment> Evaluate(ExperimentOptions options, absl::Time as_of = kNow) {
    if (options.experiment.empty()) options.experiment = "offer";
    const book::BookView view = records_.View();
    const auto alive = []() -> Status { return {}; };
    const Audience audience = JudgeAccounts(definition_, view, as_of, alive).value();
    return EvaluateExperiment(audience, view, options, alive);
  }

  test::FakeRecords records_{"targeting"};
  const Definition definition_ = Compiled();
  int touches_ = 0;
};

TEST_F(ExperimentTest, TellsHowFarItIs) {
  EXPECT_EQ(StateOf(Evaluate({}).value()), ExperimentState::kNotBegun);
  PutArmOf("a", 40, 20);
  EXPECT_EQ(StateOf(Evaluate({}, At("2026-01-08")).value()), ExperimentState::kUnevenSplit);
  PutArmOf("b", 40, 21);
  EXPECT_EQ(StateOf(Evaluate({}, At("2026-01-08")).value()), ExperimentState::kRunning);
  EXPECT_EQ(StateOf(Evaluate({}).value()), ExperimentState::kStoppedEarly)
      << "for months nobody came in";
  ExperimentOptions coarse;
  coarse.test.worth_difference = 0.5;
  coarse.with_cost = false;
  const Experiment decided = Evaluate(coarse).value();
  EXPECT_EQ(decided.comparisons[0].verdict, ArmVerdict::kNoWorthwhileDifference);
  EXPECT_EQ(StateOf(decided), ExperimentState::kDecided);
  PutArm("camp-c", "form=c");
  PutAccount("alone");
  Touch("alone", "2026-06-20", "camp-c");
  ExperimentOptions one_arm;
  one_arm.experiment = "form";
  EXPECT_EQ(StateOf(Evaluate(one_arm).value()), ExperimentState::kRunning)
      << "one arm has nothing to be told";
}

TEST_F(ExperimentTest, EvaluatesAllByName) {
  PutArm("camp-c", "form=c");
  const book::BookView view = records_.View();
  const auto alive = []() -> Status { return {}; };
  const Audience audience = JudgeAccounts(definition_, view, kNow, alive).value();
  const auto all = EvaluateExperiments(audience, view, {}, alive).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "form");
  EXPECT_EQ(all[1].name, "offer");
}

TEST_F(ExperimentTest, NeedsNoExchangeRateWithoutCost) {
  crm::v1::Spend spend;
  spend.set_id("euro");
  spend.set_campaign_id("camp-a");
  *spend.mutable_start_date() = test::Date("2026-01-01");
  *spend.mutable_end_date() = test::Date("2026-02-01");
  *spend.mutable_amount() = test::MoneyOf(5, "EUR");
  records_.Put(test::Wrap(spend));
  EXPECT_THAT(Evaluate({}), FailsWith(Reason::EXCHANGE_RATE_MISSING));
  ExperimentOptions options;
  options.with_cost = false;
  EXPECT_THAT(Evaluate(options), IsOk());
}

TEST_F(ExperimentTest, AnAccountStaysInTheArmThatTouchedItFirst) {
  PutAccount("one");
  Touch("one", "2026-02-01", "camp-a");
  Touch("one", "2026-02-03", "camp-b");  // contamination
  Touch("one", "2026-02-04", "", true);  // an answer
  PutAccount("two", 10);                 // no target
  Touch("two", "2026-02-01", "camp-x");  // no arm
  Touch("two", "2026-02-02", "camp-b");
  Touch("two", "2026-04-01", "", true);  // after the horizon
  PutAccount("three");
  Touch("three", "2026-06-15", "camp-b");  // its horizon has not passed
  const Experiment out = Evaluate({}).value();
  ASSERT_EQ(out.arms.size(), 2u);
  EXPECT_EQ(out.variable, ExperimentVariable::kOffer);
  EXPECT_THAT(out.arms[0].campaign_ids, ElementsAre("camp-a"));
  EXPECT_EQ(out.arms[0].account_count, 1);
  EXPECT_EQ(out.arms[0].contaminated_count, 1);
  EXPECT_EQ(out.arms[0].outcome.successes, 1);
  EXPECT_EQ(out.arms[1].account_count, 2);
  EXPECT_EQ(out.arms[1].target_count, 1);
  EXPECT_EQ(out.arms[1].pending_count, 1);
  EXPECT_EQ(out.arms[1].outcome.trials, 1);
  EXPECT_EQ(out.arms[1].outcome.successes, 0);
  EXPECT_EQ(out.comparisons[0].verdict, ArmVerdict::kKeepGoing);
  const Experiment targets = Evaluate({.targets_only = true}).value();
  EXPECT_EQ(targets.arms[1].account_count, 1);
}

TEST_F(ExperimentTest, CountsDealsAndHandoversAfterTheFirstTouch) {
  PutAccount("one");
  Touch("one", "2026-02-01", "camp-a");
  records_.Put(test::Opportunity("o1", "one").Stage("2026-02-10", "stage_zero"));
  PutAccount("two");
  Touch("two", "2026-02-01", "camp-b");
  records_.Put(test::Opportunity("o2", "two").Stage("2026-01-20", "stage_zero"));  // before
  v1::Handover handover;
  handover.set_id("h1");
  handover.set_account_id("two");
  SetTime(At("2026-02-20"), handover.mutable_handover_time());
  records_.Put(test::Wrap(handover));
  const Experiment deals = Evaluate({.outcome = ExperimentOutcome::kOpportunity}).value();
  EXPECT_EQ(deals.arms[0].outcome.successes, 1);
  EXPECT_EQ(deals.arms[1].outcome.successes, 0);
  const Experiment handed = Evaluate({.outcome = ExperimentOutcome::kHandedOver}).value();
  EXPECT_EQ(handed.arms[0].outcome.successes, 0);
  EXPECT_EQ(handed.arms[1].outcome.successes, 1);
  // TG-27: acquisition. Won within the horizon, and begun after the touch.
  const auto won = [&] {
    return Evaluate({.outcome = ExperimentOutcome::kWon}).value().arms[0].outcome.successes;
  };
  EXPECT_EQ(won(), 0);
  records_.Put(
      test::Opportunity("o1", "one").Stage("2026-02-10", "open").Stage("2026-03-20", "won"));
  EXPECT_EQ(won(), 0) << "47 days after the touch; the horizon is 30";
  records_.Put(
      test::Opportunity("o1", "one").Stage("2026-02-10", "open").Stage("2026-02-25", "won"));
  EXPECT_EQ(won(), 1);
}

TEST_F(ExperimentTest, ScalesWhatBringsMoreForLess) {  // TG-27
  PutArmOf("a", 300, 30);
  PutArmOf("b", 300, 90);
  PutSpend("camp-a", 10'000);
  PutSpend("camp-b", 10'000);
  const Experiment out = Evaluate({}).value();
  ASSERT_EQ(out.comparisons.size(), 1u);
  const ArmComparison& b = out.comparisons[0];
  EXPECT_EQ(b.verdict, ArmVerdict::kBetter);
  EXPECT_NEAR(b.difference, 0.2, 1e-9);
  EXPECT_GT(b.sequence.low, 0);
  EXPECT_LT(b.p_value, 0.05);
  EXPECT_LT(*b.decided_at, 600);
  EXPECT_EQ(b.scale_up, ScaleUp::kYes);
  EXPECT_EQ(*out.arms[1].spend_micros, 10'000'000'000);
  // The other way round it is worse, and nothing is scaled.
  const Experiment turned = Evaluate({.control_arm = "b"}).value();
  EXPECT_EQ(turned.comparisons[0].verdict, ArmVerdict::kWorse);
  EXPECT_EQ(turned.comparisons[0].scale_up, ScaleUp::kNo);
}

TEST_F(ExperimentTest, ScaleUpNeedsTheCostToBeKnownAndLower) {
  Arm control;
  control.outcome = {30, 300};
  Arm arm;
  arm.outcome = {90, 300};
  EXPECT_EQ(JudgeScaleUp(ArmVerdict::kBetter, arm, control), ScaleUp::kCostUnknown);
  control.spend_micros = arm.spend_micros = 1'000'000;
  EXPECT_EQ(JudgeScaleUp(ArmVerdict::kBetter, arm, control), ScaleUp::kYes);
  arm.spend_micros = 3'000'000;
  EXPECT_EQ(JudgeScaleUp(ArmVerdict::kBetter, arm, control), ScaleUp::kCostNotSure);
  arm.spend_micros = 9'000'000;
  EXPECT_EQ(JudgeScaleUp(ArmVerdict::kBetter, arm, control), ScaleUp::kCostsMore);
  for (const ArmVerdict other : {ArmVerdict::kKeepGoing, ArmVerdict::kWorse,
                                 ArmVerdict::kNoWorthwhileDifference, ArmVerdict::kSplitMismatch}) {
    EXPECT_EQ(JudgeScaleUp(other, arm, control), ScaleUp::kNo);
  }
}

TEST_F(ExperimentTest, ASplitThatChanceHardlyMakesIsNotCompared) {
  PutArmOf("a", 300, 30);
  PutArmOf("b", 200, 80);
  const Experiment out = Evaluate({}).value();
  EXPECT_TRUE(out.split_mismatch);
  EXPECT_LT(out.split_p_value, 0.001);
  EXPECT_EQ(out.comparisons[0].verdict, ArmVerdict::kSplitMismatch);
  EXPECT_EQ(out.comparisons[0].scale_up, ScaleUp::kNo);
  // It is what was meant where the shares were meant so.
  const Experiment meant = Evaluate({.weights = {{"a", 3}, {"b", 2}}}).value();
  EXPECT_FALSE(meant.split_mismatch);
  EXPECT_EQ(meant.comparisons[0].verdict, ArmVerdict::kBetter);
}

TEST_F(ExperimentTest, KeepsGoingAndSaysForHowLong) {
  PutArmOf("a", 60, 9);
  PutArmOf("b", 60, 12);
  const Experiment out = Evaluate({}).value();
  EXPECT_EQ(out.comparisons[0].verdict, ArmVerdict::kKeepGoing);
  ASSERT_TRUE(out.comparisons[0].remaining_per_arm.has_value());
  EXPECT_GT(*out.comparisons[0].remaining_per_arm, 100);
  EXPECT_GT(out.comparisons[0].remaining_days.value_or(0), 0);
  EXPECT_TRUE(out.comparisons[0].single_look->contains(0.05));
}

TEST_F(ExperimentTest, SharesAlphaAmongArms) {
  PutArm("camp-c", "offer=c");
  const Experiment out = Evaluate({}).value();
  EXPECT_EQ(out.comparisons.size(), 2u);
  EXPECT_DOUBLE_EQ(out.alpha_each, 0.025);
  PutArm("camp-0", "offer=control");
  EXPECT_EQ(Evaluate({}).value().control, 3u);  // "a", "b", "c", "control"
}

// The answer of a past day is the answer that was given on that day.
TEST_F(ExperimentTest, AnEarlierDayIsAnsweredAsItWasThen) {
  PutArmOf("a", 300, 30);
  PutArmOf("b", 300, 90);
  const Experiment before = Evaluate({}, At("2026-02-20")).value();
  const Experiment now = Evaluate({}).value();
  EXPECT_LT(before.arms[0].outcome.trials, now.arms[0].outcome.trials);
  if (before.comparisons[0].decided_at) {
    EXPECT_EQ(before.comparisons[0].decided_at, now.comparisons[0].decided_at);
  }
  PutAccount("later");
  Touch("later", "2026-03-01", "camp-a");
  const Experiment again = Evaluate({}, At("2026-02-20")).value();
  EXPECT_EQ(again.arms[0].account_count, before.arms[0].account_count);
  EXPECT_EQ(again.comparisons[0].p_value, before.comparisons[0].p_value);
}

TEST_F(ExperimentTest, NamesWhatIsWrong) {
  EXPECT_THAT(Evaluate({.experiment = "form"}), FailsWith(Reason::RECORD_NOT_FOUND));
  EXPECT_THAT(Evaluate({.control_arm = "z"}), FailsOn("control_arm"));
  EXPECT_THAT(Evaluate({.weights = {{"a", 1}, {"z", 1}}}), FailsOn("arm_weights[1].arm"));
}

TEST_F(ExperimentTest, ListsEachExperimentOnce) {
  PutArm("camp-t", "Timing/spring=early");
  PutArm("camp-u", "timing/spring=late");
  EXPECT_THAT(ExperimentsOf(records_.View()), ElementsAre("offer", "timing/spring"));
}

}  // namespace
}  // namespace gtm::targeting::domain
