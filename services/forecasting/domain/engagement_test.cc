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

EngagementTrend Trend(EngagementState state) {
  return static_cast<EngagementTrend>(LevelOf(state, EngagementFeature::kTrend));
}
int Inside(EngagementState state) { return LevelOf(state, EngagementFeature::kInside); }
int Trigger(EngagementState state) { return LevelOf(state, EngagementFeature::kTrigger); }

TEST(EngagementStates, AreAsManyAsTheLevelsMake) {
  int count = 1;
  for (const int levels : kEngagementLevelCount) count *= levels;
  EXPECT_EQ(kEngagementStateCount, count + 1);
  const EngagementState last = StateOf({.activity = 3,
                                        .people = 3,
                                        .review = 2,
                                        .trend = EngagementTrend::kDecelerating,
                                        .inside = 2,
                                        .trigger = 2});
  EXPECT_EQ(last + 1, kEngagementStateCount);
  for (EngagementState state = 1; state < kEngagementStateCount; ++state) {
    ASSERT_EQ(StateOf({.activity = Activity(state),
                       .people = People(state),
                       .review = Review(state),
                       .trend = Trend(state),
                       .inside = Inside(state),
                       .trigger = Trigger(state)}),
              state);
  }
}

TEST(FollowEngagement, KnowsNothingBeforeItWasRecordedForFourWeeks) {
  EXPECT_TRUE(FollowEngagement({}, kDay, kDay + 20, {.acts = kDay}).empty());
  EXPECT_TRUE(FollowEngagement({}, kDay, kDay + 400, {.triggers = kDay}).empty());
  const auto changes = FollowEngagement({}, kDay, kDay + 40, {.acts = kDay});
  EXPECT_EQ(StateAt(changes, kDay + 27), 0);
  EXPECT_EQ(StateAt(changes, kDay + 28), StateOf({}));
}

TEST(FollowEngagement, CountsDaysPeopleAndReviews) {
  const std::vector<BuyerAct> acts = {{kDay, 1, TouchType::kCall},
                                      {kDay, 1, TouchType::kCall},
                                      {kDay + 5, 2, TouchType::kEmail},
                                      {kDay + 6, kNoOne, TouchType::kNegotiation},
                                      {kDay + 40, 3, TouchType::kLegalReview}};
  const auto changes = FollowEngagement({.acts = acts}, kDay, kDay + 400, {.acts = kDay - 100});
  const auto at = [&](int days) { return StateAt(changes, kDay + days); };
  const auto state = [](int activity, int people, int review) {
    return StateOf({.activity = activity, .people = people, .review = review});
  };
  EXPECT_EQ(at(-1), 0);
  EXPECT_EQ(at(0), state(1, 1, 0));  // one day, one person
  EXPECT_EQ(at(5), state(2, 2, 0));
  EXPECT_EQ(at(6), state(2, 2, 1));
  EXPECT_EQ(Activity(at(27)), 2);  // 28 days: the first day's acts are still in
  EXPECT_EQ(Activity(at(28)), 2);  // days 5 and 6
  EXPECT_EQ(Activity(at(34)), 0);
  EXPECT_EQ(at(40), state(1, 3, 2));
  EXPECT_EQ(People(at(89)), 3);
  EXPECT_EQ(People(at(95)), 1);
  EXPECT_EQ(at(399), state(0, 0, 2));  // that a review took place is never forgotten
  EXPECT_EQ(Review(at(39)), 1);
}

// FC-15, FC-21, D15: the account speeds up, slows down, and is steady in the contract stage.
TEST(FollowEngagement, TellsHowTheAccountMoves) {
  std::vector<int32_t> days;
  for (int32_t day = 0; day < 112; day += 7) days.push_back(kDay + day);    // one a week
  for (int32_t day = 112; day < 140; day += 2) days.push_back(kDay + day);  // ever more
  const RecordedFrom from = {.acts = kDay - 100};
  const auto follow = [&](int32_t contract_day) {
    return FollowEngagement({.account_days = days, .contract_day = contract_day}, kDay, kDay + 400,
                            from);
  };
  const auto changes = follow(kNotRecorded);
  const auto at = [&](int day) { return Trend(StateAt(changes, kDay + day)); };
  EXPECT_EQ(at(55), EngagementTrend::kUnknown);
  EXPECT_EQ(at(56), EngagementTrend::kSteady);
  EXPECT_EQ(at(111), EngagementTrend::kSteady);
  // 4 a span before: (a + 2) / (4 + 2) > 1.5 from 8 days of 28 on.
  EXPECT_EQ(at(121), EngagementTrend::kSteady);        // 7: 98, 105, 112, 114 .. 120
  EXPECT_EQ(at(122), EngagementTrend::kAccelerating);  // 8
  EXPECT_EQ(at(139), EngagementTrend::kAccelerating);
  EXPECT_EQ(at(166), EngagementTrend::kDecelerating);  // nearly silent, after many
  EXPECT_EQ(at(300), EngagementTrend::kSteady);        // silent for long
  const auto in_contract = follow(kDay + 150);
  for (int32_t day = kDay; day < kDay + 400; ++day) {
    const EngagementTrend before = Trend(StateAt(changes, day));
    const bool excused = day >= kDay + 150 && before == EngagementTrend::kDecelerating;
    ASSERT_EQ(Trend(StateAt(in_contract, day)), excused ? EngagementTrend::kSteady : before) << day;
  }
}

