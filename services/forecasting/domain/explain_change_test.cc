#include "services/forecasting/domain/explain_change.h"

#include <map>

#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

const FiscalPeriod kPeriod = {PeriodUnit::kQuarter, 2025, 1};
const DayRange kDays = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};

// A table with what is learned from it.
struct Told {
  explicit Told(DealTable at, const Selection& selection = {})
      : table(std::move(at)),
        model(Blend(table, LearnModel(table), kPeriod)),
        forecast(ForecastPeriod(table, model, kDays, selection)) {}
  ChangeSide side() const { return {table, model, forecast, forecast.mean_micros()}; }
  DealTable table;
  Model model;
  PeriodForecast forecast;
};

std::map<ChangeKind, ChangeStep> ByKind(const std::vector<ChangeStep>& steps) {
  std::map<ChangeKind, ChangeStep> result;
  for (const ChangeStep& step : steps) result[step.kind] = step;
  return result;
}

int64_t SumOf(const std::vector<ChangeStep>& steps) {
  int64_t sum = 0;
  for (const ChangeStep& step : steps) sum += step.micros;
  return sum;
}

// The promise: to the micro, over companies of very different shape, any pair of days (also
// before the period and after its end), and parts of the company.
TEST(ExplainChange, SumsExactly) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const Selection selection =
        seed % 2 == 0 ? Selection{.owner_seller_id = "", .segment = "small"} : Selection{};
    std::vector<Told> told;
    for (const auto& day : {absl::CivilDay(2024, 12, 10), absl::CivilDay(2025, 1, 15),
                            absl::CivilDay(2025, 2, 20), absl::CivilDay(2025, 4, 5)}) {
      told.emplace_back(company.AtEndOf(NumberOf(day)), selection);
    }
    for (size_t a = 0; a < told.size(); ++a) {
      for (size_t b = a; b < told.size(); ++b) {
        const auto steps =
            ExplainChange(told[a].side(), told[b].side(), kDays, selection, 1'000'000);
        EXPECT_EQ(SumOf(steps), told[b].forecast.mean_micros() - told[a].forecast.mean_micros())
            << "seed " << seed << " pair " << a << " " << b;
        // And so does each step that is about deals, MODEL with its rounding aside.
        for (const ChangeStep& step : steps) {
          int64_t of_deals = 0;
          for (const DealChange& deal : step.deals) of_deals += deal.change_micros;
          if (step.kind == ChangeKind::kNewBusiness || step.kind == ChangeKind::kRecords) continue;
          EXPECT_NEAR(static_cast<double>(of_deals), static_cast<double>(step.micros), 2);
        }
        if (a == b) {
          for (const ChangeStep& step : steps) EXPECT_EQ(step.micros, 0);
        }
      }
    }
  }
}

TEST(ExplainChange, EachDealAddsUpOverTheSteps) {
  const GeneratedCompany company(DrawShape(3), 3);
  const Told older(company.AtEndOf(NumberOf(absl::CivilDay(2025, 1, 15))));
  const Told newer(company.AtEndOf(NumberOf(absl::CivilDay(2025, 2, 20))));
  std::map<std::string, int64_t> sums, differences;
  for (const ChangeStep& step : ExplainChange(older.side(), newer.side(), kDays, {}, 1'000'000)) {
    for (const DealChange& deal : step.deals) {
      sums[deal.id] += deal.change_micros;
      differences[deal.id] = deal.newer_micros - deal.older_micros;
    }
  }
  EXPECT_FALSE(sums.empty());
  EXPECT_EQ(sums, differences);
}

class WorkedCase : public ::testing::Test {
 protected:
  // A company with a history, and some deals of our own.
  static DealTable Base(absl::CivilDay day) {
    static const GeneratedCompany* company = [] {
      CompanyShape shape;
      return new GeneratedCompany(shape, 7);
    }();
    return company->AtEndOf(NumberOf(day));
  }
  static void Put(DealTable* table, const std::string& id, int64_t units,
                  std::optional<absl::CivilDay> close = std::nullopt) {
    Deal deal;
    deal.id = id;
    deal.owner_seller_id = "s1";
    deal.segment = "large";
    deal.qualified_day = deal.clock_day = deal.stage_day = NumberOf(absl::CivilDay(2024, 12, 1));
    deal.amount_micros = units * kMicrosPerUnit;
    if (close) deal.expected_close_day = NumberOf(*close);
    table->deals.push_back(deal);
  }
  static Deal& Last(DealTable& table) { return table.deals.back(); }
};

