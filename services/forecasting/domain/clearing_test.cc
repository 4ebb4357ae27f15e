// What a warning says clears it, clears it: read as a program would, from the condition alone.

#include <set>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/test_pipeline_scene.h"

namespace gtm::forecasting::domain {
namespace {

using crm::v1::Engagement;

constexpr char kLater[] = "2026-06-17";

// A deal about which almost everything is wrong, and others that show it is recorded.
test::Opportunity BadDeal() {
  test::Opportunity deal("o1", "acme");
  deal.Owner("ada").Stage("2026-03-01", "discovery").Stage("2026-03-05", "evaluation");
  deal.Close("2026-03-01", "2026-04-01").Close("2026-04-02", "2026-05-01");
  deal.Close("2026-05-02", "2026-06-01").Close("2026-06-01", "2026-06-10");
  deal.Member("acme-ann", crm::v1::BUYING_ROLE_USER);
  deal.Set([](auto& o) {
    o.mutable_conditions()->set_budget(false);
    o.mutable_conditions()->set_urgent_need(false);
  });
  return deal;
}

void PutScene(PipelineScene* scene, const test::Opportunity& deal, bool with_touch = true) {
  scene->WinDeals();
  scene->RecordEveryType();
  scene->Put(deal);
  scene->Put(test::Opportunity("o2", "other")
                 .Stage("2026-06-01", "discovery")
                 .Amount("2026-06-01", 10)
                 .Close("2026-06-01", "2026-08-01"));
  crm::v1::CallSummary summary;
  summary.set_id("other");
  summary.set_opportunity_id("o2");
  *summary.mutable_occur_time() = test::Stamp("2026-06-02");
  scene->Put(test::Wrap(summary));
  if (with_touch) scene->Touch("2026-04-01", Engagement::TYPE_CALL, "ann");
}

// Does what the condition asks for, on 2026-06-16.
void Meet(const DealWarning& warning, PipelineScene* scene, test::Opportunity deal) {
  const std::string day = "2026-06-16";
  const Clearing& clears = warning.clears;
  const auto role = static_cast<crm::v1::BuyingRole>(clears.role);
  switch (clears.type) {
    case ClearType::kEngagedContacts:
      for (int64_t i = 0; i < clears.count; ++i) {
        scene->Touch(day, Engagement::TYPE_CALL, fmt::format("new{}", i));
      }
      return;
    case ClearType::kBuyerTouches: {
      const auto type = clears.evidence
                            ? static_cast<Engagement::Type>(TouchTypeOf(*clears.evidence))
                            : Engagement::TYPE_EMAIL;
      scene->Touch(day, type, "ann");
      return;
    }
    case ClearType::kRoleNamed:
      scene->Put(deal.Member("acme-bob", role));
      return;
    case ClearType::kRoleEngaged:
      scene->Put(deal.Member("acme-bob", role));
      scene->Touch(day, Engagement::TYPE_MEETING, "bob");
      return;
    case ClearType::kChampionProven:
      scene->Put(deal.Member("acme-bob", crm::v1::BUYING_ROLE_CHAMPION));
      scene->Touch(day, Engagement::TYPE_INTERNAL_SHARE, "bob");
      return;
    case ClearType::kAnswersYes:
      scene->Put(deal.Set([](auto& o) {
        auto* conditions = o.mutable_conditions();
        conditions->set_budget(true);
        conditions->set_authority(true);
        conditions->set_confidence(true);
        conditions->set_consensus(true);
        conditions->set_urgent_need(true);
        o.set_buyer_states_value(true);
      }));
      return;
    case ClearType::kNextStep: {
      crm::v1::CallSummary summary;
      summary.set_id("met");
      summary.set_opportunity_id("o1");
      *summary.mutable_occur_time() = test::Stamp(day);
      summary.add_next_steps("send the contract");
      scene->Put(test::Wrap(summary));
      return;
    }
    case ClearType::kStageMoved:
      scene->Put(deal.Stage(day, "proposal"));
      return;
    case ClearType::kClosed:
      scene->Put(deal.Stage(day, "lost"));
      return;
    case ClearType::kCloseDateFrom:
    case ClearType::kCloseDateSet:
      scene->Put(deal.Close(day, "2026-09-01"));
      return;
    case ClearType::kAmountSet:
      scene->Put(deal.Amount(day, 10'000));
      return;
    case ClearType::kChannels:
      for (int type = 1; type <= clears.count + 1; ++type) {
        scene->Touch(day, static_cast<Engagement::Type>(type), "ann");
      }
      return;
    case ClearType::kTouchesInBand:
      for (int64_t i = 0; i < clears.count; ++i) scene->Touch(day, Engagement::TYPE_CALL, "ann");
      return;
    case ClearType::kTrust:
      return;  // a matter of what happens over weeks
  }
}

bool HasWarning(const PipelineScene::Answer& answer, DealWarningType type) {
  for (const InterrogatedDeal& deal : answer.all.deals) {
    if (answer.table.deals[deal.chance.deal].id != "o1") continue;
    return answer.Find(type) != nullptr;
  }
  return false;  // closed
}

void CheckAll(const test::Opportunity& deal, bool with_touch, std::set<DealWarningType>* seen) {
  PipelineScene before;
  PutScene(&before, deal, with_touch);
  const auto answer = before.Ask(kLater);
  for (const DealWarning& warning : answer.deal().warnings) {
    if (warning.clears.type == ClearType::kTrust) continue;
    PipelineScene scene;
    PutScene(&scene, deal, with_touch);
    ASSERT_TRUE(HasWarning(scene.Ask(kLater), warning.type));
    Meet(warning, &scene, deal);
    EXPECT_FALSE(HasWarning(scene.Ask(kLater), warning.type))
        << "type " << static_cast<int>(warning.type) << ": " << warning.message << "; cleared by "
        << warning.clears.text;
    seen->insert(warning.type);
  }
}

TEST(Clearing, WhatIsSaidToClearAWarningClearsIt) {
  std::set<DealWarningType> seen;
  CheckAll(BadDeal(), true, &seen);
  CheckAll(BadDeal(), false, &seen);
  CheckAll(BadDeal().Member("acme-bob", crm::v1::BUYING_ROLE_COACH), true, &seen);
  CheckAll(BadDeal()
               .Member("acme-bob", crm::v1::BUYING_ROLE_CHAMPION)
               .Member("acme-cid", crm::v1::BUYING_ROLE_ECONOMIC_BUYER)
               .Stage("2026-05-20", "proposal"),
           true, &seen);
  test::Opportunity young("o1", "acme");
  young.Stage("2026-05-20", "discovery").Stage("2026-05-21", "contract");
  CheckAll(young, true, &seen);
  EXPECT_GE(seen.size(), 19u);
}

}  // namespace
}  // namespace gtm::forecasting::domain
