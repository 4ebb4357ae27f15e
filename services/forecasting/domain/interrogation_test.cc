#include "services/forecasting/domain/interrogation.h"

#include "common/testing/matchers.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/read_evidence.h"
#include "services/forecasting/domain/test_pipeline_scene.h"

namespace gtm::forecasting::domain {
namespace {

using crm::v1::Engagement;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Type = DealWarningType;

std::string DayOf(int days_ago) {
  return DayText(NumberOf(absl::CivilDay(2026, 6, 15) - days_ago));
}

// D14: one engaged contact at Stage 2: a red flag, and the account is to be mapped.
TEST(Interrogate, D14SingleContactIsARedFlag) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("evaluation").Member("acme-ann"));
  scene.Touch("2026-06-01", Engagement::TYPE_MEETING, "ann");
  scene.Touch("2026-06-10", Engagement::TYPE_CONTENT_READ, "ann");
  const auto answer = scene.Ask();
  const DealWarning* warning = answer.Find(Type::kSingleContact);
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->severity, Severity::kHigh);
  EXPECT_THAT(warning->message, HasSubstr("red flag: one person acts for the buyer at stage 2"));
  EXPECT_THAT(warning->message, HasSubstr("7 to 11"));
  EXPECT_THAT(warning->action, HasSubstr("Map the account"));
  EXPECT_EQ(warning->clears.type, ClearType::kEngagedContacts);
  EXPECT_EQ(warning->clears.count, 2);
  EXPECT_EQ(DayText(warning->due_day), "2026-06-18");
}

TEST(Interrogate, OneContactIsEnoughAtStageOne) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("discovery"));
  scene.Touch("2026-06-01", Engagement::TYPE_MEETING, "ann");
  EXPECT_EQ(scene.Ask().Find(Type::kSingleContact), nullptr);
}

// D15: engagement that falls is a warning before, and none in the final contract stage.
TEST(Interrogate, D15FallingEngagementIsNoWarningInTheContractStage) {
  for (const auto& [stage, warns] :
       {std::pair("evaluation", true), std::pair("proposal", true), std::pair("contract", false)}) {
    PipelineScene scene;
    scene.Put(PipelineScene::DealAt(stage));
    for (int day = 112; day > 35; --day) {
      scene.Touch(DayOf(day), Engagement::TYPE_WEB_VISIT, day % 2 == 0 ? "ann" : "bob");
    }
    const auto answer = scene.Ask();
    EXPECT_EQ(answer.deal().trend->verdict, TrendVerdict::kDecelerating);
    EXPECT_EQ(answer.Find(Type::kDecelerating) != nullptr, warns) << stage;
    // Quiet for 35 days is none there, either.
    EXPECT_EQ(answer.Find(Type::kNoBuyerActivity) != nullptr, warns) << stage;
  }
}

TEST(Interrogate, AnAccountThatSpeedsUpIsAnOpening) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("evaluation"));
  scene.Touch(DayOf(110), Engagement::TYPE_WEB_VISIT, "ann");
  scene.Touch(DayOf(60), Engagement::TYPE_WEB_VISIT, "ann");
  for (int i = 0; i < 40; ++i) scene.Touch(DayOf(1 + i % 25), Engagement::TYPE_EMAIL, "bob");
  const auto answer = scene.Ask();
  const DealWarning* warning = answer.Find(Type::kAccelerating);
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->severity, Severity::kInfo);
}

