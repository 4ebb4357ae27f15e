#include "services/targeting/domain/activity_impact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "services/targeting/domain/test_definitions.h"

namespace gtm::targeting::domain {
namespace {

using test::At;

const absl::Time kNow = At("2026-06-30");

class ActivityImpactTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"works", "idle", "chosen"}) {
      records_->Put(test::Campaign(id).Set([&](auto& c) { c.set_channel(id); }));
    }
  }
  // Fit 100 points, or 85 in another industry.
  void PutAccount(const std::string& id, bool high = true) {
    records_->Put(test::Account(id).Set([&](crm::v1::Account& a) {
      a.set_employee_count(2'000);
      a.set_industry(high ? "software" : "retail");
      a.add_technologies("Snowflake");
    }));
  }
  void Touch(const std::string& account, absl::Time time, const std::string& campaign) {
    records_->Put(test::Engagement(fmt::format("e{}", ++count_), account, Text(time))
                      .Set([&](crm::v1::Engagement& e) { e.set_campaign_id(campaign); }));
  }
  void Deal(const std::string& account, absl::Time begin, bool won, int days, int64_t units) {
    records_->Put(test::Opportunity(fmt::format("o{}", ++count_), account)
                      .Stage(Text(begin), "open")
                      .Stage(Text(begin + absl::Hours(24) * days), won ? "won" : "lost")
                      .Amount(Text(begin), units));
  }
  // Of so many days from 2025-07-05.
  static absl::Time SomeDay(Random* random, uint64_t day_count) {
    return At("2025-07-05") + absl::Hours(24) * static_cast<int>(random->Below(day_count));
  }
  static std::string Text(absl::Time time) {
    return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
  }
  std::vector<ActivityImpact> Rank(std::string_view start = "2025-07-01") {
    const book::BookView view = records_->View();
    const auto alive = []() -> Status { return {}; };
    const Audience audience = JudgeAccounts(definition_, view, kNow, alive).value();
    Activities activities(view, ActivityGrouping::kCampaign, kNow);
    const TimeSpan span{absl::ToUnixSeconds(At(start)), absl::ToUnixSeconds(kNow) + 1};
    auto impacts = RankActivities(audience, view, &activities, span, alive);
    keys_.clear();
    for (const ActivityImpact& impact : *impacts)
      keys_.push_back(activities.at(impact.activity).key);
    return *impacts;
  }
  const ActivityImpact& Of(const std::vector<ActivityImpact>& impacts, const std::string& key) {
    for (size_t i = 0; i < impacts.size(); ++i) {
      if (keys_[i] == key) return impacts[i];
    }
    ADD_FAILURE() << key << " is not in the answer";
    return impacts.front();
  }

  std::unique_ptr<test::FakeRecords> records_ = std::make_unique<test::FakeRecords>("targeting");
  const Definition definition_ = Compiled();
  std::vector<std::string> keys_;
  int count_ = 0;
};

// A third of the accounts hear of each program on a day of their own. Deals begin at any time;
// one program makes more begin after it, more of them won, twice as dear; the other does nothing.
TEST_F(ActivityImpactTest, FindsWhatWasPlantedAndNothingElse) {
  Random random(21);
  for (int i = 0; i < 900; ++i) {
    const std::string id = fmt::format("a{:04}", i);
    PutAccount(id);
    const absl::Time works_at = SomeDay(&random, 200);
    const absl::Time idle_at = SomeDay(&random, 200);
    const bool works = random.Uniform() < 1.0 / 3;
    if (works) Touch(id, works_at, "works");
    if (random.Uniform() < 1.0 / 3) Touch(id, idle_at, "idle");
    const bool after = works && random.Uniform() < 0.35;
    if (!after && random.Uniform() >= 0.3) continue;
    const absl::Time begin =
        after ? works_at + absl::Hours(24) * static_cast<int>(5 + random.Below(60))
              : SomeDay(&random, 330);
    Deal(id, begin, random.Uniform() < (after ? 0.8 : 0.4), 20 + static_cast<int>(random.Below(20)),
         static_cast<int64_t>((after ? 20'000 : 10'000) * (0.8 + 0.4 * random.Uniform())));
  }
  const auto impacts = Rank();
  ASSERT_EQ(impacts.size(), 2u);
  EXPECT_EQ(keys_[0], "works");
  const ActivityImpact& works = impacts[0];
  const ImpactTest& creation = works.of(ImpactMeasure::kCreation);
  ASSERT_TRUE(creation.tested);
  EXPECT_GT(creation.interval.low, 0);
  EXPECT_LT(creation.q_value, 0.001);
  // 0.35 * 300 deals were planted; a few begin before the first step that follows the touch.
  EXPECT_GT(works.extra_interval.low, 50);
  EXPECT_LT(works.extra_interval.high, 150);
  const ImpactTest& wins = works.of(ImpactMeasure::kWinRate);
  ASSERT_TRUE(wins.tested);
  EXPECT_GT(wins.interval.low, 0.1);
  const ImpactTest& price = works.of(ImpactMeasure::kPrice);
  ASSERT_TRUE(price.tested);
  EXPECT_GT(price.interval.low, 1.4);
  EXPECT_LT(price.interval.high, 2.2);
  EXPECT_GT(works.of(ImpactMeasure::kCycle).q_value, 0.05);
  for (const ImpactTest& test : impacts[1].by_measure) EXPECT_GT(test.q_value, 0.05);
}

