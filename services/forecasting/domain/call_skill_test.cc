#include "services/forecasting/domain/call_skill.h"

#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

TEST(JudgeCalls, TellsErrorBiasAndWhatWasReached) {
  // Errors +20, -10, +40, +30 of 100, 100, 100, 100.
  const CallJudgement judged = JudgeCalls({{120, 100}, {90, 100}, {140, 100}, {130, 100}});
  EXPECT_EQ(judged.period_count, 4);
  EXPECT_EQ(judged.reached_count, 1);
  EXPECT_DOUBLE_EQ(judged.absolute_error_share.value(), 0.25);
  EXPECT_DOUBLE_EQ(judged.bias.value(), 0.20);
  // Student with 3 degrees of freedom: 3.182 * 0.2160 / 2.
  EXPECT_NEAR(judged.bias_interval->low, 0.20 - 0.3437, 1e-3);
  EXPECT_NEAR(judged.bias_interval->high, 0.20 + 0.3437, 1e-3);
}

TEST(JudgeCalls, SaysNothingWhereNothingCame) {
  EXPECT_FALSE(JudgeCalls({}).bias.has_value());
  const CallJudgement judged = JudgeCalls({{100, 0}});
  EXPECT_FALSE(judged.absolute_error_share.has_value());
  EXPECT_EQ(judged.reached_count, 0);
  EXPECT_FALSE(JudgeCalls({{100, 90}}).bias_interval.has_value());
}

// The model beside a call must be the number that a forecast of that owner would tell.
TEST(MeansByOwner, AreTheMeansOfForecastsOfEachOwner) {
  const FiscalPeriod period = {PeriodUnit::kQuarter, 2025, 1};
  for (const uint64_t seed : {11u, 12u, 13u}) {
    const GeneratedCompany company(DrawShape(seed), seed);
    const DealTable table = company.AtEndOf(NumberOf(absl::CivilDay(2025, 2, 10)));
    const DayRange days = table.calendar.DaysOf(period);
    const Model model = Blend(table, LearnModel(table), period);
    const auto means = MeansByOwner(table, model, ForecastPeriod(table, model, days, {}), days);
    ASSERT_FALSE(means.empty());
    for (const auto& [owner, mean] : means) {
      const int64_t alone =
          ForecastPeriod(table, model, days, {.owner_seller_id = owner, .segment = ""})
              .mean_micros();
      EXPECT_NEAR(static_cast<double>(mean), static_cast<double>(alone), 2) << owner;
    }
    // A team is its members.
    const std::vector<std::string> team = {"s0", "s3"};
    const int64_t together =
        ForecastPeriod(table, model, days, {.owner_seller_id = "", .segment = "", .team = team})
            .mean_micros();
    EXPECT_NEAR(static_cast<double>(SumOver(means, team)), static_cast<double>(together), 2);
  }
}

}  // namespace
}  // namespace gtm::forecasting::domain