// FC-22: who shares inside sells inside. FC-12: something happened to the buyer.
TEST(FollowEngagement, KnowsSharesInsideAndTriggers) {
  const std::vector<BuyerAct> acts = {{kDay + 10, 1, TouchType::kInternalShare}};
  const std::vector<int32_t> triggers = {kDay - 20};
  const auto changes =
      FollowEngagement({.acts = acts, .trigger_days = triggers}, kDay, kDay + 500,
                       {.acts = kDay - 100, .shares = kDay + 5, .triggers = kDay - 20});
  const auto at = [&](int day) { return StateAt(changes, kDay + day); };
  EXPECT_EQ(Inside(at(4)), 0);  // nobody records them
  EXPECT_EQ(Inside(at(5)), 1);
  EXPECT_EQ(Inside(at(10)), 2);
  EXPECT_EQ(Inside(at(99)), 2);
  EXPECT_EQ(Inside(at(100)), 1);
  EXPECT_EQ(Trigger(at(0)), 2);
  EXPECT_EQ(Trigger(at(345)), 2);
  EXPECT_EQ(Trigger(at(346)), 1);
  const auto without = FollowEngagement({}, kDay, kDay + 500, {.acts = kDay - 100});
  EXPECT_EQ(Trigger(StateAt(without, kDay + 400)), 0);
}

// A state never depends on what comes after its day: the time fence.
TEST(FollowEngagement, IsTheSameWhateverComesLater) {
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    std::vector<BuyerAct> acts;
    std::vector<int32_t> account_days, triggers;
    const uint64_t rare = 3 + random.Below(20);
    for (int32_t day = kDay - 50; day < kDay + 300; ++day) {
      if (random.Below(60) == 0) triggers.push_back(day);
      if (random.Below(rare) > 0) continue;
      account_days.push_back(day);
      if (random.Below(3) == 0) continue;  // for another deal
      acts.push_back({day, static_cast<RowNumber>(random.Below(4)),
                      static_cast<TouchType>(random.Below(kTouchTypeCount))});
    }
    const int32_t contract = random.Below(2) == 0 ? kNotRecorded : kDay + 80;
    const RecordedFrom from = {.acts = kDay - 60, .shares = kDay + 9, .triggers = kDay + 30};
    const auto follow = [&](int32_t last) {
      return FollowEngagement({acts, account_days, triggers, contract}, kDay, last, from);
    };
    const int32_t cut = kDay + static_cast<int32_t>(random.Below(300));
    const auto whole = follow(kDay + 350);
    std::erase_if(acts, [&](const BuyerAct& act) { return act.day > cut; });
    std::erase_if(account_days, [&](int32_t day) { return day > cut; });
    std::erase_if(triggers, [&](int32_t day) { return day > cut; });
    const auto then = follow(cut);
    for (int32_t day = kDay; day <= cut; ++day) {
      ASSERT_EQ(StateAt(whole, day), StateAt(then, day)) << day - kDay;
      // Each change is told on its day: a walk from that day on sees the same.
      const auto from_here =
          FollowEngagement({acts, account_days, triggers, contract}, day, cut, from);
      ASSERT_EQ(StateAt(then, day), StateAt(from_here, day)) << day - kDay;
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

int NumberFrom(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// The same companies with and without their engagement known to the model.
std::pair<Judged, Judged> Compare(bool telling, int first) {
  Judged seeing, blind;
  first += NumberFrom("GTM_SKILL_FIRST", 0);
  const int end = first + NumberFrom("GTM_SKILL_COMPANIES", 30);
  for (int seed = first; seed < end; ++seed) {
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
