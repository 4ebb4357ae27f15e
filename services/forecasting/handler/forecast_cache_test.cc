#include "services/forecasting/handler/forecast_cache.h"

#include <thread>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/handler/forecasting_handler.h"

namespace gtm::forecasting::handler {
namespace {

using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::MoneyOf;
using test::Opportunity;

std::string DayText(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

class ForecastCacheTest : public ::testing::Test {
 protected:
  ForecastCacheTest() : records_("forecasting") {
    std::vector<records::v1::Record> all;
    for (int i = 0; i < 120; ++i) {
      const absl::CivilDay start = absl::CivilDay(2025, 9, 1) + 2 * i;
      Opportunity deal(fmt::format("d{:03}", i), "acme");
      deal.Stage(DayText(start), "open").Amount(DayText(start), 10'000 + 100 * (i % 30));
      deal.Owner(i % 2 == 0 ? "ada" : "bob");
      if (i % 3 != 0) {
        deal.Stage(DayText(start + 20 + i * 7 % 50), i % 3 == 1 ? "won" : "lost");
      }
      all.push_back(deal);
    }
    records_.PutAll(all);
  }
  std::string Ask(ForecastingHandler& handler, const std::string& now,
                  const std::string& owner = "") {
    v1::GetForecastRequest request;
    *request.mutable_target_amount() = MoneyOf(200'000);
    request.mutable_selection()->set_owner_seller_id(owner);
    v1::GetForecastResponse response;
    rpc::Call call = MakeCall(now);
    EXPECT_THAT(handler.GetForecast(call, request, &response), IsOk());
    // Two more that learn from the same table.
    v1::GetCoverageRequest coverage;
    *coverage.mutable_target_amount() = request.target_amount();
    *coverage.mutable_selection() = request.selection();
    v1::GetCoverageResponse covered;
    EXPECT_THAT(handler.GetCoverage(call, coverage, &covered), IsOk());
    v1::GetPipelineRequest pipeline;
    *pipeline.mutable_selection() = request.selection();
    v1::GetPipelineResponse summed;
    EXPECT_THAT(handler.GetPipeline(call, pipeline, &summed), IsOk());
    return response.SerializeAsString() + covered.SerializeAsString() + summed.SerializeAsString();
  }

  FakeRecords records_;
};

// The same questions, in an order in which much is found again, to a handler that keeps
// nothing.
TEST_F(ForecastCacheTest, AnswersAreByteEqualToThoseWithoutIt) {
  ForecastingHandler with(records_), without(records_, 0);
  const auto check = [&](const std::string& now, const std::string& owner = "") {
    EXPECT_EQ(Ask(with, now, owner), Ask(without, now, owner)) << now << " " << owner;
  };
  for (const char* now : {"2026-05-10T12:00:00Z", "2026-05-10T12:00:01Z", "2026-05-10T12:29:59Z",
                          "2026-05-10T12:30:00Z", "2026-05-10T12:10:00Z", "2026-05-10T23:59:59Z",
                          "2026-05-11T00:00:00Z", "2026-05-10T12:00:00Z"}) {
    check(now);
    check(now, "ada");
  }
  // A change that matters, one that does not, and one that lies ahead within the half hour.
  records_.Put(Opportunity("e1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", 90'000));
  check("2026-05-10T12:00:00Z");
  records_.Put(test::Account("other"));
  check("2026-05-10T12:00:02Z");
  records_.Put(Opportunity("e2", "acme")
                   .Stage("2026-04-02", "open")
                   .Amount("2026-04-02", 5'000)
                   .Amount("2026-05-10T12:15:00Z", 500'000));
  for (const char* now : {"2026-05-10T12:00:00Z", "2026-05-10T12:14:59Z", "2026-05-10T12:15:00Z",
                          "2026-05-10T12:14:00Z", "2026-05-10T12:20:00Z"}) {
    check(now);
  }
  EXPECT_NE(Ask(with, "2026-05-10T12:14:59Z"), Ask(with, "2026-05-10T12:15:00Z"));
}

TEST_F(ForecastCacheTest, FindsWhatItKnows) {
  ForecastCache cache;
  const auto learned = [&](const std::string& now, bool remembers = true) {
    rpc::Call at = MakeCall(now);
    auto question = records_.Ask(at, {});
    at.now = absl::UnixEpoch();  // nothing is too old here
    EXPECT_THAT(question, IsOk());
    auto entry = cache.LearnedAt(at, *question, remembers);
    EXPECT_THAT(entry, IsOk());
    return *entry;
  };
  const auto first = learned("2026-05-10T12:00:01Z");
  EXPECT_EQ(learned("2026-05-10T12:20:00Z"), first);
  EXPECT_NE(learned("2026-05-10T12:40:00Z"), first);
  EXPECT_NE(learned("2026-05-10T12:00:01Z", false), first);
  // Another revision, the same opportunities.
  records_.Put(test::Account("other"));
  EXPECT_EQ(learned("2026-05-10T12:01:00Z"), first);
  records_.Put(Opportunity("e1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", 9));
  EXPECT_NE(learned("2026-05-10T12:01:00Z"), first);
  EXPECT_GT(cache.bytes(), 0);
}

TEST_F(ForecastCacheTest, HoldsNoMoreThanItsLimit) {
  ForecastCache cache(60'000);
  for (int hour = 0; hour < 20; ++hour) {
    rpc::Call call = MakeCall(fmt::format("2026-05-10T{:02}:00:00Z", hour));
    auto question = records_.Ask(call, {});
    ASSERT_THAT(question, IsOk());
    auto entry = cache.LearnedAt(call, *question, true);
    ASSERT_THAT(entry, IsOk());
    cache.Tell(*entry, {PeriodUnit::kQuarter, 2026, 2},
               {absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)}, {});
    EXPECT_LE(cache.bytes(), 60'000);
  }
}

// Equal questions at the same time get one answer, worked out once.
TEST_F(ForecastCacheTest, EqualQuestionsShareTheWork) {
  ForecastCache cache;
  std::vector<std::shared_ptr<const ToldPeriod>> told(8);
  std::vector<std::thread> threads;
  for (auto& one : told) {
    threads.emplace_back([&] {
      rpc::Call call = MakeCall("2026-05-10T12:00:00Z");
      auto question = records_.Ask(call, {});
      auto entry = cache.LearnedAt(call, *question, true);
      one = cache.Tell(*entry, {PeriodUnit::kQuarter, 2026, 2},
                       {absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)}, {});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& one : told) EXPECT_EQ(one, told[0]);
}

}  // namespace
}  // namespace gtm::forecasting::handler
