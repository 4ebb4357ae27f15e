#include "services/targeting/domain/handover_diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/core/money.h"
#include "common/testing/matchers.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/test_market.h"

namespace gtm::targeting::domain {
namespace {

using test::At;

const absl::Time kNow = At("2026-07-15");
const DayRange kBefore{absl::CivilDay(2026, 1, 1), absl::CivilDay(2026, 4, 1)};
const DayRange kQuarter{absl::CivilDay(2026, 4, 1), absl::CivilDay(2026, 7, 1)};

HandoverDiagnosis Diagnose(const Market& market) {
  const book::BookView view = market.View();
  return DiagnoseHandovers(market.definition(), market.Judge(view, kNow), view,
                           {kQuarter, kBefore, DefaultReasonRules()}, StillAlive)
      .value();
}

class Deals {
 public:
  explicit Deals(Market* market) : market_(*market) {}
  // `count` deals of an account, closed in April (now) or January (before).
  void Closed(const std::string& account, int count, bool won, const std::string& reason = "",
              bool now = true) {
    for (int i = 0; i < count; ++i) {
      const std::string id = "d" + std::to_string(++number_);
      market_.Put(test::Opportunity(id, account)
                      .Stage("2025-12-01", "open")
                      .Stage(now ? "2026-04-10" : "2026-01-10", won ? "won" : "lost")
                      .Set([&](auto& o) { o.set_loss_reason(reason); }));
    }
  }
  void HandedOver(const std::string& account, int count, Handover::State state) {
    for (int i = 0; i < count; ++i) {
      Handover handover;
      handover.set_id("h" + std::to_string(++number_));
      handover.set_account_id(account);
      handover.set_state(state);
      SetTime(At("2026-04-10"), handover.mutable_handover_time());
      Handover::Decision* decision = handover.add_decisions();
      decision->set_state(state);
      decision->set_reason("no budget");
      SetTime(At("2026-04-11"), decision->mutable_decide_time());
      market_.Put(test::Wrap(handover));
    }
  }
  void Leads(std::string_view start, std::string_view end, int64_t mql) {
    crm::v1::LeadCount leads;
    leads.set_id("l" + std::to_string(++number_));
    *leads.mutable_start_date() = test::Date(start);
    *leads.mutable_end_date() = test::Date(end);
    leads.set_mql_count(mql);
    market_.Put(test::Wrap(leads));
  }

