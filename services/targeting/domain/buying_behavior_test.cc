#include "services/targeting/domain/buying_behavior.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "fmt/format.h"
#include "services/targeting/domain/test_market.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::Engagement;
using test::At;
using ::testing::ElementsAre;

constexpr std::string_view kAsOf = "2026-12-01";

class BuyingBehaviorTest : public testing::Test {
 protected:
  void Act(const std::string& account, std::string_view time, Engagement::Type type,
           const std::string& person = "", int count = 0, const std::string& content = "",
           Engagement::Direction direction = Engagement::DIRECTION_INBOUND) {
    market_.Put(test::Engagement(fmt::format("act{}", ++number_), account, time, type, direction)
                    .Set([&](Engagement& e) {
                      e.set_contact_id(person);
                      e.set_count(count);
                      e.set_content_id(content);
                    }));
  }
  void Visit(const std::string& visitor, std::string_view time, int count = 0) {
    market_.Put(test::Engagement(fmt::format("act{}", ++number_), "", time,
                                 Engagement::TYPE_WEB_VISIT)
                    .Set([&](Engagement& e) {
                      e.set_visitor_id(visitor);
                      e.set_count(count);
                    }));
  }
  void Link(const std::string& visitor, const std::string& account, const std::string& person = "") {
    crm::v1::VisitorLink link;
    link.set_id(visitor);
    link.set_account_id(account);
    link.set_contact_id(person);
    market_.Put(test::Wrap(link));
  }
  // Qualified and, unless `ends` is empty, won or lost on that day.
  void Deal(const std::string& account, std::string_view qualified, std::string_view ends,
            bool won) {
    test::Opportunity deal(fmt::format("deal{}", ++number_), account);
    deal.Stage(qualified, "open");
    if (!ends.empty()) deal.Stage(ends, won ? "won" : "lost");
    market_.Put(deal);
  }
  BuyingBehavior Measure(const ContentIds& contents = {}, std::string_view first = "2025-01-01",
                         std::string_view as_of = kAsOf) {
    const book::BookView view = market_.View();
    const TimeSpan span{absl::ToUnixSeconds(At(first)), absl::ToUnixSeconds(At(as_of))};
    return MeasureBuying(market_.Judge(view, At(as_of)), view, span, contents, StillAlive).value();
  }

  Market market_;
  int number_ = 0;
};

// ---- BE-01

TEST_F(BuyingBehaviorTest, TellsHowFarTheWayWasAtTheFirstConversation) {
  market_.Target("a");
  Act("a", "2026-01-01", Engagement::TYPE_WEB_VISIT, "", 6);
  Act("a", "2026-03-12", Engagement::TYPE_CONTENT_READ);
  Act("a", "2026-03-22", Engagement::TYPE_CALL);  // 80 of 100 days
  Act("a", "2026-04-01", Engagement::TYPE_MEETING, "", 2);
  Deal("a", "2026-03-23", "2026-04-11", true);
  const SelfDirectedBuying alone = Measure().self_directed;
  EXPECT_THAT(alone.time_shares, ElementsAre(0.8));
  EXPECT_THAT(alone.act_shares, ElementsAre(0.7)) << "7 of 10 acts";
  EXPECT_EQ(alone.mostly_alone.successes, 1);
  EXPECT_EQ(alone.without_conversation.successes, 0);
  EXPECT_EQ(alone.without_conversation.trials, 1);
}

TEST_F(BuyingBehaviorTest, WhatWeDidAloneIsNoConversation) {
  market_.Target("a");
  Act("a", "2026-01-01", Engagement::TYPE_WEB_VISIT);
  Act("a", "2026-01-02", Engagement::TYPE_CALL, "", 0, "", Engagement::DIRECTION_OUTBOUND);
  Act("a", "2026-05-01", Engagement::TYPE_MEETING);  // after the win
  Deal("a", "2026-02-01", "2026-04-11", true);
  const SelfDirectedBuying alone = Measure().self_directed;
  EXPECT_THAT(alone.time_shares, ElementsAre(1));
  EXPECT_EQ(alone.without_conversation.successes, 1);
}

