#include "services/forecasting/domain/backtest_skill.h"

#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"
#include "services/forecasting/domain/last_year.h"

namespace gtm::forecasting::domain {
namespace {

Cut MakeCut(int index, int day, int64_t actual, int64_t mean) {
  Cut cut;
  cut.quarter = {PeriodUnit::kQuarter, 2025, index};
  cut.cut_day = day;
  cut.actual_micros = actual;
  cut.mean_micros = mean;
  cut.bookings = {mean - 50, mean - 40, mean - 20, mean, mean + 20, mean + 40, mean + 50, 30};
  cut.weighted_pipeline_micros = 2 * actual;
  cut.run_rate_micros = actual - 10;
  cut.previous_quarter_micros = actual;
  return cut;
}

TEST(PinballLoss, CostsMoreOnTheUnlikelySide) {
  EXPECT_DOUBLE_EQ(PinballLoss(0.1, 100, 60), 36);
  EXPECT_DOUBLE_EQ(PinballLoss(0.1, 100, 140), 4);
  EXPECT_DOUBLE_EQ(PinballLoss(0.5, 100, 140), 20);
  EXPECT_DOUBLE_EQ(PinballLoss(0.9, 100, 100), 0);
}

// The property that makes ranges and single numbers comparable.
TEST(RankedScore, OfOneNumberIsTheAbsoluteError) {
  for (const int64_t told : {-7, 0, 100, 5'000}) {
    std::array<int64_t, 7> quantiles{};
    quantiles.fill(told);
    EXPECT_NEAR(RankedScore(quantiles, 1'000), static_cast<double>(std::abs(told - 1'000)), 1e-9);
  }
}

TEST(RankedScore, RewardsARangeThatHoldsWhatCame) {
  const std::array<int64_t, 7> wide = {50, 60, 80, 100, 120, 140, 150};
  std::array<int64_t, 7> point{};
  point.fill(100);
  EXPECT_LT(RankedScore(wide, 150), RankedScore(point, 150));
  EXPECT_GT(RankedScore(wide, 100), RankedScore(point, 100));
}

TEST(JudgeCuts, WorkedCase) {
  // Errors of the model: +20 of 100, -45 of 200; the second lies outside of P10 to P90 and
  // inside of P05 to P95.
  std::vector<Cut> cuts = {MakeCut(1, 0, 100, 120), MakeCut(2, 0, 200, 155)};
  cuts[1].last_year_micros = 110;
  const BacktestSkill skill = JudgeCuts(cuts);
  EXPECT_EQ(skill.quarter_count, 2);
  EXPECT_EQ(skill.covered_count, 1);
  EXPECT_EQ(skill.wide_covered_count, 2);
  ASSERT_EQ(skill.methods.size(), 5u);
  const MethodSkill& model = skill.methods[0];
  EXPECT_DOUBLE_EQ(model.absolute_error_share, 65.0 / 300);
  EXPECT_DOUBLE_EQ(model.bias_share, -25.0 / 300);
  // P50: half the errors. P10 told 80 and 115: 0.1 * (20 + 85).
  EXPECT_DOUBLE_EQ(model.pinball_p50_share, 32.5 / 300);
  EXPECT_DOUBLE_EQ(model.pinball_p10_share, 10.5 / 300);
  EXPECT_FALSE(model.model_gain.has_value());
  EXPECT_EQ(skill.methods[1].method, Method::kWeightedPipeline);
  EXPECT_DOUBLE_EQ(*skill.methods[1].model_gain, 1 - 65.0 / 300);
  EXPECT_DOUBLE_EQ(skill.methods[1].crps_share, skill.methods[1].absolute_error_share);
  EXPECT_FALSE(skill.methods[3].model_gain.has_value());  // made no error
  EXPECT_EQ(skill.methods[4].cut_count, 1);
  EXPECT_DOUBLE_EQ(skill.methods[4].absolute_error_share, 90.0 / 200);
  EXPECT_DOUBLE_EQ(*skill.methods[4].model_gain, 0.5);  // 45 against 90, at the same cut
  // 100 is below the P50 of 120; 200 is above the P90 of 195 and below the P95 of 205.
  EXPECT_EQ(skill.calibration[3].below_count, 1);
  EXPECT_EQ(skill.calibration[5].below_count, 1);
  EXPECT_EQ(skill.calibration[6].below_count, 2);
}

TEST(JudgeCuts, NothingCameAndNothingAtAll) {
  EXPECT_TRUE(JudgeCuts({}).methods.empty());
  const BacktestSkill skill = JudgeCuts({MakeCut(1, 0, 0, 10)});
  EXPECT_EQ(skill.methods[0].absolute_error_share, 0);
  EXPECT_EQ(skill.days.size(), 1u);
}

TEST(ChanceScore, WorkedCase) {
  DealTable at_cut, after;
  PeriodForecast forecast;
  const DayNumber day = NumberOf(absl::CivilDay(2025, 2, 1));
  for (const char* id : {"a", "b", "c"}) {
    Deal deal;
    deal.id = id;
    at_cut.deals.push_back(deal);
    if (deal.id != "c") {
      deal.outcome = deal.id == "a" ? Outcome::kWon : Outcome::kLost;
      deal.closed_day = day;
    }
    after.deals.push_back(deal);
    DealChance chance;
    chance.deal = static_cast<uint32_t>(at_cut.deals.size() - 1);
    chance.win_probability = deal.id == "a" ? 0.75 : 0.25;
    forecast.chances.push_back(chance);
  }
  const DayRange quarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};
  const ChanceScore score = ScoreChances(at_cut, forecast, after, quarter);
  EXPECT_EQ(score.deal_count(), 3);
  EXPECT_EQ(score.won_count(), 1);
  EXPECT_DOUBLE_EQ(score.brier(), 3 * 0.0625 / 3);
  EXPECT_DOUBLE_EQ(score.base_brier(), 2.0 / 9);
  EXPECT_DOUBLE_EQ(score.calibration_error(), (0.25 + 0.5) / 3);
  // Won after the quarter is not won in it.
  const DayRange earlier = {absl::CivilDay(2024, 10, 1), absl::CivilDay(2025, 1, 1)};
  EXPECT_EQ(ScoreChances(at_cut, forecast, after, earlier).won_count(), 0);
}

// A dollar is won on every day of 2023, two on every day of 2024.
TEST(LastYearTimesGrowth, WorkedCase) {
  DealTable table;
  const absl::CivilDay first(2023, 1, 1);
  for (int i = 0; i < 366 + 365 + 15; ++i) {
    Deal deal;
    deal.id = std::to_string(i);
    deal.outcome = Outcome::kWon;
    deal.closed_day = NumberOf(first + i);
    deal.amount_micros = ((first + i).year() == 2023 ? 1 : 2) * kMicrosPerUnit;
    table.deals.push_back(deal);
  }
  table.as_of =
      absl::FromCivil(absl::CivilDay(2025, 1, 16), absl::UTCTimeZone()) - absl::Microseconds(1);
  SetToday(&table);
  const DayRange quarter = {absl::CivilDay(2025, 1, 1), absl::CivilDay(2025, 4, 1)};
  // 91 days of 2 a day, over 76 days of 1 and 15 of 2 a year before; 76 days of 2 are left of
  // the 91 of 2024 Q1.
  EXPECT_EQ(LastYearTimesGrowth(table, quarter).value(),
            15 * 2 * kMicrosPerUnit + std::llround(182.0 / 106 * 76 * 2 * kMicrosPerUnit));
  std::erase_if(table.deals, [](const Deal& deal) {
    return deal.closed_day < NumberOf(absl::CivilDay(2023, 11, 1));
  });
  EXPECT_FALSE(LastYearTimesGrowth(table, quarter).has_value());
}

// A back-test of a part is about the part: what it tells, what came and the baselines.
TEST(WalkForward, OfASelectionSeesItsDealsOnly) {
  const GeneratedCompany company(CompanyShape{}, 5);
  const DealTable after = company.AtEndOf(NumberOf(absl::CivilDay(2025, 4, 2)));
  const auto table_at = [&](absl::Time as_of) -> Result<DealTable> {
    return company.AtEndOf(NumberOf(after.calendar.DayOf(as_of)));
  };
  const std::vector<FiscalPeriod> quarters = {{PeriodUnit::kQuarter, 2025, 1}};
  const auto run = [&](const char* segment) {
    return WalkForward(table_at, after, quarters, {0, 30},
                       {.owner_seller_id = "", .segment = segment})
        .value();
  };
  const auto all = run(""), large = run("large"), small = run("small");
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].actual_micros, large[i].actual_micros + small[i].actual_micros);
    EXPECT_NEAR(static_cast<double>(all[i].mean_micros),
                static_cast<double>(large[i].mean_micros + small[i].mean_micros), 2);
    EXPECT_NEAR(static_cast<double>(all[i].run_rate_micros),
                static_cast<double>(large[i].run_rate_micros + small[i].run_rate_micros), 2);
    EXPECT_EQ(all[i].chances.deal_count(),
              large[i].chances.deal_count() + small[i].chances.deal_count());
  }
}

}  // namespace
}  // namespace gtm::forecasting::domain
