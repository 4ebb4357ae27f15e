#include "services/targeting/domain/channel_efficacy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/money.h"
#include "common/core/random.h"
#include "common/testing/matchers.h"
#include "services/targeting/domain/spend_share.h"
#include "services/targeting/domain/test_market.h"

namespace gtm::targeting::domain {
namespace {

using test::At;
using test::FailsWith;

const absl::Time kNow = At("2026-06-30");
const DayRange kQuarter{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)};

struct Answer {
  std::vector<ChannelEfficacy> rows;
  std::vector<std::string> keys;  // by row; "" for no activity

  const ChannelEfficacy& at(std::string_view key) const {
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return rows[i];
    }
    static const ChannelEfficacy kNone;
    ADD_FAILURE() << "no row " << key;
    return kNone;
  }
};

Answer Measure(const Market& market, ActivityGrouping grouping = ActivityGrouping::kChannel,
               absl::Time now = kNow) {
  const book::BookView view = market.View();
  Activities activities(view, grouping, now);
  Answer answer;
  answer.rows = MeasureChannels(market.Judge(view, now), view, &activities, kQuarter,
                                SpanOf(kQuarter, view.settings().calendar, now), StillAlive)
                    .value();
  for (const ChannelEfficacy& row : answer.rows) {
    answer.keys.push_back(row.activity == kNoActivity ? "" : activities.at(row.activity).key);
  }
  return answer;
}