// FC-17 to FC-19 by stage: legal and security from Stage 2 on, heavier the later; price only
// late.
TEST(Interrogate, WhatAPurchaseNeedsByStage) {
  struct Row {
    const char* stage;
    std::optional<Severity> legal, negotiation;
  };
  for (const Row& row : {Row{"discovery", {}, {}}, Row{"evaluation", Severity::kLow, {}},
                         Row{"proposal", Severity::kMedium, Severity::kMedium},
                         Row{"contract", Severity::kHigh, Severity::kHigh}}) {
    PipelineScene scene;
    scene.RecordEveryType();
    scene.Put(PipelineScene::DealAt(row.stage));
    const auto answer = scene.Ask();
    const auto severity = [&](Type type) -> std::optional<Severity> {
      const DealWarning* warning = answer.Find(type);
      return warning == nullptr ? std::nullopt : std::optional(warning->severity);
    };
    EXPECT_EQ(severity(Type::kNoLegalReview), row.legal) << row.stage;
    EXPECT_EQ(severity(Type::kNoSecurityReview), row.legal) << row.stage;
    EXPECT_EQ(severity(Type::kNoNegotiation), row.negotiation) << row.stage;
    scene.Touch("2026-06-01", Engagement::TYPE_LEGAL_REVIEW, "ann");
    scene.Touch("2026-06-01", Engagement::TYPE_SECURITY_REVIEW, "ann");
    scene.Touch("2026-06-01", Engagement::TYPE_NEGOTIATION, "ann");
    const auto done = scene.Ask();
    for (const Type type : {Type::kNoLegalReview, Type::kNoSecurityReview, Type::kNoNegotiation}) {
      EXPECT_EQ(done.Find(type), nullptr) << row.stage;
    }
  }
}

// The expected day near makes a deal late at Stage 2, too.
TEST(Interrogate, ANearCloseDateIsLate) {
  PipelineScene scene;
  scene.RecordEveryType();
  scene.Put(PipelineScene::DealAt("evaluation").Close("2026-06-01", "2026-06-16"));
  const auto answer = scene.Ask();
  const DealWarning* warning = answer.Find(Type::kNoLegalReview);
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->severity, Severity::kMedium);
  // Due before the deal is to close, and never today.
  EXPECT_EQ(DayText(warning->due_day), "2026-06-16");
}

// Without any engagement in the tenant nothing is said about the buyer.
TEST(Interrogate, AccusesNobodyWithoutData) {
  PipelineScene scene;
  for (const char* stage : {"discovery", "evaluation", "proposal", "contract"}) {
    scene.Put(PipelineScene::DealAt(stage));
    const auto answer = scene.Ask();
    EXPECT_THAT(answer.deal().warnings, IsEmpty()) << stage;
    EXPECT_EQ(answer.all.channels_recorded, 0);
    EXPECT_GE(answer.all.gaps.size(), 18u);
  }
}

// Others record touches, and of this kind nobody has one: said as not known, not as missing.
TEST(Interrogate, WhatNobodyRecordsIsNotMissing) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("contract"));
  scene.Touch("2026-06-01", Engagement::TYPE_CALL, "ann");
  const auto answer = scene.Ask();
  EXPECT_EQ(answer.deal().evidence.at(EvidenceKind::kLegalReview).state,
            EvidenceState::kNotRecorded);
  const DealWarning* warning = answer.Find(Type::kNoLegalReview);
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->severity, Severity::kInfo);
  EXPECT_THAT(warning->message, HasSubstr("or none is ever recorded"));
}

// FC-22: who can sell inside.
TEST(Interrogate, TellsChampionFromCoach) {
  const auto verdict = [](auto edit) {
    PipelineScene scene;
    scene.RecordEveryType();
    edit(scene);
    return scene.Ask().deal().evidence.champion;
  };
  const auto with = [](crm::v1::BuyingRole role) {
    return PipelineScene::DealAt("evaluation").Member("acme-ann", role);
  };
  EXPECT_EQ(verdict([&](auto& s) { s.Put(with(crm::v1::BUYING_ROLE_USER)); }),
            ChampionVerdict::kNone);
  EXPECT_EQ(verdict([&](auto& s) { s.Put(with(crm::v1::BUYING_ROLE_COACH)); }),
            ChampionVerdict::kCoach);
  EXPECT_EQ(verdict([&](auto& s) {
              s.Put(with(crm::v1::BUYING_ROLE_CHAMPION));
              s.Touch("2026-05-20", Engagement::TYPE_CALL, "ann");
            }),
            ChampionVerdict::kUnproven);
  EXPECT_EQ(verdict([&](auto& s) {
              s.Put(with(crm::v1::BUYING_ROLE_CHAMPION));
              s.Touch("2026-05-20", Engagement::TYPE_INTERNAL_SHARE, "ann");
            }),
            ChampionVerdict::kProven);
  EXPECT_EQ(verdict([&](auto& s) {
              s.Put(with(crm::v1::BUYING_ROLE_CHAMPION));
              s.Touch("2026-05-20", Engagement::TYPE_CALL, "ann");
              s.Touch("2026-05-25", Engagement::TYPE_CALL, "bob");
              s.Touch("2026-05-26", Engagement::TYPE_CALL, "cid");
            }),
            ChampionVerdict::kProven);
  // Two who acted before the champion were not brought.
  EXPECT_EQ(verdict([&](auto& s) {
              s.Put(with(crm::v1::BUYING_ROLE_CHAMPION));
              s.Touch("2026-05-20", Engagement::TYPE_CALL, "bob");
              s.Touch("2026-05-21", Engagement::TYPE_CALL, "cid");
              s.Touch("2026-05-25", Engagement::TYPE_CALL, "ann");
            }),
            ChampionVerdict::kUnproven);
  EXPECT_EQ(verdict([](auto& s) { s.Put(PipelineScene::DealAt("evaluation")); }),
            ChampionVerdict::kUnknown);
}