// The program is shown to the accounts that fit best, which buy anyway: a plain comparison says
// that it works; compared with accounts that fit as well it does not.
TEST_F(ActivityImpactTest, FitIsNotTakenForAnEffect) {
  Random random(22);
  Rate touched;
  Rate untouched;
  for (int i = 0; i < 900; ++i) {
    const std::string id = fmt::format("a{:04}", i);
    const bool high = random.Uniform() < 0.5;
    PutAccount(id, high);
    const bool chosen = random.Uniform() < (high ? 0.7 : 0.1);
    if (chosen) Touch(id, SomeDay(&random, 200), "chosen");
    const bool buys = random.Uniform() < (high ? 0.5 : 0.05);
    (chosen ? touched : untouched).Add(buys);
    if (buys) Deal(id, SomeDay(&random, 330), true, 30, 10'000);
  }
  EXPECT_GT(NewcombeInterval(touched, untouched).low, 0.15);
  const auto impacts = Rank();
  const ImpactTest& creation = Of(impacts, "chosen").of(ImpactMeasure::kCreation);
  ASSERT_TRUE(creation.tested);
  EXPECT_TRUE(creation.interval.contains(0)) << creation.interval.low;
  EXPECT_GT(creation.q_value, 0.05);
}

// Without any effect, over companies: findings are as rare as they should be.
TEST_F(ActivityImpactTest, FindsNothingWhereNothingIs) {
  int found = 0;
  constexpr int kCompanies = 60;
  for (int company = 0; company < kCompanies; ++company) {
    records_ = std::make_unique<test::FakeRecords>("targeting");
    SetUp();
    Random random(1'000 + static_cast<uint64_t>(company));
    for (int i = 0; i < 150; ++i) {
      const std::string id = fmt::format("a{:04}", i);
      PutAccount(id, random.Uniform() < 0.5);
      for (const char* campaign : {"works", "idle", "chosen"}) {
        if (random.Uniform() < 0.4) Touch(id, SomeDay(&random, 330), campaign);
      }
      if (random.Uniform() < 0.4) {
        Deal(id, SomeDay(&random, 330), random.Uniform() < 0.5,
             10 + static_cast<int>(random.Below(30)),
             5'000 + static_cast<int64_t>(random.Below(5'000)));
      }
    }
    bool any = false;
    for (const ActivityImpact& impact : Rank()) {
      for (const ImpactTest& test : impact.by_measure) any = any || test.q_value <= 0.05;
    }
    found += any;
  }
  RecordProperty("found", found);
  // At most 5 % of companies, and three standard errors of 60.
  EXPECT_LE(found, 8);
}

// TG-30: did it lead directly to forecast deals? Only what touched the account before the deal
// began counts, each deal for every activity before it, and never as its share.
TEST_F(ActivityImpactTest, CountsForecastDealsTouchedBeforeTheyBegan) {
  PutAccount("one");
  Touch("one", At("2026-05-01"), "works");
  Touch("one", At("2026-05-02"), "idle");
  records_->Put(test::Opportunity("o1", "one")
                    .Stage("2026-05-20", "open")
                    .Amount("2026-05-20", 7'000)
                    .Set([](auto& o) { o.set_campaign_id("works"); }));
  Touch("one", At("2026-05-25"), "chosen");  // after it began
  PutAccount("two");
  Touch("two", At("2026-01-01"), "works");  // too long before
  records_->Put(test::Opportunity("o2", "two").Stage("2026-05-20", "open").Amount("2026-05-20", 9));
  const auto impacts = Rank();
  EXPECT_EQ(Of(impacts, "works").forecast_count, 1);
  EXPECT_EQ(Of(impacts, "works").forecast_micros, 7'000'000'000);
  EXPECT_EQ(Of(impacts, "works").sourced_count, 1);
  EXPECT_EQ(Of(impacts, "idle").forecast_count, 1);
  EXPECT_EQ(Of(impacts, "idle").sourced_count, 0);
  EXPECT_EQ(Of(impacts, "chosen").forecast_count, 0);
  EXPECT_EQ(Of(impacts, "chosen").touched_targets, 1);
}

TEST_F(ActivityImpactTest, AFewCasesAreNotTested) {
  for (int i = 0; i < 6; ++i) {
    PutAccount(fmt::format("a{}", i));
    if (i % 2 == 0) Touch(fmt::format("a{}", i), At("2026-05-01"), "works");
  }
  const auto impacts = Rank("2026-04-01");
  ASSERT_EQ(impacts.size(), 1u);
  EXPECT_EQ(impacts[0].touched_targets, 3);
  EXPECT_FALSE(impacts[0].of(ImpactMeasure::kCreation).tested);
}

}  // namespace
}  // namespace gtm::targeting::domain
