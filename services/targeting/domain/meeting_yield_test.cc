#include "services/targeting/domain/meeting_yield.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using test::At;

constexpr std::string_view kNow = "2026-06-30";

// Meetings and what came of them, as records.
class Company {
 public:
  Company() { Add(test::TenantSettings()); }
  void Add(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  // A first meeting with a new account; `opened`: an opportunity ten days later.
  void Meet(const std::string& seller, bool opened) {
    const std::string id = fmt::format("a{:05}", ++account_count_);
    Add(test::Account(id));
    Add(test::Engagement(id + "-e", id, "2026-02-01").Set([&](crm::v1::Engagement& e) {
      e.set_participant_id(seller);
    }));
    if (opened) Add(test::Opportunity(id + "-o", id).Stage("2026-02-11", "open").Owner(seller));
  }
  MeetingCounts Count(const MeetingQuestion& question) {
    return CountMeetings(book_.View(), question, [] { return Status(); }).value();
  }

 private:
  book::Book book_;
  int64_t seq_ = 0;
  int account_count_ = 0;
};

// D4: A 81 -> 37, B 47 -> 35: 45.7 % against 74.5 %, and 34 more meetings brought 2
// opportunities, 5.9 % each.
TEST(TargetingD4Meetings, ThirtyFourMoreMeetingsBringTwoOpportunities) {
  Company company;
  for (int i = 0; i < 81; ++i) company.Meet("A", i < 37);
  for (int i = 0; i < 47; ++i) company.Meet("B", i < 35);
  const MeetingQuestion question{.as_of = At(kNow)};
  const MeetingCounts counts = company.Count(question);
  const std::vector<SellerYield> curve = MeetingCurve(counts, question);
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[0].seller_id, "B");
  EXPECT_EQ(curve[0].tally.meeting_count, 47);
  EXPECT_EQ(curve[0].tally.opportunity_count, 35);
  EXPECT_EQ(curve[0].compared_seller_count, 0);
  EXPECT_EQ(curve[0].advice, MeetingAdvice::kNotEnoughData) << "there is nobody to compare with";
  EXPECT_EQ(curve[1].tally.meeting_count, 81);
  EXPECT_EQ(curve[1].tally.opportunity_count, 37);
  EXPECT_DOUBLE_EQ(curve[1].extra_meetings, 34);
  EXPECT_DOUBLE_EQ(curve[1].extra_opportunities, 2);
  EXPECT_NEAR(curve[1].marginal, 0.059, 0.0005);
  EXPECT_TRUE(curve[1].marginal_interval.contains(curve[1].marginal));
  EXPECT_LT(curve[1].marginal_interval.high, 35.0 / 47) << "clearly less than a meeting of B";
  EXPECT_EQ(curve[1].advice, MeetingAdvice::kDisqualifyEarlier);
  EXPECT_EQ(curve[1].avoidable_meeting_count, 31) << "2 more opportunities take 2.7 meetings of B";
}

TEST(MeetingCurve, GivesNoAdviceFromAFew) {  // C27
  Company company;
  for (int i = 0; i < 12; ++i) company.Meet("A", i < 3);
  for (int i = 0; i < 6; ++i) company.Meet("B", i < 5);
  const MeetingQuestion question{.as_of = At(kNow)};
  const auto curve = MeetingCurve(company.Count(question), question);
  EXPECT_EQ(curve[1].advice, MeetingAdvice::kNotEnoughData);
  EXPECT_EQ(curve[1].avoidable_meeting_count, 0);
}

TEST(MeetingCurve, WarnsOfBurnOut) {
  MeetingCounts counts;
  counts.sellers["A"] = {700, 30};
  counts.sellers["B"] = {600, 30};
  const auto curve = MeetingCurve(counts, {.as_of = At(kNow)});
  EXPECT_FALSE(curve[0].overloaded) << "11.5 a week";
  EXPECT_TRUE(curve[1].overloaded) << "13.4 a week";
}

TEST(CountMeetings, LeavesOutWhatCannotShowYetAndWhatIsNotNew) {
  Company company;
  company.Add(test::Account("a").Set([](crm::v1::Account& a) { a.set_owner_seller_id("own"); }));
  company.Add(test::Opportunity("o", "a").Stage("2026-02-10", "open").Owner("own"));
  const auto meet = [&](const std::string& id, std::string_view time) {
    company.Add(test::Engagement(id, "a", time));
  };
  meet("young", "2026-06-01");  // less than 60 days ago
  meet("open", "2026-03-01");   // an opportunity is open
  meet("first", "2026-02-01");  // counts, for the owner
  meet("same-day", "2026-02-01T15:00:00Z");
  meet("long-ago", "2024-01-01");  // before the window
  company.Add(test::Account("b"));
  company.Add(test::Engagement("nobody", "b", "2026-02-01"));
  const MeetingCounts counts = company.Count({.as_of = At(kNow)});
  ASSERT_EQ(counts.sellers.size(), 1u);
  EXPECT_EQ(counts.sellers.at("own").meeting_count, 1);
  EXPECT_EQ(counts.sellers.at("own").opportunity_count, 1);
  EXPECT_EQ(counts.owner_attributed_count, 2);
  EXPECT_EQ(counts.unattributed_count, 1);
}

TEST(CountMeetings, AnOpportunityComesOfOneMeetingOnly) {
  Company company;
  company.Add(test::Account("a"));
  for (const char* day : {"2026-02-01", "2026-02-03", "2026-02-05"}) {
    company.Add(test::Engagement(day, "a", day).Set([](crm::v1::Engagement& e) {
      e.set_participant_id("s");
    }));
  }
  company.Add(test::Opportunity("o", "a").Stage("2026-02-10", "open").Owner("s"));
  const MeetingCounts counts = company.Count({.as_of = At(kNow)});
  EXPECT_EQ(counts.sellers.at("s").meeting_count, 3);
  EXPECT_EQ(counts.sellers.at("s").opportunity_count, 1);
}

// Two sellers of the same true yield: the interval of the marginal yield holds it about as
// often as it says.
TEST(MeetingCurveProperty, TheIntervalOfTheMarginalYieldHoldsTheTruth) {
  Random random(1104);
  int held = 0;
  int advised = 0;
  constexpr int kRounds = 2'000;
  for (int round = 0; round < kRounds; ++round) {
    const double truth = 0.2 + 0.5 * random.Uniform();
    MeetingCounts counts;
    for (const auto& [seller, meetings] : {std::pair{"A", 80}, {"B", 50}}) {
      int64_t opened = 0;
      for (int i = 0; i < meetings; ++i) opened += random.Uniform() < truth ? 1 : 0;
      counts.sellers[seller] = {meetings, opened};
    }
    const auto curve = MeetingCurve(counts, {.as_of = At(kNow)});
    held += curve[1].marginal_interval.contains(truth) ? 1 : 0;
    advised += curve[1].advice == MeetingAdvice::kDisqualifyEarlier ? 1 : 0;
  }
  EXPECT_GT(held, kRounds * 93 / 100);
  EXPECT_LT(advised, kRounds * 10 / 100) << "nobody is told to stop without a reason";
}

}  // namespace
}  // namespace gtm::targeting::domain
