#include "services/targeting/domain/lifecycle.h"
#include "services/targeting/handler/test_platform.h"

namespace gtm::targeting::handler {
namespace {

using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using v1::TargetDefinition;

class DefinitionsTest : public TargetingHandlerTest {};

TEST_F(DefinitionsTest, GoesFromDraftToInForceWithThreeSignatures) {  // C01
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10"), IsOk());
  EXPECT_EQ(created_.definition().state(), TargetDefinition::STATE_DRAFT);
  EXPECT_THAT(created_.missing_for_proposal(), IsEmpty());
  EXPECT_FALSE(created_.revision().empty());
  ASSERT_THAT(Propose("d1", "2026-01-11"), IsOk());
  ASSERT_THAT(SignOff("d1", 1, "2026-01-12"), IsOk());
  EXPECT_THAT(signed_.waiting_for(), SizeIs(2));
  ASSERT_THAT(SignOff("d1", 2, "2026-01-13"), IsOk());
  EXPECT_EQ(signed_.definition().state(), TargetDefinition::STATE_PROPOSED);
  ASSERT_THAT(SignOff("d1", 3, "2026-01-14"), IsOk());
  EXPECT_EQ(signed_.definition().state(), TargetDefinition::STATE_ACTIVE);
  EXPECT_EQ(signed_.definition().version_number(), 1);
  EXPECT_THAT(signed_.waiting_for(), IsEmpty());
  EXPECT_THAT(Stored("d1"), test::EqualsProto(signed_.definition()));
}

TEST_F(DefinitionsTest, ReplacesTheDefinitionInForceInOneCommit) {
  Activate("d1", "2026-01-14");
  Proposal("d2", "2026-04-20", "Retail is a target too.");
  EXPECT_FALSE(proposed_.early_change());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d2", f, "2026-04-21"), IsOk());
  EXPECT_EQ(Stored("d2").version_number(), 2);
  EXPECT_EQ(Stored("d1").state(), TargetDefinition::STATE_RETIRED);
  EXPECT_EQ(Stored("d1").successor_definition_id(), "d2");
  EXPECT_THAT(records_.commits().back().mutations(), SizeIs(3));
}

TEST_F(DefinitionsTest, FlagsAnEarlyChangeAndAnOverdueReview) {  // TG-03
  Activate("d1", "2026-01-14");
  Proposal("d2", "2026-01-28", "Second thoughts.");
  EXPECT_TRUE(proposed_.early_change());
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d2", f, "2026-01-28"), IsOk());
  EXPECT_TRUE(Stored("d2").early_change());
  rpc::Call call = At("2026-05-01");
  v1::GetActiveTargetDefinitionResponse active;
  ASSERT_THAT(handler_.GetActiveTargetDefinition(call, {}, &active), IsOk());
  EXPECT_EQ(active.definition().id(), "d2");
  EXPECT_TRUE(active.review().overdue());
  EXPECT_TRUE(active.review().early_change());
  EXPECT_THAT(active.review().warnings(), SizeIs(2));
  v1::GetActiveTargetDefinitionRequest then;
  *then.mutable_point()->mutable_as_of() = test::Stamp("2026-01-20");
  ASSERT_THAT(handler_.GetActiveTargetDefinition(call, then, &active), IsOk());
  EXPECT_EQ(active.definition().id(), "d1") << "the one in force then";
}

TEST_F(DefinitionsTest, CollectsWhatIsWrongWithADraft) {
  TargetDefinition bad = MakeDefinition("d1");
  bad.mutable_account_criteria(0)->set_attribute("account.employes_count");
  bad.mutable_account_criteria(1)->set_weight(-5);
  bad.add_buying_role_weights();
  bad.mutable_engagement_rule()->add_touch_points()->set_type(crm::v1::Engagement::TYPE_CALL);
  bad.mutable_engagement_rule()->add_touch_points()->set_type(crm::v1::Engagement::TYPE_CALL);
  bad.add_terms()->set_name("mid-market");
  const Status status = Create(bad, "2026-01-10");
  for (const char* field :
       {"definition.account_criteria[0].attribute", "definition.account_criteria[1].weight",
        "definition.buying_role_weights[0].role", "definition.engagement_rule.touch_points[1].type",
        "definition.terms[0].meaning"}) {
    EXPECT_THAT(status, FailsOn(field));
  }
  EXPECT_THAT(status.error().message(), HasSubstr("did you mean \"account.employee_count\"?"));
  EXPECT_THAT(records_.commits(), IsEmpty());
}

TEST_F(DefinitionsTest, RefusesAnIncompleteProposal) {
  TargetDefinition thin;
  thin.set_id("thin");
  ASSERT_THAT(Create(thin, "2026-01-10"), IsOk()) << "a draft may be incomplete";
  EXPECT_THAT(created_.missing_for_proposal(), SizeIs(3));
  EXPECT_THAT(Propose("thin", "2026-01-11"), FailsOn("definition.text"));
  EXPECT_THAT(Propose("unknown", "2026-01-11"), FailsWith(Reason::RECORD_NOT_FOUND));
  rpc::Call call = At("2026-01-11");
  EXPECT_THAT(handler_.CreateTargetDefinition(call, {}, &created_), FailsOn("request_id"));
}

TEST_F(DefinitionsTest, UpdatesDraftsOnly) {
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10"), IsOk());
  const std::string etag = created_.definition().etag();
  rpc::Call call = At("2026-01-11");
  v1::UpdateTargetDefinitionRequest update;
  update.set_request_id(RequestId(1));
  update.mutable_definition()->set_id("d1");
  update.mutable_definition()->set_etag(etag);
  update.mutable_definition()->set_text("Better words.");
  v1::UpdateTargetDefinitionResponse response;
  ASSERT_THAT(handler_.UpdateTargetDefinition(call, update, &response), IsOk());
  EXPECT_EQ(response.definition().text(), "Better words.");
  EXPECT_THAT(response.definition().account_criteria(), SizeIs(2)) << "not populated: kept";
  update.set_request_id(RequestId(2));
  EXPECT_THAT(handler_.UpdateTargetDefinition(call, update, &response),
              FailsWith(Reason::ETAG_MISMATCH));
  update.mutable_definition()->clear_etag();
  update.mutable_update_mask()->add_paths("change_reason");
  update.mutable_update_mask()->add_paths("person_criteria");
  ASSERT_THAT(handler_.UpdateTargetDefinition(call, update, &response), IsOk());
  EXPECT_THAT(response.definition().person_criteria(), IsEmpty());
  EXPECT_EQ(response.definition().text(), "Better words.");
  update.mutable_update_mask()->add_paths("no_such_field");
  EXPECT_THAT(handler_.UpdateTargetDefinition(call, update, &response), FailsOn("update_mask"));
  ASSERT_THAT(Propose("d1", "2026-01-12"), IsOk());
  update.mutable_update_mask()->mutable_paths()->RemoveLast();
  update.set_request_id(RequestId(3));
  EXPECT_THAT(handler_.UpdateTargetDefinition(call, update, &response),
              FailsWith(Reason::WRONG_STATE));
}

TEST_F(DefinitionsTest, AnswersARepeatedRequestWithWhatItDid) {
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10", 1), IsOk());
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10T00:00:05Z", 1), IsOk());
  ASSERT_THAT(Propose("d1", "2026-01-11", 2), IsOk());
  ASSERT_THAT(Propose("d1", "2026-01-11T00:00:05Z", 2), IsOk());
  for (int f = 1; f <= 3; ++f) {
    ASSERT_THAT(SignOff("d1", f, "2026-01-12", 10 + f), IsOk());
    ASSERT_THAT(SignOff("d1", f, "2026-01-12T00:00:05Z", 10 + f), IsOk());
  }
  EXPECT_EQ(signed_.definition().state(), TargetDefinition::STATE_ACTIVE);
  EXPECT_THAT(records_.commits(), SizeIs(5)) << "each acted once";
  EXPECT_THAT(Stored("d1").events(), SizeIs(6));
}

TEST_F(DefinitionsTest, RefusesAnIdOrARequestThatIsTaken) {
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10", 1), IsOk());
  EXPECT_THAT(Create(MakeDefinition("d1"), "2026-01-10", 2), FailsWith(Reason::RECORD_EXISTS));
  EXPECT_THAT(Create(MakeDefinition("d1", "other"), "2026-01-10", 1),
              FailsWith(Reason::REQUEST_ID_REUSED));
  ASSERT_THAT(Propose("d1", "2026-01-11", 3), IsOk());
  EXPECT_THAT(SignOff("d1", 1, "2026-01-12", 3), FailsWith(Reason::REQUEST_ID_REUSED));
}

TEST_F(DefinitionsTest, UsesTheRequestIdAsIdWhereNoneIsGiven) {
  TargetDefinition nameless = MakeDefinition("");
  ASSERT_THAT(Create(nameless, "2026-01-10", 5), IsOk());
  EXPECT_EQ(created_.definition().id(), RequestId(5));
}

TEST_F(DefinitionsTest, WritesNothingWhenItOnlyValidates) {
  rpc::Call call = At("2026-01-10");
  v1::CreateTargetDefinitionRequest request;
  request.set_request_id(RequestId(1));
  request.set_validate_only(true);
  *request.mutable_definition() = MakeDefinition("d1");
  ASSERT_THAT(handler_.CreateTargetDefinition(call, request, &created_), IsOk());
  EXPECT_EQ(created_.revision(), "");
  EXPECT_THAT(records_.commits(), IsEmpty());
}

TEST_F(DefinitionsTest, SignsOnlyWhatWasRead) {
  Proposal("d1", "2026-01-10");
  rpc::Call call = At("2026-01-11");
  v1::SignOffTargetDefinitionRequest sign;
  sign.set_request_id(RequestId(1));
  sign.set_definition_id("d1");
  sign.set_function(v1::SIGNING_FUNCTION_SALES);
  sign.set_etag("\"999\"");
  EXPECT_THAT(handler_.SignOffTargetDefinition(call, sign, &signed_),
              FailsWith(Reason::ETAG_MISMATCH));
  sign.set_etag(Stored("d1").etag());
  ASSERT_THAT(handler_.SignOffTargetDefinition(call, sign, &signed_), IsOk());
  EXPECT_EQ(signed_.definition().sign_offs(0).signer(), call.principal.subject);
}

// Two replicas bring two proposals into force at once: both are signed, one after the
// other, and at the end one is in force.
TEST_F(DefinitionsTest, NeverHasTwoInForce) {
  Proposal("d1", "2026-01-10");
  Proposal("d2", "2026-01-10");
  for (int f = 1; f <= 2; ++f) {
    ASSERT_THAT(SignOff("d1", f, "2026-01-11"), IsOk());
    ASSERT_THAT(SignOff("d2", f, "2026-01-11"), IsOk());
  }
  TargetingHandler other_replica(records_);
  records_.set_before_commit([&] {
    records_.set_before_commit(nullptr);
    rpc::Call call = At("2026-01-12");
    v1::SignOffTargetDefinitionRequest sign;
    sign.set_request_id(RequestId(77));
    sign.set_definition_id("d2");
    sign.set_function(v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS);
    sign.set_signer("person-3");
    v1::SignOffTargetDefinitionResponse response;
    ASSERT_THAT(other_replica.SignOffTargetDefinition(call, sign, &response), IsOk());
    ASSERT_EQ(response.definition().state(), TargetDefinition::STATE_ACTIVE);
  });
  ASSERT_THAT(SignOff("d1", 3, "2026-01-12"), IsOk());
  EXPECT_EQ(Stored("d1").state(), TargetDefinition::STATE_ACTIVE);
  EXPECT_EQ(Stored("d1").version_number(), 2);
  EXPECT_EQ(Stored("d2").state(), TargetDefinition::STATE_RETIRED);
  EXPECT_EQ(Stored("d2").version_number(), 1);
}

// Two functions sign at once: both signatures are kept.
TEST_F(DefinitionsTest, KeepsBothOfTwoSignaturesAtOnce) {
  Proposal("d1", "2026-01-10");
  records_.set_before_commit([&] {
    records_.set_before_commit(nullptr);
    ASSERT_THAT(SignOff("d1", 2, "2026-01-11"), IsOk());
  });
  ASSERT_THAT(SignOff("d1", 1, "2026-01-11"), IsOk());
  EXPECT_THAT(Stored("d1").sign_offs(), SizeIs(2));
}

TEST_F(DefinitionsTest, LeavesNoneInForceAfterRetiringIt) {
  Activate("d1", "2026-01-14");
  rpc::Call call = At("2026-02-01");
  v1::RetireTargetDefinitionRequest retire;
  retire.set_request_id(RequestId(1));
  retire.set_definition_id("d1");
  v1::RetireTargetDefinitionResponse retired;
  EXPECT_THAT(handler_.RetireTargetDefinition(call, retire, &retired), FailsOn("reason"));
  retire.set_reason("The product is discontinued.");
  ASSERT_THAT(handler_.RetireTargetDefinition(call, retire, &retired), IsOk());
  ASSERT_THAT(handler_.RetireTargetDefinition(call, retire, &retired), IsOk()) << "a replay";
  v1::GetActiveTargetDefinitionResponse active;
  EXPECT_THAT(handler_.GetActiveTargetDefinition(call, {}, &active),
              FailsWith(Reason::NO_ACTIVE_DEFINITION));
  Proposal("d2", "2026-06-01");
  for (int f = 1; f <= 3; ++f) ASSERT_THAT(SignOff("d2", f, "2026-06-01"), IsOk());
  EXPECT_EQ(Stored("d2").version_number(), 2);
}

TEST_F(DefinitionsTest, ListsByStateInPages) {
  for (const char* id : {"d3", "d1", "d2"}) {
    ASSERT_THAT(Create(MakeDefinition(id), "2026-01-10"), IsOk());
  }
  ASSERT_THAT(Propose("d2", "2026-01-11"), IsOk());
  rpc::Call call = At("2026-01-12");
  v1::ListTargetDefinitionsRequest list;
  list.add_states(TargetDefinition::STATE_DRAFT);
  list.set_page_size(1);
  v1::ListTargetDefinitionsResponse page;
  ASSERT_THAT(handler_.ListTargetDefinitions(call, list, &page), IsOk());
  ASSERT_THAT(page.definitions(), SizeIs(1));
  EXPECT_EQ(page.definitions(0).id(), "d1");
  list.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_THAT(handler_.ListTargetDefinitions(call, list, &page), IsOk());
  ASSERT_THAT(page.definitions(), SizeIs(1));
  EXPECT_EQ(page.definitions(0).id(), "d3");
  EXPECT_EQ(page.next_page_token(), "");
  list.clear_states();
  EXPECT_THAT(handler_.ListTargetDefinitions(call, list, &page),
              FailsWith(Reason::PAGE_TOKEN_INVALID))
      << "a token of another question";
  list.set_page_token("garbage!");
  EXPECT_THAT(handler_.ListTargetDefinitions(call, list, &page),
              FailsWith(Reason::PAGE_TOKEN_INVALID));
  list.clear_page_token();
  list.set_page_size(-1);
  EXPECT_THAT(handler_.ListTargetDefinitions(call, list, &page), FailsOn("page_size"));
}

TEST_F(DefinitionsTest, GetsOneOrSaysThatItIsNotThere) {
  ASSERT_THAT(Create(MakeDefinition("d1"), "2026-01-10"), IsOk());
  rpc::Call call = At("2026-01-12");
  v1::GetTargetDefinitionRequest get;
  TargetDefinition found;
  EXPECT_THAT(handler_.GetTargetDefinition(call, get, &found), FailsOn("definition_id"));
  get.set_definition_id("d1");
  ASSERT_THAT(handler_.GetTargetDefinition(call, get, &found), IsOk());
  EXPECT_EQ(found.etag(), created_.definition().etag());
  get.set_definition_id("d9");
  EXPECT_THAT(handler_.GetTargetDefinition(call, get, &found), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(DefinitionsTest, PassesOnThatRecordsCannotBeReached) {
  records_.set_unavailable(true);
  EXPECT_THAT(Create(MakeDefinition("d1"), "2026-01-10"), FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_THAT(Propose("d1", "2026-01-10"), FailsWith(Reason::RECORDS_UNAVAILABLE));
}

TEST_F(DefinitionsTest, ListsEveryAttributeOnce) {
  rpc::Call call = At("2026-01-12");
  v1::ListAttributesResponse response;
  ASSERT_THAT(handler_.ListAttributes(call, {}, &response), IsOk());
  std::vector<std::string> names;
  for (const auto& attribute : response.attributes()) names.push_back(attribute.name());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_THAT(names, ::testing::Contains("account.custom_number.*"));
}

}  // namespace
}  // namespace gtm::targeting::handler
