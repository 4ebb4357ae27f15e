#include "services/targeting/domain/stage_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/matchers.h"
#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/test_market.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using test::FailsWith;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = At("2026-06-30");

// An account with three people and a deal at Stage 0 since the first of June.
class StageGateTest : public ::testing::Test {
 protected:
  StageGateTest() {
    market_.Target("t");
    for (const char* id : {"p1", "p2", "p3"}) market_.Person(id, "t");
    deal_.Stage("2026-06-01", "stage_zero")
        .Member("p1", crm::v1::BUYING_ROLE_DECISION_MAKER)
        .Member("p2")
        .Member("p3");
  }
  StageGate Check(GateQuestion question = {kNow, kTeamMinDefault, std::nullopt},
                  bool with_definition = true) {
    market_.Put(deal_);
    const book::BookView view = market_.View();
    return CheckStageGate(with_definition ? &market_.definition() : nullptr, view,
                          *view.FindOpportunity("o1"), question)
        .value();
  }
  const Evidence& Of(const StageGate& gate, EvidenceKind kind) {
    return gate.evidence[static_cast<size_t>(kind) - 1];
  }
  void EngageTeam() {
    for (const char* id : {"p1", "p2", "p3"}) market_.Touch("t", "2026-06-10", "in", id, "", 3);
  }
  void Discover() {
    crm::v1::CallSummary call;
    call.set_id("call");
    call.set_account_id("t");
    call.set_why_problem("Month end takes nine days.");
    SetTime(At("2026-06-12"), call.mutable_occur_time());
    market_.Put(test::Wrap(call));
  }

  Market market_;
  test::Opportunity deal_{"o1", "t"};
};

TEST_F(StageGateTest, NamesAllThatIsMissing) {  // TG-19
  const StageGate gate = Check();
  EXPECT_EQ(gate.status, GateStatus::kMissing);
  EXPECT_EQ(gate.stage_id, "stage_zero");
  EXPECT_EQ(gate.clock_start, At("2026-06-01")) << "the clock runs (TG-17)";
  EXPECT_FALSE(gate.qualified_time) << "but it is not in pipeline";
  ASSERT_EQ(gate.evidence.size(), 4u);
  for (const Evidence& evidence : gate.evidence) {
    EXPECT_FALSE(evidence.met);
    EXPECT_NE(evidence.needed, "");
  }
  EXPECT_FALSE(Of(gate, EvidenceKind::kRubric).required);
  EXPECT_THAT(Of(gate, EvidenceKind::kBuyingTeam).needed, HasSubstr("engage 3 more people"));
}

TEST_F(StageGateTest, IsReadyWithTeamDiscoveryAndInterest) {
  EngageTeam();
  Discover();
  const StageGate gate = Check();
  EXPECT_EQ(gate.status, GateStatus::kReady);
  EXPECT_THAT(Of(gate, EvidenceKind::kBuyingTeam).record_ids, ElementsAre("p1", "p2", "p3"));
  EXPECT_THAT(Of(gate, EvidenceKind::kDiscovery).record_ids, ElementsAre("call"));
  EXPECT_EQ(Check({At("2026-06-11"), kTeamMinDefault, {}}).status, GateStatus::kMissing)
      << "the call was later";
}

TEST_F(StageGateTest, OneEngagedPersonIsEnoughWhereOneCanBuy) {
  Discover();
  market_.Touch("t", "2026-06-29", "in", "p1", "", 5);
  EXPECT_EQ(Check().status, GateStatus::kMissing);
  EXPECT_EQ(Check({kNow, kTeamMinDefault, true}).status, GateStatus::kReady);
  // The same, read from the deal: a group of one decision maker with authority.
  deal_.Set([](crm::v1::Opportunity& o) {
    o.mutable_buying_group()->DeleteSubrange(1, 2);
    o.mutable_conditions()->set_authority(true);
  });
  const StageGate gate = Check();
  EXPECT_TRUE(gate.one_person_buys);
  EXPECT_EQ(gate.status, GateStatus::kReady);
  EXPECT_EQ(Check({kNow, kTeamMinDefault, false}).status, GateStatus::kMissing);
}

TEST_F(StageGateTest, OnlyThePeopleOfTheGroupMakeTheTeam) {
  market_.Person("stranger", "t");
  market_.Touch("t", "2026-06-10", "in", "stranger");
  market_.Touch("t", "2026-06-10", "out", "p1");
  market_.Touch("t", "2026-02-01", "in", "p2");  // long before the clock
  EXPECT_THAT(Of(Check(), EvidenceKind::kBuyingTeam).record_ids, ::testing::IsEmpty());
}

