#include "services/forecasting/domain/trust.h"

#include <algorithm>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/test_pipeline_scene.h"

namespace gtm::forecasting::domain {
namespace {

using crm::v1::Engagement;

bool Doubts(const Trust& trust, DoubtType type) {
  for (const Doubt& doubt : trust.doubts) {
    if (doubt.type == type) return true;
  }
  return false;
}

TEST(JudgeTrust, TrustsWhatIsOrdinary) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("proposal"));
  for (int i = 1; i < 20; ++i) {
    scene.Touch(fmt::format("2026-05-{:02}", i), Engagement::TYPE_EMAIL, "ann", "acme",
                i % 2 == 0 ? Engagement::DIRECTION_OUTBOUND : Engagement::DIRECTION_INBOUND);
  }
  const Trust trust = scene.Ask().deal().trust;
  EXPECT_EQ(trust.weight, 1);
  EXPECT_TRUE(trust.doubts.empty());
}

TEST(JudgeTrust, DoubtsTouchesThatNobodyAnswers) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("proposal"));
  for (int i = 1; i < 8; ++i) {
    scene.Touch(fmt::format("2026-05-{:02}", i), Engagement::TYPE_EMAIL, "ann", "acme",
                Engagement::DIRECTION_OUTBOUND);
  }
  EXPECT_TRUE(Doubts(scene.Ask().deal().trust, DoubtType::kNoBuyerResponse));
  EXPECT_NE(scene.Ask().Find(DealWarningType::kLowTrust), nullptr);
  scene.Touch("2026-06-01", Engagement::TYPE_EMAIL, "ann");
  EXPECT_FALSE(Doubts(scene.Ask().deal().trust, DoubtType::kNoBuyerResponse));
}

TEST(JudgeTrust, DoubtsPeopleWhoAreOnlyCopiedIn) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("proposal"));
  scene.Touch("2026-05-01", Engagement::TYPE_EMAIL, "ann");
  for (const char* person : {"bob", "cid", "dan"}) {
    scene.Touch("2026-05-02", Engagement::TYPE_EMAIL, person, "acme",
                Engagement::DIRECTION_OUTBOUND);
  }
  EXPECT_TRUE(Doubts(scene.Ask().deal().trust, DoubtType::kSilentRecipients));
}