TEST(Interrogate, StuckIsWhatIsLongerThanAlmostAllThatWasWon) {
  PipelineScene scene;
  scene.WinDeals();                                // after 20 to 60 days
  scene.Put(PipelineScene::DealAt("evaluation"));  // 68 days in pipeline, 36 in its stage
  const auto answer = scene.Ask();
  EXPECT_EQ(answer.deal().age.verdict, StuckVerdict::kStuck);
  EXPECT_EQ(answer.deal().age.won_count, 80);
  ASSERT_NE(answer.Find(Type::kStuckAge), nullptr);
  EXPECT_THAT(answer.Find(Type::kStuckAge)->message,
              HasSubstr("none of 80 won deals took longer than 60 days"));
  EXPECT_EQ(scene.Ask("2026-05-15").deal().age.verdict, StuckVerdict::kNotStuck);
  // Without history nothing is stuck.
  PipelineScene young;
  young.Put(PipelineScene::DealAt("evaluation"));
  EXPECT_EQ(young.Ask().deal().age.verdict, StuckVerdict::kNotEnoughData);
}

TEST(JudgeLength, NeedsFiftyNineWonDeals) {
  std::vector<int32_t> days(58, 30);
  EXPECT_EQ(JudgeLength(days, 1000).verdict, StuckVerdict::kNotEnoughData);
  days.push_back(30);
  EXPECT_EQ(JudgeLength(days, 1000).verdict, StuckVerdict::kStuck);
  EXPECT_EQ(JudgeLength(days, 30).verdict, StuckVerdict::kNotStuck);
  EXPECT_EQ(JudgeLength({}, 1000).verdict, StuckVerdict::kNotEnoughData);
}

TEST(Interrogate, DatesAmountsAndNextSteps) {
  PipelineScene scene;
  scene.Put(test::Opportunity("o1", "acme")
                .Stage("2026-04-01", "discovery")
                .Stage("2026-04-10", "evaluation")
                .Close("2026-04-11", "2026-05-01")
                .Close("2026-04-30", "2026-05-20")
                .Close("2026-05-19", "2026-05-25")
                .Close("2026-05-24", "2026-06-10"));
  scene.Put(test::Wrap([] {
    crm::v1::CallSummary summary;
    summary.set_id("c1");
    summary.set_opportunity_id("o1");
    *summary.mutable_occur_time() = test::Stamp("2026-05-01");
    summary.add_next_steps("send the contract");
    return summary;
  }()));
  const auto answer = scene.Ask();
  ASSERT_NE(answer.Find(Type::kCloseDateOverdue), nullptr);
  EXPECT_THAT(answer.Find(Type::kCloseDateOverdue)->message, HasSubstr("2026-06-10, 5 days ago"));
  ASSERT_NE(answer.Find(Type::kCloseDatePushed), nullptr);
  EXPECT_THAT(answer.Find(Type::kCloseDatePushed)->message, HasSubstr("3 times"));
  EXPECT_NE(answer.Find(Type::kMissingAmount), nullptr);
  ASSERT_NE(answer.Find(Type::kNoNextStep), nullptr);
  EXPECT_THAT(answer.Find(Type::kNoNextStep)->message, HasSubstr("2026-05-01"));
  EXPECT_EQ(scene.Ask("2026-05-20").Find(Type::kNoNextStep), nullptr);
  InterrogationRules rules;
  rules.push_count = 4;
  EXPECT_EQ(scene.Ask(kToday, rules).Find(Type::kCloseDatePushed), nullptr);
}