TEST_F(StageGateTest, ConditionsThatWereAskedAreDiscovery) {
  deal_.Set([](crm::v1::Opportunity& o) {
    o.mutable_conditions()->set_budget(true);
    o.mutable_conditions()->set_urgent_need(false);
  });
  EXPECT_FALSE(Of(Check(), EvidenceKind::kDiscovery).met);
  deal_.Set([](auto& o) { o.mutable_conditions()->set_consensus(false); });
  EXPECT_TRUE(Of(Check(), EvidenceKind::kDiscovery).met) << "asked, whatever the answer";
}

TEST_F(StageGateTest, TellsDealsThatPassedWithoutEvidence) {
  deal_.Stage("2026-06-20", "open");
  const StageGate gate = Check();
  EXPECT_EQ(gate.status, GateStatus::kPassedWithout);
  EXPECT_EQ(gate.qualified_time, At("2026-06-20"));
  EngageTeam();
  Discover();
  EXPECT_EQ(Check().status, GateStatus::kPassed);
  deal_.Stage("2026-06-25", "won");
  EXPECT_EQ(Check().status, GateStatus::kClosed);
}

TEST_F(StageGateTest, MeasuresNoInterestWithoutADefinition) {
  EngageTeam();
  Discover();
  const StageGate gate = Check({kNow, kTeamMinDefault, {}}, false);
  EXPECT_EQ(gate.status, GateStatus::kMissing);
  EXPECT_THAT(Of(gate, EvidenceKind::kMeasuredInterest).needed, HasSubstr("definition"));
}

TEST_F(StageGateTest, ReadsTheRubricOfTheLatestHandover) {  // TG-16
  Handover handover;
  handover.set_id("h1");
  handover.set_account_id("t");
  handover.set_opportunity_id("o1");
  SetTime(At("2026-06-01"), handover.mutable_handover_time());
  for (const bool met : {true, true}) {
    auto* answer = handover.add_rubric_answers();
    answer->set_question("Is there a project?");
    answer->set_met(met);
  }
  market_.Put(test::Wrap(handover));
  EXPECT_TRUE(Of(Check(), EvidenceKind::kRubric).met);
  handover.set_id("h2");
  SetTime(At("2026-06-02"), handover.mutable_handover_time());
  handover.mutable_rubric_answers(1)->set_met(false);
  market_.Put(test::Wrap(handover));
  const Evidence rubric = Of(Check(), EvidenceKind::kRubric);
  EXPECT_FALSE(rubric.met);
  EXPECT_THAT(rubric.observed, HasSubstr("1 of 2"));
}

// TG-16, TG-18: what is signed must be met, and the hand-over says when the clock started.
TEST_F(StageGateTest, HoldsTheHandoverAgainstTheSignedRubric) {
  DefinitionSpec spec = market_.definition().spec();
  spec.rubric_questions = {"Is there a project?", "Who decides?"};
  const Definition definition = Definition::Compile(spec, "definition").value();
  market_.Put(deal_);
  Handover handover;
  handover.set_id("h1");
  handover.set_account_id("t");
  handover.set_opportunity_id("o1");
  handover.set_conversation_engagement_id("e-call");
  SetTime(At("2026-06-11"), handover.mutable_handover_time());
  const auto answer = [&](const char* question, bool met) {
    auto* out = handover.add_rubric_answers();
    out->set_question(question);
    out->set_met(met);
    market_.Put(test::Wrap(handover));
    const book::BookView view = market_.View();
    return Of(CheckStageGate(&definition, view, *view.FindOpportunity("o1"),
                             {At("2026-06-30"), kTeamMinDefault, {}})
                  .value(),
              EvidenceKind::kRubric);
  };
  const Evidence half = answer("is there a PROJECT?", true);
  EXPECT_FALSE(half.met);
  EXPECT_THAT(half.needed, HasSubstr("\"Who decides?\""));
  EXPECT_THAT(half.observed, HasSubstr("days before it"));
  EXPECT_THAT(half.record_ids, testing::Contains("e-call"));
  EXPECT_TRUE(answer("Who decides?", true).met);
}

TEST_F(StageGateTest, KnowsNothingBeforeTheDealBegan) {
  market_.Put(deal_);
  const book::BookView view = market_.View();
  EXPECT_THAT(CheckStageGate(nullptr, view, *view.FindOpportunity("o1"),
                             {At("2026-05-31"), kTeamMinDefault, {}}),
              FailsWith(Reason::RECORD_NOT_FOUND));
}

}  // namespace
}  // namespace gtm::targeting::domain
