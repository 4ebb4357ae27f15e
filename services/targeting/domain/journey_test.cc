#include "services/targeting/domain/journey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/random.h"
#include "common/testing/record_builders.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

using crm::v1::Engagement;
using test::At;
using ::testing::ElementsAre;

class Company {
 public:
  Company() {
    Add(test::TenantSettings());
    Add(test::Account("a"));
    Add(test::Contact("p", "a"));
    Add(test::Contact("q", "a"));
  }
  void Add(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  void Act(std::string_view time, Engagement::Type type, const std::string& who = "p") {
    Add(test::Engagement(fmt::format("e{}", seq_), "a", time, type).Set([&](Engagement& e) {
      e.set_contact_id(who);
    }));
  }
  void Call(std::string_view time, crm::v1::JourneyStep step, const std::string& who = "p") {
    crm::v1::CallSummary call;
    call.set_id(fmt::format("call{}", seq_));
    call.set_account_id("a");
    call.set_contact_id(who);
    *call.mutable_occur_time() = test::Stamp(time);
    call.set_journey_step(step);
    call.set_problem_class(crm::v1::PROBLEM_CLASS_EFFICIENCY);
    call.set_urgency("now");
    Add(test::Wrap(call));
  }
  BuyerJourney Read(std::string_view as_of, const std::string& who = "") {
    view_ = book_.View();
    const auto only = who.empty() ? std::nullopt : view_.FindContact(who);
    return ReadJourney(view_, *view_.FindAccount("a"), At(as_of), only);
  }
  JourneyStep Step(std::string_view as_of, const std::string& who = "") {
    return Read(as_of, who).position.step;
  }

 private:
  book::Book book_;
  book::BookView view_;
  int64_t seq_ = 0;
};

TEST(ReadJourney, FollowsWhatTheBuyerDoes) {  // BE-03
  Company company;
  EXPECT_EQ(company.Step("2026-01-01"), JourneyStep::kUnknown);
  company.Act("2026-01-05", Engagement::TYPE_CONTENT_READ);
  company.Act("2026-02-05", Engagement::TYPE_MEETING, "q");
  company.Act("2026-03-05", Engagement::TYPE_SECURITY_REVIEW);
  EXPECT_EQ(company.Step("2026-01-05"), JourneyStep::kIdentifyProblem);
  EXPECT_EQ(company.Step("2026-02-05"), JourneyStep::kExamine) << "a demo is not the end";
  EXPECT_EQ(company.Step("2026-03-05"), JourneyStep::kDecision);
  EXPECT_EQ(company.Step("2026-03-05", "q"), JourneyStep::kExamine);
  EXPECT_EQ(company.Read("2026-03-09").position.since, At("2026-03-05"));
  EXPECT_EQ(company.Step("2026-12-31"), JourneyStep::kUnknown) << "acts count for 180 days";
}

TEST(ReadJourney, WhatWasSaidCountsUntilSomethingNewerSpeaksForMore) {
  Company company;
  company.Act("2026-01-05", Engagement::TYPE_SECURITY_REVIEW);
  company.Call("2026-01-10", crm::v1::JOURNEY_STEP_IDENTIFY_PROBLEM);
  EXPECT_EQ(company.Step("2026-01-11"), JourneyStep::kIdentifyProblem);
  company.Act("2026-01-12", Engagement::TYPE_WEB_VISIT);
  company.Act("2026-01-13", Engagement::TYPE_ENABLEMENT_TOOL);
  EXPECT_EQ(company.Step("2026-01-14"), JourneyStep::kExamine);
}

TEST(ReadJourney, NotAFitIsAnEndAndLaterActsBeginAnew) {  // BE-03
  Company company;
  company.Act("2026-01-05", Engagement::TYPE_LEGAL_REVIEW);
  company.Call("2026-01-10", crm::v1::JOURNEY_STEP_NOT_A_FIT);
  EXPECT_EQ(company.Step("2026-01-11"), JourneyStep::kNotAFit);
  company.Act("2026-05-01", Engagement::TYPE_CONTENT_READ);
  EXPECT_EQ(company.Step("2026-05-02"), JourneyStep::kIdentifyProblem);
}

TEST(ReadJourney, ADealIsEvidenceWhileItIsInItsStage) {
  Company company;
  company.Add(test::Opportunity("o", "a")
                  .Stage("2026-01-01", "stage_zero")
                  .Stage("2026-02-01", "open")
                  .Stage("2026-03-01", "lost")
                  .Set([](crm::v1::Opportunity& o) { o.set_loss_reason("price"); }));
  EXPECT_EQ(company.Step("2026-01-15"), JourneyStep::kIdentifyProblem);
  EXPECT_EQ(company.Step("2026-02-15"), JourneyStep::kExamine);
  EXPECT_EQ(company.Step("2026-03-15"), JourneyStep::kUnknown);
  company.Add(test::Opportunity("n", "a").Stage("2026-04-01", "open").Stage("2026-05-01", "won"));
  EXPECT_TRUE(company.Read("2026-05-02").bought);
  EXPECT_EQ(company.Step("2026-05-02"), JourneyStep::kDecision);
}

TEST(ReadJourney, ADealLostForFitEndsTheJourney) {
  Company company;
  company.Add(test::Opportunity("o", "a")
                  .Stage("2026-01-01", "open")
                  .Stage("2026-03-01", "lost")
                  .Set([](crm::v1::Opportunity& o) { o.set_loss_reason("Not a fit"); }));
  EXPECT_EQ(company.Step("2026-03-15"), JourneyStep::kNotAFit);
}

TEST(ReadJourney, TellsWhatNoCallHasAnswered) {  // BE-04, BE-07, BE-14
  Company company;
  company.Call("2026-01-10", crm::v1::JOURNEY_STEP_EXAMINE_SOLUTIONS);
  company.Act("2026-01-12", Engagement::TYPE_INTERNAL_SHARE, "q");
  const BuyerJourney journey = company.Read("2026-02-01");
  EXPECT_EQ(journey.problem_class, crm::v1::PROBLEM_CLASS_EFFICIENCY);
  EXPECT_THAT(journey.unanswered_fields, ElementsAre("why_took_call", "why_problem", "stakeholders",
                                                     "current_state", "next_steps"));
  EXPECT_EQ(journey.internal_share_count, 1);
  EXPECT_EQ(journey.active_person_count, 1);
  EXPECT_EQ(journey.person_count, 2);
  EXPECT_EQ(company.Read("2026-01-09").newest_call, nullptr) << "had not been";
}

TEST(ReadJourneyProperty, AnActNeverTakesABuyerBack) {
  Random random(303);
  for (int round = 0; round < 200; ++round) {
    Company company;
    for (int i = 0; i < 8; ++i) {
      const auto day = absl::CivilDay(2026, 1, 1) + static_cast<int>(random.Below(150));
      if (random.Below(6) == 0) {
        company.Call(absl::FormatCivilTime(day),
                     static_cast<crm::v1::JourneyStep>(1 + random.Below(3)));
      } else {
        company.Act(absl::FormatCivilTime(day),
                    static_cast<Engagement::Type>(1 + random.Below(21)));
      }
    }
    const JourneyStep before = company.Step("2026-06-01");
    company.Act("2026-05-31", static_cast<Engagement::Type>(1 + random.Below(21)));
    EXPECT_GE(company.Step("2026-06-01"), before) << "round " << round;
  }
}

}  // namespace
}  // namespace gtm::targeting::domain
