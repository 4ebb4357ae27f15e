// Backtest and RunBacktest: the time fence, what was recorded by then, the hash.

#include <map>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/made_up_deals.h"

namespace gtm::forecasting::handler {
namespace {

using test::At;
using test::EqualsProto;
using test::FailsOn;
using test::FailsWith;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::Opportunity;

class BacktestTest : public ::testing::Test {
 protected:
  BacktestTest() : records_("forecasting"), handler_(records_) {
    records_.PutAll(MadeUpDeals(absl::CivilDay(2025, 5, 1), 400));
  }
  static v1::BacktestRequest Asked() {
    v1::BacktestRequest request;
    request.add_cut_days(0);
    request.add_cut_days(45);
    return request;
  }
  v1::BacktestResponse Run(const v1::BacktestRequest& request,
                           std::string_view now = "2026-07-15") {
    v1::BacktestResponse response;
    rpc::Call call = MakeCall(now);
    EXPECT_THAT(handler_.Backtest(call, request, &response), IsOk());
    return response;
  }

  FakeRecords records_;
  ForecastingHandler handler_;
};

TEST_F(BacktestTest, TellsSkillByMethodAndDay) {
  const v1::BacktestResponse response = Run(Asked());
  ASSERT_GE(response.cuts_size(), 4);
  EXPECT_EQ(response.quarter_count() * 2, response.cuts_size());
  // A year of closes is needed for the last baseline.
  ASSERT_EQ(response.methods_size(), 4);
  EXPECT_EQ(response.methods(0).method(), "model");
  EXPECT_EQ(response.methods(0).absolute_error_share(), response.skills(0).absolute_error_share());
  EXPECT_DOUBLE_EQ(response.methods(2).crps_share(), response.methods(2).absolute_error_share());
  ASSERT_EQ(response.days_size(), 2);
  EXPECT_EQ(response.days(1).cut_day(), 45);
  EXPECT_EQ(response.days(1).cut_count(), response.quarter_count());
  EXPECT_EQ(response.calibration_size(), 7);
  EXPECT_GT(response.chances().deal_count(), 0);
  EXPECT_LT(response.chances().brier_score(), 0.25);
  EXPECT_GE(response.wide_interval_coverage().success_count(),
            response.interval_coverage().success_count());
  EXPECT_EQ(response.result_sha256().size(), 64u);
  for (const auto& cut : response.cuts()) EXPECT_EQ(cut.input_sha256().size(), 64u);
}

TEST_F(BacktestTest, APartIsAboutThePart) {
  v1::BacktestRequest request = Asked();
  const v1::BacktestResponse whole = Run(request);
  int64_t told = 0, came = 0;
  for (const char* owner : {"ada", "bob"}) {
    request.mutable_selection()->set_owner_seller_id(owner);
    const v1::BacktestResponse part = Run(request);
    told += part.cuts(3).bookings().mean().units();
    came += part.cuts(3).actual().units();
  }
  EXPECT_EQ(came, whole.cuts(3).actual().units());
  EXPECT_NEAR(static_cast<double>(told),
              static_cast<double>(whole.cuts(3).bookings().mean().units()), 2);
}

// C14: the same hash when repeated, also later, as long as the past stays what it is.
TEST_F(BacktestTest, RepeatedItGivesTheSameHash) {
  const v1::BacktestResponse first = Run(Asked());
  EXPECT_THAT(Run(Asked()), EqualsProto(first));
  EXPECT_EQ(Run(Asked(), "2026-07-20").result_sha256(), first.result_sha256());
  FakeRecords other("forecasting");
  ForecastingHandler other_handler(other);
  auto deals = MadeUpDeals(absl::CivilDay(2025, 5, 1), 400);
  std::reverse(deals.begin(), deals.end());
  for (const auto& deal : deals) other.Put(deal);
  v1::BacktestResponse elsewhere;
  rpc::Call call = MakeCall("2026-07-15");
  ASSERT_THAT(other_handler.Backtest(call, Asked(), &elsewhere), IsOk());
  EXPECT_NE(elsewhere.provenance().revision(), first.provenance().revision());
  EXPECT_EQ(elsewhere.result_sha256(), first.result_sha256());
  // One amount of the past is corrected by a unit.
  records_.Put(Opportunity("d004", "acme")
                   .Stage("2025-05-05", "open")
                   .Stage("2025-06-22", "won")
                   .Amount("2025-05-05", 10'401)
                   .Owner("ada"));
  EXPECT_NE(Run(Asked()).result_sha256(), first.result_sha256());
}

// What was told at the cuts up to a day, without what came of it.
std::map<std::string, std::string> ToldUntil(const v1::BacktestResponse& response,
                                             absl::Time last) {
  std::map<std::string, std::string> told;
  for (v1::BacktestCut cut : response.cuts()) {
    if (absl::FromUnixSeconds(cut.as_of().seconds()) > last) continue;
    cut.clear_actual();
    told[cut.as_of().ShortDebugString()] = cut.SerializeAsString();
  }
  return told;
}

// C14, the time fence: outcomes, amounts, stages, close dates and engagements that lie after a
// cut change no byte of what is told at it.
TEST_F(BacktestTest, FutureValuesAreNeverRead) {
  const absl::Time fence = At("2026-02-20");
  const auto before = ToldUntil(Run(Asked()), fence);
  ASSERT_GE(before.size(), 4u);
  std::vector<records::v1::Record> planted;
  // Every deal that is open at the fence wins, at once and absurdly large.
  for (const records::v1::Record& record : MadeUpDeals(absl::CivilDay(2025, 5, 1), 296)) {
    crm::v1::Opportunity deal = record.opportunity();
    const auto& last = deal.stage_changes(deal.stage_changes_size() - 1);
    const absl::Time last_time = absl::FromUnixSeconds(last.change_time().seconds());
    if (last_time < fence && deal.stage_changes_size() > 1) continue;
    while (deal.stage_changes_size() > 1) deal.mutable_stage_changes()->RemoveLast();
    auto* won = deal.add_stage_changes();
    won->set_stage_id("won");
    *won->mutable_change_time() = test::Stamp("2026-02-20T00:00:01Z");
    auto* amount = deal.add_amount_changes();
    *amount->mutable_change_time() = test::Stamp("2026-02-20T00:00:01Z");
    *amount->mutable_amount() = test::MoneyOf(77'000'000);
    auto* close = deal.add_close_date_changes();
    *close->mutable_change_time() = test::Stamp("2026-02-21");
    *close->mutable_close_date() = test::Date("2026-03-01");
    planted.push_back(test::Wrap(deal));
  }
  ASSERT_GT(planted.size(), 90u);
  for (int i = 0; i < 60; ++i) {
    planted.push_back(Opportunity(fmt::format("f{}", i), "acme")
                          .Stage("2026-02-21", "a stage unknown to the settings")
                          .Stage("2026-02-22", "won")
                          .Amount("2026-02-21", 5'000'000)
                          .Build());
    planted.push_back(test::Engagement(fmt::format("e{}", i), "acme", "2026-02-23"));
  }
  records_.PutAll(planted);
  const v1::BacktestResponse after = Run(Asked());
  EXPECT_EQ(ToldUntil(after, fence), before);
  // And the fence is no wall: behind it everything is another company.
  EXPECT_GT(after.cuts(after.cuts_size() - 1).bookings().mean().units(), 1'000'000'000);
}

// What happened early but was recorded late is told by neither clock before its time.
TEST_F(BacktestTest, WhatWasNotRecordedByThenIsLeftOutWhenAsked) {
  FakeRecords records("forecasting");
  ForecastingHandler handler(records);
  // Each deal is recorded as it is on the day it begins, and again when it closes.
  std::multimap<absl::Time, records::v1::Record> log;
  for (const auto& record : MadeUpDeals(absl::CivilDay(2025, 5, 1), 400)) {
    crm::v1::Opportunity deal = record.opportunity();
    const auto time_of = [](const auto& change) {
      return absl::FromUnixSeconds(change.change_time().seconds());
    };
    log.emplace(time_of(deal.stage_changes(deal.stage_changes_size() - 1)), record);
    if (deal.stage_changes_size() < 2) continue;
    deal.mutable_stage_changes()->RemoveLast();
    log.emplace(time_of(deal.stage_changes(0)), test::Wrap(deal));
  }
  for (const auto& [time, record] : log) records.Put(record, time);
  const auto run = [&](v1::BacktestKnowledge knowledge) {
    v1::BacktestRequest request = Asked();
    request.set_knowledge(knowledge);
    v1::BacktestResponse response;
    rpc::Call call = MakeCall("2026-07-15");
    EXPECT_THAT(handler.Backtest(call, request, &response), IsOk());
    return response;
  };
  const absl::Time all = At("2026-07-15");
  const v1::BacktestResponse happened = run(v1::BACKTEST_KNOWLEDGE_HAPPENED);
  const v1::BacktestResponse recorded = run(v1::BACKTEST_KNOWLEDGE_RECORDED);
  // Recorded as it happened: both clocks tell the same.
  EXPECT_EQ(ToldUntil(recorded, all), ToldUntil(happened, all));
  // A large deal of last summer comes to light in July.
  records.Put(Opportunity("late", "acme")
                  .Stage("2025-07-01", "open")
                  .Stage("2025-08-01", "won")
                  .Amount("2025-07-01", 90'000'000)
                  .Build(),
              At("2026-07-10"));
  EXPECT_EQ(ToldUntil(run(v1::BACKTEST_KNOWLEDGE_RECORDED), all), ToldUntil(recorded, all));
  EXPECT_NE(ToldUntil(run(v1::BACKTEST_KNOWLEDGE_HAPPENED), all), ToldUntil(happened, all));
}

TEST_F(BacktestTest, CutsBeforeTheFirstRecordAreLeftOut) {
  FakeRecords records("forecasting");
  ForecastingHandler handler(records);
  // Imported in one go.
  records.PutAll(MadeUpDeals(absl::CivilDay(2025, 5, 1), 400), At("2026-01-10"));
  v1::BacktestRequest request = Asked();
  request.set_knowledge(v1::BACKTEST_KNOWLEDGE_RECORDED);
  v1::BacktestResponse response;
  rpc::Call call = MakeCall("2026-07-15");
  ASSERT_THAT(handler.Backtest(call, request, &response), IsOk());
  ASSERT_EQ(response.cuts_size(), 3);  // 2026 Q1 day 45, both of Q2
  EXPECT_EQ(response.cuts(0).cut_day(), 45);
  EXPECT_GT(response.omitted_cut_count(), 0);
}

TEST_F(BacktestTest, TellsHowFarItIs) {
  v1::RunBacktestRequest request;
  *request.mutable_backtest() = Asked();
  std::vector<v1::RunBacktestResponse> updates;
  rpc::Call call = MakeCall("2026-07-15");
  ASSERT_THAT(handler_.RunBacktest(call, request,
                                   [&](const v1::RunBacktestResponse& update) {
                                     updates.push_back(update);
                                     return true;
                                   }),
              IsOk());
  const v1::BacktestResponse once = Run(Asked());
  ASSERT_EQ(updates.size(), static_cast<size_t>(once.cuts_size()) + 1);
  EXPECT_EQ(updates[0].progress().done_count(), 0);
  EXPECT_EQ(updates[1].progress().done_count(), 1);
  EXPECT_EQ(updates[1].progress().total_count(), once.cuts_size());
  EXPECT_THAT(updates.back().result(), EqualsProto(once));
}

TEST_F(BacktestTest, StopsWhereNobodyReads) {
  int count = 0;
  rpc::Call call = MakeCall("2026-07-15");
  EXPECT_THAT(
      handler_.RunBacktest(call, {}, [&](const v1::RunBacktestResponse&) { return ++count < 3; }),
      FailsWith(Reason::CANCELLED_BY_CALLER));
  EXPECT_EQ(count, 3);
}

TEST_F(BacktestTest, OnlySoManyRunAtOnce) {
  int depth = 0;
  Status innermost;
  const std::function<bool(const v1::RunBacktestResponse&)> nested =
      [&](const v1::RunBacktestResponse&) {
        if (!innermost.ok()) return false;
        ++depth;
        rpc::Call call = MakeCall("2026-07-15");
        const Status status = handler_.RunBacktest(call, {}, nested);
        if (innermost.ok()) innermost = status;
        return false;
      };
  rpc::Call call = MakeCall("2026-07-15");
  EXPECT_THAT(handler_.RunBacktest(call, {}, nested), FailsWith(Reason::CANCELLED_BY_CALLER));
  EXPECT_EQ(depth, 4);
  EXPECT_THAT(innermost, FailsWith(Reason::OVERLOADED));
  // They are done: another one may run.
  EXPECT_THAT(handler_.RunBacktest(call, {}, [](const auto&) { return true; }), IsOk());
}

TEST_F(BacktestTest, EveryBadFieldIsNamed) {
  v1::BacktestRequest request;
  request.mutable_first_quarter()->set_unit(type::v1::FiscalPeriod::UNIT_MONTH);
  request.mutable_first_quarter()->set_fiscal_year(2026);
  request.mutable_first_quarter()->set_index(1);
  request.add_cut_days(81);
  request.mutable_selection()->set_segment(std::string(200, 'x'));
  request.set_knowledge(static_cast<v1::BacktestKnowledge>(9));
  v1::BacktestResponse response;
  rpc::Call call = MakeCall();
  const Status status = handler_.Backtest(call, request, &response);
  EXPECT_THAT(status, FailsOn("first_quarter.unit"));
  EXPECT_THAT(status, FailsOn("cut_days[0]"));
  EXPECT_THAT(status, FailsOn("selection.segment"));
  EXPECT_THAT(status, FailsOn("knowledge"));
}

}  // namespace
}  // namespace gtm::forecasting::handler