// TG-14: how many target prospects each channel reached, at what expense.
TEST(ChannelEfficacy, CountsTargetsPeopleAndTrash) {
  Market market;
  market.Target("t1");
  market.Target("t2");
  market.Other("o1");
  market.Undecided("u1");
  market.Person("p1", "t1");
  market.Campaign("c1", "Paid Search");
  market.Campaign("c2", "paid search");
  market.Campaign("c3", "events");
  market.Touch("t1", "2026-05-01", "out", "p1", "c1");
  market.Touch("t1", "2026-05-02", "in", "p1", "c2");
  market.Touch("t2", "2026-05-02", "in", "", "c2");
  market.Touch("o1", "2026-05-02", "in", "", "c1");
  market.Touch("u1", "2026-05-02", "in", "", "c1");
  market.Touch("t1", "2026-05-03", "in", "", "c3");
  market.Touch("t1", "2026-05-03", "in");
  market.Spend("c1", "2026-05-01", "2026-06-01", 1'000);
  const Answer by_channel = Measure(market);
  ASSERT_EQ(by_channel.keys.size(), 3u);
  EXPECT_EQ(by_channel.keys.back(), "") << "what belongs to no activity is last";
  const ChannelEfficacy& search = by_channel.at("Paid Search");
  EXPECT_EQ(search.accounts, (ByVerdict{2, 1, 1}));
  EXPECT_EQ(search.target_people, 1);
  EXPECT_EQ(search.touch_count, 5);
  EXPECT_EQ(search.first_responses, 2);
  EXPECT_EQ(search.spend_micros, 1'000 * kMicrosPerUnit);
  EXPECT_EQ(search.spend_day_count, 31);
  EXPECT_FALSE(by_channel.at("events").spend_micros) << "not known is not nothing";
  const Answer by_campaign = Measure(market, ActivityGrouping::kCampaign);
  EXPECT_EQ(by_campaign.at("c2").accounts.target, 2);
  EXPECT_EQ(by_campaign.at("c1").first_responses, 0);
}

TEST(ChannelEfficacy, CountsDealsThatBeganAfterATouchForEachActivity) {  // TG-28
  Market market;
  market.Target("t1");
  market.Campaign("c1", "a");
  market.Campaign("c2", "b");
  market.Campaign("c3", "c");
  market.Touch("t1", "2026-04-10", "in", "", "c1");
  market.Touch("t1", "2026-04-11", "in", "", "c2");
  market.Touch("t1", "2026-05-20", "in", "", "c3");
  market.Put(test::Opportunity("o1", "t1").Stage("2026-05-01", "open").Amount("2026-05-01", 500));
  const Answer answer = Measure(market);
  for (const char* channel : {"a", "b"}) {
    EXPECT_EQ(answer.at(channel).begun_count, 1);
    EXPECT_EQ(answer.at(channel).begun_micros, 500 * kMicrosPerUnit);
  }
  EXPECT_EQ(answer.at("c").begun_count, 0) << "touched after it began";
  EXPECT_EQ(answer.at("c").open_count, 1);
}

TEST(ChannelEfficacy, SpendsOnlyTheDaysThatHaveBegun) {
  Market market;
  market.Target("t1");
  market.Campaign("c1", "a");
  market.Spend("c1", "2026-03-22", "2026-04-11", 200);  // 10 of its 20 days
  market.Spend("", "2026-04-11", "2026-04-21", 100, "A");
  EXPECT_EQ(Measure(market).at("a").spend_micros, 200 * kMicrosPerUnit);
  const Answer early = Measure(market, ActivityGrouping::kChannel, At("2026-04-06"));
  EXPECT_EQ(early.at("a").spend_micros, 50 * kMicrosPerUnit);
  EXPECT_EQ(early.at("a").spend_day_count, 5);
  const Answer by_campaign = Measure(market, ActivityGrouping::kCampaign);
  EXPECT_EQ(by_campaign.at("").spend_micros, 100 * kMicrosPerUnit) << "of no campaign";
}

// TG-14, TG-29: content as the activity; its cost is known only where no share is made up.
TEST(ChannelEfficacy, TellsTheCostOfContentOnlyWhereCampaignsAreItsOwn) {
  Market market;
  market.Target("t1");
  market.Target("t2");
  market.Other("o1");
  market.Person("p1", "t1");
  for (const char* campaign : {"own", "mixed", "quiet"}) market.Campaign(campaign, "mail");
  const auto touch = [&](const char* account, const char* time, const char* campaign,
                         const char* content, const char* person = "") {
    market.Touch(account, time, "in", person, campaign, 0, content);
  };
  touch("t1", "2026-05-01", "own", "guide", "p1");
  touch("t2", "2026-05-02", "own", "guide");
  touch("o1", "2026-05-02", "", "guide");
  touch("t2", "2026-05-03", "own", "");
  touch("t1", "2026-05-03", "mixed", "demo");
  touch("t1", "2026-05-04", "mixed", "video");
  touch("t1", "2026-08-04", "own", "later");  // after as_of: nobody knows yet
  for (const char* campaign : {"own", "mixed", "quiet"}) {
    market.Spend(campaign, "2026-05-01", "2026-06-01", 100);
  }
  const Answer out = Measure(market, ActivityGrouping::kContent);
  EXPECT_THAT(out.keys, ::testing::ElementsAre("guide", "demo", "video", ""));
  const ChannelEfficacy& guide = out.at("guide");
  EXPECT_EQ(guide.accounts, (ByVerdict{2, 0, 1}));
  EXPECT_EQ(guide.target_people, 1);
  EXPECT_EQ(guide.touch_count, 3);
  EXPECT_EQ(guide.spend_micros, 100 * kMicrosPerUnit);
  EXPECT_EQ(out.at("demo").accounts, (ByVerdict{1, 0, 0}));
  EXPECT_FALSE(out.at("demo").spend_micros) << "not known, and not nothing";
  EXPECT_FALSE(out.at("video").spend_micros);
  EXPECT_EQ(out.at("").touch_count, 1);
  EXPECT_EQ(out.at("").spend_micros, 200 * kMicrosPerUnit) << "money that is no content's own";
  // A campaign of several contents is nobody's own, and takes the cost of each of them away.
  touch("t2", "2026-05-05", "mixed", "guide");
  const Answer shared = Measure(market, ActivityGrouping::kContent);
  EXPECT_FALSE(shared.at("guide").spend_micros);
  EXPECT_EQ(shared.at("").spend_micros, 300 * kMicrosPerUnit);
}

// Money that names a content is the content's, whatever campaigns its touches came by, and a
// content that only money names has reached nobody.
TEST(ChannelEfficacy, CountsTheMoneyThatNamesAContent) {
  Market market;
  market.Target("t1");
  market.Campaign("mixed", "mail");
  market.Touch("t1", "2026-05-01", "in", "", "mixed", 0, "guide");
  market.Touch("t1", "2026-05-02", "in", "", "mixed", 0, "video");
  market.Spend("mixed", "2026-05-01", "2026-06-01", 70);
  const auto spend = [&](const char* content, int64_t units) {
    crm::v1::Spend money;
    money.set_id(std::string("for-") + content);
    money.set_content_id(content);
    money.set_campaign_id("mixed");
    *money.mutable_start_date() = test::Date("2026-05-01");
    *money.mutable_end_date() = test::Date("2026-06-01");
    *money.mutable_amount() = test::MoneyOf(units);
    market.Put(test::Wrap(money));
  };
  spend("guide", 300);
  spend("unread", 50);
  const Answer out = Measure(market, ActivityGrouping::kContent);
  EXPECT_EQ(out.at("guide").spend_micros, 300 * kMicrosPerUnit);
  EXPECT_EQ(out.at("guide").accounts.target, 1);
  EXPECT_FALSE(out.at("video").spend_micros);
  EXPECT_EQ(out.at("unread").spend_micros, 50 * kMicrosPerUnit);
  EXPECT_EQ(out.at("unread").touch_count, 0);
  EXPECT_EQ(out.at("").spend_micros, 70 * kMicrosPerUnit) << "nobody's own";
  const Answer by_campaign = Measure(market, ActivityGrouping::kCampaign);
  EXPECT_EQ(by_campaign.at("mixed").spend_micros, 420 * kMicrosPerUnit);
}

// A touch whose campaign has no channel belongs to its own (TG-14).
TEST(ChannelEfficacy, TakesTheChannelOfTheTouchWhereItsCampaignHasNone) {
  Market market;
  market.Target("t1");
  market.Target("t2");
  market.Campaign("c1", "events");
  market.Campaign("c2", "");
  const auto touch = [&](const char* id, const char* account, const char* campaign,
                         const char* channel) {
    market.Put(test::Engagement(id, account, "2026-05-01").Set([&](auto& e) {
      e.set_campaign_id(campaign);
      e.set_channel(channel);
    }));
  };
  touch("x1", "t1", "c1", "chat");  // the money of c1 goes to its channel
  touch("x2", "t1", "c2", "Phone");
  touch("x3", "t2", "", "phone");
  touch("x4", "t2", "", "");
  const Answer out = Measure(market);
  EXPECT_THAT(out.keys, ::testing::ElementsAre("Phone", "events", ""));
  EXPECT_EQ(out.at("Phone").accounts.target, 2);
  EXPECT_EQ(out.at("events").accounts.target, 1);
  EXPECT_EQ(out.at("").touch_count, 1);
  EXPECT_EQ(Measure(market, ActivityGrouping::kCampaign).at("c2").accounts.target, 1);
}

TEST(ChannelEfficacy, NamesAMissingExchangeRate) {
  Market market;
  market.Campaign("c1", "a");
  crm::v1::Spend spend;
  spend.set_id("s");
  spend.set_campaign_id("c1");
  *spend.mutable_start_date() = test::Date("2026-05-01");
  *spend.mutable_end_date() = test::Date("2026-05-02");
  *spend.mutable_amount() = test::MoneyOf(5, "EUR");
  market.Put(test::Wrap(spend));
  const book::BookView view = market.View();
  Activities activities(view, ActivityGrouping::kChannel, kNow);
  EXPECT_THAT(MeasureChannels(market.Judge(view, kNow), view, &activities, kQuarter,
                              SpanOf(kQuarter, view.settings().calendar, kNow), StillAlive),
              FailsWith(Reason::EXCHANGE_RATE_MISSING));
}

TEST(CostOf, HasTheIntervalOfWhatTheMoneyReached) {
  const CostPerTarget ten = CostOf(1'000 * kMicrosPerUnit, 10);
  EXPECT_EQ(ten.value_micros, 100 * kMicrosPerUnit);
  // Garwood: 10 events are 4.7954 to 18.3904.
  EXPECT_NEAR(static_cast<double>(ten.low_micros) / kMicrosPerUnit, 1'000 / 18.3904, 0.01);
  EXPECT_NEAR(static_cast<double>(*ten.high_micros) / kMicrosPerUnit, 1'000 / 4.7954, 0.01);
  const CostPerTarget none = CostOf(1'000 * kMicrosPerUnit, 0);
  EXPECT_FALSE(none.value_micros);
  EXPECT_FALSE(none.high_micros);
  EXPECT_NEAR(static_cast<double>(none.low_micros) / kMicrosPerUnit, 1'000 / 3.6889, 0.01);
}

// Whatever the spans, the shares of adjacent ones sum to the whole, to a micro each.
TEST(SpendMicrosOn, SharesSumToTheAmount) {
  Random random(11);
  Market market;
  const book::BookView view = market.View();
  for (int i = 0; i < 500; ++i) {
    const absl::CivilDay start = absl::CivilDay(2026, 1, 1) + static_cast<int>(random.Below(300));
    const int length = 1 + static_cast<int>(random.Below(90));
    crm::v1::Spend spend;
    *spend.mutable_start_date() = test::Date(absl::FormatCivilTime(start));
    *spend.mutable_end_date() = test::Date(absl::FormatCivilTime(start + length));
    *spend.mutable_amount() = test::MoneyOf(static_cast<int64_t>(random.Below(1'000'000)));
    const absl::CivilDay cut = start + static_cast<int>(random.Below(length + 1));
    const int64_t before =
        SpendMicrosOn(spend, {start - 50, std::max(cut, start - 49)}, view).value();
    const int64_t after = SpendMicrosOn(spend, {cut, start + length + 50}, view).value();
    const int64_t all = spend.amount().units() * kMicrosPerUnit;
    EXPECT_LE(std::abs(before + after - all), 1);
  }
}

TEST(CountOn, SpreadsACountOverItsDays) {
  const DayRange month{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 5, 1)};
  EXPECT_EQ(CountOn(30, month, {absl::CivilDay(2026, 4, 21), absl::CivilDay(2026, 6, 1)}), 10);
  EXPECT_EQ(CountOn(30, month, {absl::CivilDay(2026, 5, 1), absl::CivilDay(2026, 6, 1)}), 0);
}

}  // namespace
}  // namespace gtm::targeting::domain