TEST(Interrogate, ConditionsThatWereDeniedWeighMoreThanOnesNotAsked) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("proposal").Set([](auto& deal) {
    deal.mutable_conditions()->set_budget(false);
    deal.mutable_conditions()->set_urgent_need(false);
    deal.set_buyer_states_value(true);
  }));
  const auto answer = scene.Ask();
  ASSERT_NE(answer.Find(Type::kConditionDenied), nullptr);
  EXPECT_THAT(answer.Find(Type::kConditionDenied)->message, HasSubstr("budget"));
  ASSERT_NE(answer.Find(Type::kQuestionsOpen), nullptr);
  EXPECT_THAT(answer.Find(Type::kQuestionsOpen)->message,
              HasSubstr("authority, confidence, consensus"));
  ASSERT_NE(answer.Find(Type::kNoUrgency), nullptr);
  EXPECT_EQ(answer.Find(Type::kNoUrgency)->severity, Severity::kMedium);
}

// D16: a merger that is only announced is no reason to act; a settled one is.
TEST(Interrogate, TriggersAreUrgencyOnceTheDustHasSettled) {
  for (const auto& [phase, state] :
       {std::pair(crm::v1::TriggerEvent::PHASE_ANNOUNCED, EvidenceState::kMissing),
        std::pair(crm::v1::TriggerEvent::PHASE_SETTLED, EvidenceState::kFound)}) {
    PipelineScene scene;
    scene.Put(PipelineScene::DealAt("evaluation"));
    crm::v1::TriggerEvent trigger;
    trigger.set_id("t1");
    trigger.set_account_id("acme");
    trigger.set_type(crm::v1::TriggerEvent::TYPE_AUTHORITY_SHIFT);
    trigger.set_phase(phase);
    *trigger.mutable_occur_time() = test::Stamp("2026-05-01");
    scene.Put(test::Wrap(trigger));
    EXPECT_EQ(scene.Ask().deal().evidence.at(EvidenceKind::kUrgency).state, state);
  }
}

// Touches of another deal, before the clock started, or of ours alone, are no evidence.
TEST(Interrogate, CountsOnlyWhatTheBuyerDidForThisDeal) {
  PipelineScene scene;
  scene.Put(PipelineScene::DealAt("evaluation"));
  scene.Put(test::Opportunity("o2", "acme").Stage("2026-04-01", "discovery"));
  scene.Touch("2026-05-01", Engagement::TYPE_EMAIL, "ann");
  scene.Touch("2026-05-01", Engagement::TYPE_EMAIL, "bob", "acme", Engagement::DIRECTION_INBOUND,
              "o2");
  scene.Touch("2026-03-01", Engagement::TYPE_EMAIL, "cid");
  scene.Touch("2026-05-01", Engagement::TYPE_EMAIL, "dan", "acme", Engagement::DIRECTION_OUTBOUND);
  const DealEvidence evidence = scene.Ask().deal().evidence;
  EXPECT_EQ(evidence.at(EvidenceKind::kEmails).count, 1);
  EXPECT_EQ(evidence.buyer_touch_count, 1);
  EXPECT_EQ(evidence.our_touch_count, 1);
  EXPECT_EQ(scene.Ask().deal("o2").evidence.buyer_touch_count, 2);
}

