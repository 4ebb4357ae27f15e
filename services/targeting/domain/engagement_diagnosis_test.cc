#include "services/targeting/domain/engagement_diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtm::targeting::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kLow = 0.05;

// "a" is the control; `b` is told of "b". 1,000 accounts an arm, of which so many acted.
Experiment Tested(ExperimentVariable variable, const std::string& name, ArmVerdict b,
                  int64_t acted = 10) {
  Experiment out;
  out.name = name;
  out.variable = variable;
  out.first_touch = absl::UnixEpoch();
  for (const char* arm : {"a", "b"}) {
    Arm one;
    one.name = arm;
    one.account_count = 1'000;
    one.outcome = {acted, 1'000};
    out.arms.push_back(one);
  }
  ArmComparison comparison;
  comparison.arm = 1;
  comparison.verdict = b;
  out.comparisons.push_back(comparison);
  return out;
}

// One experiment on each variable, none of whose arms is better.
std::vector<Experiment> AllSettled(int64_t acted = 10) {
  const ArmVerdict none = ArmVerdict::kNoWorthwhileDifference;
  return {Tested(ExperimentVariable::kForm, "form", none, acted),
          Tested(ExperimentVariable::kOffer, "offer", ArmVerdict::kWorse, acted),
          Tested(ExperimentVariable::kTarget, "target", none, acted),
          Tested(ExperimentVariable::kTiming, "timing", none, acted)};
}

const EngagementQuestion& Of(const EngagementDiagnosis& diagnosis, EngagementAsk ask) {
  return diagnosis.questions[static_cast<size_t>(ask) - 1];
}

// TG-26: all yes and no engagement.
TEST(DiagnoseEngagement, AllYesAndNoEngagementIsFitDifferentiationOrTargeting) {
  const auto all = AllSettled();
  const EngagementDiagnosis out = DiagnoseEngagement(all, all, kLow);
  EXPECT_EQ(out.conclusion, EngagementConclusion::kFitDifferentiationOrTargeting);
  EXPECT_EQ(out.engagement, Engagement::kLow);
  for (const EngagementQuestion& question : out.questions) {
    EXPECT_EQ(question.answer, EngagementAnswer::kYes);
    EXPECT_EQ(question.need, EngagementNeed::kNothing);
  }
  EXPECT_THAT(Of(out, EngagementAsk::kTime).experiments, ElementsAre("timing"));
  EXPECT_THAT(Of(out, EngagementAsk::kDecision).experiments, ElementsAre("form", "offer"));
  EXPECT_EQ(out.best_arm, "form=a") << "of equal ones the first by name";
  EXPECT_DOUBLE_EQ(out.confidence, 1 - 0.05 / 8) << "eight arms";
}

TEST(DiagnoseEngagement, EngagementNeedsNoTest) {
  auto all = AllSettled();
  all[1].arms[1].outcome = {100, 1'000};
  all[2].comparisons[0].verdict = ArmVerdict::kKeepGoing;
  const EngagementDiagnosis out = DiagnoseEngagement(all, all, kLow);
  EXPECT_EQ(out.conclusion, EngagementConclusion::kEngaged);
  EXPECT_EQ(out.engagement, Engagement::kPresent);
  EXPECT_EQ(out.best_arm, "offer=b");
  EXPECT_EQ(Of(out, EngagementAsk::kTarget).answer, EngagementAnswer::kOpen) << "told anyway";
}

TEST(DiagnoseEngagement, ChanceLeavesEngagementOpen) {
  const auto all = AllSettled(50);
  const EngagementDiagnosis out = DiagnoseEngagement(all, all, kLow);
  EXPECT_EQ(out.engagement, Engagement::kNotSure);
  EXPECT_EQ(out.conclusion, EngagementConclusion::kNotSure);
  auto one_unsure = AllSettled();
  one_unsure[3].arms[0].outcome = {0, 1};  // one account says nothing
  EXPECT_EQ(DiagnoseEngagement(one_unsure, one_unsure, kLow).engagement, Engagement::kNotSure);
}

TEST(DiagnoseEngagement, WhatIsBetterIsUsedFirst) {
  auto all = AllSettled();
  all[1].comparisons[0].verdict = ArmVerdict::kBetter;
  const auto opportunities = AllSettled();
  EngagementDiagnosis out = DiagnoseEngagement(all, opportunities, kLow);
  EXPECT_EQ(out.conclusion, EngagementConclusion::kUseWhatIsBetter);
  const EngagementQuestion offer = Of(out, EngagementAsk::kOffer);
  EXPECT_EQ(offer.answer, EngagementAnswer::kNo);
  EXPECT_THAT(offer.better_arms, ElementsAre("offer=b"));
  EXPECT_THAT(offer.needed, HasSubstr("use offer=b"));
  EXPECT_EQ(Of(out, EngagementAsk::kDecision).answer, EngagementAnswer::kYes)
      << "asked by opportunities, where nothing is better";
  all[1].arms[0].pending_count = 3;
  all[1].arms[1].pending_count = 3;
  out = DiagnoseEngagement(all, opportunities, kLow);
  EXPECT_EQ(Of(out, EngagementAsk::kOffer).answer, EngagementAnswer::kNo) << "both in use";
  all[1].arms[0].pending_count = 0;
  out = DiagnoseEngagement(all, opportunities, kLow);
  EXPECT_EQ(Of(out, EngagementAsk::kOffer).answer, EngagementAnswer::kYes) << "in use by itself";
  EXPECT_EQ(out.conclusion, EngagementConclusion::kFitDifferentiationOrTargeting);
}

TEST(DiagnoseEngagement, HelpWithTheDecisionIsAskedByOpportunities) {
  const auto all = AllSettled();
  auto opportunities = AllSettled();
  opportunities[0].comparisons[0].verdict = ArmVerdict::kBetter;
  const EngagementDiagnosis out = DiagnoseEngagement(all, opportunities, kLow);
  EXPECT_EQ(Of(out, EngagementAsk::kContent).answer, EngagementAnswer::kYes);
  EXPECT_EQ(Of(out, EngagementAsk::kDecision).answer, EngagementAnswer::kNo);
  EXPECT_THAT(Of(out, EngagementAsk::kDecision).better_arms, ElementsAre("form=b"));
  EXPECT_EQ(out.conclusion, EngagementConclusion::kUseWhatIsBetter);
}

TEST(DiagnoseEngagement, SaysWhatWouldAnswerAnOpenQuestion) {
  auto all = AllSettled();
  all.reserve(all.size() + 1);  // `timing` is one of them
  const auto ask = [&](EngagementNeed need, const char* words) {
    const EngagementDiagnosis out = DiagnoseEngagement(all, AllSettled(), kLow);
    const EngagementQuestion& time = Of(out, EngagementAsk::kTime);
    EXPECT_EQ(out.conclusion, EngagementConclusion::kOpen);
    EXPECT_EQ(time.answer, EngagementAnswer::kOpen);
    EXPECT_EQ(time.need, need);
    EXPECT_THAT(time.needed, HasSubstr(words));
    return time.experiments;
  };
  Experiment& timing = all[3];
  timing.comparisons[0].verdict = ArmVerdict::kKeepGoing;
  EXPECT_THAT(ask(EngagementNeed::kResume, "timing stopped before"), ElementsAre("timing"));
  timing.arms[0].pending_count = 1;
  ask(EngagementNeed::kMoreAccounts, "until it is decided");
  timing.comparisons[0].remaining_per_arm = 340;
  ask(EngagementNeed::kMoreAccounts, "about 340 more accounts");
  all.push_back(Tested(ExperimentVariable::kTiming, "timing/late", ArmVerdict::kKeepGoing));
  EXPECT_THAT(ask(EngagementNeed::kMoreAccounts, "timing"), ElementsAre("timing"))
      << "the one that could be decided soonest";
  all.pop_back();
  timing.split_mismatch = true;
  ask(EngagementNeed::kEvenSplit, "why accounts are not split");
  timing.split_mismatch = false;
  timing.first_touch = absl::InfiniteFuture();
  EXPECT_THAT(ask(EngagementNeed::kExperiment, "\"timing=a\""), IsEmpty());
  all.pop_back();
  EXPECT_THAT(ask(EngagementNeed::kExperiment, "\"timing=a\""), IsEmpty());
}

TEST(DiagnoseEngagement, WithoutExperimentsEverythingIsOpen) {
  const EngagementDiagnosis out = DiagnoseEngagement({}, {}, kLow);
  EXPECT_EQ(out.conclusion, EngagementConclusion::kOpen);
  EXPECT_EQ(out.engagement, Engagement::kNoData);
  EXPECT_EQ(out.best_arm, "");
  for (const EngagementQuestion& question : out.questions) {
    EXPECT_EQ(question.need, EngagementNeed::kExperiment);
  }
  EXPECT_THAT(Of(out, EngagementAsk::kDecision).needed, HasSubstr("\"form=a\""));
}

}  // namespace
}  // namespace gtm::targeting::domain
