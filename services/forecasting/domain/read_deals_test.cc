#include "services/forecasting/domain/read_deals.h"

#include <stdexcept>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/close_rates.h"
#include "services/forecasting/domain/record_lag.h"
#include "services/forecasting/domain/target.h"

namespace gtm::forecasting::domain {
namespace {

using test::At;
using test::FailsWith;
using test::FakeRecords;
using test::MoneyOf;
using test::Opportunity;

DealTable TableOf(const FakeRecords& records, std::string_view as_of) {
  return DealsAt(records.View(), At(as_of)).value();
}

TEST(DealsAt, ReadsOnlyWhatHadHappened) {
  FakeRecords records("forecasting");
  records.Put(Opportunity("o1", "acme")
                  .Stage("2026-01-05", "stage_zero")
                  .Stage("2026-01-20", "open")
                  .Stage("2026-03-01", "won")
                  .Amount("2026-01-20", 100)
                  .Amount("2026-02-20", 80)
                  .Close("2026-01-20", "2026-03-15"));
  EXPECT_TRUE(TableOf(records, "2026-01-04").deals.empty());
  EXPECT_TRUE(TableOf(records, "2026-01-04").stage_zero.empty());
  EXPECT_TRUE(TableOf(records, "2026-01-10").deals.empty());
  EXPECT_EQ(TableOf(records, "2026-01-10").stage_zero.size(), 1u);
  const DealTable open = TableOf(records, "2026-02-01");
  ASSERT_EQ(open.deals.size(), 1u);
  EXPECT_EQ(open.deals[0].outcome, Outcome::kOpen);
  EXPECT_EQ(open.deals[0].amount_micros, 100 * kMicrosPerUnit);
  EXPECT_EQ(DayAt(open.deals[0].clock_day), absl::CivilDay(2026, 1, 5));
  EXPECT_EQ(DayAt(open.deals[0].qualified_day), absl::CivilDay(2026, 1, 20));
  EXPECT_EQ(open.age_days(open.deals[0]), 12);
  const DealTable won = TableOf(records, "2026-03-02");
  EXPECT_EQ(won.deals[0].outcome, Outcome::kWon);
  EXPECT_EQ(DayAt(won.deals[0].closed_day), absl::CivilDay(2026, 3, 1));
  EXPECT_EQ(won.deals[0].amount_micros, 80 * kMicrosPerUnit);
  EXPECT_DOUBLE_EQ(won.deals[0].amount_ratio.value(), 0.8);
}

TEST(DealsAt, AReopenedDealIsOpenAgain) {
  FakeRecords records("forecasting");
  records.Put(Opportunity("o1", "acme")
                  .Stage("2026-01-05", "open")
                  .Stage("2026-02-05", "lost")
                  .Stage("2026-03-05", "open"));
  EXPECT_EQ(TableOf(records, "2026-02-10").deals[0].outcome, Outcome::kLost);
  EXPECT_EQ(TableOf(records, "2026-03-10").deals[0].outcome, Outcome::kOpen);
}

// Segments that only closed opportunities have are no reason to expect open ones to lose.
TEST(DealsAt, LearnsNothingFromAFieldThatIsFilledInAtClosing) {
  FakeRecords records("forecasting");
  for (int i = 0; i < 80; ++i) {
    records.Put(Opportunity("closed" + std::to_string(i), "acme")
                    .Set([&](auto& opportunity) { opportunity.set_segment(i % 2 ? "a" : "b"); })
                    .Stage("2026-01-05", "open")
                    .Stage("2026-02-05", i % 2 ? "won" : "lost")
                    .Amount("2026-01-05", 100));
    records.Put(Opportunity("open" + std::to_string(i), "").Stage("2026-01-15", "open"));
  }
  const DealTable table = TableOf(records, "2026-02-10");
  EXPECT_TRUE(table.Leaks(LeakField::kAccount));
  EXPECT_TRUE(table.Leaks(LeakField::kSegment));
  EXPECT_FALSE(table.Leaks(LeakField::kOwner));
  EXPECT_TRUE(LearnCloseRates(History(table)).effects.segments.empty());
}

TEST(DealsAt, TheRestOfTodayIsStillToCome) {
  FakeRecords records("forecasting");
  EXPECT_DOUBLE_EQ(TableOf(records, "2026-03-05T18:00:00Z").today_left, 0.25);
  EXPECT_DOUBLE_EQ(TableOf(records, "2026-03-05").today_left, 1);
}

TEST(DealsAt, ConvertsWithTheRateOfTheDayOfWinning) {
  FakeRecords records("forecasting");
  const auto rate = [&](const char* id, const char* day, int64_t micros) {
    records.Put(test::RecordBuilder<crm::v1::ExchangeRate>(id).Set([&](auto& r) {
      r.set_currency_code("EUR");
      *r.mutable_effective_date() = test::Date(day);
      r.set_rate_micros(micros);
    }));
  };
  records.Put(Opportunity("o1", "acme")
                  .Stage("2026-01-05", "open")
                  .Stage("2026-02-01", "won")
                  .Amount("2026-01-05", 100, "EUR"));
  EXPECT_THAT(DealsAt(records.View(), At("2026-03-01")), FailsWith(Reason::EXCHANGE_RATE_MISSING));
  rate("r1", "2026-01-01", 1'100'000);
  rate("r2", "2026-02-15", 1'500'000);
  EXPECT_EQ(TableOf(records, "2026-03-01").deals[0].amount_micros, 110 * kMicrosPerUnit);
}

TEST(DealsAt, TheAccountLendsItsSegment) {
  FakeRecords records("forecasting");
  records.Put(test::Account("acme").Set([](auto& a) { a.set_segment("large"); }));
  records.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open"));
  records.Put(Opportunity("o2", "acme").Stage("2026-01-05", "open").Set([](auto& o) {
    o.set_segment("small");
  }));
  const DealTable table = TableOf(records, "2026-02-01");
  EXPECT_EQ(table.deals[0].segment, "large");
  EXPECT_EQ(table.deals[1].segment, "small");
}

// What the buyer did counts from the clock on, never after the instant, not for another
// deal, and not where we acted alone (FC-14, C18).
TEST(DealsAt, ReadsTheBuyersActsUpToTheInstant) {
  using crm::v1::Engagement;
  FakeRecords records("forecasting");
  records.Put(test::Account("acme"));
  records.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open").Amount("2026-01-05", 100));
  records.Put(Opportunity("o2", "acme").Stage("2026-01-05", "open").Amount("2026-01-05", 100));
  records.Put(test::Engagement("first", "acme", "2025-11-01", Engagement::TYPE_WEB_VISIT));
  records.Put(test::Engagement("ours", "acme", "2026-02-01", Engagement::TYPE_EMAIL,
                               Engagement::DIRECTION_OUTBOUND));
  records.Put(test::Engagement("both", "acme", "2026-02-02", Engagement::TYPE_CALL));
  records.Put(test::Engagement("legal", "acme", "2026-02-20", Engagement::TYPE_LEGAL_REVIEW)
                  .Set([](auto& engagement) { engagement.set_opportunity_id("o1"); }));
  const auto state = [&](const DealTable& table, size_t deal) {
    return StateAt(table.deals[deal].engagement, table.today);
  };
  const DealTable before = TableOf(records, "2026-02-10");
  EXPECT_EQ(state(before, 0), StateOf({.activity = 1, .trend = EngagementTrend::kSteady}));
  EXPECT_EQ(HashOf(before), HashOf(TableOf(records, "2026-02-10")));
  const DealTable after = TableOf(records, "2026-02-21");
  // Acts for another deal are none of this deal's, but move their account (FC-21).
  const auto moves = EngagementTrend::kAccelerating;
  EXPECT_EQ(state(after, 0), StateOf({.activity = 2, .review = 2, .trend = moves}));
  EXPECT_EQ(state(after, 1), StateOf({.activity = 1, .trend = moves}));
  // What is asked of the past is the same as what was answered then.
  EXPECT_EQ(StateAt(after.deals[0].engagement, before.today), state(before, 0));
  const Unchanged unchanged = UnchangedAround(records.View(), At("2026-02-10"));
  EXPECT_EQ(unchanged.since, At("2026-02-02"));
  EXPECT_EQ(unchanged.until, At("2026-02-20"));
}

// FC-22, FC-12: a share inside the buyer's team, and an event that made the account act, up to
// the instant.
TEST(DealsAt, ReadsSharesInsideAndTriggersUpToTheInstant) {
  using crm::v1::Engagement;
  FakeRecords records("forecasting");
  records.Put(test::Account("acme"));
  records.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open").Amount("2026-01-05", 100));
  records.Put(test::Engagement("first", "acme", "2025-11-01", Engagement::TYPE_WEB_VISIT));
  records.Put(test::Engagement("share", "acme", "2026-02-01", Engagement::TYPE_INTERNAL_SHARE));
  records::v1::Record trigger;
  trigger.mutable_trigger_event()->set_id("t1");
  trigger.mutable_trigger_event()->set_account_id("acme");
  *trigger.mutable_trigger_event()->mutable_occur_time() = test::Stamp(At("2026-02-15"));
  records.Put(trigger);
  const auto level = [&](const char* day, EngagementFeature feature) {
    const DealTable table = TableOf(records, day);
    return LevelOf(StateAt(table.deals[0].engagement, table.today), feature);
  };
  EXPECT_EQ(level("2026-01-20", EngagementFeature::kInside), 0);  // not recorded yet
  EXPECT_EQ(level("2026-02-10", EngagementFeature::kInside), 2);
  EXPECT_EQ(level("2026-02-10", EngagementFeature::kTrigger), 0);
  EXPECT_EQ(level("2026-02-20", EngagementFeature::kTrigger), 2);
  EXPECT_EQ(UnchangedAround(records.View(), At("2026-02-10")).until, At("2026-02-15"));
  // D16: a merger makes nobody act before it is settled.
  auto* const merger = trigger.mutable_trigger_event();
  merger->set_phase(crm::v1::TriggerEvent::PHASE_CLOSED);
  records.Put(trigger);
  EXPECT_EQ(level("2026-02-20", EngagementFeature::kTrigger), 1);
  merger->set_phase(crm::v1::TriggerEvent::PHASE_SETTLED);
  *merger->mutable_phase_time() = test::Stamp(At("2026-03-01"));
  records.Put(trigger);
  EXPECT_EQ(level("2026-02-20", EngagementFeature::kTrigger), 1);
  EXPECT_EQ(level("2026-03-02", EngagementFeature::kTrigger), 2);
  EXPECT_EQ(UnchangedAround(records.View(), At("2026-02-20")).until, At("2026-03-01"));
}

// 60 lost deals that were recorded when they were created, and "late", which is said to have
// been created on 2026-01-05 and was first recorded on 2026-03-01.
void RecordALateDeal(FakeRecords* records) {
  records->Put(Opportunity("first").Stage("2025-01-01", "open"));
  for (int i = 0; i < 60; ++i) {
    const absl::Time time = At("2025-09-01") + i * absl::Hours(24);
    const std::string day = absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
    records->Put(
        Opportunity("o" + std::to_string(i)).Stage(day, "open").Stage("2026-01-01", "lost"), time);
  }
  records->Put(Opportunity("late").Stage("2026-01-05", "open").Stage("2026-05-01", "won"),
               At("2026-03-01T10:00:00Z"));
}

TEST(DealsAt, ABackdatedDealAgesFromItsFirstRecordWhileItIsOpen) {
  FakeRecords records("forecasting");
  RecordALateDeal(&records);
  const auto late_at = [&](std::string_view as_of) {
    const DealTable table = TableOf(records, as_of);
    for (const Deal& deal : table.deals) {
      if (deal.id == "late") return deal;
    }
    throw std::logic_error("no such deal");
  };
  const Deal open = late_at("2026-04-01");
  EXPECT_EQ(open.outcome, Outcome::kOpen);
  EXPECT_EQ(DayAt(open.clock_day), absl::CivilDay(2026, 1, 5));
  EXPECT_EQ(DayAt(open.qualified_day), absl::CivilDay(2026, 3, 1));
  // Closed: its history is what is recorded. Before the record: nothing was known of it.
  EXPECT_EQ(DayAt(late_at("2026-05-02").qualified_day), absl::CivilDay(2026, 1, 5));
  EXPECT_EQ(DayAt(late_at("2026-02-01").qualified_day), absl::CivilDay(2026, 1, 5));
  // So a forecast that is kept ends at the record.
  EXPECT_EQ(UnchangedAround(records.View(), At("2026-02-01")).until, At("2026-03-01T10:00:00Z"));
}

TEST(JudgeLag, TakesFiftyNineOthersAndAWeek) {
  const std::vector<int32_t> at_once(59, 0);
  EXPECT_EQ(JudgeLag(at_once, 7, false).verdict, LagVerdict::kBackdated);
  EXPECT_EQ(JudgeLag(at_once, 6, false).verdict, LagVerdict::kUsual);
  EXPECT_EQ(JudgeLag(at_once, std::nullopt, false).verdict, LagVerdict::kUsual);
  // A closed deal is not compared with itself.
  EXPECT_EQ(JudgeLag(at_once, 7, true).verdict, LagVerdict::kNotEnoughData);
  std::vector<int32_t> with_own(at_once);
  with_own.push_back(7);
  EXPECT_EQ(JudgeLag(with_own, 7, true).verdict, LagVerdict::kBackdated);
  EXPECT_EQ(JudgeLag(with_own, 7, false).verdict, LagVerdict::kUsual) << "1 of 60 is not rare";
}

TEST(AgesFromRecord, FromADayOnWhereThatIsRare) {
  const std::vector<int32_t> at_once(59, 0), next_day(59, 1);
  EXPECT_FALSE(AgesFromRecord(at_once, 0));
  EXPECT_TRUE(AgesFromRecord(at_once, 1));
  EXPECT_FALSE(AgesFromRecord(next_day, 1));  // as everybody's
  EXPECT_TRUE(AgesFromRecord(next_day, 2));
  EXPECT_FALSE(AgesFromRecord(std::vector<int32_t>(58, 0), 9));  // not enough data
  EXPECT_FALSE(AgesFromRecord(at_once, std::nullopt));
}

TEST(TargetFromQuotas, TakesTheShareOfDays) {
  FakeRecords records("forecasting");
  records.Put(test::Seller("ada").Set([](auto& seller) {
    auto* quota = seller.add_quotas();
    *quota->mutable_start_date() = test::Date("2026-01-01");
    *quota->mutable_end_date() = test::Date("2027-01-01");
    *quota->mutable_amount() = MoneyOf(365);
  }));
  const DayRange march = {absl::CivilDay(2026, 3, 1), absl::CivilDay(2026, 4, 1)};
  const auto target = [&](const Selection& selection, const DayRange& days) {
    return TargetFromQuotas(records.View(), days, selection, days.start).value();
  };
  EXPECT_EQ(target({}, march)->micros, 31 * kMicrosPerUnit);
  EXPECT_EQ(target({"ada", ""}, march)->quota_count, 1);
  EXPECT_FALSE(target({"bob", ""}, march).has_value());
  EXPECT_FALSE(target({"", "large"}, march).has_value());
  EXPECT_FALSE(target({}, {absl::CivilDay(2028, 1, 1), absl::CivilDay(2028, 4, 1)}).has_value());
}

}  // namespace
}  // namespace gtm::forecasting::domain
