// PlanFunnel, WhatIf, GetVelocity and CorrelateContent over records in memory.

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <tuple>

#include "common/core/random.h"
#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/what_if.h"

namespace gtm::forecasting::handler {
namespace {

using test::EqualsProto;
using test::FailsOn;
using test::FailsWith;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::MoneyOf;
using test::Opportunity;

constexpr char kNow[] = "2026-05-10T12:00:00Z";

std::string DayText(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

// Gives its requests one by one, keeps the answers.
class ScriptedStream final : public WhatIfStream {
 public:
  Got Read(absl::Duration, v1::WhatIfRequest* request) override {
    if (requests.empty()) return at_end;
    *request = requests.front();
    requests.pop_front();
    return Got::kMessage;
  }
  bool Write(const v1::WhatIfResponse& response) override {
    responses.push_back(response);
    return true;
  }
  std::deque<v1::WhatIfRequest> requests;
  std::vector<v1::WhatIfResponse> responses;
  Got at_end = Got::kEnd;
};

class AnalysisTest : public ::testing::Test {
 protected:
  AnalysisTest() : records_("forecasting"), handler_(records_) {}

  // A year of deals: one a day, a third won and a third lost after 20 to 69 days. Every
  // second one was touched by a webinar on its fifth day.
  void PutHistory() {
    std::vector<records::v1::Record> all;
    for (int i = 0; i < 400; ++i) {
      const absl::CivilDay start = absl::CivilDay(2025, 5, 1) + i;
      const std::string account = fmt::format("a{:03}", i);
      all.push_back(test::Account(account));
      Opportunity deal(fmt::format("d{:03}", i), account);
      deal.Stage(DayText(start), "open").Amount(DayText(start), 10'000 + 100 * (i % 30));
      deal.Owner(i % 2 == 0 ? "ada" : "bob");
      if (i % 3 != 0) {
        deal.Stage(DayText(start + 20 + i * 7 % 50), i % 3 == 1 ? "won" : "lost");
      }
      all.push_back(deal);
      if (i % 2 == 0) {
        all.push_back(test::Engagement(fmt::format("e{:03}", i), account, DayText(start + 5),
                                       crm::v1::Engagement::TYPE_WEBINAR));
      }
    }
    records_.PutAll(all);
  }
  Result<v1::PlanFunnelResponse> Plan(const v1::PlanFunnelRequest& request) {
    v1::PlanFunnelResponse response;
    rpc::Call call = MakeCall(kNow);
    GTM_RETURN_IF_ERROR(handler_.PlanFunnel(call, request, &response));
    return response;
  }
  Status Stream(ScriptedStream* stream) {
    rpc::Call call = MakeCall(kNow);
    return RunWhatIf(call, records_, SystemClock(), absl::Seconds(1), *stream);
  }

  FakeRecords records_;
  ForecastingHandler handler_;
};

v1::FunnelStep Step(const std::string& name, int64_t count) {
  v1::FunnelStep step;
  step.set_name(name);
  step.set_count(count);
  return step;
}

v1::PlanFunnelRequest D1Request() {
  v1::PlanFunnelRequest request;
  *request.add_steps() = Step("visitors", 265'000);
  *request.add_steps() = Step("SQL", 26'000);
  *request.add_steps() = Step("SAL", 2'600);
  return request;
}

// D1: 265,000 -> 26,000 -> 2,600 in a market of 7,500 people.
TEST_F(AnalysisTest, D1IsRefusedWithTheFirstLimitAndTheSmallestChange) {
  records_.Put(test::TenantSettings().Set([](auto& s) { s.set_market_people_count(7'500); }));
  const auto answer = Plan(D1Request());
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->verdict(), v1::PlanFunnelResponse::VERDICT_REFUSED);
  EXPECT_EQ(answer->first_violated().step(), "visitors");
  EXPECT_NEAR(answer->first_violated().ratio(), 35.3, 0.05);
  EXPECT_NEAR(answer->steps(1).market_share(), 3.5, 0.05);
  EXPECT_NEAR(answer->steps(2).market_share(), 0.347, 0.0005);
  EXPECT_NEAR(answer->steps(0).rate(), 0.098, 0.0005);
  EXPECT_NEAR(answer->steps(1).rate(), 0.1, 1e-12);
  EXPECT_EQ(answer->market().accounts_held_min(), 681);
  EXPECT_EQ(answer->market().accounts_held_max(), 1'071);
  EXPECT_EQ(answer->market().touches_per_account_min(), 77);
  EXPECT_EQ(answer->market().touches_per_account_max(), 143);
  ASSERT_EQ(answer->mends_size(), 1);
  EXPECT_EQ(answer->mends(0).to_value(), 73);
  EXPECT_EQ(answer->summary(),
            "265,000 people are needed for visitors and the market has 7,500; the smallest change "
            "that is "
            "enough: plan 73 SAL");
  // The counter-plan is accepted.
  v1::PlanFunnelRequest counter;
  for (const auto& step : answer->mends(0).steps()) {
    *counter.add_steps() = Step(step.name(), step.count());
  }
  EXPECT_EQ(Plan(counter)->verdict(), v1::PlanFunnelResponse::VERDICT_ACCEPTED);
}

TEST_F(AnalysisTest, WithoutALimitThePlanIsNotTested) {
  const auto answer = Plan(D1Request());
  EXPECT_EQ(answer->verdict(), v1::PlanFunnelResponse::VERDICT_UNTESTED);
}

TEST_F(AnalysisTest, PlanTakesPriceAndCloseRateFromHistory) {
  PutHistory();
  v1::PlanFunnelRequest request;
  auto* algebra = request.mutable_algebra();
  *algebra->mutable_revenue_amount() = MoneyOf(1'000'000);
  algebra->set_price_from_history(true);
  algebra->set_close_rate_from_history(true);
  *algebra->mutable_lead_step()->mutable_cost_amount() = MoneyOf(100);
  *request.mutable_limits()->mutable_budget_amount() = MoneyOf(5'000);
  const auto answer = Plan(request);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->algebra().solved(), v1::SolvedAlgebra::VARIABLE_LEADS);
  EXPECT_NEAR(answer->algebra().close_rate_ppm(), 500'000, 20'000);
  EXPECT_TRUE(answer->algebra().close_rate_estimate().has_low());
  EXPECT_NEAR(answer->algebra().price_estimate().value(), 11'450, 150);
  EXPECT_EQ(answer->first_violated().type(), v1::PlanLimit::TYPE_MONEY);
  // Leads for 100 each, about two of them a deal: a customer costs about 200.
  EXPECT_NEAR(answer->unit_economics().acquisition_cost().units(), 200, 10);
  EXPECT_TRUE(answer->unit_economics().may_spend_more());
  // Less revenue, a higher price, more money; no rate is enough for 88 leads of 100 each.
  EXPECT_EQ(answer->mends_size(), 3);
}

TEST_F(AnalysisTest, PlanNamesEveryFieldThatIsWrong) {
  v1::PlanFunnelRequest request;
  EXPECT_THAT(Plan(request), FailsOn("steps"));
  request = D1Request();
  request.mutable_steps(2)->clear_count();
  request.mutable_steps(1)->set_count(300'000);
  request.mutable_steps(0)->set_name("SQL");
  const auto answer = Plan(request);
  EXPECT_THAT(answer, FailsOn("steps[2].count"));
  EXPECT_THAT(answer, FailsOn("steps[0].count"));
  EXPECT_THAT(answer, FailsOn("steps[0].name"));
  request.Clear();
  *request.mutable_algebra()->mutable_revenue_amount() = MoneyOf(10);
  EXPECT_THAT(Plan(request), FailsOn("algebra"));
  request.mutable_algebra()->set_close_rate_from_history(true);
  request.mutable_algebra()->set_price_from_history(true);
  EXPECT_THAT(Plan(request), FailsOn("algebra.price_from_history")) << "there is none";
  request.mutable_algebra()->set_close_rate_ppm(0);
  request.mutable_limits()->set_buying_group_size_max(0);
  EXPECT_THAT(Plan(request), FailsOn("algebra.close_rate_ppm"));
  EXPECT_THAT(Plan(request), FailsOn("limits.buying_group_size_max"));
}

TEST_F(AnalysisTest, WhatIfAnswersScenariosOfOnePinnedQuestion) {
  PutHistory();
  ScriptedStream stream;
  stream.requests.resize(4);
  *stream.requests[0].mutable_question()->mutable_target_amount() = MoneyOf(500'000);
  stream.requests[1].mutable_scenario()->set_lose_biggest(true);
  auto* hires = stream.requests[2].mutable_scenario()->add_hires();
  hires->set_seller_count(2);
  stream.requests[3] = stream.requests[1];
  ASSERT_THAT(Stream(&stream), IsOk());
  ASSERT_EQ(stream.responses.size(), 4u);
  const auto& [first, loss, hired, again] =
      std::tie(stream.responses[0], stream.responses[1], stream.responses[2], stream.responses[3]);
  EXPECT_FALSE(first.has_after());
  EXPECT_TRUE(first.before().has_reach_probability());
  EXPECT_LT(loss.difference().mean().units(), 0);
  EXPECT_THAT(loss.before(), EqualsProto(first.before()));
  EXPECT_EQ(loss.deals_size(), 1);
  EXPECT_EQ(hired.hires().seller_count(), 2);
  EXPECT_GT(hired.hires().created_count(), 0);
  v1::WhatIfResponse repeated = again;
  repeated.set_request_number(loss.request_number());
  EXPECT_THAT(repeated, EqualsProto(loss)) << "the same question, the same bytes";
  // Before is what GetForecast says.
  v1::GetForecastRequest request;
  *request.mutable_target_amount() = MoneyOf(500'000);
  v1::GetForecastResponse forecast;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.GetForecast(call, request, &forecast), IsOk());
  EXPECT_EQ(first.before().bookings().mean().units(),
            forecast.forecast().bookings().mean().units());
}

TEST_F(AnalysisTest, WhatIfEndsWithTheFirstBadMessage) {
  PutHistory();
  const auto ends_on = [&](const v1::WhatIfRequest& bad, const char* field) {
    ScriptedStream stream;
    stream.requests.resize(2);
    stream.requests[0].mutable_question();
    stream.requests[1] = bad;
    EXPECT_THAT(Stream(&stream), FailsOn(field));
    EXPECT_EQ(stream.responses.size(), 1u);
  };
  v1::WhatIfRequest bad;
  bad.mutable_question();
  ends_on(bad, "question");
  bad.Clear();
  bad.mutable_scenario()->add_lost_opportunity_ids("nobody");
  ends_on(bad, "scenario.lost_opportunity_ids[0]");
  bad.Clear();
  bad.mutable_scenario()->set_price_permille(99);
  ends_on(bad, "scenario.price_permille");
  bad.Clear();
  bad.mutable_scenario()->add_additions();
  ends_on(bad, "scenario.additions[0].opportunity_count");
  bad.Clear();
  bad.mutable_scenario()->add_hires()->mutable_start_date()->set_month(13);
  ends_on(bad, "scenario.hires[0].start_date");
  bad.Clear();
  bad.mutable_scenario()->add_slips()->set_days(-1);
  ends_on(bad, "scenario.slips[0].days");
  ScriptedStream without;
  without.requests.resize(1);
  EXPECT_THAT(Stream(&without), FailsOn("question"));
}

TEST_F(AnalysisTest, WhatIfStreamsAreLimited) {
  PutHistory();
  ScriptedStream stream;
  stream.requests.resize(kWhatIfMessagesMax + 1);
  stream.requests[0].mutable_question();
  EXPECT_THAT(Stream(&stream), FailsOn("scenario"));
  EXPECT_EQ(stream.responses.size(), static_cast<size_t>(kWhatIfMessagesMax));
  ScriptedStream silent;
  silent.at_end = WhatIfStream::Got::kNothing;
  EXPECT_THAT(Stream(&silent), FailsWith(Reason::DEADLINE_EXPIRED));
  ScriptedStream malformed;
  malformed.at_end = WhatIfStream::Got::kMalformed;
  EXPECT_THAT(Stream(&malformed), FailsWith(Reason::MALFORMED_MESSAGE));
}

TEST_F(AnalysisTest, VelocityTellsAgesStagesAndQuarters) {
  PutHistory();
  v1::GetVelocityRequest request;
  request.set_grouping(v1::VELOCITY_GROUPING_OWNER);
  v1::GetVelocityResponse answer;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.GetVelocity(call, request, &answer), IsOk());
  ASSERT_EQ(answer.groups_size(), 3);
  EXPECT_TRUE(answer.groups(0).all());
  EXPECT_EQ(answer.groups(1).key(), "ada");
  EXPECT_EQ(answer.groups(0).opportunity_count(), 375);
  EXPECT_EQ(answer.groups(0).by_pipeline_age(0).reached_count(), 375);
  ASSERT_EQ(answer.stages_size(), 1);
  EXPECT_EQ(answer.stages(0).stage_id(), "open");
  EXPECT_GT(answer.stages(0).forward_share().value(), 0.2);
  EXPECT_EQ(answer.quarters_size(), 9);
  EXPECT_EQ(answer.trends_size(), 4);
  EXPECT_EQ(answer.trends(0).direction(), v1::VelocityTrend::DIRECTION_NOT_ENOUGH_DATA);
  request.set_grouping(static_cast<v1::VelocityGrouping>(9));
  EXPECT_THAT(handler_.GetVelocity(call, request, &answer), FailsOn("grouping"));
}

TEST_F(AnalysisTest, VelocityOfNothingSaysSo) {
  v1::GetVelocityResponse answer;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.GetVelocity(call, {}, &answer), IsOk());
  EXPECT_EQ(answer.groups(0).win_share().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
}

TEST_F(AnalysisTest, ContentSpeaksOfCorrelationOnly) {
  PutHistory();
  v1::CorrelateContentResponse answer;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.CorrelateContent(call, {}, &answer), IsOk());
  ASSERT_EQ(answer.correlations_size(), 1);
  EXPECT_EQ(answer.correlations(0).key(), "TYPE_WEBINAR");
  EXPECT_EQ(answer.correlations(0).tests_size(), 3);
  EXPECT_TRUE(answer.correlations(0).tests(0).has_q_value());
  EXPECT_EQ(answer.correlations(0).tests(0).verdict(), v1::CorrelationTest::VERDICT_NO_CORRELATION);
  EXPECT_NE(answer.note().find("correlation"), std::string::npos);
  EXPECT_EQ(answer.note().find("cause"), std::string::npos);
  EXPECT_GT(answer.closed_count(), 200);
}

// "guide" is read at two thirds of the deals that are won, and at one in six of the others;
// 200 others by anybody, one in eight. Two people of an account read each.
TEST_F(AnalysisTest, ContentIsFoundByItsId) {
  std::vector<records::v1::Record> all;
  Random random(7);
  for (int i = 0; i < 600; ++i) {
    const absl::CivilDay start = absl::CivilDay(2024, 6, 1) + i;
    const std::string account = fmt::format("a{:03}", i);
    const bool wins = random.Below(3) == 0;
    all.push_back(test::Account(account));
    all.push_back(Opportunity(fmt::format("d{:03}", i), account)
                      .Stage(DayText(start), "open")
                      .Amount(DayText(start), 10'000 + static_cast<int64_t>(random.Below(5'000)))
                      .Stage(DayText(start + 30 + random.Below(60)), wins ? "won" : "lost"));
    const auto read = [&](const std::string& content, crm::v1::Engagement::Type type) {
      for (const char* person : {"ann", "bob"}) {
        all.push_back(test::Engagement(fmt::format("{}-{}-{}", content, account, person), account,
                                       DayText(start + 5), type)
                          .Set([&](auto& e) {
                            e.set_contact_id(fmt::format("{}-{}", account, person));
                            e.set_content_id(content);
                          }));
      }
    };
    if (random.Below(6) < (wins ? 4 : 1)) read("guide", crm::v1::Engagement::TYPE_CONTENT_READ);
    for (int n = 0; n < 200; ++n) {
      if (random.Below(8) == 0) {
        read(fmt::format("null-{:03}", n), crm::v1::Engagement::TYPE_VIDEO_WATCH);
      }
    }
  }
  records_.PutAll(all);
  v1::CorrelateContentResponse answer;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.CorrelateContent(call, {}, &answer), IsOk());
  // Without those that began before the first touch was recorded.
  EXPECT_EQ(answer.account_count(), answer.closed_count());
  EXPECT_GT(answer.account_count(), 580);
  EXPECT_EQ(answer.left_out_count(), 0);
  EXPECT_EQ(answer.correlations_size(), 203);  // contents, and two types of touches
  std::map<std::string, const v1::ContentCorrelation*> by_key;
  int false_ones = 0;
  for (const auto& item : answer.correlations()) {
    by_key[item.key()] = &item;
    if (item.key() == "guide" || item.kind() != v1::ContentCorrelation::KIND_CONTENT) continue;
    for (const auto& test : item.tests()) {
      false_ones += test.verdict() == v1::CorrelationTest::VERDICT_CORRELATES_BETTER ||
                    test.verdict() == v1::CorrelationTest::VERDICT_CORRELATES_WORSE;
    }
  }
  ASSERT_TRUE(by_key.contains("guide"));
  const v1::ContentCorrelation& guide = *by_key.at("guide");
  EXPECT_EQ(guide.kind(), v1::ContentCorrelation::KIND_CONTENT);
  EXPECT_EQ(guide.engagement_type(), crm::v1::Engagement::TYPE_CONTENT_READ);
  EXPECT_EQ(guide.tests(0).verdict(), v1::CorrelationTest::VERDICT_CORRELATES_BETTER);
  // Two readers are one account; one deal each here.
  EXPECT_EQ(guide.account_count(), guide.deal_count());
  EXPECT_EQ(guide.tests(0).account_count(), guide.tests(0).touched_count());
  EXPECT_LE(false_ones, 1);
}

TEST_F(AnalysisTest, ContentOfNothingSaysSo) {
  v1::CorrelateContentResponse answer;
  rpc::Call call = MakeCall(kNow);
  ASSERT_THAT(handler_.CorrelateContent(call, {}, &answer), IsOk());
  EXPECT_EQ(answer.sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  v1::CorrelateContentRequest request;
  request.set_false_discovery_permille(501);
  EXPECT_THAT(handler_.CorrelateContent(call, request, &answer),
              FailsOn("false_discovery_permille"));
}

}  // namespace
}  // namespace gtm::forecasting::handler