// The time fence: what happens later changes no byte of the facts.
TEST(ReadEvidence, ReadsNothingOfTheFuture) {
  PipelineScene scene;
  scene.RecordEveryType();
  scene.Put(PipelineScene::DealAt("evaluation").Member("acme-ann"));
  scene.Touch("2026-06-01", Engagement::TYPE_CALL, "ann");
  const std::string before = HashOf(scene.Ask("2026-06-05").facts);
  for (int i = 0; i < 30; ++i) {
    scene.Touch("2026-06-06", Engagement::TYPE_LEGAL_REVIEW, "bob");
    scene.Touch("2026-06-06", Engagement::TYPE_CALL, "ann", "other");
  }
  crm::v1::CallSummary summary;
  summary.set_id("c1");
  summary.set_opportunity_id("o1");
  summary.set_urgency("now");
  summary.add_next_steps("sign");
  *summary.mutable_occur_time() = test::Stamp("2026-06-07");
  scene.Put(test::Wrap(summary));
  auto deal = PipelineScene::DealAt("evaluation").Member("acme-ann");
  deal.Member("acme-bob", crm::v1::BUYING_ROLE_CHAMPION).Set([](auto& o) {
    *o.mutable_buying_group(1)->mutable_since_time() = test::Stamp("2026-06-08");
  });
  scene.Put(deal.Stage("2026-06-09", "contract")
                .Amount("2026-06-09", 1)
                .Close("2026-06-09", "2026-07-01"));
  EXPECT_EQ(HashOf(scene.Ask("2026-06-05").facts), before);
  EXPECT_NE(HashOf(scene.Ask("2026-06-10").facts), before);
}

// Whatever order records arrive in, the answer is the same.
TEST(ReadEvidence, DoesNotDependOnTheOrderOfArrival) {
  const auto hash = [](bool reversed) {
    PipelineScene scene;
    scene.Put(PipelineScene::DealAt("evaluation").Member("acme-ann").Member("acme-bob"));
    std::vector<records::v1::Record> touches;
    for (int i = 0; i < 60; ++i) {
      touches.push_back(test::Engagement(fmt::format("t{}", i), fmt::format("a{}", i % 7), DayOf(i),
                                         Engagement::TYPE_CALL));
      touches.push_back(
          test::Engagement(fmt::format("u{}", i), "acme", DayOf(i), Engagement::TYPE_EMAIL)
              .Set([&](auto& e) { e.set_contact_id(i % 2 == 0 ? "acme-ann" : "acme-bob"); }));
    }
    if (reversed) std::reverse(touches.begin(), touches.end());
    scene.records().PutAll(touches);
    const auto answer = scene.Ask();
    std::string text = HashOf(answer.facts);
    for (const auto& contact : answer.deal().evidence.contacts) {
      text += answer.facts.contact_ids.at(contact.contact);
    }
    return text;
  };
  EXPECT_EQ(hash(false), hash(true));
}

TEST(Interrogate, OrdersByWhatIsAtStakeAndSumsUp) {
  PipelineScene scene;
  scene.WinDeals();
  for (int i = 0; i < 12; ++i) {
    scene.Put(test::Opportunity(fmt::format("p{:02}", i), "acme")
                  .Stage("2026-05-20", "discovery")
                  .Amount("2026-05-20", 1000 * (1 + i * 5 % 12)));
  }
  scene.Put(test::Opportunity("lost", "acme")
                .Stage("2026-05-01", "discovery")
                .Stage("2026-05-20", "lost")
                .Set([](auto& deal) { deal.set_loss_reason("price"); }));
  const auto answer = scene.Ask();
  int64_t expected = 0, last = INT64_MAX;
  for (const InterrogatedDeal& deal : answer.all.deals) {
    EXPECT_LE(deal.chance.expected_micros, last);
    last = deal.chance.expected_micros;
    expected += last;
    for (const DealWarning& warning : deal.warnings) {
      EXPECT_GT(warning.due_day, answer.table.today);
      EXPECT_FALSE(warning.clears.text.empty());
      EXPECT_FALSE(warning.action.empty());
    }
  }
  EXPECT_EQ(answer.all.deals.size(), 12u);
  EXPECT_EQ(answer.all.expected_micros, expected);
  ASSERT_EQ(answer.all.losses.size(), 1u);
  EXPECT_EQ(answer.all.losses[0].reason, "price");
}

}  // namespace
}  // namespace gtm::forecasting::domain
