#include "services/sponsorship/handler/sponsorship_handler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/fake_records.h"
#include "common/testing/matchers.h"
#include "common/testing/record_builders.h"

namespace gtm::sponsorship::handler {
namespace {

using test::EqualsProto;
using test::FailsOn;
using test::FailsWith;
using test::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using v1::MatchRun;
using v1::Sponsorship;
using v1::SponsorshipProgram;

constexpr auto kExecutiveKind = gtm::records::v1::RECORD_KIND_EXECUTIVE;
constexpr auto kContactKind = gtm::records::v1::RECORD_KIND_CONTACT;

std::string RequestId(int number) { return fmt::format("01900000-0000-7000-8000-{:012}", number); }

class SponsorshipHandlerTest : public ::testing::Test {
 protected:
  SponsorshipHandlerTest() {
    fake_.Put(test::Account("acme").Set([](auto& a) {
      a.set_industry("energy");
      a.set_market_influence(60);
      a.set_growth_capacity(50);
      *a.mutable_potential_lifetime_value() = test::MoneyOf(2'000'000);
    }));
  }

  void PutContact(const std::string& id, int commitment) {
    fake_.Put(test::Contact(id, "acme").Set([&](auto& c) {
      c.set_sponsorship_candidate(true);
      c.set_nominated_by_function("sales");
      c.set_market_influence(50);
      c.set_commitment(commitment);
    }));
  }
  void PutExecutive(const std::string& id, int week_minutes = 480, int limit = 4,
                    bool eligible = true) {
    fake_.Put(test::Executive(id).Set([&](auto& e) {
      e.set_sponsorship_week_minutes(week_minutes);
      e.set_sponsee_limit(limit);
      e.set_eligible(eligible);
      e.add_industries("Energy");
    }));
  }
  // 31 candidates with falling commitment, 5 executives (D5).
  void PutD5() {
    for (int i = 0; i < 31; ++i) PutContact(fmt::format("c{:02}", i), 100 - 3 * i);
    for (int j = 1; j <= 5; ++j) PutExecutive(fmt::format("e{}", j));
  }

