#include "services/growth/domain/commitment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtm::growth::domain {
namespace {

using absl::CivilDay;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Currency kUsd = Currency::Of("USD");
Money Usd(int64_t units) { return {units * kMicrosPerUnit, kUsd}; }

// AL-17: 100 new opportunities for $100,000, 60 became of it, 120 are wanted next.
Promise Sixty() {
  return {.id = "c1",
          .owner = "demand generation",
          .days = {CivilDay(2026, 1, 1), CivilDay(2026, 4, 1)},
          .target_count = 100,
          .budget = Usd(100'000),
          .result_count = 60,
          .result_day = CivilDay(2026, 4, 2),
          .next_target_count = 120};
}

Reading Read(const Promise& promise, CivilDay today = CivilDay(2026, 5, 1)) {
  return ReadPromise(promise, std::span(&promise, 1), today).value();
}

// D12: 60 %; $1,667 per opportunity against $1,000 planned; the learning record decides
// the color.
TEST(ReadPromise, D12ReadsSixtyOfAHundredBothWays) {
  Promise promise = Sixty();
  const Reading without = Read(promise);
  EXPECT_EQ(without.outcome, Outcome::kMissed);
  EXPECT_EQ(without.attainment_bps, 6'000);
  EXPECT_EQ(without.planned_unit_cost, Usd(1'000));
  EXPECT_EQ(without.actual_unit_cost->micros, 1'666'666'667);
  EXPECT_EQ(Format(*without.actual_unit_cost), "1,667 USD");
  EXPECT_EQ(without.next_target_cost, Usd(200'000));
  EXPECT_EQ(without.color, Color::kRed);
  EXPECT_THAT(without.missing_learning_fields, ElementsAre("hypothesis", "evidence", "learning"));
  EXPECT_EQ(without.owner_broken_count, 1);

  promise.has_hypothesis = promise.has_evidence = promise.has_learning = true;
  const Reading with = Read(promise);
  EXPECT_EQ(with.outcome, Outcome::kMissed);
  EXPECT_EQ(with.color, Color::kYellow);
  EXPECT_THAT(with.missing_learning_fields, IsEmpty());
  EXPECT_EQ(with.owner_broken_count, 0);
}

TEST(ReadPromise, DoesNotForgiveAMissedResultGoal) {
  Promise promise = Sixty();
  promise.has_hypothesis = promise.has_evidence = promise.has_learning = true;
  promise.is_result_goal = true;
  EXPECT_EQ(Read(promise).color, Color::kRed);
}

TEST(ReadPromise, SeesAResultOnlyFromItsDayOn) {
  const Promise promise = Sixty();
  EXPECT_EQ(Read(promise, CivilDay(2026, 3, 31)).outcome, Outcome::kPending);
  EXPECT_EQ(Read(promise, CivilDay(2026, 3, 31)).color, Color::kNone);
  const Reading due = Read(promise, CivilDay(2026, 4, 1));
  EXPECT_EQ(due.outcome, Outcome::kOverdue);
  EXPECT_EQ(due.color, Color::kRed);
  EXPECT_FALSE(due.attainment_bps.has_value());
  EXPECT_FALSE(due.actual_unit_cost.has_value());
  EXPECT_EQ(Read(promise, CivilDay(2026, 4, 2)).outcome, Outcome::kMissed);
}

TEST(ReadPromise, IsGreenAtTheTargetAndTakesWhatWasSpent) {
  Promise promise = Sixty();
  promise.result_count = 100;
  promise.spent = Usd(80'000);
  const Reading reading = Read(promise);
  EXPECT_EQ(reading.color, Color::kGreen);
  EXPECT_EQ(reading.actual_unit_cost, Usd(800));
  promise.result_count = 0;
  EXPECT_FALSE(Read(promise).actual_unit_cost.has_value());
}

TEST(ReadPromise, CountsBrokenCommitmentsOfAnOwner) {
  std::vector<Promise> all(4, Sixty());
  all[3].result_count = 100;
  const Reading reading = ReadPromise(all[0], all, CivilDay(2026, 5, 1)).value();
  EXPECT_EQ(reading.owner_broken_count, 3);
  EXPECT_EQ(reading.owner_due_count, 4);
  EXPECT_THAT(reading.explanation, HasSubstr("coach, redeploy or remove"));
}

}  // namespace
}  // namespace gtm::growth::domain
