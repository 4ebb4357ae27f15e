#include "services/targeting/domain/urgency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::TriggerEvent;
using test::At;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// A mandate, shift or drive that passes the test.
TriggerEvent Trigger(const std::string& id, TriggerEvent::Type type, std::string_view time) {
  TriggerEvent event;
  event.set_id(id);
  event.set_account_id("a");
  event.set_type(type);
  *event.mutable_occur_time() = test::Stamp(time);
  event.set_has_authority(true);
  event.set_solves_problem(true);
  return event;
}
TriggerEvent Merger(std::string_view time, TriggerEvent::Phase phase, std::string_view since = "") {
  TriggerEvent event = Trigger("merger", TriggerEvent::TYPE_AUTHORITY_SHIFT, time);
  event.set_phase(phase);
  if (!since.empty()) *event.mutable_phase_time() = test::Stamp(since);
  return event;
}
TriggerEvent Mandate(const std::string& id, std::string_view time, std::string_view deadline) {
  TriggerEvent event = Trigger(id, TriggerEvent::TYPE_MANDATE, time);
  *event.mutable_deadline_date() = test::Date(deadline);
  return event;
}

std::vector<TriggerAssessment> Judged(const std::vector<TriggerEvent>& events,
                                      std::string_view as_of) {
  TriggerList list;
  for (const TriggerEvent& event : events) list.push_back(&event);
  return JudgeTriggers(list, std::nullopt, {}, {}, At(as_of));
}