  static SponsorshipProgram Program(const std::string& id) {
    SponsorshipProgram p;
    p.set_id(id);
    p.set_display_name("Executive sponsors");
    const auto add = [&](const std::string& attribute, int weight, double step) {
      auto* c = p.add_criteria();
      c->set_id(attribute.substr(attribute.find('.') + 1) + std::to_string(p.criteria_size()));
      c->set_attribute(attribute);
      c->set_weight(weight);
      for (int i = 0; i < 10; ++i) {
        auto* band = c->mutable_bands()->add_bands();
        band->set_min(i * step);
        if (i < 9) band->set_max((i + 1) * step);
        band->set_share_bps((i + 1) * 1000);
      }
    };
    add("account.potential_lifetime_value", 30, 300'000);
    add("account.market_influence", 20, 10);
    add("contact.market_influence", 20, 10);
    add("contact.commitment", 20, 10);
    add("account.growth_capacity", 10, 10);
    p.mutable_affinity_weights()->set_known_industry_points(5);
    p.mutable_sponsee_effort()->set_touch_week_minutes(60);
    p.mutable_sponsee_effort()->set_brief_week_minutes(30);
    p.mutable_sponsee_effort()->set_travel_week_minutes(30);
    p.set_keep_bonus_points(3);
    return p;
  }
  Result<SponsorshipProgram> Create(const SponsorshipProgram& program, int request) {
    v1::CreateSponsorshipProgramRequest q;
    q.set_request_id(RequestId(request));
    *q.mutable_program() = program;
    SponsorshipProgram a;
    GTM_RETURN_IF_ERROR(handler_.CreateSponsorshipProgram(call_, q, &a));
    return a;
  }
  Result<SponsorshipProgram> Activate(const std::string& id, int request, std::string etag = "") {
    v1::ActivateSponsorshipProgramRequest q;
    q.set_request_id(RequestId(request));
    q.set_program_id(id);
    q.set_etag(std::move(etag));
    SponsorshipProgram a;
    GTM_RETURN_IF_ERROR(handler_.ActivateSponsorshipProgram(call_, q, &a));
    return a;
  }
  void ActivateProgram(SponsorshipProgram program = Program("p1")) {
    ASSERT_THAT(Create(program, 900), IsOk());
    ASSERT_THAT(Activate(program.id(), 901), IsOk());
  }
  Result<MatchRun> Propose(int request, const std::string& id = "", bool validate_only = false) {
    v1::ProposeMatchesRequest q;
    if (!validate_only) q.set_request_id(RequestId(request));
    q.set_match_run_id(id);
    q.set_validate_only(validate_only);
    MatchRun a;
    GTM_RETURN_IF_ERROR(handler_.ProposeMatches(call_, q, &a));
    return a;
  }
  Result<v1::AcceptMatchesResponse> Accept(const std::string& run, int request,
                                           std::string etag = "") {
    v1::AcceptMatchesRequest q;
    q.set_request_id(RequestId(request));
    q.set_match_run_id(run);
    q.set_etag(std::move(etag));
    v1::AcceptMatchesResponse a;
    GTM_RETURN_IF_ERROR(handler_.AcceptMatches(call_, q, &a));
    return a;
  }
  Result<Sponsorship> End(const std::string& id, int request,
                          Sponsorship::EndReason reason = Sponsorship::END_REASON_COMPLETED) {
    v1::EndSponsorshipRequest q;
    q.set_request_id(RequestId(request));
    q.set_sponsorship_id(id);
    q.set_reason(reason);
    Sponsorship a;
    GTM_RETURN_IF_ERROR(handler_.EndSponsorship(call_, q, &a));
    return a;
  }

  test::FakeRecords fake_{"sponsorship"};
  SponsorshipHandler handler_{fake_};
  rpc::Call call_ = test::MakeCall("2026-06-30");
};

TEST_F(SponsorshipHandlerTest, NothingWorksWithoutAnActiveProgram) {
  v1::ListCandidatesResponse candidates;
  EXPECT_THAT(handler_.ListCandidates(call_, {}, &candidates),
              FailsWith(Reason::NO_ACTIVE_PROGRAM));
  v1::GetCapacityResponse capacity;
  EXPECT_THAT(handler_.GetCapacity(call_, {}, &capacity), FailsWith(Reason::NO_ACTIVE_PROGRAM));
  EXPECT_THAT(Propose(1), FailsWith(Reason::NO_ACTIVE_PROGRAM));
  SponsorshipProgram program;
  EXPECT_THAT(handler_.GetSponsorshipProgram(call_, {}, &program),
              FailsWith(Reason::NO_ACTIVE_PROGRAM));
}

TEST_F(SponsorshipHandlerTest, ProgramsFollowEachOther) {
  const auto first = Create(Program("p1"), 1);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->state(), SponsorshipProgram::STATE_DRAFT);
  EXPECT_EQ(first->version(), 0);
  EXPECT_FALSE(first->etag().empty());
  ASSERT_THAT(Create(Program("p2"), 2), IsOk());
  EXPECT_THAT(Create(Program("p2"), 3), FailsWith(Reason::RECORD_EXISTS));

  const auto active = Activate("p1", 4, first->etag());
  ASSERT_THAT(active, IsOk());
  EXPECT_EQ(active->state(), SponsorshipProgram::STATE_ACTIVE);
  EXPECT_EQ(active->version(), 1);
  const auto second = Activate("p2", 5);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->version(), 2);

  v1::ListSponsorshipProgramsRequest q;
  v1::ListSponsorshipProgramsResponse a;
  q.set_page_size(1);
  ASSERT_THAT(handler_.ListSponsorshipPrograms(call_, q, &a), IsOk());
  ASSERT_THAT(a.programs(), SizeIs(1));
  EXPECT_EQ(a.programs(0).state(), SponsorshipProgram::STATE_RETIRED);
  q.set_page_token(a.next_page_token());
  a.Clear();
  ASSERT_THAT(handler_.ListSponsorshipPrograms(call_, q, &a), IsOk());
  EXPECT_EQ(a.programs(0).id(), "p2");
  EXPECT_EQ(a.next_page_token(), "");
  q.set_state(SponsorshipProgram::STATE_DRAFT);
  EXPECT_THAT(handler_.ListSponsorshipPrograms(call_, q, &a),
              FailsWith(Reason::PAGE_TOKEN_INVALID));

