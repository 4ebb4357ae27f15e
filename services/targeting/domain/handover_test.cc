#include "services/targeting/domain/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using test::FailsOn;
using test::FailsWith;
using ::testing::ElementsAre;

// D2: 69 / 70 / 80 of 100 -> below / healthy / healthy; 7 of 10 -> not enough data.
TEST(JudgeHandshake, D2) {
  EXPECT_EQ(JudgeHandshake(69, 100).status, HandshakeStatus::kBelow);
  EXPECT_EQ(JudgeHandshake(70, 100).status, HandshakeStatus::kHealthy);
  EXPECT_EQ(JudgeHandshake(80, 100).status, HandshakeStatus::kHealthy);
  EXPECT_EQ(JudgeHandshake(7, 10).status, HandshakeStatus::kNotEnoughData);
}

TEST(JudgeHandshake, SaysWhereTheVerdictCouldTurn) {  // C27
  EXPECT_TRUE(JudgeHandshake(69, 100).could_turn);
  EXPECT_TRUE(JudgeHandshake(70, 100).could_turn);
  EXPECT_FALSE(JudgeHandshake(80, 100).could_turn);
  EXPECT_FALSE(JudgeHandshake(0, 0).could_turn);
  EXPECT_EQ(JudgeHandshake(0, 0).status, HandshakeStatus::kNoData);
}

TEST(JudgeHandshake, JudgesAFewWhereTheyAreClear) {
  EXPECT_EQ(JudgeHandshake(0, 10).status, HandshakeStatus::kBelow);
  EXPECT_EQ(JudgeHandshake(30, 30).status, HandshakeStatus::kHealthy);
  EXPECT_EQ(JudgeHandshake(1, 1).status, HandshakeStatus::kNotEnoughData);
}

TEST(JudgeHandshake, NeverTurnsUnhealthyWithMoreAccepted) {
  for (int decided = 1; decided <= 150; ++decided) {
    bool healthy = false;
    for (int accepted = 0; accepted <= decided; ++accepted) {
      const HandshakeStatus status = JudgeHandshake(accepted, decided).status;
      EXPECT_FALSE(healthy && status == HandshakeStatus::kBelow) << accepted << "/" << decided;
      healthy = healthy || status == HandshakeStatus::kHealthy;
    }
  }
}

Handover Pending(std::string_view time = "2026-04-01") {
  Handover handover;
  handover.set_id("h1");
  handover.set_state(Handover::STATE_PENDING);
  SetTime(At(time), handover.mutable_handover_time());
  return handover;
}
Handover Decided(const Handover& handover, Handover::State state, std::string_view time,
                 const std::string& reason = "no budget") {
  return Decide(handover, {state, reason, At(time)}, {At("2026-06-30"), "user:sam", "r", "s"})
      .value();
}

TEST(Decide, FollowsTheOneWayOfAHandover) {  // TG-20, TG-21
  const Handover accepted = Decided(Pending(), Handover::STATE_ACCEPTED, "2026-04-02");
  const Handover qualified = Decided(accepted, Handover::STATE_QUALIFIED, "2026-04-03");
  EXPECT_EQ(StateAt(qualified, At("2026-04-01")), Handover::STATE_PENDING);
  EXPECT_EQ(StateAt(qualified, At("2026-04-02")), Handover::STATE_ACCEPTED);
  EXPECT_EQ(StateAt(qualified, At("2026-06-01")), Handover::STATE_QUALIFIED);
  const Step step{At("2026-06-30"), "user:sam", "r", "s"};
  EXPECT_THAT(Decide(Pending(), {Handover::STATE_QUALIFIED, "", At("2026-04-02")}, step),
              FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Decide(qualified, {Handover::STATE_REJECTED, "x", At("2026-04-04")}, step),
              FailsWith(Reason::WRONG_STATE));
}

TEST(Decide, NeedsAReasonForARefusalAndATimeThatCanBe) {
  const Step step{At("2026-06-30"), "user:sam", "r", "s"};
  EXPECT_THAT(Decide(Pending(), {Handover::STATE_REJECTED, "", At("2026-04-02")}, step),
              FailsOn("reason"));
  EXPECT_THAT(Decide(Pending(), {Handover::STATE_ACCEPTED, "", At("2026-03-31")}, step),
              FailsOn("decide_time"));
  EXPECT_THAT(Decide(Pending(), {Handover::STATE_ACCEPTED, "", At("2026-07-01")}, step),
              FailsOn("decide_time"));
  EXPECT_THAT(Decide(Pending(), {Handover::STATE_PENDING, "", At("2026-04-02")}, step),
              FailsOn("state"));
}

TEST(CountHandovers, CountsWhatWasSoAtTheTime) {
  book::MessageList<Handover> list;
  const auto add = [&](const Handover& handover) {
    list.push_back(std::make_shared<const Handover>(handover));
  };
  add(Pending("2026-04-01"));
  add(Decided(Pending("2026-04-02"), Handover::STATE_REJECTED, "2026-04-10", "No budget"));
  add(Decided(Pending("2026-04-03"), Handover::STATE_REJECTED, "2026-04-10", "no budget"));
  add(Decided(Pending("2026-04-03"), Handover::STATE_REJECTED, "2026-04-10", "Competitor"));
  const Handover accepted = Decided(Pending("2026-04-04"), Handover::STATE_ACCEPTED, "2026-04-10");
  add(Decided(accepted, Handover::STATE_DISQUALIFIED, "2026-05-10", "too small"));
  add(Decided(accepted, Handover::STATE_QUALIFIED, "2026-05-11", ""));
  add(Pending("2026-07-01"));
  add(Pending("2026-03-31"));
  const DayRange quarter{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)};
  const Handshake june = CountHandovers(list, {}, {quarter, At("2026-06-30"), ""});
  EXPECT_EQ(june.handover_count, 6);
  EXPECT_EQ(june.pending_count, 1);
  EXPECT_EQ(june.accepted_count, 2);
  EXPECT_EQ(june.rejected_count, 3);
  EXPECT_EQ(june.qualified_count, 1);
  EXPECT_EQ(june.disqualified_count, 1);
  ASSERT_EQ(june.rejection_reasons.size(), 2u);
  EXPECT_EQ(june.rejection_reasons[0].reason, "No budget");
  EXPECT_EQ(june.rejection_reasons[0].count, 2);
  EXPECT_EQ(june.disqualification_reasons[0].reason, "too small");
  const Handshake april = CountHandovers(list, {}, {quarter, At("2026-04-05"), ""});
  EXPECT_EQ(april.pending_count, 6) << "nothing was decided yet";
  EXPECT_EQ(CountHandovers(list, {}, {quarter, At("2026-06-30"), "d9"}).handover_count, 0);
}

}  // namespace
}  // namespace gtm::targeting::domain