// An account "a" with these triggers, read.
class Company {
 public:
  explicit Company(const std::vector<TriggerEvent>& events) {
    Add(test::TenantSettings());
    Add(test::Account("a"));
    for (const TriggerEvent& event : events) Add(test::Wrap(event));
  }
  void Add(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  AccountUrgency Read(std::string_view as_of) {
    const book::BookView view = book_.View();
    return UrgencyReader(view, {}).Read(*view.FindAccount("a"), At(as_of));
  }
  book::BookView View() { return book_.View(); }

 private:
  book::Book book_;
  int64_t seq_ = 0;
};

// D16: a merger that is announced and not closed is no trigger; after it closed, and the
// dust settled, it is an authority shift.
TEST(TargetingD16Merger, IsNoTriggerWhileAnnouncedAndAnAuthorityShiftOnceSettled) {
  const auto announced =
      Judged({Merger("2026-01-10", TriggerEvent::PHASE_ANNOUNCED)}, "2026-02-01");
  ASSERT_EQ(announced.size(), 1u);
  EXPECT_EQ(announced[0].verdict, TriggerVerdict::kFalse);
  EXPECT_EQ(announced[0].reason, TriggerReason::kMergerOpen);
  EXPECT_THAT(announced[0].questions, ElementsAre(UrgencyQuestion::kMergerSettled));
  const auto settled =
      Judged({Merger("2026-01-10", TriggerEvent::PHASE_SETTLED, "2026-06-01")}, "2026-06-10");
  EXPECT_EQ(settled[0].verdict, TriggerVerdict::kActive);
  EXPECT_EQ(settled[0].type, TriggerType::kAuthorityShift);
  EXPECT_EQ(settled[0].start_time, At("2026-06-01"));
}

TEST(TargetingD16Merger, WasNotSettledBeforeItWas) {
  const auto before =
      Judged({Merger("2026-01-10", TriggerEvent::PHASE_SETTLED, "2026-06-01")}, "2026-05-31");
  EXPECT_EQ(before[0].reason, TriggerReason::kMergerOpen);
}

TEST(TargetingD16Merger, SettlesByItselfNinetyDaysAfterItClosed) {
  const std::vector<TriggerEvent> events = {
      Merger("2026-01-10", TriggerEvent::PHASE_CLOSED, "2026-03-01")};
  const auto dusty = Judged(events, "2026-03-02");
  EXPECT_EQ(dusty[0].verdict, TriggerVerdict::kFalse);
  EXPECT_EQ(dusty[0].wake_day, absl::CivilDay(2026, 5, 30));
  EXPECT_EQ(Judged(events, "2026-05-30")[0].verdict, TriggerVerdict::kActive);
}

TEST(TargetingD16Merger, HoldsBackEveryOtherTriggerWhileNobodyCanDecide) {  // UR-06
  const std::vector<TriggerEvent> events = {Merger("2026-01-10", TriggerEvent::PHASE_ANNOUNCED),
                                            Mandate("m", "2026-01-12", "2026-06-01")};
  for (const TriggerAssessment& trigger : Judged(events, "2026-02-01")) {
    EXPECT_EQ(trigger.verdict, TriggerVerdict::kFalse);
    EXPECT_EQ(trigger.reason, TriggerReason::kMergerOpen);
  }
}

TEST(JudgeTriggers, NeedsBothAnswers) {  // UR-07
  TriggerEvent event = Trigger("t", TriggerEvent::TYPE_PERSONAL_DRIVE, "2026-01-10");
  EXPECT_EQ(Judged({event}, "2026-02-01")[0].verdict, TriggerVerdict::kActive);
  event.clear_solves_problem();
  EXPECT_EQ(Judged({event}, "2026-02-01")[0].verdict, TriggerVerdict::kUndecided);
  EXPECT_THAT(Judged({event}, "2026-02-01")[0].questions,
              ElementsAre(UrgencyQuestion::kSolvesProblem));
  event.set_has_authority(false);
  EXPECT_EQ(Judged({event}, "2026-02-01")[0].reason, TriggerReason::kNoAuthority)
      << "one no decides, whatever is not asked";
  event.set_has_authority(true);
  event.set_solves_problem(false);
  EXPECT_EQ(Judged({event}, "2026-02-01")[0].reason, TriggerReason::kProblemNotSolved);
}

TEST(JudgeTriggers, AMandateRisesTowardItsDeadlineAndEndsWithIt) {  // UR-03
  const std::vector<TriggerEvent> events = {Mandate("m", "2026-01-01", "2026-12-31")};
  int64_t before = 0;
  for (absl::CivilDay day(2026, 1, 1); day <= absl::CivilDay(2026, 12, 31); day += 7) {
    const auto judged = Judged(events, absl::FormatCivilTime(day));
    EXPECT_EQ(judged[0].verdict, TriggerVerdict::kActive);
    EXPECT_GT(judged[0].strength_micropoints, before);
    before = judged[0].strength_micropoints;
  }
  EXPECT_EQ(Judged(events, "2026-12-31")[0].strength_micropoints, 90'000'000);
  EXPECT_EQ(Judged(events, "2026-07-04")[0].strength_micropoints, 45'000'000) << "180 days ahead";
  EXPECT_EQ(Judged(events, "2027-01-01")[0].verdict, TriggerVerdict::kExpired);
  EXPECT_EQ(Judged(events, "2027-01-01")[0].reason, TriggerReason::kDeadlineOver);
}

TEST(JudgeTriggers, AMandateWithoutADeadlineIsAskedForIt) {
  const auto judged =
      Judged({Trigger("m", TriggerEvent::TYPE_MANDATE, "2026-01-01")}, "2026-02-01");
  EXPECT_EQ(judged[0].verdict, TriggerVerdict::kUndecided);
  EXPECT_THAT(judged[0].questions, ElementsAre(UrgencyQuestion::kDeadline));
}

TEST(JudgeTriggers, OthersFadeByHalfLivesAndEndAfterThree) {
  const std::vector<TriggerEvent> events = {
      Trigger("s", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-01-01")};
  EXPECT_EQ(Judged(events, "2026-01-01")[0].strength_micropoints, 60'000'000);
  EXPECT_EQ(Judged(events, "2026-04-01")[0].strength_micropoints, 30'000'000);
  EXPECT_EQ(Judged(events, "2026-09-28")[0].strength_micropoints, 7'500'000);
  EXPECT_EQ(Judged(events, "2026-09-29")[0].reason, TriggerReason::kFaded);
  EXPECT_THAT(Judged(events, "2025-12-31"), IsEmpty()) << "had not happened";
}

TEST(JudgeTriggers, AMandateIsStrongerThanAShiftAndAShiftThanDrive) {  // UR-02 to UR-04
  const auto judged = Judged({Trigger("a", TriggerEvent::TYPE_PERSONAL_DRIVE, "2026-01-01"),
                              Trigger("b", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-01-01"),
                              Mandate("c", "2026-01-01", "2026-01-01")},
                             "2026-01-01");
  ASSERT_EQ(judged.size(), 3u);
  EXPECT_EQ(judged[0].event_id, "c");
  EXPECT_EQ(judged[1].event_id, "b");
  EXPECT_EQ(judged[2].event_id, "a");
}

TEST(UrgencyReader, AsksWhyNowWhereNobodyHas) {  // UR-09
  Company company({});
  const AccountUrgency urgency = company.Read("2026-02-01");
  EXPECT_EQ(urgency.state, UrgencyState::kAsk);
  EXPECT_FALSE(urgency.why_now_asked);
  EXPECT_EQ(urgency.range.micropoints, 0);
  EXPECT_EQ(urgency.range.high_micropoints, 100'000'000) << "unknown is not zero";
  EXPECT_EQ(urgency.range.known_weight_bps, 0);
  EXPECT_THAT(urgency.questions, ElementsAre(UrgencyQuestion::kWhyNow));
  ASSERT_THAT(urgency.wake_up_rules, Not(IsEmpty()));
  EXPECT_EQ(urgency.wake_up_rules[0].kind, WakeUpKind::kAskWhyNow);
}

TEST(UrgencyReader, SimmersUntilItsReviewWhereTheAnswerWasNoTrigger) {  // UR-05
  Company company({});
  crm::v1::CallSummary call;
  call.set_id("call");
  call.set_account_id("a");
  *call.mutable_occur_time() = test::Stamp("2026-01-15");
  call.set_urgency("Nice to have, no date.");
  company.Add(test::Wrap(call));
  const AccountUrgency urgency = company.Read("2026-02-01");
  EXPECT_EQ(urgency.state, UrgencyState::kSimmer);
  EXPECT_EQ(urgency.range.high_micropoints, 0);
  ASSERT_EQ(urgency.wake_up_rules.size(), 1u);
  EXPECT_EQ(urgency.wake_up_rules[0].kind, WakeUpKind::kReview);
  EXPECT_EQ(urgency.wake_up_rules[0].due_day, absl::CivilDay(2026, 4, 15)) << "90 days after";
}

TEST(UrgencyReader, TakesALeadershipChangeForAShiftToAskAbout) {  // UR-02
  Company company({});
  company.Add(test::Account("a").Set(
      [](crm::v1::Account& a) { *a.mutable_leadership_change_date() = test::Date("2026-01-20"); }));
  const AccountUrgency urgency = company.Read("2026-02-01");
  EXPECT_EQ(urgency.state, UrgencyState::kAsk);
  ASSERT_EQ(urgency.triggers.size(), 1u);
  EXPECT_EQ(urgency.triggers[0].verdict, TriggerVerdict::kUndecided);
  company.Add(test::Wrap(Trigger("t", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-01-25")));
  EXPECT_EQ(company.Read("2026-02-01").triggers.size(), 1u) << "the same change, recorded";
  EXPECT_EQ(company.Read("2026-02-01").state, UrgencyState::kActive);
}

TEST(UrgencyReader, FiveConditionsAreNeededAndATriggerGivesTwo) {  // UR-10
  Company company({Trigger("t", TriggerEvent::TYPE_AUTHORITY_SHIFT, "2026-01-20")});
  company.Add(test::Opportunity("o", "a").Set([](crm::v1::Opportunity& o) {
    o.mutable_conditions()->set_budget(true);
    o.mutable_conditions()->set_consensus(false);
  }));
  const book::BookView view = company.View();
  const UrgencyReader reader(view, {});
  const auto row = *view.FindAccount("a");
  const auto conditions =
      reader.Conditions(row, reader.Read(row, At("2026-02-01")), At("2026-02-01"));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].met_count, 3);
  EXPECT_TRUE(conditions[0].from_trigger[1]);
  EXPECT_EQ(conditions[0].met[2], std::nullopt);
  EXPECT_THAT(conditions[0].questions, ElementsAre(UrgencyQuestion::kConfidence));
  const auto later = reader.Conditions(row, reader.Read(row, At("2026-12-01")), At("2026-12-01"));
  EXPECT_EQ(later[0].met_count, 1) << "the trigger has faded";
}

TEST(UrgencyReader, ANeedThatNoTriggerBearsIsNamed) {  // UR-01
  Company company({});
  company.Add(test::Opportunity("o", "a").Set(
      [](crm::v1::Opportunity& o) { o.mutable_conditions()->set_urgent_need(true); }));
  const book::BookView view = company.View();
  const UrgencyReader reader(view, {});
  const auto row = *view.FindAccount("a");
  const absl::Time now = At("2026-02-01");
  EXPECT_TRUE(reader.Conditions(row, reader.Read(row, now), now)[0].need_without_trigger);
}

// ---- properties over generated triggers

std::vector<TriggerEvent> Generated(Random& random) {
  std::vector<TriggerEvent> events(random.Below(6));
  for (size_t i = 0; i < events.size(); ++i) {
    const absl::CivilDay day = absl::CivilDay(2025, 1, 1) + static_cast<int>(random.Below(700));
    events[i] = Trigger(fmt::format("t{}", i), static_cast<TriggerEvent::Type>(1 + random.Below(3)),
                        absl::FormatCivilTime(day));
    events[i].set_phase(
        static_cast<TriggerEvent::Phase>(random.Below(4) == 0 ? 1 + random.Below(3) : 0));
    if (random.Below(2) == 0) {
      const auto deadline = absl::FormatCivilTime(day + static_cast<int>(random.Below(600)));
      *events[i].mutable_deadline_date() = test::Date(deadline);
    }
    if (random.Below(3) == 0) events[i].clear_has_authority();
    if (random.Below(3) == 0) events[i].set_solves_problem(random.Below(2) == 0);
  }
  return events;
}

// UR-05, UR-12: an honest "not now, ask in October" is kept, and wakes the account then.
TEST(UrgencyReader, WakesOnTheDayThatTheBuyerNamed) {
  Company company({});
  EXPECT_EQ(company.Read("2026-03-01").wake_up_rules[0].kind, WakeUpKind::kAskWhyNow);
  crm::v1::CallSummary call;
  call.set_id("c1");
  call.set_account_id("a");
  call.set_not_now_reason("The budget is spent.");
  *call.mutable_recheck_date() = test::Date("2026-10-01");
  *call.mutable_occur_time() = test::Stamp("2026-03-02");
  company.Add(test::Wrap(call));
  const AccountUrgency urgency = company.Read("2026-03-03");
  EXPECT_EQ(urgency.state, UrgencyState::kSimmer);
  EXPECT_TRUE(urgency.why_now_asked);
  EXPECT_EQ(urgency.not_now_reason, "The budget is spent.");
  EXPECT_THAT(urgency.wake_up_rules,
              ElementsAre(WakeUpRule{WakeUpKind::kReview, absl::CivilDay(2026, 10, 1), ""}));
  EXPECT_EQ(company.Read("2026-03-01").not_now_reason, "") << "nobody had said so yet";
  // A later call that says something else comes first.
  call.set_id("c2");
  call.set_not_now_reason("A hiring freeze.");
  *call.mutable_recheck_date() = test::Date("2027-01-15");
  *call.mutable_occur_time() = test::Stamp("2026-10-02");
  company.Add(test::Wrap(call));
  const AccountUrgency later = company.Read("2026-10-03");
  EXPECT_EQ(later.not_now_reason, "A hiring freeze.");
  EXPECT_EQ(later.wake_up_rules[0].due_day, absl::CivilDay(2027, 1, 15));
}

TEST(UrgencyProperty, PartsSumAndEverySimmeringAccountHasAWakeUpRule) {  // C06
  Random random(606);
  for (int round = 0; round < 400; ++round) {
    Company company(Generated(random));
    const absl::CivilDay day = absl::CivilDay(2025, 1, 1) + static_cast<int>(random.Below(900));
    const AccountUrgency urgency = company.Read(absl::FormatCivilTime(day));
    int64_t sum = 0;
    for (const criteria::Part& part : urgency.parts) sum += part.micropoints;
    EXPECT_EQ(sum, urgency.range.micropoints);
    EXPECT_LE(urgency.range.low_micropoints, urgency.range.micropoints);
    EXPECT_LE(urgency.range.micropoints, urgency.range.high_micropoints);
    EXPECT_LE(urgency.range.high_micropoints, criteria::kFullScoreMicropoints);
    EXPECT_EQ(urgency.parts.size(), urgency.triggers.size());
    EXPECT_EQ(urgency.state == UrgencyState::kActive, urgency.wake_up_rules.empty());
    EXPECT_EQ(urgency.state == UrgencyState::kAsk,
              urgency.state != UrgencyState::kActive && !urgency.questions.empty() &&
                  urgency.questions != std::vector{UrgencyQuestion::kMergerSettled})
        << "round " << round;
  }
}

TEST(UrgencyProperty, AnotherActiveTriggerNeverLowersIt) {
  Random random(607);
  for (int round = 0; round < 200; ++round) {
    std::vector<TriggerEvent> events = Generated(random);
    for (TriggerEvent& event : events) event.clear_phase();
    Company company(events);
    const int64_t before = company.Read("2026-06-01").range.micropoints;
    company.Add(test::Wrap(Trigger("more", TriggerEvent::TYPE_PERSONAL_DRIVE, "2026-05-20")));
    EXPECT_GE(company.Read("2026-06-01").range.micropoints, before) << "round " << round;
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
