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
    Put(test::Engagement(fmt::format("act{}", ++number_), account, time, type, direction)
            .Set([&](Engagement& e) {
              e.set_contact_id(person);
              e.set_count(count);
              e.set_content_id(content);
            }));
  }
  void Visit(const std::string& visitor, std::string_view time, int count = 0) {
    market_.Put(
        test::Engagement(fmt::format("act{}", ++number_), "", time, Engagement::TYPE_WEB_VISIT)
            .Set([&](Engagement& e) {
              e.set_visitor_id(visitor);
              e.set_count(count);
            }));
  }
  void Link(const std::string& visitor, const std::string& account,
            const std::string& person = "") {
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
    Put(deal);
  }
  void Put(const records::v1::Record& record) {
    put_.push_back(record);
    market_.Put(record);
  }
  // The same company with what had happened by an instant: acts, and stages of deals.
  void CopyUntil(absl::Time time, Market* out) const {
    const int64_t end_s = absl::ToUnixSeconds(time);
    for (records::v1::Record record : put_) {
      if (record.engagement().occur_time().seconds() > end_s) continue;
      if (record.has_opportunity()) {
        auto* stages = record.mutable_opportunity()->mutable_stage_changes();
        while (!stages->empty() && stages->rbegin()->change_time().seconds() > end_s) {
          stages->RemoveLast();
        }
        if (stages->empty()) continue;
      }
      out->Put(record);
    }
  }
  BuyingBehavior Measure(const ContentIds& contents = {}, std::string_view first = "2025-01-01",
                         std::string_view as_of = kAsOf) {
    const book::BookView view = market_.View();
    const TimeSpan span{absl::ToUnixSeconds(At(first)), absl::ToUnixSeconds(At(as_of))};
    return MeasureBuying(market_.Judge(view, At(as_of)), view, span, contents, StillAlive).value();
  }

  Market market_;
  std::vector<records::v1::Record> put_;
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

TEST_F(BuyingBehaviorTest, TheWayToAPurchaseBeginsAfterThePurchaseBefore) {
  market_.Target("a");
  Act("a", "2025-01-01", Engagement::TYPE_WEB_VISIT);
  Act("a", "2025-01-15", Engagement::TYPE_CALL);
  Act("a", "2026-01-01", Engagement::TYPE_WEB_VISIT);
  Act("a", "2026-01-31", Engagement::TYPE_CALL);
  Deal("a", "2025-01-10", "2025-02-01", true);
  Deal("a", "2026-01-10", "2026-02-01", true);
  const SelfDirectedBuying alone = Measure().self_directed;
  EXPECT_THAT(alone.time_shares, ElementsAre(testing::DoubleNear(14.0 / 31, 1e-9),
                                             testing::DoubleNear(30.0 / 31, 1e-9)));
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
  market_.Target("ended before");
  Deal("ended before", "2025-01-05", "2025-02-01", true);
  market_.Put(test::Movement("m1", "ended before", "2022-01-01", 100));
  market_.Put(test::Movement("m2", "ended before", "2024-01-01", -100));
  market_.Target("begins later");
  Deal("begins later", "2025-01-05", "2025-02-01", true);
  market_.Put(test::Movement("m3", "begins later", "2027-03-01", 100));
  const EnablementEffect effect = Measure().enablement;
  ASSERT_TRUE(effect.kept);
  EXPECT_EQ(effect.kept->without.trials, 3) << "what no revenue ran of is not known";
  EXPECT_EQ(effect.kept->without.successes, 2);
}

