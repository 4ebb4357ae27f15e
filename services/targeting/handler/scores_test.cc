#include "common/rpc/method_rule.h"
#include "gtm/targeting/v1/service.pb.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/targeting_service.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using v1::Handover;

class ScoresTest : public TargetingHandlerTest {
 protected:
  v1::ScoreAccountResponse Score(const std::string& id, std::string_view time,
                                 const std::string& definition_id = "") {
    rpc::Call call = At(time);
    v1::ScoreAccountRequest request;
    request.set_account_id(id);
    request.set_definition_id(definition_id);
    v1::ScoreAccountResponse response;
    EXPECT_THAT(handler_.ScoreAccount(call, request, &response), IsOk());
    return response;
  }
};

TEST_F(ScoresTest, NeedsADefinitionAndAnAccount) {
  PutAccount("acme", 2822, "software");
  rpc::Call call = At("2026-02-01");
  v1::ScoreAccountRequest request;
  v1::ScoreAccountResponse response;
  EXPECT_THAT(handler_.ScoreAccount(call, request, &response), FailsOn("account_id"));
  request.set_account_id("acme");
  EXPECT_THAT(handler_.ScoreAccount(call, request, &response),
              FailsWith(Reason::NO_ACTIVE_DEFINITION));
  Activate("d1", "2026-01-14");
  request.set_account_id("nobody");
  EXPECT_THAT(handler_.ScoreAccount(call, request, &response), FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_definition_id("d9");
  EXPECT_THAT(handler_.ScoreAccount(call, request, &response), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(ScoresTest, ExplainsAScoreAndSaysWhatItRestsOn) {  // C03, TG-24
  PutAccount("acme", 2822, "Software");
  records_.Put(test::Engagement("e1", "acme", "2026-02-01"));
  Activate("d1", "2026-01-14");
  const v1::ScoreAccountResponse out = Score("acme", "2026-02-01");
  EXPECT_EQ(out.score().fit().micropoints(), 100'000'000);
  EXPECT_EQ(out.score().priority().micropoints(), 100'000'000);
  ASSERT_THAT(out.score().fit().parts(), SizeIs(2));
  EXPECT_EQ(out.score().fit().parts(0).observed(), "2822");
  EXPECT_EQ(out.score().verdict(), v1::TARGET_VERDICT_TARGET);
  EXPECT_TRUE(out.score().prospect());
  EXPECT_EQ(out.definition().definition_id(), "d1");
  EXPECT_EQ(out.definition().version_number(), 1);
  EXPECT_FALSE(out.definition().review_overdue());
  EXPECT_EQ(out.provenance().rules_version(), "target_definition d1 version 1");
  EXPECT_EQ(out.provenance().revision(), records_.View().revision());
  EXPECT_EQ(out.provenance().input_sha256().size(), 64u);
  EXPECT_TRUE(Score("acme", "2026-06-01").definition().review_overdue());
}

TEST_F(ScoresTest, HashesExactlyWhatTheScoreIsComputedFrom) {
  PutAccount("acme", 2822, "software");
  Activate("d1", "2026-01-14");
  const std::string hash = Score("acme", "2026-02-01").provenance().input_sha256();
  PutAccount("other", 5, "retail");
  EXPECT_EQ(Score("acme", "2026-02-01").provenance().input_sha256(), hash);
  PutAccount("acme", 2823, "software");
  EXPECT_NE(Score("acme", "2026-02-01").provenance().input_sha256(), hash);
  PutAccount("acme", 2822, "software");
  EXPECT_EQ(Score("acme", "2026-02-01").provenance().input_sha256(), hash);
  EXPECT_NE(Score("acme", "2026-02-02").provenance().input_sha256(), hash);
}

// Version N stays reproducible after version N + 1 came into force.
TEST_F(ScoresTest, GivesThePastUnderTheDefinitionOfThePast) {
  PutAccount("acme", 2822, "software");
  Activate("d1", "2026-01-14");
  const v1::ScoreAccountResponse then = Score("acme", "2026-02-01");
  v1::TargetDefinition stricter = MakeDefinition("d2", "Only larger companies.");
  stricter.mutable_account_criteria(0)->mutable_bands()->mutable_bands(0)->set_min(5'000);
  ASSERT_THAT(Create(stricter, "2026-04-20"), IsOk());
  EXPECT_EQ(Score("acme", "2026-04-20", "d2").definition().version_number(), 0) << "a trial";
  ASSERT_THAT(Propose("d2", "2026-04-20"), IsOk());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d2", f, "2026-04-20"), IsOk());
  EXPECT_EQ(Score("acme", "2026-05-01").score().fit().micropoints(), 40'000'000);
  rpc::Call call = At("2026-05-01");
  v1::ScoreAccountRequest request;
  request.set_account_id("acme");
  *request.mutable_point()->mutable_as_of() = test::Stamp("2026-02-01");
  v1::ScoreAccountResponse again;
  ASSERT_THAT(handler_.ScoreAccount(call, request, &again), IsOk());
  EXPECT_THAT(again.score(), test::EqualsProto(then.score()));
  EXPECT_EQ(again.provenance().input_sha256(), then.provenance().input_sha256());
}

TEST_F(ScoresTest, ScoresABatchInItsOrder) {
  PutAccount("a", 2000, "software");
  PutAccount("b", 10, "retail");
  Activate("d1", "2026-01-14");
  rpc::Call call = At("2026-02-01");
  v1::BatchScoreAccountsRequest request;
  v1::BatchScoreAccountsResponse response;
  EXPECT_THAT(handler_.BatchScoreAccounts(call, request, &response), FailsOn("account_ids"));
  for (const char* id : {"b", "ghost", "a"}) request.add_account_ids(id);
  ASSERT_THAT(handler_.BatchScoreAccounts(call, request, &response), IsOk());
  ASSERT_THAT(response.scores(), SizeIs(2));
  EXPECT_EQ(response.scores(0).account_id(), "b");
  EXPECT_THAT(response.missing_account_ids(), ElementsAre("ghost"));
  EXPECT_THAT(response.scores(1).fit().parts(), IsEmpty());
  request.set_detail(v1::SCORE_DETAIL_PARTS);
  response.Clear();
  ASSERT_THAT(handler_.BatchScoreAccounts(call, request, &response), IsOk());
  EXPECT_THAT(response.scores(1), test::EqualsProto(Score("a", "2026-02-01").score()));
  request.add_account_ids("a");
  EXPECT_THAT(handler_.BatchScoreAccounts(call, request, &response), FailsOn("account_ids[3]"));
}

TEST_F(ScoresTest, ListsTargetsInPages) {
  for (int i = 0; i < 25; ++i) {
    PutAccount("t" + std::to_string(i), 2000 + i, i % 3 == 0 ? "retail" : "software");
  }
  PutAccount("small", 10, "retail");
  PutAccount("unknown", {}, "software");
  Activate("d1", "2026-01-14");
  rpc::Call call = At("2026-02-01");
  v1::ListTargetsRequest list;
  list.add_verdicts(v1::TARGET_VERDICT_TARGET);
  list.set_page_size(10);
  std::vector<std::string> ids;
  std::vector<int64_t> priorities;
  do {
    v1::ListTargetsResponse page;
    ASSERT_THAT(handler_.ListTargets(call, list, &page), IsOk());
    EXPECT_EQ(page.total_count(), 25);
    ASSERT_THAT(page.verdict_counts(), SizeIs(3));
    EXPECT_EQ(page.verdict_counts(1).account_count(), 1) << "small";
    EXPECT_EQ(page.verdict_counts(2).account_count(), 1) << "unknown";
    for (const auto& target : page.targets()) {
      ids.push_back(target.account_id());
      priorities.push_back(target.priority().micropoints());
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 25u);
  EXPECT_THAT(ids, SizeIs(25));
  EXPECT_TRUE(std::is_sorted(priorities.rbegin(), priorities.rend()));
  list.set_page_token("AAAA");
  v1::ListTargetsResponse page;
  EXPECT_THAT(handler_.ListTargets(call, list, &page), FailsWith(Reason::PAGE_TOKEN_INVALID));
  list.clear_page_token();
  list.add_verdicts(static_cast<v1::TargetVerdict>(9));
  EXPECT_THAT(handler_.ListTargets(call, list, &page), FailsOn("verdicts[1]"));
}

TEST_F(ScoresTest, HoldsLaterPagesAtTheInstantOfTheFirst) {
  PutAccount("a", 2000, "software");
  PutAccount("b", 2000, "software");
  Activate("d1", "2026-01-14");
  rpc::Call first = At("2026-02-01");
  v1::ListTargetsRequest list;
  list.set_page_size(1);
  v1::ListTargetsResponse page;
  ASSERT_THAT(handler_.ListTargets(first, list, &page), IsOk());
  list.set_page_token(page.next_page_token());
  rpc::Call later = At("2026-06-01");
  v1::ListTargetsResponse second;
  ASSERT_THAT(handler_.ListTargets(later, list, &second), IsOk());
  EXPECT_THAT(second.provenance().as_of(), test::EqualsProto(test::Stamp("2026-02-01")));
  *list.mutable_point()->mutable_as_of() = page.provenance().as_of();
  ASSERT_THAT(handler_.ListTargets(later, list, &second), IsOk()) << "the same, said";
  *list.mutable_point()->mutable_as_of() = test::Stamp("2026-06-01");
  EXPECT_THAT(handler_.ListTargets(later, list, &second), FailsWith(Reason::PAGE_TOKEN_INVALID));
  *list.mutable_point()->mutable_recorded_as_of() = test::Stamp("2026-06-01");
  EXPECT_THAT(handler_.ListTargets(later, list, &second), FailsWith(Reason::PAGE_TOKEN_INVALID));
}

TEST_F(ScoresTest, ScoresPeople) {
  records_.Put(test::Contact("c1", "acme").Set([](auto& c) { c.set_job_function("Finance"); }));
  Activate("d1", "2026-01-14");
  rpc::Call call = At("2026-02-01");
  v1::ScoreContactRequest request;
  v1::ScoreContactResponse response;
  request.set_contact_id("c9");
  EXPECT_THAT(handler_.ScoreContact(call, request, &response), FailsWith(Reason::RECORD_NOT_FOUND));
  request.set_contact_id("c1");
  ASSERT_THAT(handler_.ScoreContact(call, request, &response), IsOk());
  EXPECT_EQ(response.score().weighted_micropoints(), 100'000'000);
}

// TG-06, TG-10: who of an account to speak to.
TEST_F(ScoresTest, RanksPeopleOfAnAccountPageByPage) {
  const auto put = [&](const char* id, const char* account, const char* function) {
    records_.Put(test::Contact(id, account).Set([&](auto& c) { c.set_job_function(function); }));
  };
  records_.Put(test::Account("acme"));
  records_.Put(test::Account("other"));
  put("c1", "acme", "Sales");
  put("c2", "acme", "Finance");
  put("c3", "acme", "Finance");
  put("x1", "other", "Finance");
  Activate("d1", "2026-01-14");
  rpc::Call call = At("2026-02-01");
  v1::ListTargetPeopleRequest request;
  request.set_account_id("acme");
  request.set_page_size(2);
  v1::ListTargetPeopleResponse first, second;
  ASSERT_THAT(handler_.ListTargetPeople(call, request, &first), IsOk());
  EXPECT_EQ(first.total_count(), 3);
  ASSERT_THAT(first.people(), SizeIs(2));
  EXPECT_EQ(first.people(0).contact_id(), "c2");
  EXPECT_EQ(first.people(1).contact_id(), "c3") << "ties by id";
  EXPECT_THAT(first.people(0).fit().parts(), SizeIs(0));
  request.set_page_token(first.next_page_token());
  request.set_detail(v1::SCORE_DETAIL_PARTS);
  EXPECT_THAT(handler_.ListTargetPeople(call, request, &second),
              FailsWith(Reason::PAGE_TOKEN_INVALID))
      << "another question";
  request.set_detail(v1::SCORE_DETAIL_UNSPECIFIED);
  ASSERT_THAT(handler_.ListTargetPeople(call, request, &second), IsOk());
  ASSERT_THAT(second.people(), SizeIs(1));
  EXPECT_EQ(second.people(0).contact_id(), "c1");
  EXPECT_EQ(second.next_page_token(), "");
  v1::ScoreContactRequest one;
  v1::ScoreContactResponse score;
  one.set_contact_id("c1");
  ASSERT_THAT(handler_.ScoreContact(call, one, &score), IsOk());
  EXPECT_EQ(score.score().weighted_micropoints(), second.people(0).weighted_micropoints());
  request = {};
  request.set_min_weighted_micropoints(100'000'000);
  ASSERT_THAT(handler_.ListTargetPeople(call, request, &first), IsOk());
  request.set_min_weighted_micropoints(-1);
  EXPECT_THAT(handler_.ListTargetPeople(call, request, &first),
              FailsOn("min_weighted_micropoints"));
  request = {};
  request.set_account_id("nobody");
  EXPECT_THAT(handler_.ListTargetPeople(call, request, &first),
              FailsWith(Reason::RECORD_NOT_FOUND));
}

// ---- Hand-over

class HandoversTest : public TargetingHandlerTest {
 protected:
  Status Record(const std::string& id, std::string_view handover_time, std::string_view now,
                int request = 0) {
    rpc::Call call = At(now);
    v1::RecordHandoverRequest record;
    record.set_request_id(RequestId(request != 0 ? request : ++next_request_));
    record.mutable_handover()->set_id(id);
    record.mutable_handover()->set_account_id("acme");
    *record.mutable_handover()->mutable_handover_time() = test::Stamp(handover_time);
    recorded_.Clear();
    return handler_.RecordHandover(call, record, &recorded_);
  }
  Status Decide(const std::string& id, Handover::State state, std::string_view now,
                int request = 0) {
    rpc::Call call = At(now);
    v1::DecideHandoverRequest decide;
    decide.set_request_id(RequestId(request != 0 ? request : ++next_request_));
    decide.set_handover_id(id);
    decide.set_state(state);
    if (state == Handover::STATE_REJECTED || state == Handover::STATE_DISQUALIFIED) {
      decide.set_reason("no budget");
    }
    return handler_.DecideHandover(call, decide, &decided_);
  }
  v1::GetHandshakeResponse Handshake(std::string_view now) {
    rpc::Call call = At(now);
    v1::GetHandshakeResponse response;
    EXPECT_THAT(handler_.GetHandshake(call, {}, &response), IsOk());
    return response;
  }
  v1::RecordHandoverResponse recorded_;
  v1::DecideHandoverResponse decided_;
};

TEST_F(HandoversTest, KeepsTheScoreUnderTheDefinitionOfThatTime) {  // TG-24
  PutAccount("acme", 2822, "software");
  ASSERT_THAT(Record("h0", "2026-01-01", "2026-02-01"), IsOk());
  EXPECT_EQ(recorded_.handover().definition_id(), "") << "none was in force";
  EXPECT_FALSE(recorded_.handover().has_fit_micropoints());
  Activate("d1", "2026-01-14");
  ASSERT_THAT(Record("h1", "2026-01-20", "2026-02-01"), IsOk());
  EXPECT_EQ(recorded_.handover().definition_id(), "d1");
  EXPECT_EQ(recorded_.handover().fit_micropoints(), 100'000'000);
  EXPECT_EQ(recorded_.handover().state(), Handover::STATE_PENDING);
  EXPECT_THAT(Record("h2", "2026-02-02", "2026-02-01"), FailsOn("handover.handover_time"));
}

TEST_F(HandoversTest, ActsOnceOnARepeatedRequest) {
  ASSERT_THAT(Record("h1", "2026-01-20", "2026-02-01", 1), IsOk());
  ASSERT_THAT(Record("h1", "2026-01-20", "2026-02-01T00:00:09Z", 1), IsOk());
  EXPECT_THAT(Record("h1", "2026-01-21", "2026-02-01", 1), FailsWith(Reason::REQUEST_ID_REUSED));
  EXPECT_THAT(Record("h1", "2026-01-20", "2026-02-01", 2), FailsWith(Reason::RECORD_EXISTS));
  ASSERT_THAT(Decide("h1", Handover::STATE_ACCEPTED, "2026-02-02", 3), IsOk());
  ASSERT_THAT(Decide("h1", Handover::STATE_ACCEPTED, "2026-02-03", 3), IsOk());
  EXPECT_THAT(decided_.handover().decisions(), SizeIs(1));
  EXPECT_THAT(Decide("h1", Handover::STATE_REJECTED, "2026-02-03"), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Decide("h9", Handover::STATE_ACCEPTED, "2026-02-03"),
              FailsWith(Reason::RECORD_NOT_FOUND));
  ASSERT_THAT(Decide("h1", Handover::STATE_QUALIFIED, "2026-02-04"), IsOk());
  EXPECT_THAT(records_.commits(), SizeIs(3));
}

// D2 through the service: 69 of 100 accepted in one quarter, 70 of 100 in the next.
TEST_F(HandoversTest, D2JudgesTheQuarterByTheGate) {
  const auto decide = [&](const std::string& id, const char* month, bool accepted) {
    ASSERT_THAT(Record(id, std::string(month) + "-02", std::string(month) + "-03"), IsOk());
    ASSERT_THAT(Decide(id, accepted ? Handover::STATE_ACCEPTED : Handover::STATE_REJECTED,
                       std::string(month) + "-04"),
                IsOk());
  };
  for (int i = 0; i < 100; ++i) {
    decide(fmt::format("h{:03}", i), "2026-04", i < 69);
    if (i == 9) {
      EXPECT_EQ(Handshake("2026-04-05").status(), v1::HANDSHAKE_STATUS_HEALTHY) << "10 of 10";
    }
  }
  const v1::GetHandshakeResponse below = Handshake("2026-06-30");
  EXPECT_EQ(below.status(), v1::HANDSHAKE_STATUS_BELOW);
  EXPECT_DOUBLE_EQ(below.acceptance().value(), 0.69);
  EXPECT_TRUE(below.verdict_could_turn());
  EXPECT_EQ(below.days().start_date().month(), 4);
  ASSERT_THAT(below.rejection_reasons(), SizeIs(1));
  EXPECT_EQ(below.rejection_reasons(0).handover_count(), 31);
  EXPECT_EQ(Handshake("2026-07-01").status(), v1::HANDSHAKE_STATUS_NO_DATA) << "next quarter";
  for (int i = 0; i < 100; ++i) decide(fmt::format("i{:03}", i), "2026-07", i < 70);
  const v1::GetHandshakeResponse at_gate = Handshake("2026-09-30");
  EXPECT_EQ(at_gate.status(), v1::HANDSHAKE_STATUS_HEALTHY);
  EXPECT_DOUBLE_EQ(at_gate.acceptance().value(), 0.70);
  EXPECT_TRUE(at_gate.verdict_could_turn());
}

TEST_F(HandoversTest, RefusesSpansThatAreNone) {
  rpc::Call call = At("2026-06-30");
  v1::GetHandshakeRequest request;
  v1::GetHandshakeResponse response;
  request.mutable_period()->set_unit(type::v1::FiscalPeriod::UNIT_QUARTER);
  request.mutable_period()->set_index(5);
  EXPECT_THAT(handler_.GetHandshake(call, request, &response), FailsOn("period.index"));
  *request.mutable_days()->mutable_start_date() = test::Date("2026-03-01");
  EXPECT_THAT(handler_.GetHandshake(call, request, &response), FailsOn("days.end_date"));
  *request.mutable_days()->mutable_end_date() = test::Date("2026-03-01");
  EXPECT_THAT(handler_.GetHandshake(call, request, &response), FailsOn("days.end_date"));
}

// ---- Plans

class PlansTest : public TargetingHandlerTest {
 protected:
  static v1::CheckFunnelPlanRequest D1() {
    v1::CheckFunnelPlanRequest request;
    for (const auto& [name, count] :
         {std::pair("visitors", 265'000), std::pair("SQL", 26'000), std::pair("SAL", 2'600)}) {
      auto* stage = request.add_stages();
      stage->set_display_name(name);
      stage->set_count(count);
    }
    return request;
  }
  Status Check(const v1::CheckFunnelPlanRequest& request) {
    rpc::Call call = At("2026-02-01");
    response_.Clear();
    return handler_.CheckFunnelPlan(call, request, &response_);
  }
  v1::CheckFunnelPlanResponse response_;
};

TEST_F(PlansTest, D1NamesTheFirstLimitThatIsBroken) {
  EXPECT_THAT(Check(D1()), FailsWith(Reason::DATA_MISSING)) << "no market stated anywhere";
  v1::CheckFunnelPlanRequest request = D1();
  request.set_market_people_count(7'500);
  ASSERT_THAT(Check(request), IsOk());
  EXPECT_FALSE(response_.feasible());
  EXPECT_EQ(response_.first_violation().stage(), "visitors");
  EXPECT_NEAR(response_.first_violation().ratio(), 35.3, 0.05);
  EXPECT_EQ(response_.market_group_count_min(), 681);
  EXPECT_EQ(response_.market_group_count_max(), 1'071);
  EXPECT_EQ(response_.counter_plan(2).count(), 73);
}

TEST_F(PlansTest, TakesTheMarketFromTheDefinitionThenFromTheSettings) {
  records_.Put(test::TenantSettings().Set([](auto& s) { s.set_market_people_count(300'000); }));
  ASSERT_THAT(Check(D1()), IsOk());
  EXPECT_TRUE(response_.feasible());
  v1::TargetDefinition definition = MakeDefinition("d1");
  definition.set_market_people_count(7'500);
  ASSERT_THAT(Create(definition, "2026-01-10"), IsOk());
  ASSERT_THAT(Propose("d1", "2026-01-10"), IsOk());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d1", f, "2026-01-10"), IsOk());
  ASSERT_THAT(Check(D1()), IsOk());
  EXPECT_FALSE(response_.feasible());
}

TEST_F(PlansTest, CountsMoneyInOneCurrency) {
  v1::CheckFunnelPlanRequest request = D1();
  request.set_market_people_count(300'000);
  *request.mutable_budget() = test::MoneyOf(1'000);
  *request.mutable_stages(2)->mutable_cost_each() = test::MoneyOf(1);
  ASSERT_THAT(Check(request), IsOk());
  EXPECT_EQ(response_.first_violation().kind(), v1::CheckFunnelPlanResponse::Limit::KIND_MONEY);
  EXPECT_EQ(response_.counter_plan(2).count(), 1'000);
  *request.mutable_stages(2)->mutable_cost_each() = test::MoneyOf(1, "EUR");
  EXPECT_THAT(Check(request), FailsOn("stages[2].cost_each.currency_code"));
}

// ---- The service

TEST(InOurWords, NamesFieldsAsTheCallerWroteThem) {
  const Error error = InOurWords(
      InvalidFields({{"mutations[0].put.target_definition.text", "longer than 20,000 bytes"},
                     {"mutations[1].put.handover.source", "longer than 127 bytes"},
                     {"request_id", "required"}}));
  EXPECT_EQ(error.violations()[0].field, "definition.text");
  EXPECT_EQ(error.violations()[1].field, "handover.source");
  EXPECT_EQ(error.violations()[2].field, "request_id");
  EXPECT_EQ(InOurWords(Error(Reason::STORE_FULL, "full")).reason(), Reason::STORE_FULL);
}

TEST(TargetingMethods, HasARowForEveryMethod) {
  std::set<std::string> rows;
  for (const rpc::MethodRule& rule : TargetingMethods()) rows.emplace(rule.method);
  const auto* service = v1::ScoreAccountRequest::descriptor()->file()->service(0);
  std::set<std::string> methods;
  for (int i = 0; i < service->method_count(); ++i) {
    methods.insert(service->full_name() + "/" + service->method(i)->name());
  }
  EXPECT_EQ(rows, methods);
}

}  // namespace
}  // namespace gtm::targeting::handler
