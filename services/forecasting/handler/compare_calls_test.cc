// CompareForecastCalls and MeasureForecastCalls.

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/made_up_deals.h"

namespace gtm::forecasting::handler {
namespace {

using test::FailsOn;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::MoneyOf;

class ForecastCallsTest : public ::testing::Test {
 protected:
  ForecastCallsTest() : records_("forecasting"), handler_(records_) {
    records_.PutAll(MadeUpDeals(absl::CivilDay(2025, 1, 1), 520));
    for (const auto& [id, manager] :
         {std::pair("ada", "zoe"), std::pair("bob", "zoe"), std::pair("zoe", "")}) {
      records_.Put(test::Seller(id).Set([&, manager = manager](auto& seller) {
        seller.set_display_name(std::string("Ms ") + seller.id());
        seller.set_manager_id(manager);
      }));
    }
  }
  // A call as SubmitForecastCall would have kept it.
  void Call(const char* owner, int quarter_of_2025, std::string_view time, int64_t commit,
            int64_t best = 0) {
    v1::ForecastCall call;
    call.set_id(fmt::format("call-{}", ++count_));
    call.set_owner_seller_id(owner);
    call.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
    call.mutable_period()->set_fiscal_year(2025 + (quarter_of_2025 - 1) / 4);
    call.mutable_period()->set_index((quarter_of_2025 - 1) % 4 + 1);
    *call.mutable_commit_amount() = MoneyOf(commit);
    if (best > 0) *call.mutable_best_case_amount() = MoneyOf(best);
    *call.mutable_submit_time() = test::Stamp(time);
    records_.Put(test::Wrap(call));
  }
  v1::CompareForecastCallsResponse Compare(const v1::CompareForecastCallsRequest& request = {}) {
    v1::CompareForecastCallsResponse response;
    rpc::Call call = MakeCall("2026-05-10");
    EXPECT_THAT(handler_.CompareForecastCalls(call, request, &response), IsOk());
    return response;
  }
  v1::MeasureForecastCallsResponse Measure(const v1::MeasureForecastCallsRequest& request = {}) {
    v1::MeasureForecastCallsResponse response;
    rpc::Call call = MakeCall("2026-05-10");
    EXPECT_THAT(handler_.MeasureForecastCalls(call, request, &response), IsOk());
    return response;
  }