TEST_F(BuyingBehaviorTest, LeavesOutPurchasesThatNoActIsKnownOf) {
  market_.Target("a");
  market_.Target("b");
  market_.Target("c");
  Act("a", "2023-01-01", Engagement::TYPE_WEB_VISIT);  // over 730 days before
  Deal("a", "2026-02-01", "2026-04-11", true);
  Deal("b", "2026-02-01", "2026-04-11", false);  // no purchase
  Deal("c", "2024-02-01", "2024-04-11", true);   // before the span
  const SelfDirectedBuying alone = Measure().self_directed;
  EXPECT_THAT(alone.time_shares, ElementsAre());
  EXPECT_EQ(alone.untouched_purchases, 1);
}

// ---- BE-02

TEST_F(BuyingBehaviorTest, ComparesDealsByWhatWasUsedBeforeTheyQualified) {
  for (int i = 0; i < 4; ++i) {
    const std::string id = fmt::format("used{}", i);
    market_.Target(id);
    Act(id, "2026-01-05", Engagement::TYPE_ENABLEMENT_TOOL);
    Deal(id, "2026-02-01", "2026-04-01", i < 3);
  }
  market_.Target("later");
  Act("later", "2026-02-05", Engagement::TYPE_ENABLEMENT_TOOL);  // after it qualified
  Deal("later", "2026-02-01", "2026-04-01", true);
  market_.Target("reader");
  Act("reader", "2026-01-05", Engagement::TYPE_CONTENT_READ, "", 0, "guide");
  Deal("reader", "2026-02-01", "2026-04-01", false);
  market_.Target("open");
  Deal("open", "2026-02-01", "", false);
  const EnablementEffect effect = Measure().enablement;
  EXPECT_EQ(effect.won.with.successes, 3);
  EXPECT_EQ(effect.won.with.trials, 4);
  EXPECT_EQ(effect.won.without.successes, 1);
  EXPECT_EQ(effect.won.without.trials, 2);
  EXPECT_EQ(effect.open_deals, 1);
  EXPECT_FALSE(effect.kept) << "no revenue is recorded";
  const EnablementEffect with_guide = Measure({"guide"}).enablement;
  EXPECT_EQ(with_guide.won.with.trials, 5);
  EXPECT_EQ(with_guide.won.without.trials, 1);
}

TEST_F(BuyingBehaviorTest, APurchaseOfQualityIsKeptForAYear) {
  const auto buys = [&](const std::string& id, std::string_view won, std::string_view ends) {
    market_.Target(id);
    Deal(id, "2025-01-05", won, true);
    market_.Put(test::Movement("new" + id, id, won, 100));
    if (!ends.empty()) market_.Put(test::Movement("end" + id, id, ends, -100));
  };
  buys("stays", "2025-02-01", "");
  buys("leaves", "2025-02-01", "2025-10-01");
  buys("leaves later", "2025-02-01", "2026-03-01");
  buys("too young", "2026-02-01", "");
  market_.Target("unknown");
  Deal("unknown", "2025-01-05", "2025-02-01", true);
  const EnablementEffect effect = Measure().enablement;
  ASSERT_TRUE(effect.kept);
  EXPECT_EQ(effect.kept->without.trials, 3);
  EXPECT_EQ(effect.kept->without.successes, 2);
}

TEST(JudgeContrast, SaysOnlyWhatIsShown) {
  EXPECT_EQ(Judge({30, 40}, {10, 40}), ContrastFinding::kAbove);
  EXPECT_EQ(Judge({10, 40}, {30, 40}), ContrastFinding::kBelow);
  EXPECT_EQ(Judge({20, 40}, {21, 40}), ContrastFinding::kNotShown);
  EXPECT_EQ(Judge({9, 9}, {0, 90}), ContrastFinding::kNotEnoughData);
}

// ---- BE-10