// A deal that goes from Stage 0 straight to won would be a sure win: its like that are lost never
// qualify.
TEST_F(BuyingBehaviorTest, LeavesOutDealsThatQualifiedByBeingWon) {
  for (const bool won : {true, false}) {
    const std::string id = won ? "won" : "lost";
    market_.Target(id);
    Act(id, "2026-03-30", Engagement::TYPE_ENABLEMENT_TOOL);
    market_.Put(test::Opportunity("straight " + id, id)
                    .Stage("2026-01-01", "stage_zero")
                    .Stage("2026-04-01", id));
  }
  const EnablementEffect effect = Measure().enablement;
  EXPECT_EQ(effect.won.with.trials + effect.won.without.trials, 0);
  EXPECT_EQ(effect.open_deals, 0);
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

TEST_F(BuyingBehaviorTest, SomebodyIsCountedOnceHoweverTheyCame) {
  market_.Target("a");
  market_.Target("b");
  for (const char* person : {"p", "q", "r", "s"}) market_.Person(person, "a");
  // Two devices, and later by name.
  Visit("v1", "2026-05-01");
  Visit("v2", "2026-05-02");
  Act("a", "2026-06-01", Engagement::TYPE_WEB_VISIT, "p");
  Link("v1", "a", "p");
  Link("v2", "a", "p");
  // By name years ago: not new.
  Act("a", "2023-06-01", Engagement::TYPE_WEB_VISIT, "q");
  Visit("v3", "2026-05-01");
  Link("v3", "a", "q");
  // A link of a visitor who only chatted takes nothing away.
  market_.Put(
      test::Engagement("chat", "", "2026-05-01", Engagement::TYPE_CHAT).Set([](Engagement& e) {
        e.set_visitor_id("v4");
      }));
  Link("v4", "a", "r");
  Act("a", "2026-05-03", Engagement::TYPE_WEB_VISIT, "r");
  // Recorded under two accounts.
  Act("a", "2026-05-03", Engagement::TYPE_WEB_VISIT, "s");
  Act("b", "2026-05-01", Engagement::TYPE_WEB_VISIT, "s");
  const Bounces bounces = Measure().bounces;
  EXPECT_EQ(bounces.targets.trials, 3) << "p, r and s";
  EXPECT_EQ(bounces.unknown.trials, 0);
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
    market_.Person("p" + id, id);
    for (uint64_t n = random.Below(8); n > 0; --n) {
      Act(id, day(690), kTypes[random.Below(4)], random.Below(2) == 0 ? "p" + id : "");
    }
    const absl::CivilDay begin =
        absl::CivilDay(2025, 6, 1) + static_cast<int64_t>(random.Below(90));
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
  // What comes after an instant changes nothing that was told as of it.
  constexpr std::string_view kEarlier = "2025-07-15";
  Market earlier;
  for (int a = 0; a < 200; ++a) {
    const std::string id = fmt::format("a{}", a);
    earlier.Target(id);
    earlier.Person("p" + id, id);
  }
  CopyUntil(At(kEarlier), &earlier);
  const auto told = [&](const Market& market) {
    const book::BookView view = market.View();
    const TimeSpan span{absl::ToUnixSeconds(At("2025-01-01")),
                        absl::ToUnixSeconds(At(kEarlier)) + 1};
    return MeasureBuying(market.Judge(view, At(kEarlier)), view, span, {}, StillAlive).value();
  };
  const BuyingBehavior then = told(earlier), now = told(market_);
  EXPECT_FALSE(then.self_directed.time_shares.empty());
  EXPECT_EQ(now.self_directed.time_shares, then.self_directed.time_shares);
  EXPECT_EQ(now.self_directed.act_shares, then.self_directed.act_shares);
  EXPECT_EQ(now.enablement.won.with.successes, then.enablement.won.with.successes);
  EXPECT_EQ(now.enablement.won.with.trials, then.enablement.won.with.trials);
  EXPECT_EQ(now.enablement.won.without.trials, then.enablement.won.without.trials);
  EXPECT_EQ(now.enablement.open_deals, then.enablement.open_deals);
  EXPECT_GT(then.bounces.targets.trials, 0);
  EXPECT_EQ(now.bounces.targets.trials, then.bounces.targets.trials);
  EXPECT_EQ(now.bounces.targets.successes, then.bounces.targets.successes);
}

}  // namespace
}  // namespace gtm::targeting::domain