TEST(JudgeTrust, DoubtsDatesStagesAndAmountsThatJump) {
  PipelineScene scene;
  scene.Put(test::Opportunity("o1", "acme")
                .Stage("2026-06-12", "stage0")
                .Stage("2026-06-13T08:00:00Z", "discovery")
                .Stage("2026-06-13T08:05:00Z", "evaluation")
                .Stage("2026-06-13T08:10:00Z", "contract")
                .Amount("2026-06-01", 10'000)
                .Amount("2026-06-14", 30'000)
                .Close("2026-03-01", "2026-04-01")
                .Close("2026-03-31", "2026-05-01")
                .Close("2026-04-30", "2026-06-01"));
  const Trust trust = scene.Ask().deal().trust;
  for (const DoubtType type :
       {DoubtType::kStagesSkipped, DoubtType::kStagesInOneDay, DoubtType::kLateCreated,
        DoubtType::kAmountInflated, DoubtType::kLastMinutePush}) {
    EXPECT_TRUE(Doubts(trust, type)) << static_cast<int>(type);
  }
  EXPECT_LT(trust.weight, 0.3);
  EXPECT_GT(trust.weight, 0);
}

// ---- what is usual for the tenant

bool IsUnjudged(const Trust& trust, DoubtType type) {
  return std::find(trust.unjudged.begin(), trust.unjudged.end(), type) != trust.unjudged.end();
}

std::string DayAfter(absl::CivilDay day, int after) { return DayText(NumberOf(day + after)); }

// `count` lost deals of another account, one a day from 2025-06-01 on, each first recorded
// `lag_days(i)` days after its creation; the first load was long before.
template <class LagDays>
void RecordDeals(PipelineScene* scene, int count, LagDays lag_days) {
  scene->Put(test::Opportunity("first", "other").Stage("2025-01-01", "discovery"));
  for (int i = 0; i < count; ++i) {
    const absl::CivilDay day = absl::CivilDay(2025, 6, 1) + i;
    scene->records().Put(test::Opportunity(fmt::format("r{:03}", i), "other")
                             .Stage(DayAfter(day, 0), "discovery")
                             .Stage("2026-06-01", "lost"),
                         test::At(DayAfter(day, lag_days(i))));
  }
}

// The trust in "o1", created on 2026-04-01 and first recorded on `day`.
Trust TrustOfDealRecordedOn(PipelineScene* scene, const std::string& day) {
  scene->records().Put(PipelineScene::DealAt("proposal"), test::At(day));
  return scene->Ask().deal().trust;
}

TEST(Backdated, IsARecordThatCameLateWhereOthersComeAtOnce) {
  PipelineScene scene;
  RecordDeals(&scene, 60, [](int i) { return i % 3; });
  const Trust trust = TrustOfDealRecordedOn(&scene, "2026-05-16");
  ASSERT_TRUE(Doubts(trust, DoubtType::kBackdated));
  EXPECT_EQ(trust.doubts.back().message,
            "it was first recorded 45 days after the day on which it is said to have been "
            "created; 0 of 60 other closed deals were recorded as late");
  EXPECT_DOUBLE_EQ(trust.weight, 0.7);
}

TEST(Backdated, BeginsAtAWeek) {
  for (const auto& [day, is_late] :
       {std::pair("2026-04-07", false), std::pair("2026-04-08", true)}) {
    PipelineScene scene;
    RecordDeals(&scene, 60, [](int) { return 0; });
    EXPECT_EQ(Doubts(TrustOfDealRecordedOn(&scene, day), DoubtType::kBackdated), is_late) << day;
  }
}

TEST(Backdated, NeedsFiftyNineClosedDeals) {
  for (const int others : {58, 59}) {
    PipelineScene scene;
    RecordDeals(&scene, others, [](int) { return 0; });
    const Trust trust = TrustOfDealRecordedOn(&scene, "2026-05-16");
    EXPECT_EQ(Doubts(trust, DoubtType::kBackdated), others == 59);
    EXPECT_EQ(IsUnjudged(trust, DoubtType::kBackdated), others == 58);
  }
}

// Who enters deals once in a while backdates nothing.
TEST(Backdated, IsNoSignWhereRecordsComeLate) {
  PipelineScene scene;
  RecordDeals(&scene, 120, [](int i) { return i % 60; });
  EXPECT_TRUE(TrustOfDealRecordedOn(&scene, "2026-05-16").doubts.empty());
}

TEST(Backdated, AccusesNobodyOfTheFirstLoad) {
  for (const auto& [day, is_quiet] :
       {std::pair("2026-05-22", true), std::pair("2026-05-23", false)}) {
    PipelineScene scene;
    std::vector<records::v1::Record> history;
    for (int i = 0; i < 200; ++i) {
      history.push_back(test::Opportunity(fmt::format("h{:03}", i), "other")
                            .Stage(DayAfter(absl::CivilDay(2025, 1, 1), i), "discovery")
                            .Stage("2026-01-01", "lost"));
    }
    scene.records().PutAll(history, test::At("2026-05-16"));
    EXPECT_TRUE(scene.Ask(kToday).facts.closed_record_lags.empty());
    const Trust trust = TrustOfDealRecordedOn(&scene, day);
    EXPECT_TRUE(trust.doubts.empty());
    // A week later it is no part of the load, but there is nothing to compare it with.
    EXPECT_EQ(trust.unjudged.empty(), is_quiet) << day;
  }
}

TEST(Backdated, AccusesNobodyOfABulkImport) {
  for (const int with_it : {8, 9}) {
    PipelineScene scene;
    RecordDeals(&scene, 60, [](int) { return 0; });
    for (int i = 0; i < with_it; ++i) {
      scene.records().Put(
          test::Opportunity(fmt::format("b{}", i), "other").Stage("2026-01-10", "discovery"),
          test::At("2026-05-16"));
    }
    const PipelineScene::Answer answer = [&] {
      TrustOfDealRecordedOn(&scene, "2026-05-16");
      return scene.Ask();
    }();
    const bool is_bulk = with_it + 1 >= kBulkImportMin;
    EXPECT_EQ(Doubts(answer.deal().trust, DoubtType::kBackdated), !is_bulk);
    EXPECT_EQ(Doubts(answer.deal("b0").trust, DoubtType::kBackdated), !is_bulk);
  }
}

// A record of tomorrow says nothing about what was known today.
TEST(Backdated, IsNotKnownBeforeTheRecord) {
  PipelineScene scene;
  RecordDeals(&scene, 60, [](int) { return 0; });
  EXPECT_TRUE(TrustOfDealRecordedOn(&scene, "2026-06-16").doubts.empty());
  EXPECT_TRUE(Doubts(scene.Ask("2026-06-17").deal().trust, DoubtType::kBackdated));
}

// `count` deals that were in the contract stage after `days(i)` days and won ten days later.
template <class Days>
void WinByContract(PipelineScene* scene, int count, Days days) {
  for (int i = 0; i < count; ++i) {
    const absl::CivilDay start = absl::CivilDay(2025, 6, 1) + i;
    scene->Put(test::Opportunity(fmt::format("w{:03}", i), "other")
                   .Stage(DayAfter(start, 0), "discovery")
                   .Stage(DayAfter(start, days(i)), "contract")
                   .Stage(DayAfter(start, days(i) + 10), "won"));
  }
}

Trust TrustOfDealInContract(PipelineScene* scene, const std::string& day) {
  scene->Put(
      test::Opportunity("o1", "acme").Stage("2026-06-10", "discovery").Stage(day, "contract"));
  return scene->Ask().deal().trust;
}

TEST(WonOnDayOfCreation, IsTheLastStageAtOnceWhereOthersTakeLong) {
  PipelineScene scene;
  WinByContract(&scene, 60, [](int i) { return 20 + i % 30; });
  const Trust trust = TrustOfDealInContract(&scene, "2026-06-10T15:00:00Z");
  ASSERT_TRUE(Doubts(trust, DoubtType::kWonOnDayOfCreation));
  EXPECT_EQ(trust.doubts.back().message,
            "it was in its last stage on the day of its creation; 0 of 60 other won deals were as "
            "quick, and half took 35 days or more");
  EXPECT_FALSE(Doubts(trust, DoubtType::kLateCreated)) << "is said already";
}

TEST(WonOnDayOfCreation, EndsADayAfterIt) {
  for (const auto& [day, is_quick] :
       {std::pair("2026-06-11", true), std::pair("2026-06-12", false)}) {
    PipelineScene scene;
    WinByContract(&scene, 60, [](int i) { return 20 + i % 30; });
    const Trust trust = TrustOfDealInContract(&scene, day);
    EXPECT_EQ(Doubts(trust, DoubtType::kWonOnDayOfCreation), is_quick) << day;
    EXPECT_EQ(Doubts(trust, DoubtType::kLateCreated), !is_quick) << day;
  }
}

TEST(WonOnDayOfCreation, NeedsFiftyNineWonDeals) {
  PipelineScene scene;
  WinByContract(&scene, 58, [](int) { return 30; });
  const Trust trust = TrustOfDealInContract(&scene, "2026-06-10T15:00:00Z");
  EXPECT_FALSE(Doubts(trust, DoubtType::kWonOnDayOfCreation));
  EXPECT_TRUE(IsUnjudged(trust, DoubtType::kWonOnDayOfCreation));
  EXPECT_TRUE(Doubts(trust, DoubtType::kLateCreated)) << "the rule of thumb stays";
}

// Where deals are sold in a week, or one in ten is in the contract stage at once, nobody is
// accused of it.
TEST(WonOnDayOfCreation, IsNoSignWhereItIsUsual) {
  for (const bool some_at_once : {false, true}) {
    PipelineScene scene;
    WinByContract(&scene, 100,
                  [&](int i) { return some_at_once ? (i % 10 == 0 ? 0 : 30) : 4 + i % 5; });
    const Trust trust = TrustOfDealInContract(&scene, "2026-06-10T15:00:00Z");
    EXPECT_FALSE(Doubts(trust, DoubtType::kWonOnDayOfCreation));
    EXPECT_FALSE(IsUnjudged(trust, DoubtType::kWonOnDayOfCreation));
  }
}

TEST(WonOnDayOfCreation, IsToldOfRecentWins) {
  PipelineScene scene;
  WinByContract(&scene, 100, [](int i) { return 20 + i % 30; });
  const auto win = [&](const char* id, const char* created, const char* won) {
    scene.Put(
        test::Opportunity(id, "acme").Owner("ada").Stage(created, "discovery").Stage(won, "won"));
  };
  win("at-once", "2026-06-01T08:00:00Z", "2026-06-01T17:00:00Z");
  win("later", "2026-05-20", "2026-06-02");
  win("long-ago", "2026-03-01T08:00:00Z", "2026-03-01T10:00:00Z");
  const PipelineScene::Answer answer = scene.Ask();
  ASSERT_EQ(answer.all.doubtful_wins.size(), 1u);
  EXPECT_EQ(answer.all.doubtful_win_count, 1);
  const DoubtfulWin& doubtful = answer.all.doubtful_wins[0];
  EXPECT_EQ(answer.table.deals[answer.facts.recent_wins[doubtful.win].deal].id, "at-once");
  ASSERT_EQ(doubtful.trust.doubts.size(), 1u);
  EXPECT_EQ(doubtful.trust.doubts[0].message,
            "it was won on the day of its creation; 1 of 102 other won deals were as quick, and "
            "half took 42 days or more");
}

// ---- gaming

// What sellers of one open deal in five do to make it look better.
enum class Gaming {
  kNone,
  kWithoutBuyer,    // our own touches, stages and close dates
  kMadeUpCalls,     // the same, and two calls with the buyer that never were
  kBackdated,       // said to have been created earlier than it was
  kAtOnce,          // in its last stage on the day of its creation
  kTriggers,        // nothing, in a company where trigger events come before most wins
  kMadeUpTriggers,  // there, an event that never was
};

// A company of 400 deals in two years, with touches of buyers, who act more often on deals
// that they then buy.
double MeanOfCompany(Gaming gaming, int backdated_days = 60) {
  PipelineScene scene;
  std::vector<records::v1::Record> all;
  int gamed = 0, open = 0;
  const bool has_triggers = gaming == Gaming::kTriggers || gaming == Gaming::kMadeUpTriggers;
  const int account_count = has_triggers ? 400 : 90;
  for (int i = 0; i < account_count; ++i) all.push_back(test::Account(fmt::format("a{}", i)));
  for (int i = 0; i < 400; ++i) {
    const absl::CivilDay start = absl::CivilDay(2024, 7, 1) + i * 7 / 4;
    const auto day = [&](int after) { return DayText(NumberOf(start + after)); };
    const std::string account = fmt::format("a{}", i % account_count),
                      id = fmt::format("d{:03}", i);
    test::Opportunity deal(id, account);
    const int length = 30 + i * 37 % 110;
    const bool closes = start + length < absl::CivilDay(2026, 6, 10) && i % 12 != 0;
    const bool wins = i % 3 == 0;
    const bool is_gamed = !closes && ++open % 5 == 0 && gaming != Gaming::kNone;
    gamed += is_gamed;
    const int created = is_gamed && gaming == Gaming::kBackdated ? -backdated_days : 0;
    deal.Stage(day(created), "discovery").Amount(day(created), 10'000 + 700 * (i % 40));
    deal.Close(day(created), day(90));
    if (is_gamed && gaming == Gaming::kAtOnce) deal.Stage(day(0) + "T12:00:00Z", "contract");
    if (has_triggers && ((closes && wins ? i % 9 != 0 : i % 5 == 0) ||
                         (is_gamed && gaming == Gaming::kMadeUpTriggers))) {
      records::v1::Record& trigger = all.emplace_back();
      trigger.mutable_trigger_event()->set_id(id + "-trigger");
      trigger.mutable_trigger_event()->set_account_id(account);
      *trigger.mutable_trigger_event()->mutable_occur_time() = test::Stamp(test::At(day(-5)));
    }
    if (closes) {
      deal.Stage(day(length / 2), "evaluation").Stage(day(length), wins ? "won" : "lost");
    }
    const auto touch = [&](const std::string& name, const std::string& when, Engagement::Type type,
                           Engagement::Direction direction) {
      records::v1::Record record = test::Engagement(name, account, when, type, direction);
      record.mutable_engagement()->set_opportunity_id(id);
      all.push_back(std::move(record));
    };
    for (int n = 0; n * 9 < length && n < (wins ? 9 : i % 4); ++n) {
      touch(fmt::format("t{}-{}", i, n), day(n * 9), Engagement::TYPE_CALL,
            Engagement::DIRECTION_MUTUAL);
    }
    if (is_gamed && (gaming == Gaming::kWithoutBuyer || gaming == Gaming::kMadeUpCalls)) {
      deal.Stage("2026-06-11T09:00:00Z", "evaluation").Stage("2026-06-11T09:01:00Z", "contract");
      deal.Close("2026-06-11", "2026-06-28");
      for (int n = 0; n < 40; ++n) {
        touch(fmt::format("g{}-{}", i, n), "2026-06-12", Engagement::TYPE_EMAIL,
              Engagement::DIRECTION_OUTBOUND);
      }
      for (int n = 0; n < 2 && gaming == Gaming::kMadeUpCalls; ++n) {
        touch(fmt::format("m{}-{}", i, n), n == 0 ? "2026-06-09" : "2026-06-12",
              Engagement::TYPE_CALL, Engagement::DIRECTION_MUTUAL);
      }
    }
    // Recorded on the day of its creation, whatever its record says of that.
    scene.records().Put(deal, test::At(day(0)));
  }
  EXPECT_EQ(gamed > 0, gaming != Gaming::kNone);
  scene.records().PutAll(all);
  const DealTable table = DealsAt(scene.records().View(), test::At(kToday)).value();
  const FiscalPeriod quarter = {PeriodUnit::kQuarter, 2026, 2};
  const Model model = Blend(table, LearnModel(table), quarter);
  EXPECT_FALSE(model.close.effects.engagement.is_none());
  const PeriodForecast forecast =
      ForecastPeriod(table, model, table.calendar.DaysOf(quarter), Selection());
  return static_cast<double>(forecast.open_mean_micros);
}

// C18, on the real model, which has learned here that engagement tells: the mean of what
// open deals bring moves by less than the bound.
TEST(Gaming, MovesTheForecastByLessThanEpsilon) {
  const double honest = MeanOfCompany(Gaming::kNone);
  EXPECT_GT(honest, 0);
  EXPECT_LT(std::abs(MeanOfCompany(Gaming::kWithoutBuyer) / honest - 1), kGamingEpsilon);
}

TEST(Gaming, AStageAtOnceMovesTheForecastByLessThanEpsilon) {
  const double moved = MeanOfCompany(Gaming::kAtOnce) / MeanOfCompany(Gaming::kNone) - 1;
  fmt::print("last stage at once on one open deal in five: {:+.2f} %\n", 100 * moved);
  EXPECT_LT(std::abs(moved), kGamingEpsilon);
}

// Age matters to the model: believed, these dates would move the mean by -5.6 to +6.4 %.
TEST(Gaming, BackdatingMovesTheForecastByLessThanEpsilon) {
  const double honest = MeanOfCompany(Gaming::kNone);
  for (const int days : {3, kLateRecordDays - 1, kLateRecordDays, 14, 30, 60, 90, 120, 180}) {
    const double moved = MeanOfCompany(Gaming::kBackdated, days) / honest - 1;
    fmt::print("one open deal in five backdated by {} days: {:+.2f} %\n", days, 100 * moved);
    EXPECT_LT(std::abs(moved), kGamingEpsilon) << days;
  }
}

// No rule can tell a call that was made up from one that took place: how far it goes is
// limited all the same: less than the share of deals that are gamed, in a company where calls
// tell more than in most.
TEST(Gaming, MadeUpCallsMoveTheForecastByLessThanTheirShare) {
  const double moved = MeanOfCompany(Gaming::kMadeUpCalls) / MeanOfCompany(Gaming::kNone) - 1;
  fmt::print("calls made up on one open deal in five: {:+.1f} %\n", 100 * moved);
  EXPECT_LT(std::abs(moved), 0.20);
}

// The same of events: told of one open deal in five.
TEST(Gaming, MadeUpTriggersMoveTheForecastByLessThanTheirShare) {
  const double honest = MeanOfCompany(Gaming::kTriggers);
  EXPECT_GT(honest, 0);
  const double moved = MeanOfCompany(Gaming::kMadeUpTriggers) / honest - 1;
  fmt::print("triggers made up on one open deal in five: {:+.1f} %\n", 100 * moved);
  EXPECT_LT(std::abs(moved), 0.20);
}

}  // namespace
}  // namespace gtm::forecasting::domain