TEST_F(BuyingBehaviorTest, BouncedIsAFirstVisitOfOneAct) {
  market_.Target("fits");
  market_.Other("other");
  market_.Undecided("open");
  for (const char* person : {"p", "q", "r", "s"}) market_.Person(person, "fits");
  const auto visit = [&](const std::string& person, std::string_view time, int count = 0) {
    Act("fits", time, Engagement::TYPE_WEB_VISIT, person, count);
  };
  visit("p", "2026-05-01T10:00:00Z");
  visit("p", "2026-05-01T10:29:00Z");  // the same visit
  visit("q", "2026-05-01T10:00:00Z");
  visit("q", "2026-05-01T10:31:00Z");  // another one
  visit("r", "2026-05-01T10:00:00Z", 2);
  visit("s", "2024-05-01T10:00:00Z");  // came before the span
  visit("s", "2026-05-01T10:00:00Z");
  Visit("v1", "2026-05-01");
  Visit("v2", "2026-05-01", 3);
  Visit("v3", "2026-05-01");
  Link("v3", "other");
  Visit("v4", "2026-05-01");
  Link("v4", "open");
  const Bounces bounces = Measure().bounces;
  EXPECT_EQ(bounces.targets.trials, 3);
  EXPECT_EQ(bounces.targets.successes, 1) << "q";
  EXPECT_EQ(bounces.others.successes, 1);
  EXPECT_EQ(bounces.others.trials, 1);
  EXPECT_EQ(bounces.undecided.trials, 1);
  EXPECT_EQ(bounces.unknown.trials, 2);
  EXPECT_EQ(bounces.unknown.successes, 1);
}

TEST_F(BuyingBehaviorTest, SomebodyWhoWasAVisitorIsCountedOnce) {
  market_.Target("a");
  market_.Person("p", "a");
  Visit("v", "2026-05-01");
  Act("a", "2026-06-01", Engagement::TYPE_WEB_VISIT, "p");
  Link("v", "a", "p");
  EXPECT_EQ(Measure().bounces.targets.trials, 1);
}

// Whatever was recorded: each purchase and each deal is counted once, shares are shares, and
// nothing after as_of counts.
TEST_F(BuyingBehaviorTest, PropertyCountsEverythingOnceAndNothingOfTheFuture) {
  Random random(12);
  constexpr Engagement::Type kTypes[] = {Engagement::TYPE_CALL, Engagement::TYPE_WEB_VISIT,
                                         Engagement::TYPE_ENABLEMENT_TOOL, Engagement::TYPE_EMAIL};
  const auto day = [&](uint64_t most) {
    return absl::FormatCivilTime(absl::CivilDay(2025, 1, 1) +
                                 static_cast<int64_t>(random.Below(most)));
  };
  int64_t closed = 0, won_count = 0, open = 0;
  for (int a = 0; a < 200; ++a) {
    const std::string id = fmt::format("a{}", a);
    market_.Target(id);
    for (uint64_t n = random.Below(8); n > 0; --n) Act(id, day(690), kTypes[random.Below(4)]);
    const absl::CivilDay begin = absl::CivilDay(2025, 6, 1) + static_cast<int64_t>(random.Below(90));
    const bool is_closed = random.Below(4) != 0, won = random.Below(2) == 0;
    Deal(id, absl::FormatCivilTime(begin), is_closed ? absl::FormatCivilTime(begin + 40) : "", won);
    closed += is_closed;
    won_count += is_closed && won;
    open += !is_closed;
  }
  const BuyingBehavior before = Measure();
  const SelfDirectedBuying& alone = before.self_directed;
  EXPECT_EQ(static_cast<int64_t>(alone.time_shares.size()) + alone.untouched_purchases, won_count);
  EXPECT_EQ(before.enablement.won.with.trials + before.enablement.won.without.trials, closed);
  EXPECT_EQ(before.enablement.open_deals, open);
  for (const auto* shares : {&alone.time_shares, &alone.act_shares}) {
    EXPECT_TRUE(std::is_sorted(shares->begin(), shares->end()));
    for (const double share : *shares) {
      EXPECT_GE(share, 0);
      EXPECT_LE(share, 1);
    }
  }
  for (int a = 0; a < 200; ++a) Act(fmt::format("a{}", a), "2026-12-20", kTypes[a % 4]);
  EXPECT_EQ(Measure().self_directed.time_shares, alone.time_shares);
}

}  // namespace
}  // namespace gtm::targeting::domain
