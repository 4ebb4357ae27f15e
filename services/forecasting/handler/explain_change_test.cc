// ExplainForecastChange between editions and instants.

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/made_up_deals.h"

namespace gtm::forecasting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::Opportunity;

constexpr char kFirst[] = "0190a5b0-1111-7000-8000-000000000001";
constexpr char kSecond[] = "0190a5b0-1111-7000-8000-000000000002";
constexpr char kOther[] = "0190a5b0-1111-7000-8000-000000000003";

int64_t MicrosOf(const type::v1::Money& money) {
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

class ExplainForecastChangeTest : public ::testing::Test {
 protected:
  ExplainForecastChangeTest() : records_("forecasting"), handler_(records_) {
    records_.PutAll(MadeUpDeals(absl::CivilDay(2025, 5, 1), 400));
  }
  void Commit(const char* id, std::string_view now, const char* segment = "") {
    v1::CommitForecastEditionRequest request;
    request.set_request_id(id);
    request.mutable_forecast()->mutable_selection()->set_segment(segment);
    v1::ForecastEdition edition;
    rpc::Call call = MakeCall(now);
    ASSERT_THAT(handler_.CommitForecastEdition(call, request, &edition), IsOk());
  }
  v1::ExplainForecastChangeResponse Explain(const char* older, const char* newer,
                                            std::string_view now = "2026-06-01") {
    v1::ExplainForecastChangeRequest request;
    request.set_older_edition_id(older);
    request.set_newer_edition_id(newer);
    v1::ExplainForecastChangeResponse response;
    rpc::Call call = MakeCall(now);
    EXPECT_THAT(handler_.ExplainForecastChange(call, request, &response), IsOk());
    ExpectExact(response);
    return response;
  }
  static void ExpectExact(const v1::ExplainForecastChangeResponse& response) {
    ASSERT_EQ(response.steps_size(), 11);
    int64_t sum = 0;
    for (const auto& step : response.steps()) sum += MicrosOf(step.amount());
    EXPECT_EQ(sum, MicrosOf(response.newer().bookings().mean()) -
                       MicrosOf(response.older().bookings().mean()));
    EXPECT_EQ(sum, MicrosOf(response.change_amount()));
  }
  static const v1::ForecastChangeStep& StepOf(const v1::ExplainForecastChangeResponse& response,
                                              v1::ForecastChangeStep::Kind kind) {
    return response.steps(kind - 1);
  }
  Status Fails(const v1::ExplainForecastChangeRequest& request) {
    v1::ExplainForecastChangeResponse response;
    rpc::Call call = MakeCall("2026-06-01");
    return handler_.ExplainForecastChange(call, request, &response);
  }

  FakeRecords records_;
  ForecastingHandler handler_;
};

TEST_F(ExplainForecastChangeTest, TwoEditions) {
  Commit(kFirst, "2026-04-15");
  Commit(kSecond, "2026-05-15");
  const auto response = Explain(kFirst, kSecond);
  EXPECT_EQ(response.period().index(), 2);
  EXPECT_EQ(response.older().edition_id(), kFirst);
  EXPECT_TRUE(response.older().reproduced());
  EXPECT_TRUE(response.newer().reproduced());
  EXPECT_EQ(MicrosOf(StepOf(response, v1::ForecastChangeStep::KIND_RECORDS).amount()), 0);
  EXPECT_GT(StepOf(response, v1::ForecastChangeStep::KIND_WON).deal_count(), 0);
  EXPECT_GT(MicrosOf(StepOf(response, v1::ForecastChangeStep::KIND_WON).amount()), 0);
  EXPECT_LT(MicrosOf(StepOf(response, v1::ForecastChangeStep::KIND_LOST).amount()), 0);
  // A deal a day enters the pipeline.
  EXPECT_NEAR(
      static_cast<double>(StepOf(response, v1::ForecastChangeStep::KIND_CREATED).deal_count()), 30,
      1);
  EXPECT_LT(MicrosOf(StepOf(response, v1::ForecastChangeStep::KIND_NEW_BUSINESS).amount()), 0);
  EXPECT_EQ(StepOf(response, v1::ForecastChangeStep::KIND_WON).deals_size(), 5);
}

TEST_F(ExplainForecastChangeTest, AnEditionAndNowAndAfterTheEnd) {
  Commit(kFirst, "2026-04-15");
  EXPECT_EQ(Explain(kFirst, "").newer().edition_id(), "");
  const auto over = Explain(kFirst, "", "2026-07-20");
  EXPECT_EQ(over.period().index(), 2);
  EXPECT_EQ(MicrosOf(over.newer().bookings().p10()), MicrosOf(over.newer().bookings().p90()));
  EXPECT_GT(StepOf(over, v1::ForecastChangeStep::KIND_SLIPPED).deal_count(), 0);
  EXPECT_EQ(StepOf(over, v1::ForecastChangeStep::KIND_STILL_OPEN).deal_count(), 0);
}

TEST_F(ExplainForecastChangeTest, TwoInstantsOfAPart) {
  v1::ExplainForecastChangeRequest request;
  *request.mutable_older_time() = test::Stamp("2026-04-15");
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-05-15");
  request.mutable_selection()->set_owner_seller_id("ada");
  request.set_deal_count(1000);
  v1::ExplainForecastChangeResponse response;
  rpc::Call call = MakeCall("2026-06-01");
  ASSERT_THAT(handler_.ExplainForecastChange(call, request, &response), IsOk());
  ExpectExact(response);
  for (const auto& step : response.steps()) {
    EXPECT_LE(step.deals_size(), 100);
    for (const auto& deal : step.deals()) EXPECT_EQ(deal.owner_seller_id(), "ada");
  }
}

// A deal won before the edition comes to light after it: the edition cannot be told again, and
// the difference has a step of its own.
TEST_F(ExplainForecastChangeTest, LateRecordsAreAStepOfTheirOwn) {
  Commit(kFirst, "2026-04-15");
  Commit(kSecond, "2026-05-15");
  const int64_t told = MicrosOf(Explain(kFirst, kSecond).change_amount());
  records_.Put(Opportunity("late", "acme")
                   .Stage("2026-03-01", "open")
                   .Stage("2026-04-10", "won")
                   .Amount("2026-03-01", 1'000'000));
  const auto response = Explain(kFirst, kSecond);
  EXPECT_EQ(MicrosOf(response.change_amount()), told);  // what was told stays told
  EXPECT_FALSE(response.older().reproduced());
  EXPECT_FALSE(response.newer().reproduced());
  // From the edition to now, the late deal is in no step but this one.
  const auto now = Explain(kFirst, "");
  EXPECT_GT(MicrosOf(StepOf(now, v1::ForecastChangeStep::KIND_RECORDS).amount()),
            900'000 * kMicrosPerUnit);
  for (const auto& deal : StepOf(now, v1::ForecastChangeStep::KIND_WON).deals()) {
    EXPECT_NE(deal.opportunity_id(), "late");
  }
}

TEST_F(ExplainForecastChangeTest, BadQuestionsAreRefused) {
  Commit(kFirst, "2026-04-15");
  Commit(kSecond, "2026-05-15");
  Commit(kOther, "2026-05-16", "small");
  v1::ExplainForecastChangeRequest request;
  EXPECT_THAT(Fails(request), FailsOn("older_edition_id"));
  request.set_older_edition_id(kSecond);
  request.set_newer_edition_id(kFirst);
  EXPECT_THAT(Fails(request), FailsOn("newer_edition_id"));  // the wrong way round
  request.set_newer_edition_id(kOther);
  EXPECT_THAT(Fails(request), FailsOn("newer_edition_id"));  // another selection
  request.set_newer_edition_id("nobody");
  EXPECT_THAT(Fails(request), FailsWith(Reason::RECORD_NOT_FOUND));
  request.clear_newer_edition_id();
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_selection();
  request.set_deal_count(-1);
  const Status status = Fails(request);
  EXPECT_THAT(status, FailsOn("period"));
  EXPECT_THAT(status, FailsOn("selection"));
  EXPECT_THAT(status, FailsOn("deal_count"));
  request.Clear();
  *request.mutable_older_time() = test::Stamp("2026-07-01");
  EXPECT_THAT(Fails(request), FailsOn("point.as_of"));
}

}  // namespace
}  // namespace gtm::forecasting::handler
