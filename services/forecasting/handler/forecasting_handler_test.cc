#include "services/forecasting/handler/forecasting_handler.h"

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/forecast_period.h"
#include "services/forecasting/handler/forecasting_service.h"

namespace gtm::forecasting::handler {
namespace {

using test::At;
using test::EqualsProto;
using test::FailsOn;
using test::FailsWith;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::MoneyOf;
using test::Opportunity;

constexpr char kRequestId[] = "0190a5b0-1111-7000-8000-000000000001";
constexpr char kOtherId[] = "0190a5b0-1111-7000-8000-000000000002";

std::string DayText(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

class ForecastingHandlerTest : public ::testing::Test {
 protected:
  ForecastingHandlerTest() : records_("forecasting"), handler_(records_) {}

  // A year of deals: one a day, a third won and a third lost after 20 to 69 days.
  void PutHistory() {
    std::vector<records::v1::Record> all;
    for (int i = 0; i < 400; ++i) {
      const absl::CivilDay start = absl::CivilDay(2025, 5, 1) + i;
      Opportunity deal(fmt::format("d{:03}", i), "acme");
      deal.Stage(DayText(start), "open").Amount(DayText(start), 10'000 + 100 * (i % 30));
      deal.Owner(i % 2 == 0 ? "ada" : "bob");
      deal.Set([&](auto& o) { o.set_segment(i % 3 == 0 ? "large" : "small"); });
      if (i % 3 != 0) {
        deal.Stage(DayText(start + 20 + i * 7 % 50), i % 3 == 1 ? "won" : "lost");
      }
      all.push_back(deal);
    }
    records_.PutAll(all);
  }
  v1::Forecast Forecast(const v1::GetForecastRequest& request) {
    v1::GetForecastResponse response;
    rpc::Call call = MakeCall("2026-05-10T12:00:00Z");
    EXPECT_THAT(handler_.GetForecast(call, request, &response), IsOk());
    return response.forecast();
  }
  v1::GetCoverageResponse Coverage(int64_t target_units) {
    v1::GetCoverageRequest request;
    *request.mutable_target_amount() = MoneyOf(target_units);
    v1::GetCoverageResponse response;
    rpc::Call call = MakeCall("2026-05-10T12:00:00Z");
    EXPECT_THAT(handler_.GetCoverage(call, request, &response), IsOk());
    return response;
  }

  FakeRecords records_;
  ForecastingHandler handler_;
};

// D3: pipeline of 1.9, 2.0, 3.0 and 3.1 times the target.
TEST_F(ForecastingHandlerTest, D3CoverageGates) {
  const auto status_at = [&](int64_t pipeline_units) {
    records_.Put(
        Opportunity("o1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", pipeline_units));
    return Coverage(1'000'000);
  };
  EXPECT_EQ(status_at(1'900'000).status(), v1::GetCoverageResponse::STATUS_RAMP);
  EXPECT_EQ(status_at(1'900'000).shortfall_amount().units(), 100'000);
  EXPECT_EQ(status_at(2'000'000).status(), v1::GetCoverageResponse::STATUS_IN_RANGE);
  EXPECT_EQ(status_at(2'000'000).shortfall_amount().units(), 0);
  EXPECT_EQ(status_at(3'000'000).status(), v1::GetCoverageResponse::STATUS_IN_RANGE);
  const auto above = status_at(3'100'000);
  EXPECT_EQ(above.status(), v1::GetCoverageResponse::STATUS_ABOVE);
  EXPECT_DOUBLE_EQ(above.coverage_ratio(), 3.1);
}

TEST_F(ForecastingHandlerTest, CoverageIsOfTheTargetThatIsLeft) {
  records_.Put(Opportunity("o1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", 800));
  records_.Put(Opportunity("o2", "acme")
                   .Stage("2026-04-02", "open")
                   .Amount("2026-04-02", 600)
                   .Stage("2026-05-01", "won"));
  const auto left = Coverage(1000);
  EXPECT_EQ(left.remaining_amount().units(), 400);
  EXPECT_DOUBLE_EQ(left.coverage_ratio(), 2.0);
  EXPECT_EQ(left.status(), v1::GetCoverageResponse::STATUS_IN_RANGE);
  const auto reached = Coverage(600);
  EXPECT_EQ(reached.status(), v1::GetCoverageResponse::STATUS_TARGET_REACHED);
  EXPECT_FALSE(reached.has_coverage_ratio());
}

// D13: ten Stage-0 opportunities of $1M are in neither pipeline nor forecast; their clock
// runs.
TEST_F(ForecastingHandlerTest, D13StageZeroIsNeitherPipelineNorForecast) {
  for (int i = 0; i < 10; ++i) {
    records_.Put(Opportunity(fmt::format("z{}", i), "acme")
                     .Stage("2026-04-10", "stage_zero")
                     .Amount("2026-04-10", 1'000'000));
  }
  const v1::Forecast forecast = Forecast({});
  EXPECT_EQ(forecast.bookings().mean().units(), 0);
  EXPECT_EQ(forecast.bookings().p95().units(), 0);
  EXPECT_EQ(forecast.sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  const auto coverage = Coverage(1'000'000);
  EXPECT_EQ(coverage.pipeline_amount().units(), 0);
  EXPECT_EQ(coverage.pipeline_count(), 0);
  EXPECT_EQ(coverage.stage_zero_count(), 10);
  EXPECT_EQ(coverage.status(), v1::GetCoverageResponse::STATUS_RAMP);
  v1::GetPipelineResponse pipeline;
  rpc::Call call = MakeCall("2026-05-10T12:00:00Z");
  ASSERT_THAT(handler_.GetPipeline(call, {}, &pipeline), IsOk());
  ASSERT_EQ(pipeline.groups_size(), 1);
  EXPECT_TRUE(pipeline.groups(0).stage_zero());
  EXPECT_EQ(pipeline.groups(0).opportunity_count(), 10);
  EXPECT_DOUBLE_EQ(pipeline.groups(0).median_age_days(), 30);
  EXPECT_EQ(pipeline.total().opportunity_count(), 0);
}

TEST_F(ForecastingHandlerTest, ForecastTellsPartsTargetAndProvenance) {
  PutHistory();
  v1::GetForecastRequest request;
  *request.mutable_target_amount() = MoneyOf(400'000);
  const v1::Forecast forecast = Forecast(request);
  EXPECT_EQ(forecast.sufficiency(), type::v1::SUFFICIENCY_ENOUGH);
  EXPECT_EQ(forecast.period().fiscal_year(), 2026);
  EXPECT_EQ(forecast.period().index(), 2);
  ASSERT_EQ(forecast.parts_size(), 3);
  int64_t sum = 0;
  for (const auto& part : forecast.parts()) sum += part.bookings().mean().units();
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(forecast.bookings().mean().units()), 3);
  EXPECT_GT(forecast.parts(0).bookings().mean().units(), 0);
  EXPECT_EQ(forecast.parts(0).bookings().p05().units(), forecast.parts(0).bookings().p95().units());
  EXPECT_EQ(forecast.contributions_size(), 10);
  EXPECT_GT(forecast.target().reach_probability(), 0);
  EXPECT_LT(forecast.target().reach_probability(), 1);
  EXPECT_EQ(forecast.provenance().input_sha256().size(), 64u);
  EXPECT_EQ(forecast.provenance().rules_version(), domain::kModelVersion);
  EXPECT_NEAR(forecast.learned().win_rate().value(), 0.5, 0.05);
  EXPECT_NEAR(forecast.learned().arrivals_per_day().value(), 1, 0.2);
}

// C15: the costlier it is to be over, the less is committed to.
TEST_F(ForecastingHandlerTest, CommitsToTheQuantileOfItsCosts) {
  PutHistory();
  EXPECT_FALSE(Forecast({}).has_commit());
  const auto commit_at = [&](double over, double under) {
    v1::GetForecastRequest request;
    request.set_over_cost(over);
    request.set_under_cost(under);
    return Forecast(request);
  };
  const v1::Forecast even = commit_at(2, 2);
  EXPECT_THAT(even.commit().amount(), EqualsProto(even.bookings().p50()));
  const v1::Forecast careful = commit_at(9, 1);
  EXPECT_DOUBLE_EQ(careful.commit().level(), 0.1);
  EXPECT_THAT(careful.commit().amount(), EqualsProto(careful.bookings().p10()));
  EXPECT_THAT(commit_at(0.05, 0.95).commit().amount(), EqualsProto(careful.bookings().p95()));
  EXPECT_NE(even.provenance().input_sha256(), careful.provenance().input_sha256());
  v1::GetForecastRequest request;
  request.set_over_cost(-1);
  v1::GetForecastResponse response;
  rpc::Call call = MakeCall();
  const Status status = handler_.GetForecast(call, request, &response);
  EXPECT_THAT(status, FailsOn("over_cost"));
  EXPECT_THAT(status, FailsOn("under_cost"));
}

TEST_F(ForecastingHandlerTest, SameQuestionSameBytes) {
  PutHistory();
  v1::GetForecastRequest request;
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-05-09T08:00:00Z");
  EXPECT_EQ(Forecast(request).SerializeAsString(), Forecast(request).SerializeAsString());
}

// The time fence: what happens after as_of changes nothing.
TEST_F(ForecastingHandlerTest, FutureValuesAreNeverRead) {
  PutHistory();
  v1::GetForecastRequest request;
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-03-01T09:30:00Z");
  v1::Forecast before = Forecast(request);
  // A deal known before gets a future amount, stage and close date; new ones appear.
  records_.Put(Opportunity("d300", "acme")
                   .Stage("2026-02-25", "open")
                   .Stage("2026-03-01T09:30:01Z", "won")
                   .Amount("2026-02-25", 10'000)
                   .Amount("2026-03-02", 99'000'000)
                   .Close("2026-03-02", "2026-03-20")
                   .Owner("ada")
                   .Set([](auto& o) { o.set_segment("large"); }));
  for (int i = 0; i < 50; ++i) {
    records_.Put(Opportunity(fmt::format("f{}", i), "acme")
                     .Stage("2026-03-02", "a stage unknown to the settings")
                     .Stage("2026-03-03", "won")
                     .Amount("2026-03-02", 5'000'000));
  }
  v1::Forecast after = Forecast(request);
  EXPECT_NE(before.provenance().revision(), after.provenance().revision());
  before.mutable_provenance()->clear_revision();
  after.mutable_provenance()->clear_revision();
  EXPECT_THAT(after, EqualsProto(before));
  // And the fence is no wall: a day later they count.
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-03-04T09:30:00Z");
  EXPECT_GT(Forecast(request).parts(0).bookings().mean().units(), 99'000'000);
}

TEST_F(ForecastingHandlerTest, PartsOfASelectionAddUp) {
  PutHistory();
  const v1::Forecast whole = Forecast({});
  int64_t sum = 0;
  for (const char* owner : {"ada", "bob"}) {
    v1::GetForecastRequest request;
    request.mutable_selection()->set_owner_seller_id(owner);
    sum += Forecast(request).bookings().mean().units();
  }
  EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(whole.bookings().mean().units()), 2);
}

TEST_F(ForecastingHandlerTest, TargetComesFromQuotas) {
  PutHistory();
  for (const char* id : {"ada", "bob"}) {
    records_.Put(test::Seller(id).Set([](auto& seller) {
      auto* quota = seller.add_quotas();
      *quota->mutable_start_date() = test::Date("2026-01-01");
      *quota->mutable_end_date() = test::Date("2027-01-01");
      *quota->mutable_amount() = MoneyOf(365'000);
    }));
  }
  const v1::Forecast forecast = Forecast({});
  EXPECT_EQ(forecast.target().source(), v1::TargetOutlook::SOURCE_QUOTAS);
  EXPECT_EQ(forecast.target().quota_count(), 2);
  EXPECT_EQ(forecast.target().amount().units(), 2 * 91'000);
  v1::GetForecastRequest request;
  request.mutable_selection()->set_owner_seller_id("ada");
  EXPECT_EQ(Forecast(request).target().amount().units(), 91'000);
}

TEST_F(ForecastingHandlerTest, AnotherCurrencyNeedsARate) {
  records_.Put(
      Opportunity("o1", "acme").Stage("2026-04-02", "open").Amount("2026-04-02", 800, "EUR"));
  v1::GetForecastResponse response;
  rpc::Call call = MakeCall("2026-05-10");
  EXPECT_THAT(handler_.GetForecast(call, {}, &response), FailsWith(Reason::EXCHANGE_RATE_MISSING));
}

TEST_F(ForecastingHandlerTest, EveryBadFieldIsNamed) {
  v1::GetForecastRequest request;
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(5);
  request.mutable_target_amount()->set_currency_code("usd");
  request.set_contribution_count(-1);
  request.mutable_selection()->set_segment(std::string(200, 'x'));
  v1::GetForecastResponse response;
  rpc::Call call = MakeCall();
  const Status status = handler_.GetForecast(call, request, &response);
  EXPECT_THAT(status, FailsOn("period.index"));
  EXPECT_THAT(status, FailsOn("target_amount.currency_code"));
  EXPECT_THAT(status, FailsOn("contribution_count"));
  EXPECT_THAT(status, FailsOn("selection.segment"));
  request.Clear();
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_YEAR);
  request.mutable_period()->set_fiscal_year(2100);
  request.mutable_period()->set_index(1);
  EXPECT_THAT(handler_.GetForecast(call, request, &response), FailsOn("period"));
}

TEST_F(ForecastingHandlerTest, AnEditionKeepsWhatWasTold) {
  PutHistory();
  v1::CommitForecastEditionRequest request;
  request.set_request_id(kRequestId);
  request.set_note("board meeting");
  v1::ForecastEdition edition, again, read;
  rpc::Call call = MakeCall("2026-05-10T12:00:00Z");
  ASSERT_THAT(handler_.CommitForecastEdition(call, request, &edition), IsOk());
  EXPECT_EQ(edition.id(), kRequestId);
  EXPECT_FALSE(edition.etag().empty());
  EXPECT_EQ(edition.committed_by(), call.principal.subject);
  EXPECT_EQ(edition.previous_edition_id(), "");
  v1::Forecast told = Forecast(request.forecast());
  told.mutable_provenance()->clear_revision();
  v1::Forecast kept = edition.forecast();
  kept.mutable_provenance()->clear_revision();
  EXPECT_THAT(kept, EqualsProto(told));
  // A repetition an hour later gives the first edition, and nothing new is written.
  rpc::Call later = MakeCall("2026-05-10T13:00:00Z");
  ASSERT_THAT(handler_.CommitForecastEdition(later, request, &again), IsOk());
  EXPECT_THAT(again, EqualsProto(edition));
  EXPECT_EQ(records_.commits().size(), 1u);
  v1::GetForecastEditionRequest get;
  get.set_id(kRequestId);
  ASSERT_THAT(handler_.GetForecastEdition(call, get, &read), IsOk());
  EXPECT_THAT(read, EqualsProto(edition));
  request.set_note("another");
  EXPECT_THAT(handler_.CommitForecastEdition(later, request, &again),
              FailsWith(Reason::REQUEST_ID_REUSED));
}

TEST_F(ForecastingHandlerTest, EditionsAreListedNewestFirstInPages) {
  PutHistory();
  for (int i = 1; i <= 3; ++i) {
    v1::CommitForecastEditionRequest request;
    request.set_request_id(fmt::format("0190a5b0-1111-7000-8000-00000000000{}", i));
    v1::ForecastEdition edition;
    rpc::Call call = MakeCall(fmt::format("2026-05-1{}", i));
    ASSERT_THAT(handler_.CommitForecastEdition(call, request, &edition), IsOk());
    EXPECT_EQ(edition.previous_edition_id(), i == 1 ? "" : i == 2 ? kRequestId : kOtherId);
  }
  v1::ListForecastEditionsRequest request;
  request.set_page_size(2);
  v1::ListForecastEditionsResponse first, second;
  rpc::Call call = MakeCall("2026-06-01");
  ASSERT_THAT(handler_.ListForecastEditions(call, request, &first), IsOk());
  ASSERT_EQ(first.editions_size(), 2);
  EXPECT_EQ(first.editions(1).id(), kOtherId);
  request.set_page_token(first.next_page_token());
  ASSERT_THAT(handler_.ListForecastEditions(call, request, &second), IsOk());
  ASSERT_EQ(second.editions_size(), 1);
  EXPECT_EQ(second.editions(0).id(), kRequestId);
  EXPECT_EQ(second.next_page_token(), "");
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(2);
  EXPECT_THAT(handler_.ListForecastEditions(call, request, &second),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
}

TEST_F(ForecastingHandlerTest, SettingsChangedMeanwhileStopAnEdition) {
  PutHistory();
  records_.Put(test::TenantSettings());
  records_.set_before_commit([this] {
    records_.Put(test::TenantSettings().Set(
        [](auto& settings) { settings.mutable_fiscal_calendar()->set_year_start_month(2); }));
  });
  v1::CommitForecastEditionRequest request;
  request.set_request_id(kRequestId);
  v1::ForecastEdition edition;
  rpc::Call call = MakeCall("2026-05-10");
  EXPECT_THAT(handler_.CommitForecastEdition(call, request, &edition),
              FailsWith(Reason::ETAG_MISMATCH));
}

TEST_F(ForecastingHandlerTest, ValidateOnlyKeepsNothing) {
  PutHistory();
  v1::CommitForecastEditionRequest request;
  request.set_request_id(kRequestId);
  request.set_validate_only(true);
  v1::ForecastEdition edition;
  rpc::Call call = MakeCall("2026-05-10");
  ASSERT_THAT(handler_.CommitForecastEdition(call, request, &edition), IsOk());
  EXPECT_TRUE(edition.has_forecast());
  EXPECT_TRUE(records_.commits().empty());
}

TEST_F(ForecastingHandlerTest, CallsAreKeptAndListed) {
  v1::SubmitForecastCallRequest request;
  request.set_request_id(kRequestId);
  request.set_owner_seller_id("ada");
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(2);
  *request.mutable_commit_amount() = MoneyOf(100);
  *request.mutable_best_case_amount() = MoneyOf(150);
  v1::ForecastCall kept, again;
  rpc::Call call = MakeCall("2026-05-10");
  ASSERT_THAT(handler_.SubmitForecastCall(call, request, &kept), IsOk());
  rpc::Call later = MakeCall("2026-05-11");
  ASSERT_THAT(handler_.SubmitForecastCall(later, request, &again), IsOk());
  EXPECT_THAT(again, EqualsProto(kept));
  *request.mutable_commit_amount() = MoneyOf(120);
  EXPECT_THAT(handler_.SubmitForecastCall(later, request, &again),
              FailsWith(Reason::REQUEST_ID_REUSED));
  request.set_request_id(kOtherId);
  ASSERT_THAT(handler_.SubmitForecastCall(later, request, &again), IsOk());
  v1::ListForecastCallsRequest list;
  list.set_owner_seller_id("ada");
  v1::ListForecastCallsResponse calls;
  rpc::Call reader = MakeCall("2026-05-12");
  ASSERT_THAT(handler_.ListForecastCalls(reader, list, &calls), IsOk());
  ASSERT_EQ(calls.calls_size(), 2);
  EXPECT_EQ(calls.calls(0).id(), kOtherId);
}

TEST_F(ForecastingHandlerTest, BadCallsAreRefused) {
  v1::SubmitForecastCallRequest request;
  v1::ForecastCall kept;
  rpc::Call call = MakeCall();
  const Status status = handler_.SubmitForecastCall(call, request, &kept);
  EXPECT_THAT(status, FailsOn("request_id"));
  EXPECT_THAT(status, FailsOn("owner_seller_id"));
  EXPECT_THAT(status, FailsOn("period"));
  EXPECT_THAT(status, FailsOn("commit_amount"));
  request.set_request_id(kRequestId);
  request.set_owner_seller_id("ada");
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_YEAR);
  request.mutable_period()->set_fiscal_year(2026);
  request.mutable_period()->set_index(1);
  *request.mutable_commit_amount() = MoneyOf(100);
  *request.mutable_best_case_amount() = MoneyOf(99);
  EXPECT_THAT(handler_.SubmitForecastCall(call, request, &kept), FailsOn("best_case_amount"));
  *request.mutable_commit_amount() = MoneyOf(100, "EUR");
  request.clear_best_case_amount();
  EXPECT_THAT(handler_.SubmitForecastCall(call, request, &kept),
              FailsOn("commit_amount.currency_code"));
}

TEST_F(ForecastingHandlerTest, BacktestComparesWithBaselines) {
  PutHistory();
  v1::BacktestRequest request;
  request.add_cut_days(0);
  request.add_cut_days(45);
  v1::BacktestResponse response;
  rpc::Call call = MakeCall("2026-07-15");
  ASSERT_THAT(handler_.Backtest(call, request, &response), IsOk());
  ASSERT_GE(response.cuts_size(), 4);
  ASSERT_EQ(response.skills_size(), 4);
  EXPECT_EQ(response.skills(0).method(), "model");
  EXPECT_EQ(response.interval_coverage().sample_count(), response.cuts_size());
  request.add_cut_days(45);
  EXPECT_THAT(handler_.Backtest(call, request, &response), FailsOn("cut_days[2]"));
}

TEST_F(ForecastingHandlerTest, BacktestWithoutHistorySaysSo) {
  v1::BacktestResponse response;
  rpc::Call call = MakeCall("2026-07-15");
  ASSERT_THAT(handler_.Backtest(call, {}, &response), IsOk());
  EXPECT_EQ(response.cuts_size(), 0);
  EXPECT_EQ(response.sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
}

TEST(ForecastingMethods, CoverEveryMethodOfTheService) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "gtm.forecasting.v1.ForecastingService");
  ASSERT_NE(service, nullptr);
  std::vector<std::string> rows;
  for (const rpc::MethodRule& rule : ForecastingMethods()) rows.emplace_back(rule.method);
  ASSERT_EQ(rows.size(), static_cast<size_t>(service->method_count()));
  for (int i = 0; i < service->method_count(); ++i) {
    EXPECT_THAT(rows, ::testing::Contains("gtm.forecasting.v1.ForecastingService/" +
                                          service->method(i)->name()));
  }
}

}  // namespace
}  // namespace gtm::forecasting::handler
