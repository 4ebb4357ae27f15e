#include "services/targeting/domain/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/review_clock.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using test::FailsOn;
using test::FailsWith;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Step StepAt(std::string_view time, std::string request = "r1") {
  return {At(time), "user:ada", request, "sha-" + request};
}

TargetDefinition Complete(const std::string& id = "d1") {
  TargetDefinition definition;
  definition.set_id(id);
  definition.set_text("Software companies with their own data platform.");
  definition.add_account_criteria()->set_id("employees");
  definition.set_target_min_fit_points(60);
  return definition;
}

TargetDefinition Proposed(const std::string& id = "d1") {
  return Propose(Draft(Complete(id), StepAt("2026-01-10")), false, StepAt("2026-01-11", "r2"))
      .value();
}

TargetDefinition Signed(TargetDefinition definition, std::string_view time = "2026-01-15") {
  const char* signers[] = {"", "sam", "mia", "cleo"};
  for (int f = 1; f <= 3; ++f) {
    definition = SignOff(definition, {static_cast<v1::SigningFunction>(f), signers[f], ""},
                         StepAt(time, "s" + std::to_string(f)))
                     .value();
  }
  return definition;
}

TEST(Lifecycle, IgnoresWhatCallersCannotSet) {
  TargetDefinition forged = Complete();
  forged.set_state(TargetDefinition::STATE_ACTIVE);
  forged.set_version_number(9);
  forged.add_sign_offs()->set_signer("forged");
  SetTime(At("2020-01-01"), forged.mutable_activate_time());
  const TargetDefinition draft = Draft(forged, StepAt("2026-01-10"));
  EXPECT_EQ(draft.state(), TargetDefinition::STATE_DRAFT);
  EXPECT_EQ(draft.version_number(), 0);
  EXPECT_THAT(draft.sign_offs(), IsEmpty());
  EXPECT_FALSE(draft.has_activate_time());
  EXPECT_EQ(draft.events(0).subject(), "user:ada");
}

TEST(Lifecycle, ProposesOnlyWhatIsComplete) {
  const TargetDefinition empty = Draft({}, StepAt("2026-01-10"));
  const auto refused = Propose(empty, true, StepAt("2026-01-11"));
  for (const char* field : {"definition.text", "definition.account_criteria",
                            "definition.target_min_fit_points", "definition.change_reason"}) {
    EXPECT_THAT(refused, FailsOn(field));
  }
  EXPECT_THAT(MissingForProposal(Complete(), false), IsEmpty());
}

TEST(Lifecycle, NeverChangesWhatWasProposed) {
  EXPECT_THAT(Redraft(Proposed(), Complete(), StepAt("2026-01-12")),
              FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Propose(Proposed(), false, StepAt("2026-01-12")), FailsWith(Reason::WRONG_STATE));
}

TEST(Lifecycle, KeepsTheEventsOfADraftThatIsRewritten) {
  const TargetDefinition draft = Draft(Complete(), StepAt("2026-01-10"));
  TargetDefinition change = Complete();
  change.set_text("Better.");
  const TargetDefinition rewritten = Redraft(draft, change, StepAt("2026-01-11", "r2")).value();
  EXPECT_EQ(rewritten.text(), "Better.");
  EXPECT_THAT(rewritten.events(), SizeIs(2));
}

TEST(Lifecycle, WaitsForEachOfTheThreeFunctions) {  // C01, TG-01
  TargetDefinition definition = Proposed();
  EXPECT_THAT(WaitingFor(definition), SizeIs(3));
  definition =
      SignOff(definition, {v1::SIGNING_FUNCTION_MARKETING, "mia", "good"}, StepAt("2026-01-15"))
          .value();
  EXPECT_THAT(WaitingFor(definition),
              ElementsAre(v1::SIGNING_FUNCTION_SALES, v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS));
  EXPECT_EQ(definition.state(), TargetDefinition::STATE_PROPOSED);
  EXPECT_EQ(definition.sign_offs(0).signer(), "mia");
  EXPECT_EQ(definition.sign_offs(0).subject(), "user:ada");
}