  SponsorshipProgram now;
  ASSERT_THAT(handler_.GetSponsorshipProgram(call_, {}, &now), IsOk());
  EXPECT_EQ(now.id(), "p2");
  EXPECT_THAT(Activate("p1", 6), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Activate("nobody", 7), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(SponsorshipHandlerTest, ProgramRequestsAreRepeatable) {
  const auto created = Create(Program("p1"), 1);
  EXPECT_THAT(*Create(Program("p1"), 1), EqualsProto(*created));
  SponsorshipProgram other = Program("p1");
  other.set_keep_bonus_points(4);
  EXPECT_THAT(Create(other, 1), FailsWith(Reason::REQUEST_ID_REUSED));
  const auto active = Activate("p1", 2);
  EXPECT_THAT(*Activate("p1", 2), EqualsProto(*active));
}

TEST_F(SponsorshipHandlerTest, ActivationsAtOnceDoNotBothSucceed) {
  ASSERT_THAT(Create(Program("p1"), 1), IsOk());
  ASSERT_THAT(Create(Program("p2"), 2), IsOk());
  fake_.set_before_commit([&] {
    fake_.set_before_commit(nullptr);
    ASSERT_THAT(Activate("p2", 3), IsOk());
  });
  EXPECT_THAT(Activate("p1", 4), FailsWith(Reason::ETAG_MISMATCH));
  EXPECT_THAT(Activate("p1", 5, "\"99\""), FailsWith(Reason::ETAG_MISMATCH));
}

TEST_F(SponsorshipHandlerTest, BadProgramsAreRefusedWithEveryViolation) {
  SponsorshipProgram bad = Program("");
  bad.mutable_criteria(3)->set_attribute("contact.comitment");
  bad.clear_sponsee_effort();
  bad.set_keep_bonus_points(1001);
  v1::CreateSponsorshipProgramRequest q;
  q.set_request_id("x");
  *q.mutable_program() = bad;
  SponsorshipProgram a;
  const Status status = handler_.CreateSponsorshipProgram(call_, q, &a);
  for (const char* field : {"request_id", "program.id", "program.criteria[3].attribute",
                            "program.sponsee_effort", "program.keep_bonus_points"}) {
    EXPECT_THAT(status, FailsOn(field));
  }
  q.set_validate_only(true);
  *q.mutable_program() = Program("p1");
  EXPECT_THAT(handler_.CreateSponsorshipProgram(call_, q, &a), IsOk());
  EXPECT_THAT(fake_.commits(), SizeIs(0));
}

TEST_F(SponsorshipHandlerTest, D5ListIsCutAtTwenty) {
  PutD5();
  ActivateProgram();
  v1::ListCandidatesRequest q;
  q.set_page_size(12);
  std::vector<std::string> ids;
  int above = 0;
  v1::ListCandidatesResponse a;
  do {
    a.Clear();
    ASSERT_THAT(handler_.ListCandidates(call_, q, &a), IsOk());
    for (const auto& c : a.candidates()) {
      ids.push_back(c.contact_id());
      above += c.standing() == v1::Candidate::STANDING_ABOVE_CUT;
      EXPECT_EQ(c.rank(), static_cast<int>(ids.size()));
      int64_t sum = 0;
      for (const auto& part : c.score().parts()) sum += part.micropoints();
      EXPECT_EQ(sum, c.score().micropoints());
      EXPECT_THAT(c.score().parts(), SizeIs(5));
    }
    q.set_page_token(a.next_page_token());
  } while (!a.next_page_token().empty());
  EXPECT_EQ(ids.size(), 31u);
  EXPECT_EQ(above, 20);
  EXPECT_EQ(a.slot_count(), 20);
  EXPECT_EQ(a.ranked_count(), 31);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));  // commitment falls with the id
  EXPECT_EQ(a.provenance().rules_version(), "p1/1");
}

TEST_F(SponsorshipHandlerTest, D6CapacityShowsTooFewHours) {
  PutExecutive("short", 474);
  PutExecutive("full", 480, 10);
  PutExecutive("unfit", 480, 4, false);
  ActivateProgram();
  v1::GetCapacityResponse a;
  ASSERT_THAT(handler_.GetCapacity(call_, {}, &a), IsOk());
  ASSERT_THAT(a.capacities(), SizeIs(3));
  EXPECT_EQ(a.capacities(0).executive_id(), "full");
  EXPECT_FALSE(a.capacities(0).below_wanted_time());
  EXPECT_EQ(a.capacities(0).slot_count(), 4);
  EXPECT_TRUE(a.capacities(1).below_wanted_time());
  EXPECT_EQ(a.capacities(1).slot_count(), 3);
  EXPECT_EQ(a.capacities(2).slot_count(), 0);
  EXPECT_EQ(a.slot_count(), 7);
}

TEST_F(SponsorshipHandlerTest, ProposalProvesItselfAndHasNoEffect) {
  PutD5();
  ActivateProgram();
  const auto run = Propose(1, "run-1");
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->state(), MatchRun::STATE_PROPOSED);
  ASSERT_THAT(run->pairs(), SizeIs(20));
  EXPECT_THAT(run->cuts(), SizeIs(11));
  EXPECT_EQ(run->cuts(0).contact_id(), "c20");
  EXPECT_EQ(run->slot_count(), 20);
  int64_t dual = 0;
  for (const auto& pair : run->pairs()) {
    dual += pair.contact_price_micropoints();
    EXPECT_EQ(pair.affinity_points(), 5);
    EXPECT_EQ(pair.value_micropoints(), pair.score().micropoints() + 5'000'000);
  }
  for (const auto& c : run->capacities()) {
    dual += c.slot_price_micropoints() * c.slot_count();
    EXPECT_EQ(c.used_week_minutes(), 480);
    EXPECT_EQ(c.overload_week_minutes(), 0);
  }
  EXPECT_EQ(dual, run->objective_micropoints());
  EXPECT_THAT(fake_.View().sponsorships(), SizeIs(0));
  // Reading it back, and computing it again.
  v1::GetMatchRunRequest q;
  q.set_match_run_id("run-1");
  MatchRun read;
  ASSERT_THAT(handler_.GetMatchRun(call_, q, &read), IsOk());
  EXPECT_THAT(read, EqualsProto(*run));
  const auto again = Propose(0, "", true);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->provenance().input_sha256(), run->provenance().input_sha256());
  EXPECT_EQ(again->objective_micropoints(), run->objective_micropoints());
  EXPECT_EQ(again->etag(), "");
}

