#include "services/growth/handler/growth_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "services/growth/handler/growth_service.h"

namespace gtm::growth::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kUuid1[] = "01900000-0000-7000-8000-000000000001";
constexpr char kUuid2[] = "01900000-0000-7000-8000-000000000002";
constexpr char kUuid3[] = "01900000-0000-7000-8000-000000000003";

type::v1::FiscalPeriod Quarter(int year, int index) {
  type::v1::FiscalPeriod period;
  period.set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  period.set_fiscal_year(year);
  period.set_index(index);
  return period;
}

const v1::Signal& Of(const v1::SignalReport& report, v1::SignalKind kind) {
  for (const auto& signal : report.signals()) {
    if (signal.kind() == kind) return signal;
  }
  for (const auto& signal : report.false_signals()) {
    if (signal.kind() == kind) return signal;
  }
  ADD_FAILURE() << "no such signal";
  return v1::Signal::default_instance();
}

class GrowthHandlerTest : public ::testing::Test {
 protected:
  // Opportunities of 2026-Q1 and Q2, ten sellers with a quota of Q2, customers.
  GrowthHandlerTest() {
    for (int i = 0; i < 200; ++i) {
      const std::string month = i < 30 ? "2026-02-" : "2026-05-";
      const std::string day =
          month + std::string(i % 20 + 1 < 10 ? "0" : "") + std::to_string(i % 20 + 1);
      fake_.Put(
          test::Opportunity("o" + std::to_string(i), "a" + std::to_string(i)).Stage(day, "open"));
    }
    fake_.Put(test::Opportunity("first", "a0").Stage("2025-09-30", "open"));
    for (int i = 0; i < 10; ++i) {
      const std::string id = "s" + std::to_string(i);
      fake_.Put(test::Seller(id).Set([](auto& seller) {
        auto* quota = seller.add_quotas();
        *quota->mutable_start_date() = test::Date("2026-04-01");
        *quota->mutable_end_date() = test::Date("2026-07-01");
        *quota->mutable_amount() = test::MoneyOf(1'000);
      }));
      fake_.Put(test::Opportunity("w" + id, "a" + std::to_string(i))
                    .Stage("2026-01-05", "open")
                    .Stage("2026-06-30", "won")
                    .Amount("2026-01-05", i < 7   ? 1'000
                                          : i < 8 ? 800
                                                  : 100)
                    .Owner(id));
    }
    for (int i = 0; i < 20; ++i) {
      const std::string id = "a" + std::to_string(i);
      fake_.Put(test::Movement("m" + id, id, i < 5 ? "2025-11-01" : "2026-04-10", 100));
    }
    fake_.Put(test::Movement("x0", "a0", "2026-05-01", 20).Set([](auto& movement) {
      movement.set_type(crm::v1::SubscriptionMovement::TYPE_EXPANSION);
      movement.set_incentive(crm::v1::SubscriptionMovement::INCENTIVE_COUPON);
    }));
  }

  v1::SignalReport Signals(const v1::GetSignalsRequest& request = {}) {
    v1::GetSignalsResponse response;
    rpc::Call call = test::MakeCall("2026-07-15");
    EXPECT_THAT(handler_.GetSignals(call, request, &response), IsOk());
    return response.report();
  }
  Status CommitVerdict(const v1::CommitSignalVerdictRequest& request, v1::SignalVerdict* verdict,
                       std::string_view now = "2026-07-15") {
    rpc::Call call = test::MakeCall(now);
    return handler_.CommitSignalVerdict(call, request, verdict);
  }
  Status Create(const v1::Commitment& commitment, const char* request_id, v1::Commitment* out) {
    v1::CreateCommitmentRequest request;
    request.set_request_id(request_id);
    *request.mutable_commitment() = commitment;
    rpc::Call call = test::MakeCall("2026-01-02");
    return handler_.CreateCommitment(call, request, out);
  }
  Status Update(const v1::Commitment& commitment, const char* request_id, v1::Commitment* out,
                std::vector<std::string> mask = {}) {
    v1::UpdateCommitmentRequest request;
    request.set_request_id(request_id);
    *request.mutable_commitment() = commitment;
    for (const auto& path : mask) request.mutable_update_mask()->add_paths(path);
    rpc::Call call = test::MakeCall("2026-04-03");
    return handler_.UpdateCommitment(call, request, out);
  }

  test::FakeRecords fake_{"growth"};
  GrowthHandler handler_{fake_};
};

v1::Commitment Hundred() {
  v1::Commitment commitment;
  commitment.set_id("c1");
  commitment.set_display_name("New opportunities from events");
  commitment.set_owner("demand generation");
  *commitment.mutable_start_date() = test::Date("2026-01-01");
  *commitment.mutable_end_date() = test::Date("2026-04-01");
  commitment.set_metric("opportunities");
  commitment.set_target_count(100);
  *commitment.mutable_budget() = test::MoneyOf(100'000);
  commitment.set_hypothesis("Events of the industry reach new buyers.");
  return commitment;
}

// ---- signals

TEST_F(GrowthHandlerTest, TellsTheLastCompleteQuarterByDefault) {
  const v1::SignalReport report = Signals();
  EXPECT_THAT(report.period(), test::EqualsProto(Quarter(2026, 2)));
  EXPECT_THAT(report.signals(), SizeIs(5));
  EXPECT_THAT(report.false_signals(), SizeIs(3));
  EXPECT_EQ(Of(report, v1::SIGNAL_KIND_NEW_QUALIFIED_OPPORTUNITIES).status(), v1::SIGNAL_STATUS_OK);
  EXPECT_EQ(Of(report, v1::SIGNAL_KIND_NET_NEW_CUSTOMERS).status(), v1::SIGNAL_STATUS_OK);
  EXPECT_EQ(report.provenance().rules_version(), "growth-signals/1");
  EXPECT_THAT(report.provenance().input_sha256(), SizeIs(64));
  EXPECT_EQ(report.provenance().as_of().seconds(), absl::ToUnixSeconds(test::At("2026-07-15")));
}

// D8 through the whole service: 7 of 10 at quota, 8 of 10 at 80 %.
TEST_F(GrowthHandlerTest, D8MeetsBothQuotaGates) {
  const v1::SignalReport report = Signals();
  const v1::Signal& quota = Of(report, v1::SIGNAL_KIND_QUOTA);
  EXPECT_EQ(quota.status(), v1::SIGNAL_STATUS_OK);
  ASSERT_THAT(quota.gates(), SizeIs(2));
  EXPECT_EQ(quota.gates(0).status(), v1::SIGNAL_STATUS_OK);
  EXPECT_EQ(quota.gates(1).status(), v1::SIGNAL_STATUS_OK);
  EXPECT_THAT(report.seller_attainments(), SizeIs(10));
  EXPECT_EQ(report.seller_attainments(7).attainment_bps(), 8'000);
}

// D17 through the whole service.
TEST_F(GrowthHandlerTest, D17LeavesOutAnExpansionWithACoupon) {
  v1::GetRevenueMovementsRequest request;
  request.set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.set_period_count(3);
  v1::GetRevenueMovementsResponse response;
  rpc::Call call = test::MakeCall("2026-07-15");
  ASSERT_THAT(handler_.GetRevenueMovements(call, request, &response), IsOk());
  ASSERT_THAT(response.movements(), SizeIs(3));
  const v1::RevenueMovements& q2 = response.movements(2);
  EXPECT_EQ(q2.opening_mrr().units(), 500);
  EXPECT_EQ(q2.new_mrr().units(), 1'500);
  EXPECT_EQ(q2.expansion_mrr().units(), 20);
  EXPECT_EQ(q2.incentive_expansion_mrr().units(), 20);
  EXPECT_EQ(q2.closing_mrr().units(), 2'020);
  EXPECT_EQ(q2.closing_customer_count(), 20);
  EXPECT_EQ(q2.net_retention_bps(), 10'400);
  EXPECT_EQ(q2.gross_retention_bps(), 10'000);
}

// Nothing after as_of is seen: planted values of the future change no byte.
TEST_F(GrowthHandlerTest, DoesNotSeeTheFuture) {
  v1::GetSignalsRequest request;
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-07-15");
  const v1::SignalReport before = Signals(request);
  fake_.Put(test::Movement("future", "a50", "2026-07-16", 9'999));
  fake_.Put(test::Opportunity("future", "a51").Stage("2026-07-15T00:00:01Z", "open"));
  fake_.Put(test::Opportunity("o50", "a50")
                .Stage("2026-05-11", "open")
                .Stage("2026-07-16", "lost")
                .Amount("2026-07-16", 5));
  fake_.Put(test::Seller("t0").Set([](auto& seller) {
    *seller.mutable_hire_date() = test::Date("2026-07-16");
    auto* quota = seller.add_quotas();
    *quota->mutable_start_date() = test::Date("2026-07-01");
    *quota->mutable_end_date() = test::Date("2026-10-01");
    *quota->mutable_amount() = test::MoneyOf(1);
  }));
  crm::v1::Headcount headcount;
  headcount.set_id("future");
  *headcount.mutable_effective_date() = test::Date("2026-07-16");
  headcount.set_employee_count(9'999);
  fake_.Put(test::Wrap(headcount));
  crm::v1::LeadCount leads;
  leads.set_id("future");
  *leads.mutable_start_date() = test::Date("2026-06-01");
  *leads.mutable_end_date() = test::Date("2026-08-01");
  leads.set_mql_count(9'999);
  fake_.Put(test::Wrap(leads));
  v1::SignalReport after = Signals(request);
  EXPECT_EQ(after.provenance().input_sha256(), before.provenance().input_sha256());
  after.mutable_provenance()->set_revision(before.provenance().revision());
  EXPECT_THAT(after, test::EqualsProto(before));
  // And it was in the future of something: later it is seen.
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-08-02");
  *request.mutable_period() = Quarter(2026, 2);
  EXPECT_NE(Of(Signals(request), v1::SIGNAL_KIND_FALSE_MQL).figures(0).count(),
            Of(before, v1::SIGNAL_KIND_FALSE_MQL).figures(0).count());
}

TEST_F(GrowthHandlerTest, GivesTheSameBytesForTheSameQuestion) {
  EXPECT_EQ(Signals().SerializeAsString(), Signals().SerializeAsString());
}

TEST_F(GrowthHandlerTest, NamesTheFieldOfABadPeriod) {
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::GetSignalsResponse response;
  v1::GetSignalsRequest request;
  *request.mutable_period() = Quarter(2026, 3);
  EXPECT_THAT(handler_.GetSignals(call, request, &response), FailsOn("period"));
  *request.mutable_period() = Quarter(2026, 5);
  EXPECT_THAT(handler_.GetSignals(call, request, &response), FailsOn("period.index"));
  *request.mutable_period() = Quarter(26, 1);
  EXPECT_THAT(handler_.GetSignals(call, request, &response), FailsOn("period.fiscal_year"));
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_YEAR);
  EXPECT_THAT(handler_.GetSignals(call, request, &response), FailsOn("period.unit"));
}

TEST_F(GrowthHandlerTest, SaysThatAnExchangeRateIsMissing) {
  fake_.Put(test::Movement("eur", "a1", "2026-05-01", 100, "EUR"));
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::GetSignalsResponse response;
  EXPECT_THAT(handler_.GetSignals(call, {}, &response), FailsWith(Reason::EXCHANGE_RATE_MISSING));
}

TEST_F(GrowthHandlerTest, AnswersOnAnEmptyTenant) {
  test::FakeRecords empty("growth");
  GrowthHandler handler(empty);
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::GetSignalsResponse response;
  ASSERT_THAT(handler.GetSignals(call, {}, &response), IsOk());
  for (const auto& signal : response.report().signals()) {
    EXPECT_EQ(signal.status(), v1::SIGNAL_STATUS_UNKNOWN) << signal.kind();
    EXPECT_FALSE(signal.what_would_change().empty());
  }
}

TEST_F(GrowthHandlerTest, DrawsAMonthlySeries) {
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::ListSignalSeriesRequest request;
  request.set_month_count(3);
  v1::ListSignalSeriesResponse response;
  ASSERT_THAT(handler_.ListSignalSeries(call, request, &response), IsOk());
  ASSERT_THAT(response.months(), SizeIs(3));
  EXPECT_EQ(response.months(2).period().index(), 6);
  EXPECT_THAT(response.months(0).points(), SizeIs(8));
  request.set_month_count(37);
  EXPECT_THAT(handler_.ListSignalSeries(call, request, &response), FailsOn("month_count"));
  request.set_month_count(0);
  *request.mutable_end_period() = Quarter(2026, 1);
  EXPECT_THAT(handler_.ListSignalSeries(call, request, &response), FailsOn("end_period.unit"));
}

TEST_F(GrowthHandlerTest, RefusesBadRevenueQuestions) {
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::GetRevenueMovementsResponse response;
  v1::GetRevenueMovementsRequest request;
  request.set_period_count(-1);
  EXPECT_THAT(handler_.GetRevenueMovements(call, request, &response), FailsOn("period_count"));
  request.set_period_count(1);
  request.set_unit(type::v1::FiscalPeriod::UNIT_MONTH);
  *request.mutable_end_period() = Quarter(2026, 1);
  EXPECT_THAT(handler_.GetRevenueMovements(call, request, &response), FailsOn("end_period.unit"));
}

// ---- verdicts

TEST_F(GrowthHandlerTest, RecordsAVerdictAsTold) {
  v1::CommitSignalVerdictRequest request;
  request.set_request_id(kUuid1);
  request.set_note("Good quarter.");
  v1::SignalVerdict verdict;
  ASSERT_THAT(CommitVerdict(request, &verdict), IsOk());
  EXPECT_EQ(verdict.id(), "FY2026-Q2");
  EXPECT_FALSE(verdict.etag().empty());
  EXPECT_FALSE(verdict.teller().empty());
  rpc::Call call = test::MakeCall("2026-07-16");
  v1::GetSignalVerdictRequest get;
  get.set_id("FY2026-Q2");
  v1::SignalVerdict read;
  ASSERT_THAT(handler_.GetSignalVerdict(call, get, &read), IsOk());
  EXPECT_THAT(read, test::EqualsProto(verdict));
}

TEST_F(GrowthHandlerTest, RepeatsAVerdictForTheSameRequestOnly) {
  v1::CommitSignalVerdictRequest request;
  request.set_request_id(kUuid1);
  v1::SignalVerdict first, again;
  ASSERT_THAT(CommitVerdict(request, &first), IsOk());
  // A retry a minute later computes from other records, and still gets what was told.
  fake_.Put(test::Opportunity("late", "a9").Stage("2026-06-01", "open"));
  ASSERT_THAT(CommitVerdict(request, &again, "2026-07-15T00:01:00Z"), IsOk());
  EXPECT_THAT(again, test::EqualsProto(first));
  EXPECT_THAT(fake_.commits(), SizeIs(1));
  request.set_note("something else");
  EXPECT_THAT(CommitVerdict(request, &again), FailsWith(Reason::REQUEST_ID_REUSED));
  request.set_request_id(kUuid2);
  EXPECT_THAT(CommitVerdict(request, &again), FailsWith(Reason::RECORD_EXISTS));
  request.set_id("FY2026-Q2-corrected");
  EXPECT_THAT(CommitVerdict(request, &again), IsOk());
}

TEST_F(GrowthHandlerTest, ChecksAVerdictWithoutRecordingIt) {
  v1::CommitSignalVerdictRequest request;
  request.set_validate_only(true);
  request.set_request_id("no uuid");
  v1::SignalVerdict verdict;
  EXPECT_THAT(CommitVerdict(request, &verdict), FailsOn("request_id"));
  request.set_request_id(kUuid1);
  request.set_id("a\nb");
  EXPECT_THAT(CommitVerdict(request, &verdict), FailsOn("id"));
  request.clear_id();
  ASSERT_THAT(CommitVerdict(request, &verdict), IsOk());
  EXPECT_THAT(verdict.report().signals(), SizeIs(5));
  EXPECT_THAT(fake_.commits(), SizeIs(0));
}

TEST_F(GrowthHandlerTest, ListsVerdictsPageByPage) {
  v1::CommitSignalVerdictRequest request;
  v1::SignalVerdict verdict;
  for (const auto& [uuid, quarter] : {std::pair{kUuid1, 1}, {kUuid2, 2}}) {
    request.set_request_id(uuid);
    *request.mutable_period() = Quarter(2026, quarter);
    ASSERT_THAT(CommitVerdict(request, &verdict), IsOk());
  }
  rpc::Call call = test::MakeCall("2026-07-16");
  v1::ListSignalVerdictsRequest list;
  list.set_page_size(1);
  v1::ListSignalVerdictsResponse page;
  ASSERT_THAT(handler_.ListSignalVerdicts(call, list, &page), IsOk());
  ASSERT_THAT(page.signal_verdicts(), SizeIs(1));
  EXPECT_EQ(page.signal_verdicts(0).id(), "FY2026-Q1");
  list.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_THAT(handler_.ListSignalVerdicts(call, list, &page), IsOk());
  ASSERT_THAT(page.signal_verdicts(), SizeIs(1));
  EXPECT_EQ(page.signal_verdicts(0).id(), "FY2026-Q2");
  EXPECT_EQ(page.next_page_token(), "");
  list.set_page_token("rubbish");
  EXPECT_THAT(handler_.ListSignalVerdicts(call, list, &page),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
  list.Clear();
  list.set_page_size(-1);
  EXPECT_THAT(handler_.ListSignalVerdicts(call, list, &page), FailsOn("page_size"));
  // What was told after as_of is left out.
  list.Clear();
  page.Clear();
  *list.mutable_point()->mutable_as_of() = test::Stamp("2026-07-14");
  ASSERT_THAT(handler_.ListSignalVerdicts(call, list, &page), IsOk());
  EXPECT_THAT(page.signal_verdicts(), SizeIs(0));
}

TEST_F(GrowthHandlerTest, DoesNotFindWhatIsNotThere) {
  rpc::Call call = test::MakeCall("2026-07-16");
  v1::GetSignalVerdictRequest get;
  v1::SignalVerdict verdict;
  EXPECT_THAT(handler_.GetSignalVerdict(call, get, &verdict), FailsOn("id"));
  get.set_id("none");
  EXPECT_THAT(handler_.GetSignalVerdict(call, get, &verdict), FailsWith(Reason::RECORD_NOT_FOUND));
  v1::GetCommitmentRequest get_commitment;
  v1::Commitment commitment;
  EXPECT_THAT(handler_.GetCommitment(call, get_commitment, &commitment), FailsOn("id"));
  get_commitment.set_id("none");
  EXPECT_THAT(handler_.GetCommitment(call, get_commitment, &commitment),
              FailsWith(Reason::RECORD_NOT_FOUND));
  v1::EvaluateCommitmentRequest evaluate;
  v1::EvaluateCommitmentResponse reading;
  EXPECT_THAT(handler_.EvaluateCommitment(call, evaluate, &reading), FailsOn("id"));
  evaluate.set_id("none");
  EXPECT_THAT(handler_.EvaluateCommitment(call, evaluate, &reading),
              FailsWith(Reason::RECORD_NOT_FOUND));
}

// ---- commitments

// D12 through the whole service: both readings of 60 of 100.
TEST_F(GrowthHandlerTest, D12ReadsACommitmentBothWays) {
  v1::Commitment stored;
  ASSERT_THAT(Create(Hundred(), kUuid1, &stored), IsOk());
  v1::Commitment change;
  change.set_id("c1");
  change.set_etag(stored.etag());
  change.set_result_count(60);
  *change.mutable_result_date() = test::Date("2026-04-02");
  change.set_next_target_count(120);
  ASSERT_THAT(Update(change, kUuid2, &stored), IsOk());
  EXPECT_EQ(stored.target_count(), 100);  // what is not set stays

  v1::EvaluateCommitmentRequest request;
  request.set_id("c1");
  const auto read = [&](std::string_view now) {
    rpc::Call call = test::MakeCall(now);
    v1::EvaluateCommitmentResponse response;
    EXPECT_THAT(handler_.EvaluateCommitment(call, request, &response), IsOk());
    return response;
  };
  const v1::EvaluateCommitmentResponse without = read("2026-05-01");
  EXPECT_EQ(without.outcome(), v1::EvaluateCommitmentResponse::OUTCOME_MISSED);
  EXPECT_EQ(without.attainment_bps(), 6'000);
  EXPECT_EQ(without.actual_unit_cost().units(), 1'666);
  EXPECT_EQ(without.actual_unit_cost().nanos(), 666'667'000);
  EXPECT_EQ(without.next_target_cost().units(), 200'000);
  EXPECT_EQ(without.color(), v1::EvaluateCommitmentResponse::COLOR_RED);
  EXPECT_THAT(without.explanation(), HasSubstr("1,667 USD each, planned 1,000 USD"));
  EXPECT_EQ(read("2026-04-01").outcome(), v1::EvaluateCommitmentResponse::OUTCOME_OVERDUE);

  change.Clear();
  change.set_id("c1");
  change.set_etag(stored.etag());
  change.add_evidence("400 talks, 60 of them with a buyer");
  change.set_learning("Events reach users, not buyers.");
  ASSERT_THAT(Update(change, kUuid3, &stored), IsOk());
  EXPECT_EQ(read("2026-05-01").color(), v1::EvaluateCommitmentResponse::COLOR_YELLOW);
  EXPECT_TRUE(read("2026-05-01").learned());
}

TEST_F(GrowthHandlerTest, RepeatsACreationForTheSameRequestOnly) {
  v1::Commitment first, again;
  ASSERT_THAT(Create(Hundred(), kUuid1, &first), IsOk());
  ASSERT_THAT(Create(Hundred(), kUuid1, &again), IsOk());
  EXPECT_THAT(again, test::EqualsProto(first));
  EXPECT_THAT(Create(Hundred(), kUuid2, &again), FailsWith(Reason::RECORD_EXISTS));
  v1::Commitment other = Hundred();
  other.set_target_count(5);
  EXPECT_THAT(Create(other, kUuid1, &again), FailsWith(Reason::REQUEST_ID_REUSED));
  other.clear_id();
  ASSERT_THAT(Create(other, kUuid3, &again), IsOk());
  EXPECT_EQ(again.id(), kUuid3);
}

TEST_F(GrowthHandlerTest, NamesEveryBadFieldOfACommitment) {
  v1::Commitment bad;
  bad.set_result_count(1);
  *bad.mutable_budget() = test::MoneyOf(-1);
  *bad.mutable_start_date() = test::Date("2026-02-01");
  *bad.mutable_end_date() = test::Date("2026-02-01");
  v1::Commitment out;
  const Status status = Create(bad, "x", &out);
  for (const char* field : {"request_id", "commitment.display_name", "commitment.owner",
                            "commitment.metric", "commitment.target_count", "commitment.end_date",
                            "commitment.result_date", "commitment.budget"}) {
    EXPECT_THAT(status, FailsOn(std::string(field)));
  }
}

TEST_F(GrowthHandlerTest, DoesNotLoseAnUpdateOfAnother) {
  v1::Commitment first, second;
  ASSERT_THAT(Create(Hundred(), kUuid1, &first), IsOk());
  v1::Commitment change;
  change.set_id("c1");
  change.set_learning("one");
  EXPECT_THAT(Update(change, kUuid2, &second), FailsOn("commitment.etag"));
  change.set_etag(first.etag());
  ASSERT_THAT(Update(change, kUuid2, &second), IsOk());
  v1::Commitment replay;
  ASSERT_THAT(Update(change, kUuid2, &replay), IsOk());  // the answer was lost on the way
  EXPECT_THAT(replay, test::EqualsProto(second));
  change.set_learning("two");
  EXPECT_THAT(Update(change, kUuid3, &second), FailsWith(Reason::ETAG_MISMATCH));
}

TEST_F(GrowthHandlerTest, DoesNotMoveGoalPostsOnceThereIsAResult) {
  v1::Commitment stored;
  v1::Commitment commitment = Hundred();
  commitment.set_result_count(60);
  *commitment.mutable_result_date() = test::Date("2026-04-02");
  ASSERT_THAT(Create(commitment, kUuid1, &stored), IsOk());
  v1::Commitment change = stored;
  change.set_target_count(60);
  v1::Commitment out;
  EXPECT_THAT(Update(change, kUuid2, &out, {"target_count"}), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Update(change, kUuid2, &out, {"*"}), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Update(change, kUuid2, &out, {"target"}), FailsOn("update_mask"));
  // A mask names what is cleared, too.
  change = stored;
  change.clear_hypothesis();
  EXPECT_THAT(Update(change, kUuid2, &out, {"hypothesis"}), FailsWith(Reason::WRONG_STATE));
  change = stored;
  change.set_recommendation("Fewer events.");
  ASSERT_THAT(Update(change, kUuid2, &out, {"recommendation"}), IsOk());
  EXPECT_EQ(out.recommendation(), "Fewer events.");
}

TEST_F(GrowthHandlerTest, ListsCommitmentsOfAnOwner) {
  v1::Commitment out;
  ASSERT_THAT(Create(Hundred(), kUuid1, &out), IsOk());
  v1::Commitment other = Hundred();
  other.set_id("c2");
  other.set_owner("events");
  ASSERT_THAT(Create(other, kUuid2, &out), IsOk());
  other.set_id("c3");
  ASSERT_THAT(Create(other, kUuid3, &out), IsOk());
  rpc::Call call = test::MakeCall("2026-07-16");
  v1::ListCommitmentsRequest request;
  request.set_owner("events");
  request.set_page_size(1);
  v1::ListCommitmentsResponse page;
  ASSERT_THAT(handler_.ListCommitments(call, request, &page), IsOk());
  ASSERT_THAT(page.commitments(), SizeIs(1));
  EXPECT_EQ(page.commitments(0).id(), "c2");
  request.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_THAT(handler_.ListCommitments(call, request, &page), IsOk());
  ASSERT_THAT(page.commitments(), SizeIs(1));
  EXPECT_EQ(page.commitments(0).id(), "c3");
  request.set_owner("demand generation");  // another question with the old token
  EXPECT_THAT(handler_.ListCommitments(call, request, &page),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
}

TEST_F(GrowthHandlerTest, PassesOnThatRecordsAreAway) {
  fake_.set_unavailable(true);
  rpc::Call call = test::MakeCall("2026-07-15");
  v1::GetSignalsResponse response;
  EXPECT_THAT(handler_.GetSignals(call, {}, &response), FailsWith(Reason::RECORDS_UNAVAILABLE));
  v1::SignalVerdict verdict;
  v1::CommitSignalVerdictRequest request;
  request.set_request_id(kUuid1);
  EXPECT_THAT(CommitVerdict(request, &verdict), FailsWith(Reason::RECORDS_UNAVAILABLE));
  v1::Commitment out;
  EXPECT_THAT(Create(Hundred(), kUuid1, &out), FailsWith(Reason::RECORDS_UNAVAILABLE));
}

TEST(GrowthMethods, HaveARowForEveryMethodOfTheService) {
  const auto* service = v1::GetSignalsRequest::descriptor()->file()->service(0);
  ASSERT_EQ(GrowthMethods().size(), static_cast<size_t>(service->method_count()));
  for (int i = 0; i < service->method_count(); ++i) {
    EXPECT_EQ(GrowthMethods()[i].method, service->full_name() + "/" + service->method(i)->name());
  }
}

}  // namespace
}  // namespace gtm::growth::handler
