// Engagement as evidence: its levels, its time fence, and what it is worth on companies
// where it says something, and where it says nothing.

#include "services/forecasting/domain/engagement.h"

#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/generated_company.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int32_t kDay = 20'000;

int Activity(EngagementState state) { return LevelOf(state, EngagementFeature::kActivity); }
int People(EngagementState state) { return LevelOf(state, EngagementFeature::kPeople); }
int Review(EngagementState state) { return LevelOf(state, EngagementFeature::kReview); }

TEST(FollowEngagement, KnowsNothingBeforeItWasRecordedForFourWeeks) {
  EXPECT_TRUE(FollowEngagement({}, kDay, kDay + 20, kDay).empty());
  const auto changes = FollowEngagement({}, kDay, kDay + 40, kDay);
  EXPECT_EQ(StateAt(changes, kDay + 27), 0);
  EXPECT_EQ(StateAt(changes, kDay + 28), StateOf(0, 0, 0));
}

TEST(FollowEngagement, CountsDaysPeopleAndReviews) {
  const std::vector<BuyerAct> acts = {{kDay, 1, TouchType::kCall},
                                      {kDay, 1, TouchType::kCall},
                                      {kDay + 5, 2, TouchType::kEmail},
                                      {kDay + 6, kNoOne, TouchType::kNegotiation},
                                      {kDay + 40, 3, TouchType::kLegalReview}};
  const auto changes = FollowEngagement(acts, kDay, kDay + 400, kDay - 100);
  const auto at = [&](int days) { return StateAt(changes, kDay + days); };
  EXPECT_EQ(at(-1), 0);
  EXPECT_EQ(at(0), StateOf(1, 1, 0));  // one day, one person
  EXPECT_EQ(at(5), StateOf(2, 2, 0));
  EXPECT_EQ(at(6), StateOf(2, 2, 1));
  EXPECT_EQ(Activity(at(27)), 2);  // 28 days: the first day's acts are still in
  EXPECT_EQ(Activity(at(28)), 2);  // days 5 and 6
  EXPECT_EQ(Activity(at(34)), 0);
  EXPECT_EQ(at(40), StateOf(1, 3, 2));
  EXPECT_EQ(People(at(89)), 3);
  EXPECT_EQ(People(at(95)), 1);
  EXPECT_EQ(at(399), StateOf(0, 0, 2));  // that a review took place is never forgotten
  EXPECT_EQ(Review(at(39)), 1);
}

// A state never depends on acts after its day: the time fence.
TEST(FollowEngagement, IsTheSameWhateverComesLater) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    std::vector<BuyerAct> acts;
    for (int32_t day = kDay - 50; day < kDay + 200; ++day) {
      if (random.Below(9) > 0) continue;
      acts.push_back({day, static_cast<RowNumber>(random.Below(4)),
                      static_cast<TouchType>(random.Below(kTouchTypeCount))});
    }
    const int32_t cut = kDay + static_cast<int32_t>(random.Below(200));
    const auto whole = FollowEngagement(acts, kDay, kDay + 250, kDay - 60);
    std::erase_if(acts, [&](const BuyerAct& act) { return act.day > cut; });
    const auto then = FollowEngagement(acts, kDay, cut, kDay - 60);
    for (int32_t day = kDay; day <= cut; ++day) {
      ASSERT_EQ(StateAt(whole, day), StateAt(then, day)) << day - kDay;
    }
  }
}

TEST(EngagementEffects, ACompanyThatRecordsNothingHasNone) {
  CompanyShape shape;
  EXPECT_TRUE(
      LearnCloseRates(GeneratedCompany(shape, 5).AtEndOf(20'088)).effects.engagement.is_none());
}

// Log loss of the chances of open deals to be won within the quarter.
struct Judged {
  double loss = 0;
  double error = 0;  // of bookings, as a share of their scale
  int64_t deals = 0;
  int cuts = 0;
  int covered = 0;
  int learned = 0;  // cuts with an effect
  double loss_a_deal() const { return loss / static_cast<double>(deals); }
};

void Judge(const GeneratedCompany& company, DealTable table, bool blind, Judged* judged) {
  if (blind) {
    for (Deal& deal : table.deals) deal.engagement.clear();
  }
  const DayRange quarter = company.quarter_days();
  const DealTable after = company.AtEndOf(NumberOf(quarter.end) - 1);
  std::unordered_map<std::string, bool> won;
  for (const Deal& deal : after.deals) won[deal.id] = deal.outcome == Outcome::kWon;
  const Model model = Blend(table, LearnModel(table), company.quarter());
  judged->learned += !model.close.effects.engagement.is_none();
  const PeriodForecast forecast = ForecastPeriod(table, model, quarter, {}, Detail::kBookings);
  for (const DealChance& chance : forecast.chances) {
    const double p = std::clamp(chance.win_probability, 1e-6, 1 - 1e-6);
    judged->loss -= std::log(won.at(table.deals[chance.deal].id) ? p : 1 - p);
    ++judged->deals;
  }
  const int64_t actual = company.BookingsOf(quarter);
  const DayRange around = {quarter.start - 184, quarter.end};
  const double scale = std::max(1e6, static_cast<double>(company.BookingsOf(around)) / 3);
  judged->error += std::abs(static_cast<double>(forecast.mean_micros() - actual)) / scale;
  judged->covered += forecast.bookings.p10 <= actual && actual <= forecast.bookings.p90;
  ++judged->cuts;
}

int CompanyCount(int otherwise) {
  const char* text = std::getenv("GTM_SKILL_COMPANIES");
  return text != nullptr ? std::atoi(text) : otherwise;
}

// The same companies with and without their engagement known to the model.
std::pair<Judged, Judged> Compare(bool telling, int first) {
  Judged seeing, blind;
  for (int seed = first; seed < first + CompanyCount(30); ++seed) {
    const auto of = static_cast<uint64_t>(seed);
    const GeneratedCompany company(WithEngagement(DrawShape(of), of, telling), of * 31);
    for (const int cut_day : {0, 30, 60}) {
      const DealTable table = company.AtEndOf(NumberOf(company.quarter_days().start) - 1 + cut_day);
      Judge(company, table, false, &seeing);
      Judge(company, table, true, &blind);
    }
  }
  fmt::print(
      "engagement {:10}: log loss a deal {:.5f} seeing, {:.5f} blind ({:+.2f} %); error {:.2f} % "
      "and "
      "{:.2f} %; 80 % interval holds {:.1f} % and {:.1f} %; effects in {} of {} cuts\n",
      telling ? "tells" : "is noise", seeing.loss_a_deal(), blind.loss_a_deal(),
      100 * (seeing.loss_a_deal() / blind.loss_a_deal() - 1), 100 * seeing.error / seeing.cuts,
      100 * blind.error / blind.cuts, 100.0 * seeing.covered / seeing.cuts,
      100.0 * blind.covered / blind.cuts, seeing.learned, seeing.cuts);
  return {seeing, blind};
}

TEST(EngagementEffects, HelpWhereEngagementTells) {
  const auto [seeing, blind] = Compare(true, 70'000);
  EXPECT_LT(seeing.loss_a_deal(), 0.985 * blind.loss_a_deal());
  EXPECT_LT(seeing.error, 1.02 * blind.error);
}

TEST(EngagementEffects, HarmLittleWhereItIsNoise) {
  const auto [seeing, blind] = Compare(false, 80'000);
  EXPECT_LT(seeing.loss_a_deal(), 1.003 * blind.loss_a_deal());
  EXPECT_LT(seeing.error, 1.02 * blind.error);
}

}  // namespace
}  // namespace gtm::forecasting::domain