TEST(Lifecycle, RefusesASecondSignatureOfAFunctionOrAPerson) {
  const TargetDefinition definition =
      SignOff(Proposed(), {v1::SIGNING_FUNCTION_SALES, "sam", ""}, StepAt("2026-01-15")).value();
  EXPECT_THAT(SignOff(definition, {v1::SIGNING_FUNCTION_SALES, "sue", ""}, StepAt("2026-01-16")),
              FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(
      SignOff(definition, {v1::SIGNING_FUNCTION_MARKETING, "sam", ""}, StepAt("2026-01-16")),
      FailsOn("signer"));
  EXPECT_THAT(
      SignOff(definition, {v1::SIGNING_FUNCTION_UNSPECIFIED, "x", ""}, StepAt("2026-01-16")),
      FailsOn("function"));
  EXPECT_THAT(SignOff(Draft(Complete(), StepAt("2026-01-10")),
                      {v1::SIGNING_FUNCTION_SALES, "sam", ""}, StepAt("2026-01-16")),
              FailsWith(Reason::WRONG_STATE));
}

TEST(Lifecycle, ActivatesTheFirstDefinitionAsVersionOne) {
  const Activation out = Activate(Signed(Proposed()), {}, {}, {}, StepAt("2026-01-15", "s3"));
  EXPECT_EQ(out.definition.state(), TargetDefinition::STATE_ACTIVE);
  EXPECT_EQ(out.definition.version_number(), 1);
  EXPECT_FALSE(out.definition.early_change());
  EXPECT_EQ(out.agreement.active_definition_id(), "d1");
  EXPECT_FALSE(out.former.has_value());
  EXPECT_TRUE(IsInForceAt(out.definition, At("2026-01-15")));
  EXPECT_FALSE(IsInForceAt(out.definition, At("2026-01-14")));
}

TEST(Lifecycle, RetiresTheFormerDefinitionInTheSameStep) {
  const Activation first = Activate(Signed(Proposed()), {}, {}, {}, StepAt("2026-01-15", "s3"));
  const Activation second = Activate(Signed(Proposed("d2"), "2026-04-20"), first.agreement,
                                     first.definition, {}, StepAt("2026-04-20", "s3"));
  EXPECT_EQ(second.definition.version_number(), 2);
  EXPECT_FALSE(second.definition.early_change());
  EXPECT_EQ(second.former->state(), TargetDefinition::STATE_RETIRED);
  EXPECT_EQ(second.former->successor_definition_id(), "d2");
  EXPECT_EQ(second.agreement.active_definition_id(), "d2");
  // At every instant exactly one is in force.
  for (const char* time : {"2026-01-15", "2026-04-19", "2026-04-20", "2026-07-01"}) {
    EXPECT_NE(IsInForceAt(*second.former, At(time)), IsInForceAt(second.definition, At(time)))
        << time;
  }
}

TEST(Lifecycle, FlagsAChangeWithinTheQuarter) {  // TG-03
  const Activation first = Activate(Signed(Proposed()), {}, {}, {}, StepAt("2026-01-15", "s3"));
  const Activation early = Activate(Signed(Proposed("d2")), first.agreement, first.definition, {},
                                    StepAt("2026-03-30", "s3"));
  EXPECT_TRUE(early.definition.early_change());
}

TEST(Lifecycle, RetiresOnceAndWithAReason) {
  EXPECT_THAT(Retire(Proposed(), "", StepAt("2026-01-20")), FailsOn("reason"));
  const TargetDefinition retired = Retire(Proposed(), "no agreement", StepAt("2026-01-20")).value();
  EXPECT_EQ(retired.state(), TargetDefinition::STATE_RETIRED);
  EXPECT_THAT(Retire(retired, "again", StepAt("2026-01-21")), FailsWith(Reason::WRONG_STATE));
}

TEST(Lifecycle, TellsAReplayFromAReusedRequestId) {
  const TargetDefinition draft = Draft(Complete(), StepAt("2026-01-10"));
  EXPECT_NE(FindReplay(draft, StepAt("2026-02-02")).value(), nullptr);
  EXPECT_EQ(FindReplay(draft, StepAt("2026-02-02", "r9")).value(), nullptr);
  Step other = StepAt("2026-02-02");
  other.request_sha256 = "another";
  EXPECT_THAT(FindReplay(draft, other), FailsWith(Reason::REQUEST_ID_REUSED));
}

// ---- The quarterly clock (TG-03)

TEST(ReviewClock, IsDueAfterThreeCivilMonths) {
  const FiscalCalendar utc;
  EXPECT_EQ(ReviewDueTime(utc, At("2026-01-15T10:00:00Z")), At("2026-04-15"));
  EXPECT_EQ(ReviewDueTime(utc, At("2025-11-30")), At("2026-02-28"));
  EXPECT_EQ(ReviewDueTime(utc, At("2026-12-31")), At("2027-03-31"));
  const ReviewState fresh = ReviewOf(utc, At("2026-01-15"), false, At("2026-04-14"));
  EXPECT_FALSE(fresh.overdue);
  EXPECT_THAT(fresh.warnings, IsEmpty());
  const ReviewState old = ReviewOf(utc, At("2026-01-15"), true, At("2026-04-15"));
  EXPECT_TRUE(old.overdue);
  EXPECT_EQ(old.age_days, 90);
  EXPECT_THAT(old.warnings, SizeIs(2)) << "overdue, and an early change itself";
}

TEST(ReviewClock, CallsAChangeEarlyWithinTheFiscalQuarterOrAMonth) {
  const FiscalCalendar utc;
  EXPECT_TRUE(IsEarlyChange(utc, At("2026-01-15"), At("2026-01-22"))) << "weekly";
  EXPECT_TRUE(IsEarlyChange(utc, At("2026-01-02"), At("2026-03-31"))) << "same quarter";
  EXPECT_TRUE(IsEarlyChange(utc, At("2026-03-20"), At("2026-04-20"))) << "monthly";
  EXPECT_FALSE(IsEarlyChange(utc, At("2026-01-15"), At("2026-04-05"))) << "quarterly review";
  const FiscalCalendar february = FiscalCalendar::Make(2, "").value();
  EXPECT_TRUE(IsEarlyChange(february, At("2026-02-02"), At("2026-04-29")));
}

}  // namespace
}  // namespace gtm::targeting::domain