  FakeRecords records_;
  ForecastingHandler handler_;
  int count_ = 0;
};

TEST_F(ForecastCallsTest, StandBesideTheModelAndRollUp) {
  Call("ada", 6, "2026-04-02", 100'000, 150'000);
  Call("ada", 6, "2026-05-01", 120'000, 160'000);
  Call("ada", 6, "2026-05-20", 999'999);  // after the question
  Call("ada", 5, "2026-03-01", 888'888);  // about another quarter
  Call("zoe", 6, "2026-05-02", 260'000);
  const auto response = Compare();
  ASSERT_EQ(response.rows_size(), 4);
  const auto& company = response.rows(0);
  const auto& zoe = response.rows(1);
  const auto& ada = response.rows(2);
  const auto& bob = response.rows(3);
  EXPECT_EQ(company.owner_seller_id(), "");
  EXPECT_EQ(company.rolled_up_commit().units(), 260'000);
  EXPECT_EQ(zoe.display_name(), "Ms zoe");
  EXPECT_EQ(zoe.team_count(), 3);
  EXPECT_EQ(zoe.rolled_up_commit().units(), 120'000);
  EXPECT_EQ(zoe.missing_call_count(), 1);  // bob
  EXPECT_EQ(ada.depth(), 1);
  EXPECT_EQ(ada.call().commit_amount().units(), 120'000);
  EXPECT_FALSE(bob.has_call());
  EXPECT_FALSE(bob.has_override_amount());
  // All deals are zoe's team's: the same number as the company's.
  EXPECT_EQ(zoe.model().mean().units(), company.model().mean().units());
  EXPECT_NEAR(static_cast<double>(ada.model().mean().units() + bob.model().mean().units()),
              static_cast<double>(zoe.model().mean().units()), 2);
  EXPECT_NEAR(static_cast<double>(ada.override_amount().units()),
              static_cast<double>(120'000 - ada.model().mean().units()), 1);
  EXPECT_GE(ada.commit_reach_probability(), ada.best_case_reach_probability());
  EXPECT_FALSE(zoe.has_best_case_reach_probability());
  // Who has left is not missed.
  records_.Put(test::Seller("bob").Set([](auto& seller) {
    seller.set_manager_id("zoe");
    *seller.mutable_leave_date() = test::Date("2026-05-01");
  }));
  EXPECT_EQ(Compare().rows(1).missing_call_count(), 0);
  // A manager needs no record of their own.
  records_.Put(test::Seller("zoe").Set([](auto& seller) { seller.set_manager_id("the board"); }));
  EXPECT_EQ(Compare().rows(1).display_name(), "the board");
  EXPECT_EQ(Compare().rows(1).team_count(), 4);
  v1::CompareForecastCallsRequest request;
  request.set_owner_seller_id("ada");
  ASSERT_EQ(Compare(request).rows_size(), 1);
  EXPECT_EQ(Compare(request).rows(0).model().mean().units(), ada.model().mean().units());
}

TEST_F(ForecastCallsTest, AreMeasuredAgainstWhatCame) {
  // What ada's deals brought in the quarters 2025 Q2 to 2026 Q1.
  std::vector<int64_t> came;
  for (int quarter = 2; quarter <= 5; ++quarter) {
    v1::GetForecastRequest request;
    request.mutable_selection()->set_owner_seller_id("ada");
    request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
    request.mutable_period()->set_fiscal_year(2025 + (quarter - 1) / 4);
    request.mutable_period()->set_index((quarter - 1) % 4 + 1);
    v1::GetForecastResponse response;
    rpc::Call call = MakeCall("2026-05-10");
    ASSERT_THAT(handler_.GetForecast(call, request, &response), IsOk());
    came.push_back(response.forecast().bookings().mean().units());
    ASSERT_GT(came.back(), 0);
  }
  // She always tells 10 % too much by day 30 before the end, and the truth a week before.
  const char* early[] = {"2025-05-20", "2025-08-20", "2025-11-20", "2026-02-20"};
  const char* late[] = {"2025-06-20", "2025-09-20", "2025-12-20", "2026-03-20"};
  for (int q = 0; q < 4; ++q) {
    const auto told = static_cast<int64_t>(std::llround(1.1 * static_cast<double>(came[q])));
    Call("ada", q + 2, early[q], told, 2 * told);
    Call("ada", q + 2, late[q], came[q] - 1);
  }
  Call("zoe", 5, "2026-02-01", 1);
  const auto response = Measure();
  ASSERT_EQ(response.periods_size(), 8);
  ASSERT_EQ(response.skills_size(), 6);  // zoe, then ada, at 60, 30 and 7 days
  const auto& zoe = response.skills(1);
  EXPECT_EQ(zoe.owner_seller_id(), "zoe");
  EXPECT_EQ(zoe.period_count(), 1);
  EXPECT_EQ(zoe.commit().bias().sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_FALSE(zoe.commit().bias().has_low());
  const auto& before = response.skills(4);
  EXPECT_EQ(before.days_before_end(), 30);
  EXPECT_EQ(before.period_count(), 4);
  EXPECT_NEAR(before.commit().absolute_error_share(), 0.10, 1e-4);
  EXPECT_NEAR(before.commit().bias().value(), 0.10, 1e-4);
  EXPECT_GT(before.commit().bias().low(), 0.05);
  EXPECT_EQ(before.commit().bias().sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(before.commit().reached().success_count(), 0);
  EXPECT_EQ(before.best_case_period_count(), 4);
  EXPECT_TRUE(before.model().has_absolute_error_share());
  const auto& after = response.skills(5);
  EXPECT_EQ(after.commit().reached().success_count(), 4);
  EXPECT_LT(after.commit().absolute_error_share(), 1e-3);
  EXPECT_EQ(after.best_case_period_count(), 0);  // the latest call has none
  // 60 days before the end she had called in none but is missed in no period before.
  EXPECT_EQ(response.skills(3).period_count(), 0);
}

TEST_F(ForecastCallsTest, NobodyCalled) {
  EXPECT_EQ(Measure().skills_size(), 0);
  const auto response = Compare();
  EXPECT_EQ(response.rows(0).missing_call_count(), 1);
  EXPECT_EQ(response.rows(0).rolled_up_commit().units(), 0);
}

TEST_F(ForecastCallsTest, EveryBadFieldIsNamed) {
  v1::MeasureForecastCallsRequest request;
  request.set_unit(static_cast<type::v1::FiscalPeriod::Unit>(7));
  request.set_period_count(13);
  request.add_days_before_end(7);
  request.add_days_before_end(7);
  request.set_owner_seller_id(std::string(200, 'x'));
  v1::MeasureForecastCallsResponse response;
  rpc::Call call = MakeCall();
  const Status status = handler_.MeasureForecastCalls(call, request, &response);
  EXPECT_THAT(status, FailsOn("unit"));
  EXPECT_THAT(status, FailsOn("period_count"));
  EXPECT_THAT(status, FailsOn("days_before_end[1]"));
  EXPECT_THAT(status, FailsOn("owner_seller_id"));
  v1::CompareForecastCallsRequest compare;
  compare.mutable_period()->set_fiscal_year(1);
  v1::CompareForecastCallsResponse compared;
  EXPECT_THAT(handler_.CompareForecastCalls(call, compare, &compared), FailsOn("period.unit"));
}

}  // namespace
}  // namespace gtm::forecasting::handler