 private:
  Market& market_;
  int number_ = 0;
};

TEST(ClassOf, ReadsTheTenantsWords) {  // TG-25
  const auto& rules = DefaultReasonRules();
  EXPECT_EQ(ClassOf("No BUDGET this year", rules), ReasonClass::kWillNotSpend);
  EXPECT_EQ(ClassOf("no decision", rules), ReasonClass::kNoProblem);
  EXPECT_EQ(ClassOf("they chose an Android app", rules), ReasonClass::kOther) << "not ROI";
  EXPECT_EQ(ClassOf("ROI?", rules), ReasonClass::kNoValue);
  EXPECT_EQ(ClassOf("undervalued, priceless", rules), ReasonClass::kOther);
  EXPECT_EQ(ClassOf("Price", rules), ReasonClass::kNoValue);
  EXPECT_EQ(ClassOf("missing features", rules), ReasonClass::kOther);
  EXPECT_EQ(ClassOf("kein Bedarf", {{"kein bedarf", ReasonClass::kNoProblem}}),
            ReasonClass::kNoProblem);
}

TEST(WrongTarget, IsToldByTheReasonsOfLosses) {  // TG-25
  Market market;
  Deals deals(&market);
  market.Target("t");
  market.Other("o");
  deals.Closed("t", 20, false, "no need");
  deals.Closed("t", 4, false, "competitor");
  deals.Closed("t", 5, true);
  deals.Closed("o", 9, false, "no need");
  const HandoverDiagnosis out = Diagnose(market);
  EXPECT_EQ(out.now.target_wins.successes, 5);
  EXPECT_EQ(out.now.target_wins.trials, 29);
  EXPECT_EQ(out.now.target_losses[static_cast<size_t>(ReasonClass::kNoProblem)], 20);
  EXPECT_EQ(out.wrong_reasons.status, FindingStatus::kYes);
  EXPECT_EQ(out.wrong_target, FindingStatus::kYes);
}

TEST(WrongTarget, IsDeniedWhereTargetsWinAndLoseForOtherReasons) {
  Market market;
  Deals deals(&market);
  market.Target("t");
  market.Other("o");
  deals.Closed("t", 30, false, "competitor");
  deals.Closed("t", 30, true);
  deals.Closed("o", 40, false, "competitor");
  deals.Closed("o", 2, true);
  const HandoverDiagnosis out = Diagnose(market);
  EXPECT_EQ(out.targets_win_no_more.status, FindingStatus::kNo);
  EXPECT_EQ(out.wrong_target, FindingStatus::kNo);
}

// TG-33: where the product meets a need, and where it beats the competition.
TEST(DiagnoseHandovers, TellsWinsByProductAndCompetitor) {
  Market market;
  market.Target("t");
  int number = 0;
  const auto closed = [&](int count, bool won, const char* product, const char* competitor) {
    for (int i = 0; i < count; ++i) {
      market.Put(test::Opportunity("d" + std::to_string(++number), "t")
                     .Stage("2025-12-01", "open")
                     .Stage("2026-04-10", won ? "won" : "lost")
                     .Set([&](auto& o) {
                       o.set_product(product);
                       o.set_competitor(competitor);
                     }));
    }
  };
  closed(12, true, "Core", "");
  closed(3, false, "core", "Rival");
  closed(9, false, "Edge", "rival");
  closed(1, true, "", "Rival");
  const HandoverDiagnosis out = Diagnose(market);
  ASSERT_EQ(out.products.size(), 2u);
  EXPECT_EQ(out.products[0].name, "Core");
  EXPECT_EQ(out.products[0].wins.successes, 12);
  EXPECT_EQ(out.products[0].wins.trials, 15);
  EXPECT_EQ(out.products[0].others.trials, 10) << "without a product, too";
  EXPECT_EQ(out.products[0].others.successes, 1);
  ASSERT_EQ(out.competitors.size(), 1u);
  EXPECT_EQ(out.competitors[0].name, "Rival");
  EXPECT_EQ(out.competitors[0].wins.successes, 1);
  EXPECT_EQ(out.competitors[0].wins.trials, 13);
  EXPECT_EQ(out.competitors[0].others.successes, 12);
}

TEST(WrongTarget, IsNotToldFromAFew) {  // C27
  Market market;
  Deals deals(&market);
  market.Target("t");
  EXPECT_EQ(Diagnose(market).wrong_target, FindingStatus::kNoData);
  deals.Closed("t", 2, false, "no need");
  deals.Closed("t", 1, false, "competitor");
  EXPECT_EQ(Diagnose(market).wrong_target, FindingStatus::kNotSure);
}

// TG-32: more ad spend, more MQLs, fewer closed opportunities.
TEST(TrashIn, IsMoreSpendMoreLeadsAndFewerWins) {
  Market market;
  Deals deals(&market);
  market.Target("t");
  deals.Closed("t", 60, true, "", false);
  deals.Closed("t", 30, true, "", true);
  market.Spend("", "2026-01-01", "2026-04-01", 1'000);
  market.Spend("", "2026-04-01", "2026-07-01", 2'000);
  deals.Leads("2026-01-01", "2026-04-01", 100);
  deals.Leads("2026-04-01", "2026-07-01", 200);
  const HandoverDiagnosis out = Diagnose(market);
  EXPECT_NEAR(*out.spend_ratio, 2 * 90.0 / 91, 1e-9);
  EXPECT_EQ(out.more_leads.status, FindingStatus::kYes);
  EXPECT_EQ(out.fewer_won.status, FindingStatus::kYes);
  EXPECT_EQ(out.money_wins_less.status, FindingStatus::kYes);
  EXPECT_EQ(out.trash_in, FindingStatus::kYes);
}

TEST(TrashIn, IsNotToldWhereTheChangeMayBeChance) {
  Market market;
  Deals deals(&market);
  market.Target("t");
  deals.Closed("t", 10, true, "", false);
  deals.Closed("t", 8, true, "", true);
  market.Spend("", "2026-01-01", "2026-04-01", 1'000);
  market.Spend("", "2026-04-01", "2026-07-01", 2'000);
  deals.Leads("2026-01-01", "2026-04-01", 100);
  deals.Leads("2026-04-01", "2026-07-01", 200);
  EXPECT_EQ(Diagnose(market).trash_in, FindingStatus::kNotSure);
  deals.Closed("t", 3, true, "", true);
  EXPECT_EQ(Diagnose(market).trash_in, FindingStatus::kNo) << "won deals are up";
}

TEST(TrashIn, IsNotToldWithoutSpend) {
  Market market;
  Deals deals(&market);
  market.Target("t");
  deals.Closed("t", 10, true, "", false);
  deals.Leads("2026-01-01", "2026-04-01", 100);
  EXPECT_EQ(Diagnose(market).trash_in, FindingStatus::kNoData);
}

TEST(SalesRefusal, IsReadFromTheHandoversByTheDefinition) {  // TG-24, TG-32
  Market market;
  Deals deals(&market);
  market.Target("t");
  market.Other("o");
  market.Undecided("u");
  deals.HandedOver("t", 30, Handover::STATE_ACCEPTED);
  deals.HandedOver("t", 4, Handover::STATE_REJECTED);
  deals.HandedOver("o", 5, Handover::STATE_QUALIFIED);
  deals.HandedOver("o", 20, Handover::STATE_REJECTED);
  deals.HandedOver("u", 3, Handover::STATE_REJECTED);
  const HandoverDiagnosis out = Diagnose(market);
  EXPECT_EQ(out.now.accepted_targets.trials, 34);
  EXPECT_EQ(out.now.accepted_others.successes, 5);
  EXPECT_EQ(out.now.undecided_handovers, 3);
  EXPECT_EQ(out.sales_refuses_others.status, FindingStatus::kYes);
  EXPECT_EQ(out.now.handshake.rejection_reasons[0].count, 27);
  EXPECT_EQ(out.before.handshake.handover_count, 0);
}

}  // namespace
}  // namespace gtm::targeting::domain