TEST_F(SponsorshipHandlerTest, AnswerDoesNotDependOnTheOrderOfRecording) {
  PutD5();
  ActivateProgram();
  const auto run = Propose(1, "run-1");
  test::FakeRecords other("sponsorship");
  SponsorshipHandler handler(other);
  for (const auto kind : {gtm::records::v1::RECORD_KIND_SPONSORSHIP_PROGRAM, kExecutiveKind}) {
    for (const char* id : {"p1", "e5", "e3", "e1", "e2", "e4"}) {
      if (const auto record = fake_.Find(kind, id)) other.Put(*record);
    }
  }
  for (int i = 30; i >= 0; --i) {
    other.Put(*fake_.Find(kContactKind, fmt::format("c{:02}", i)));
  }
  other.Put(*fake_.Find(gtm::records::v1::RECORD_KIND_ACCOUNT, "acme"));
  v1::ProposeMatchesRequest q;
  q.set_match_run_id("run-1");
  q.set_validate_only(true);
  MatchRun again;
  ASSERT_THAT(handler.ProposeMatches(call_, q, &again), IsOk());
  MatchRun expected = *run;
  for (MatchRun* r : {&expected, &again}) {
    r->clear_etag();
    r->clear_create_time();
    r->clear_update_time();
    r->clear_propose_request_id();
    r->mutable_provenance()->clear_revision();
  }
  EXPECT_THAT(again, EqualsProto(expected));
}

