#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/forecasting/handler/forecasting_handler.h"

namespace gtm::forecasting::handler {
namespace {

using test::EqualsProto;
using test::FailsOn;
using test::FailsWith;
using test::FakeRecords;
using test::IsOk;
using test::MakeCall;
using test::Opportunity;

constexpr char kNow[] = "2026-05-10T12:00:00Z";

class InterrogateTest : public ::testing::Test {
 protected:
  InterrogateTest() : records_("forecasting"), handler_(records_) {
    records_.Put(test::TenantSettings());
    for (int i = 0; i < 9; ++i) {
      const std::string account = fmt::format("acct{}", i);
      records_.Put(test::Account(account));
      records_.Put(test::Contact("ann@" + account, account));
      // "contract" is Stage 2 of these settings.
      Opportunity deal(fmt::format("o{}", i), account);
      deal.Stage("2026-04-01", "open").Owner(i % 2 == 0 ? "ada" : "bob");
      if (i % 3 == 0) deal.Stage("2026-04-20", "contract");
      if (i != 4) deal.Amount("2026-04-01", 1'000 * (1 + i * 4 % 9));
      records_.Put(deal);
      records_.Put(
          test::Engagement("e-" + account, account, "2026-05-01", crm::v1::Engagement::TYPE_CALL)
              .Set([&](auto& touch) { touch.set_contact_id("ann@" + account); }));
    }
  }
  v1::InterrogatePipelineResponse Ask(const v1::InterrogatePipelineRequest& request) {
    v1::InterrogatePipelineResponse response;
    rpc::Call call = MakeCall(kNow);
    EXPECT_THAT(handler_.InterrogatePipeline(call, request, &response), IsOk());
    return response;
  }
  Status Try(const v1::InterrogatePipelineRequest& request) {
    v1::InterrogatePipelineResponse response;
    rpc::Call call = MakeCall(kNow);
    return handler_.InterrogatePipeline(call, request, &response);
  }

  FakeRecords records_;
  ForecastingHandler handler_;
};

// 95 deals were recorded when they were created and won after 30 days; "w" was won when it was
// created, and recorded three weeks later; "late" is open, and was recorded as late.
TEST_F(InterrogateTest, TellsOfWinsWhoseRecordIsDoubtful) {
  for (int i = 0; i < 95; ++i) {
    const absl::Time time = test::At("2025-06-01") + i * absl::Hours(24);
    const auto day = [](absl::Time t) {
      return absl::FormatTime("%Y-%m-%d", t, absl::UTCTimeZone());
    };
    records_.Put(Opportunity(fmt::format("h{}", i), "acct0")
                     .Stage(day(time), "open")
                     .Stage(day(time + 30 * absl::Hours(24)), "won"),
                 time);
  }
  records_.Put(Opportunity("w", "acct1")
                   .Owner("ada")
                   .Amount("2026-04-01", 500)
                   .Stage("2026-04-01T08:00:00Z", "open")
                   .Stage("2026-04-01T12:00:00Z", "won")
                   .Set([](auto& deal) { deal.set_display_name("Acme at once"); }),
               test::At("2026-04-22"));
  records_.Put(Opportunity("late", "acct2").Stage("2026-04-01", "open"), test::At("2026-05-01"));
  const auto answer = Ask({});
  ASSERT_EQ(answer.doubtful_wins_size(), 1);
  EXPECT_EQ(answer.doubtful_win_count(), 1);
  const v1::DoubtfulWin& win = answer.doubtful_wins(0);
  EXPECT_EQ(win.opportunity_id(), "w");
  EXPECT_EQ(win.display_name(), "Acme at once");
  EXPECT_EQ(win.owner_seller_id(), "ada");
  EXPECT_EQ(win.amount().units(), 500);
  EXPECT_EQ(win.won_date().day(), 1);
  ASSERT_EQ(win.trust().reasons_size(), 2);
  EXPECT_EQ(win.trust().reasons(0).type(), v1::TrustReason::TYPE_BACKDATED);
  EXPECT_EQ(win.trust().reasons(1).type(), v1::TrustReason::TYPE_WON_ON_DAY_OF_CREATION);
  EXPECT_DOUBLE_EQ(win.trust().weight(), 0.42);
  for (const auto& deal : answer.deals()) {
    const bool is_late = deal.opportunity_id() == "late";
    ASSERT_EQ(deal.trust().reasons_size(), is_late) << deal.opportunity_id();
    // Its days in pipeline begin with the first record.
    if (is_late) {
      EXPECT_EQ(deal.age().days(), 9);
    }
  }
}

TEST_F(InterrogateTest, TellsEveryDealMostAtStakeFirst) {
  const auto answer = Ask({});
  ASSERT_EQ(answer.deals_size(), 9);
  EXPECT_EQ(answer.opportunity_count(), 9);
  double last = 1e18, sum = 0;
  for (const auto& deal : answer.deals()) {
    const double at_stake =
        static_cast<double>(deal.expected_amount().units()) + deal.expected_amount().nanos() / 1e9;
    EXPECT_LE(at_stake, last);
    last = at_stake;
    sum += at_stake;
    EXPECT_EQ(deal.evidence_size(), 22);
    for (const auto& warning : deal.warnings()) {
      EXPECT_EQ(warning.owner_seller_id(), deal.owner_seller_id());
      EXPECT_GT(warning.due_date().day() + 31 * warning.due_date().month(), 10 + 31 * 5);
      EXPECT_NE(warning.clears().type(), v1::ClearCondition::TYPE_UNSPECIFIED);
      EXPECT_FALSE(warning.rests_on().empty());
    }
  }
  EXPECT_NEAR(static_cast<double>(answer.expected_amount().units()) +
                  answer.expected_amount().nanos() / 1e9,
              sum, 0.01);
  EXPECT_EQ(answer.sufficiency(), type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  EXPECT_EQ(answer.provenance().input_sha256().size(), 64u);
  EXPECT_EQ(answer.recorded_channel_count(), 1);
  EXPECT_THAT(Ask({}), EqualsProto(answer));
}

// D14 through the whole service.
TEST_F(InterrogateTest, OneDealByItsId) {
  v1::InterrogatePipelineRequest request;
  request.set_opportunity_id("o3");
  const auto answer = Ask(request);
  ASSERT_EQ(answer.deals_size(), 1);
  const auto& deal = answer.deals(0);
  EXPECT_EQ(deal.stage_number(), 2);
  ASSERT_GT(deal.warnings_size(), 0);
  EXPECT_EQ(deal.warnings(0).type(), v1::DealWarning::TYPE_SINGLE_CONTACT);
  EXPECT_EQ(deal.warnings(0).severity(), v1::DealWarning::SEVERITY_HIGH);
  EXPECT_EQ(deal.warnings(0).clears().type(), v1::ClearCondition::TYPE_ENGAGED_CONTACTS);
  EXPECT_EQ(deal.warnings(0).clears().count(), 2);
  ASSERT_EQ(deal.engaged_contacts_size(), 1);
  EXPECT_EQ(deal.engaged_contacts(0).contact_id(), "ann@acct3");
  EXPECT_EQ(deal.trend().weekly_counts_size(), 16);
  // The whole is told all the same.
  EXPECT_EQ(answer.opportunity_count(), 9);
  request.set_opportunity_id("o99");
  EXPECT_THAT(Try(request), FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_opportunity_id("o3");
  request.mutable_selection()->set_owner_seller_id("ada");  // bob's
  EXPECT_THAT(Try(request), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(InterrogateTest, FiltersShowWhatWasAskedForAndTotalsAreOfAll) {
  const auto all = Ask({});
  v1::InterrogatePipelineRequest request;
  request.add_warning_types(v1::DealWarning::TYPE_MISSING_AMOUNT);
  const auto missing = Ask(request);
  ASSERT_EQ(missing.deals_size(), 1);
  EXPECT_EQ(missing.deals(0).opportunity_id(), "o4");
  EXPECT_FALSE(missing.deals(0).has_amount());
  ASSERT_EQ(missing.deals(0).warnings_size(), 1);
  EXPECT_EQ(missing.totals_size(), all.totals_size());
  v1::InterrogatePipelineRequest high;
  high.set_severity_min(v1::DealWarning::SEVERITY_HIGH);
  const auto urgent = Ask(high);
  EXPECT_EQ(urgent.deals_size(), 3);  // those at Stage 2
  for (const auto& deal : urgent.deals()) {
    for (const auto& warning : deal.warnings()) {
      EXPECT_EQ(warning.severity(), v1::DealWarning::SEVERITY_HIGH);
    }
  }
}

TEST_F(InterrogateTest, PagesFitTogether) {
  const auto whole = Ask({});
  v1::InterrogatePipelineRequest request;
  request.set_page_size(4);
  std::vector<std::string> ids, expected;
  for (const auto& deal : whole.deals()) expected.push_back(deal.opportunity_id());
  for (int page = 0; page < 3; ++page) {
    const auto answer = Ask(request);
    EXPECT_LE(answer.deals_size(), 4);
    for (const auto& deal : answer.deals()) ids.push_back(deal.opportunity_id());
    EXPECT_EQ(answer.next_page_token().empty(), page == 2);
    request.set_page_token(answer.next_page_token());
  }
  EXPECT_EQ(ids, expected);
  request.set_page_token(Ask([] {
                           v1::InterrogatePipelineRequest first;
                           first.set_page_size(4);
                           return first;
                         }())
                             .next_page_token());
  request.mutable_rules()->set_quiet_days(5);
  EXPECT_THAT(Try(request), FailsWith(Reason::PAGE_TOKEN_INVALID));
}

TEST_F(InterrogateTest, RefusesWhatIsImpossible) {
  v1::InterrogatePipelineRequest request;
  request.add_warning_types(static_cast<v1::DealWarning::Type>(99));
  EXPECT_THAT(Try(request), FailsOn("warning_types[0]"));
  request.Clear();
  request.set_severity_min(static_cast<v1::DealWarning::Severity>(9));
  EXPECT_THAT(Try(request), FailsOn("severity_min"));
  request.Clear();
  request.mutable_rules()->set_quiet_days(366);
  request.mutable_rules()->set_push_count(-1);
  EXPECT_THAT(Try(request), FailsOn("rules.quiet_days"));
  EXPECT_THAT(Try(request), FailsOn("rules.push_count"));
  request.Clear();
  request.set_opportunity_id(std::string(200, 'x'));
  EXPECT_THAT(Try(request), FailsOn("opportunity_id"));
  request.Clear();
  request.set_page_size(-1);
  EXPECT_THAT(Try(request), FailsOn("page_size"));
  request.Clear();
  request.mutable_period()->set_fiscal_year(2099);
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_YEAR);
  request.mutable_period()->set_index(1);
  EXPECT_THAT(Try(request), FailsOn("period"));
}

TEST_F(InterrogateTest, CoachingIsMeasuredWhereAskedFor) {
  // Without a second person after two weeks; a year ago, so that the outcome is known.
  records_.Put(test::Contact("old", "acct1"));
  records_.Put(Opportunity("past", "acct1")
                   .Stage("2025-06-01", "open")
                   .Stage("2025-06-02", "contract")
                   .Stage("2025-09-20", "won"));
  records_.Put(test::Engagement("e-old", "acct1", "2025-06-02", crm::v1::Engagement::TYPE_CALL)
                   .Set([](auto& touch) { touch.set_contact_id("old"); }));
  EXPECT_EQ(Ask({}).coaching_size(), 0);
  v1::InterrogatePipelineRequest request;
  request.set_with_coaching(true);
  const auto answer = Ask(request);
  ASSERT_GT(answer.coaching_size(), 0);
  for (const auto& effect : answer.coaching()) {
    EXPECT_EQ(effect.cleared_count() + effect.kept_count(), 1);
    EXPECT_EQ(effect.won_difference().sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  }
}

TEST_F(InterrogateTest, AnEmptyPipelineIsAnAnswer) {
  FakeRecords nothing("forecasting");
  ForecastingHandler handler(nothing);
  v1::InterrogatePipelineResponse response;
  rpc::Call call = MakeCall(kNow);
  EXPECT_THAT(handler.InterrogatePipeline(call, {}, &response), IsOk());
  EXPECT_EQ(response.opportunity_count(), 0);
  EXPECT_EQ(response.sufficiency(), type::v1::SUFFICIENCY_NO_DATA);
  EXPECT_TRUE(response.totals().empty());
}

}  // namespace
}  // namespace gtm::forecasting::handler