TEST_F(WorkedCase, PutsEachDealIntoItsStep) {
  DealTable older = Base(absl::CivilDay(2025, 1, 15)), newer = Base(absl::CivilDay(2025, 2, 15));
  const DayNumber closed = NumberOf(absl::CivilDay(2025, 2, 3));
  // Ids behind those of the company, in order.
  Put(&older, "x1", 50'000'000);  // won
  Put(&newer, "x1", 50'000'000);
  Last(newer).outcome = Outcome::kWon;
  Last(newer).closed_day = closed;
  Put(&older, "x2", 60'000'000);  // lost
  Put(&newer, "x2", 60'000'000);
  Last(newer).outcome = Outcome::kLost;
  Last(newer).closed_day = closed;
  Put(&older, "x3", 70'000'000, absl::CivilDay(2025, 5, 1));  // pulled in
  Put(&newer, "x3", 70'000'000, absl::CivilDay(2025, 3, 20));
  Put(&older, "x4", 80'000'000, absl::CivilDay(2025, 3, 1));  // slipped
  Put(&newer, "x4", 80'000'000, absl::CivilDay(2025, 4, 1));
  Put(&older, "x5", 10'000'000);  // worth more
  Put(&newer, "x5", 90'000'000);
  Put(&older, "x6", 95'000'000);  // worth less
  Put(&newer, "x6", 15'000'000);
  Put(&newer, "x7", 99'000'000);  // created
  Last(newer).qualified_day = closed;
  const Told then(older), now(newer);
  const auto steps = ExplainChange(then.side(), now.side(), kDays, {}, 1);
  const auto by_kind = ByKind(steps);
  EXPECT_EQ(SumOf(steps), now.forecast.mean_micros() - then.forecast.mean_micros());
  const std::map<ChangeKind, std::string> expected = {
      {ChangeKind::kWon, "x1"},     {ChangeKind::kLost, "x2"},     {ChangeKind::kPulledIn, "x3"},
      {ChangeKind::kSlipped, "x4"}, {ChangeKind::kAmountUp, "x5"}, {ChangeKind::kAmountDown, "x6"},
      {ChangeKind::kCreated, "x7"}};
  for (const auto& [kind, id] : expected) {
    ASSERT_EQ(by_kind.at(kind).deals.size(), 1u) << static_cast<int>(kind);
    EXPECT_EQ(by_kind.at(kind).deals[0].id, id) << static_cast<int>(kind);
  }
  EXPECT_EQ(by_kind.at(ChangeKind::kWon).deals[0].newer_micros, 50'000'000 * kMicrosPerUnit);
  EXPECT_LT(by_kind.at(ChangeKind::kLost).deals[0].change_micros, 0);
  EXPECT_EQ(by_kind.at(ChangeKind::kLost).deals[0].newer_micros, 0);
  EXPECT_EQ(by_kind.at(ChangeKind::kPulledIn).deal_count, 1);
  EXPECT_GT(by_kind.at(ChangeKind::kAmountUp).micros, 0);
  EXPECT_LT(by_kind.at(ChangeKind::kAmountDown).micros, 0);
  EXPECT_EQ(by_kind.at(ChangeKind::kRecords).micros, 0);
}

TEST_F(WorkedCase, WhatOutlivesThePeriodHasSlipped) {
  DealTable older = Base(absl::CivilDay(2025, 3, 1)), newer = Base(absl::CivilDay(2025, 4, 10));
  Put(&older, "x1", 50'000'000);
  Put(&newer, "x1", 50'000'000);
  Put(&older, "x2", 60'000'000);  // won after the end
  Put(&newer, "x2", 60'000'000);
  Last(newer).outcome = Outcome::kWon;
  Last(newer).closed_day = NumberOf(absl::CivilDay(2025, 4, 3));
  const Told then(older), now(newer);
  const auto steps = ByKind(ExplainChange(then.side(), now.side(), kDays, {}, 2));
  ASSERT_EQ(steps.at(ChangeKind::kSlipped).deals.size(), 2u);
  EXPECT_EQ(steps.at(ChangeKind::kSlipped).deals[0].newer_micros, 0);
  EXPECT_EQ(steps.at(ChangeKind::kStillOpen).micros, 0);
  EXPECT_EQ(steps.at(ChangeKind::kModel).micros, 0);
}

TEST_F(WorkedCase, WhatWasToldOtherwiseIsAStepOfItsOwn) {
  const Told then(Base(absl::CivilDay(2025, 1, 15))), now(Base(absl::CivilDay(2025, 2, 15)));
  ChangeSide older = then.side(), newer = now.side();
  older.told_mean_micros -= 700;  // the records of then say 700 more today
  newer.told_mean_micros += 50;
  const auto steps = ExplainChange(older, newer, kDays, {}, 5);
  EXPECT_EQ(ByKind(steps).at(ChangeKind::kRecords).micros, 750);
  EXPECT_EQ(SumOf(steps), newer.told_mean_micros - older.told_mean_micros);
}

}  // namespace
}  // namespace gtm::forecasting::domain