TEST_F(SponsorshipHandlerTest, ProposalIsRepeatable) {
  PutD5();
  ActivateProgram();
  const auto run = Propose(1, "run-1");
  PutContact("zz", 100);  // the world goes on
  EXPECT_THAT(*Propose(1, "run-1"), EqualsProto(*run));
  EXPECT_THAT(Propose(1, "run-2"), FailsWith(Reason::REQUEST_ID_REUSED));
  EXPECT_THAT(Propose(2, "run-1"), FailsWith(Reason::RECORD_EXISTS));
}

TEST_F(SponsorshipHandlerTest, ProposalRefusesBadFields) {
  ActivateProgram();
  v1::ProposeMatchesRequest q;
  q.set_request_id("x");
  q.set_program_id("p1");
  q.set_match_run_id(std::string(121, 'r'));
  MatchRun a;
  const Status status = handler_.ProposeMatches(call_, q, &a);
  for (const char* field : {"request_id", "program_id", "match_run_id"}) {
    EXPECT_THAT(status, FailsOn(field));
  }
  q.Clear();
  q.set_validate_only(true);
  q.add_excluded_pairs()->set_contact_id("nobody");
  EXPECT_THAT(handler_.ProposeMatches(call_, q, &a), FailsOn("excluded_pairs[0].contact_id"));
  EXPECT_THAT(handler_.ProposeMatches(call_, q, &a), FailsOn("excluded_pairs[0].executive_id"));
}

TEST_F(SponsorshipHandlerTest, AcceptanceMakesSponsorships) {
  PutContact("c1", 90);
  PutContact("c2", 80);
  PutExecutive("e1", 480, 1);
  PutExecutive("e2", 480, 1);
  ActivateProgram();
  const auto run = Propose(1, "run-1");
  ASSERT_THAT(Propose(2, "run-0"), IsOk());
  const auto accepted = Accept("run-1", 3, run->etag());
  ASSERT_THAT(accepted, IsOk());
  EXPECT_EQ(accepted->match_run().state(), MatchRun::STATE_ACCEPTED);
  ASSERT_THAT(accepted->sponsorships(), SizeIs(2));
  const Sponsorship& s = accepted->sponsorships(0);
  EXPECT_EQ(s.id(), "run-1-00001");
  EXPECT_EQ(s.contact_id(), "c1");
  EXPECT_EQ(s.executive_id(), "e1");
  EXPECT_EQ(s.account_id(), "acme");
  EXPECT_EQ(s.state(), Sponsorship::STATE_ACTIVE);
  EXPECT_THAT(s.start_date(), EqualsProto(test::Date("2026-06-30")));
  EXPECT_EQ(s.match_run_id(), "run-1");
  // The other proposal is void; so is accepting twice, but for the same request.
  EXPECT_THAT(Accept("run-0", 4), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(Accept("run-1", 5), FailsWith(Reason::WRONG_STATE));
  const auto repeated = Accept("run-1", 3, run->etag());
  ASSERT_THAT(repeated, IsOk());
  EXPECT_THAT(repeated->match_run(), EqualsProto(accepted->match_run()));
  EXPECT_THAT(repeated->sponsorships(), SizeIs(2));
  EXPECT_THAT(Accept("nobody", 6), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(SponsorshipHandlerTest, NextQuarterKeepsMovesAndEnds) {
  PutContact("c1", 90);
  PutContact("c2", 80);
  PutContact("c3", 70);
  PutExecutive("e1", 480, 2);
  SponsorshipProgram program = Program("p1");
  program.set_qualifying_score_points(50);
  ActivateProgram(program);
  ASSERT_THAT(Propose(1, "q1"), IsOk());
  ASSERT_THAT(Accept("q1", 2), IsOk());

  // c1 stays; c2 falls below the gate; c3 takes the slot.
  fake_.Put(test::Contact("c2", "acme").Set([](auto& c) {
    c.set_market_influence(0);
    c.set_commitment(0);
  }));
  PutExecutive("e0", 480, 0);
  const auto run = Propose(3, "q2");
  ASSERT_THAT(run, IsOk());
  ASSERT_THAT(run->pairs(), SizeIs(2));
  EXPECT_EQ(run->pairs(0).sponsorship_id(), "q1-00001");
  EXPECT_EQ(run->pairs(0).keep_bonus_points(), 3);
  EXPECT_EQ(run->pairs(1).contact_id(), "c3");
  EXPECT_EQ(run->pairs(1).sponsorship_id(), "");
  ASSERT_THAT(run->transitions(), SizeIs(1));
  EXPECT_EQ(run->transitions(0).sponsorship_id(), "q1-00002");
  EXPECT_EQ(run->transitions(0).reason(), Sponsorship::END_REASON_NOT_QUALIFIED);

  const auto accepted = Accept("q2", 4);
  ASSERT_THAT(accepted, IsOk());
  ASSERT_THAT(accepted->sponsorships(), SizeIs(2));
  EXPECT_EQ(accepted->sponsorships(0).state(), Sponsorship::STATE_ENDED);
  EXPECT_EQ(accepted->sponsorships(0).end_match_run_id(), "q2");
  EXPECT_EQ(accepted->sponsorships(1).id(), "q2-00002");
  v1::ListSponsorshipsRequest q;
  v1::ListSponsorshipsResponse a;
  q.set_state(Sponsorship::STATE_ACTIVE);
  ASSERT_THAT(handler_.ListSponsorships(call_, q, &a), IsOk());
  ASSERT_THAT(a.sponsorships(), SizeIs(2));
  EXPECT_EQ(a.sponsorships(0).id(), "q1-00001");
}

TEST_F(SponsorshipHandlerTest, AcceptanceRefusesWhenTheExecutiveChanged) {
  PutContact("c1", 90);
  PutExecutive("e1", 480, 1);
  ActivateProgram();
  ASSERT_THAT(Propose(1, "run-1"), IsOk());
  // Before the acceptance, in a way that matters.
  PutExecutive("e1", 480, 0);
  const auto refused = Accept("run-1", 2);
  ASSERT_THAT(refused, FailsWith(Reason::ETAG_MISMATCH));
  EXPECT_EQ(refused.error().code(), Code::kAborted);
  EXPECT_THAT(refused.error().message(), HasSubstr("executive e1"));
  // In a way that does not matter: fine, as long as it is not during the commit.
  PutExecutive("e1", 485, 1);
  fake_.set_before_commit([&] {
    fake_.set_before_commit(nullptr);
    PutExecutive("e1", 490, 1);
  });
  EXPECT_THAT(Accept("run-1", 3), FailsWith(Reason::ETAG_MISMATCH));
  EXPECT_THAT(fake_.View().sponsorships(), SizeIs(0));
  EXPECT_THAT(Accept("run-1", 4), IsOk());
}

TEST_F(SponsorshipHandlerTest, AcceptanceRefusesOtherChanges) {
  PutContact("c1", 90);
  PutContact("c2", 10);
  PutExecutive("e1", 480, 1);
  ActivateProgram();
  ASSERT_THAT(Propose(1, "run-1"), IsOk());
  PutContact("c2", 20);  // not in a pair: no matter
  PutContact("c1", 60);
  EXPECT_THAT(Accept("run-1", 2), FailsWith(Reason::ETAG_MISMATCH));
  PutContact("c1", 90);
  fake_.Delete(kExecutiveKind, "e1");
  EXPECT_THAT(Accept("run-1", 3), FailsWith(Reason::ETAG_MISMATCH));
  PutExecutive("e1", 480, 1);
  fake_.Delete(kContactKind, "c1");
  EXPECT_THAT(Accept("run-1", 4), FailsWith(Reason::ETAG_MISMATCH));
  PutContact("c1", 90);
  ASSERT_THAT(Create(Program("p2"), 5), IsOk());
  ASSERT_THAT(Activate("p2", 6), IsOk());
  EXPECT_THAT(Accept("run-1", 7), FailsWith(Reason::ETAG_MISMATCH));
}

TEST_F(SponsorshipHandlerTest, AcceptancesAtOnceDoNotBothSucceed) {
  PutContact("c1", 90);
  PutExecutive("e1", 480, 1);
  ActivateProgram();
  ASSERT_THAT(Propose(1, "run-1"), IsOk());
  fake_.set_before_commit([&] {
    fake_.set_before_commit(nullptr);
    // Proposed and accepted while the first acceptance is on its way.
    ASSERT_THAT(Propose(2, "run-2"), IsOk());
    ASSERT_THAT(Accept("run-2", 3), IsOk());
  });
  EXPECT_THAT(Accept("run-1", 4), FailsWith(Reason::ETAG_MISMATCH));
  EXPECT_THAT(fake_.View().sponsorships(), SizeIs(1));
}

TEST_F(SponsorshipHandlerTest, SponsorshipsEnd) {
  PutContact("c1", 90);
  PutExecutive("e1", 480, 1);
  ActivateProgram();
  ASSERT_THAT(Propose(1, "run-1"), IsOk());
  ASSERT_THAT(Accept("run-1", 2), IsOk());
  const auto ended = End("run-1-00001", 3);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->state(), Sponsorship::STATE_ENDED);
  EXPECT_THAT(ended->end_date(), EqualsProto(test::Date("2026-06-30")));
  EXPECT_THAT(*End("run-1-00001", 3), EqualsProto(*ended));
  EXPECT_THAT(End("run-1-00001", 3, Sponsorship::END_REASON_CONTACT_LEFT),
              FailsWith(Reason::REQUEST_ID_REUSED));
  EXPECT_THAT(End("run-1-00001", 4), FailsWith(Reason::WRONG_STATE));
  EXPECT_THAT(End("nobody", 5), FailsWith(Reason::RECORD_NOT_FOUND));
}

TEST_F(SponsorshipHandlerTest, EndRefusesBadFields) {
  v1::EndSponsorshipRequest q;
  Sponsorship a;
  q.set_reason(Sponsorship::END_REASON_OTHER);
  *q.mutable_end_date() = test::Date("2026-02-28");
  q.mutable_end_date()->set_day(30);
  const Status status = handler_.EndSponsorship(call_, q, &a);
  for (const char* field : {"request_id", "sponsorship_id", "note", "end_date"}) {
    EXPECT_THAT(status, FailsOn(field));
  }
  q.clear_reason();
  EXPECT_THAT(handler_.EndSponsorship(call_, q, &a), FailsOn("reason"));

  PutContact("c1", 90);
  PutExecutive("e1", 480, 1);
  ActivateProgram();
  ASSERT_THAT(Propose(1, "run-1"), IsOk());
  ASSERT_THAT(Accept("run-1", 2), IsOk());
  q.set_request_id(RequestId(3));
  q.set_sponsorship_id("run-1-00001");
  q.set_reason(Sponsorship::END_REASON_COMPLETED);
  *q.mutable_end_date() = test::Date("2026-06-29");
  EXPECT_THAT(handler_.EndSponsorship(call_, q, &a), FailsOn("end_date"));
  q.set_etag("\"99\"");
  EXPECT_THAT(handler_.EndSponsorship(call_, q, &a), FailsWith(Reason::ETAG_MISMATCH));
}

TEST_F(SponsorshipHandlerTest, EveryMethodPassesOnThatRecordsAreAway) {
  fake_.set_unavailable(true);
  EXPECT_THAT(Create(Program("p1"), 1), FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_THAT(Activate("p1", 2), FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_THAT(Propose(3), FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_THAT(Accept("r", 4), FailsWith(Reason::RECORDS_UNAVAILABLE));
  EXPECT_THAT(End("s", 5), FailsWith(Reason::RECORDS_UNAVAILABLE));
}

}  // namespace
}  // namespace gtm::sponsorship::handler
