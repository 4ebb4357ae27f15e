// The model on the demo company, whose truth is known: what the 80 % interval holds, how
// reliable the chances of open deals are, and whether the parameters are found again.
// GTM_SKILL_SEEDS sets the number of companies, GTM_SKILL_FIRST the first of them (seeds 1 to
// 200 were looked at while the model was made); the bars are as wide as chance for the number.

#include <array>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include "common/book/book.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/remainder.h"
#include "services/forecasting/domain/walk_forward.h"
#include "services/gtm/demo/company.h"

namespace gtm::forecasting::domain {
namespace {

using records::v1::Record;

// The company is looked at when the quarter is over; cuts lie within the quarter.
const absl::CivilDay kToday(2026, 6, 30);
const FiscalPeriod kQuarter = {PeriodUnit::kQuarter, 2026, 2};

int NumberFrom(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::max(1, std::atoi(text)) : otherwise;
}

book::BookView BookOf(uint64_t seed, int accounts) {
  const demo::Options options = {
      .seed = seed, .account_count = accounts, .today = kToday, .engagements_per_account = 0};
  std::vector<book::Book::Change> changes;
  demo::Generate(options, demo::Truth{}, [&](Record record) {
    if (record.has_tenant_settings() || record.has_account() || record.has_opportunity()) {
      changes.push_back({std::move(record)});
    }
  });
  book::Book book;
  book.Apply(std::move(changes), "demo", 1);
  return book.View();
}

DealTable TableAt(const book::BookView& view, int cut_day) {
  const DayRange days = view.settings().calendar.DaysOf(kQuarter);
  return DealsAt(view, CutTime(view.settings().calendar, days, cut_day)).value();
}

// Mean arrivals a day and account around the start of the quarter, and the share of deals
// that are won in the end, from a company so large that chance hardly matters.
struct LargeSample {
  double arrivals = 0;
  double won_share = 0;
};

LargeSample SampleTruth() {
  constexpr int kAccounts = 15'000;
  const DealTable table = TableAt(BookOf(999, kAccounts), 91);
  LargeSample sample;
  double old = 0, won = 0, fresh = 0;
  for (const Deal& deal : table.deals) {
    const int32_t age = table.age_days(deal);
    // Deals of a year and more ago have been decided, but for those that never are.
    if (age >= 400 && age < 800) {
      old += 1;
      won += deal.outcome == Outcome::kWon;
    }
    fresh += age >= 76 && age < 106;  // 30 days round the start of the quarter
  }
  sample.won_share = won / old;
  sample.arrivals = fresh / 30 / kAccounts;
  return sample;
}

class DemoTruth : public testing::Test {
 protected:
  static int seeds() { return NumberFrom("GTM_SKILL_SEEDS", 30); }
  static int first_seed() { return NumberFrom("GTM_SKILL_FIRST", 1); }
  // How far chance moves a nominal share of `count` companies: three standard deviations.
  static double Slack(double nominal, double count) {
    return 3 * std::sqrt(nominal * (1 - nominal) / count);
  }
};

TEST_F(DemoTruth, IntervalsHoldAndChancesAreReliable) {
  constexpr int kBins = 10;
  std::array<double, kBins> told{}, came{}, count{};
  std::array<int, 6> inside{}, cuts{};
  int covered = 0, below = 0;
  double bias = 0, actual_sum = 0, error = 0, run_rate_error = 0;
  for (int seed = first_seed(); seed < first_seed() + seeds(); ++seed) {
    const book::BookView view = BookOf(static_cast<uint64_t>(seed), 300);
    const DayRange days = view.settings().calendar.DaysOf(kQuarter);
    const DealTable after = TableAt(view, days.day_count());
    std::set<std::string_view> won;
    double actual = 0;
    for (const Deal& deal : after.deals) {
      if (deal.outcome != Outcome::kWon || !days.contains(DayAt(deal.closed_day))) continue;
      won.insert(deal.id);
      actual += static_cast<double>(*deal.amount_micros);
    }
    const auto at = static_cast<size_t>(seed % 6);
    const DealTable table = TableAt(view, kCutDays[at]);
    const PeriodForecast forecast = ForecastPeriod(table, Blend(table, LearnModel(table), kQuarter),
                                                   days, {}, Detail::kBookings);
    const DrawSummary& summary = forecast.bookings;
    const bool held =
        static_cast<double>(summary.p10) <= actual && actual <= static_cast<double>(summary.p90);
    covered += held;
    inside[at] += held;
    ++cuts[at];
    below += actual < static_cast<double>(summary.p10);
    bias += static_cast<double>(forecast.mean_micros()) - actual;
    error += std::abs(static_cast<double>(forecast.mean_micros()) - actual);
    run_rate_error += std::abs(static_cast<double>(RunRate(table, days)) - actual);
    actual_sum += actual;
    for (const DealChance& chance : forecast.chances) {
      const auto bin = static_cast<size_t>(std::min(kBins - 1.0, chance.win_probability * kBins));
      told[bin] += chance.win_probability;
      came[bin] += won.contains(table.deals[chance.deal].id);
      count[bin] += 1;
    }
  }
  double all = 0, calibration = 0;
  for (size_t bin = 0; bin < kBins; ++bin) all += count[bin];
  for (size_t bin = 0; bin < kBins; ++bin) {
    if (count[bin] == 0) continue;
    calibration += std::abs(told[bin] - came[bin]) / all;
    fmt::print("chance {:.2f}: {:6.0f} deals, won {:.3f}\n", told[bin] / count[bin], count[bin],
               came[bin] / count[bin]);
  }
  const double share = static_cast<double>(covered) / seeds();
  fmt::print(
      "{} seeds: 80 % interval holds {:.1f} % (below {:.1f} %), by day {}/{} {}/{} {}/{} {}/{} "
      "{}/{} {}/{}; error {:.1f} % (run rate {:.1f} %), bias {:+.1f} %, calibration error {:.4f}\n",
      seeds(), 100 * share, 100.0 * below / seeds(), inside[0], cuts[0], inside[1], cuts[1],
      inside[2], cuts[2], inside[3], cuts[3], inside[4], cuts[4], inside[5], cuts[5],
      100 * error / actual_sum, 100 * run_rate_error / actual_sum, 100 * bias / actual_sum,
      calibration);
  EXPECT_NEAR(share, 0.8, Slack(0.8, seeds()));
  EXPECT_LE(calibration, 0.03);
  EXPECT_LT(error, run_rate_error);
}

TEST_F(DemoTruth, ParametersAreFoundAgain) {
  const LargeSample truth = SampleTruth();
  int arrivals_held = 0, wins_held = 0;
  double arrivals_ratio = 0, wins_ratio = 0;
  for (int seed = first_seed(); seed < first_seed() + seeds(); ++seed) {
    const DealTable table = TableAt(BookOf(static_cast<uint64_t>(seed), 300), 0);
    const Model model = LearnModel(table);
    const auto within = [](double value, double real, double spread) {
      return std::abs(std::log(value / real)) < 1.2816 * spread;
    };
    const double arrivals = model.arrivals.level.mean / 300;
    arrivals_held += within(arrivals, truth.arrivals, 1 / std::sqrt(model.arrivals.level.shape));
    arrivals_ratio += arrivals / truth.arrivals / seeds();
    // The chance that a deal that arrives today is ever won.
    const Window year = {table.today + 1, table.today + 450};
    const WinChances chances(table, model.close, year);
    double ever = 0;
    for (const auto& arriving : model.close.arriving) {
      ever += arriving.share * chances.OfOpen(arriving.risk)[kNodeCount / 2];
    }
    // What is not known of the level, and of the average that it stands on.
    const double spread = std::hypot(1 / std::sqrt(model.close.level.shape),
                                     1 / std::sqrt(static_cast<double>(model.close.won_count)));
    wins_held += within(ever, truth.won_share, spread);
    wins_ratio += ever / truth.won_share / seeds();
  }
  fmt::print(
      "80 % intervals hold: arrivals {:.1f} % (told over true {:.3f}), chance to be won {:.1f} % "
      "({:.3f})\n",
      100.0 * arrivals_held / seeds(), arrivals_ratio, 100.0 * wins_held / seeds(), wins_ratio);
  EXPECT_NEAR(arrivals_ratio, 1, 0.1);
  EXPECT_NEAR(wins_ratio, 1, 0.1);
  EXPECT_GE(static_cast<double>(arrivals_held) / seeds(), 0.8 - Slack(0.8, seeds()));
  EXPECT_GE(static_cast<double>(wins_held) / seeds(), 0.8 - Slack(0.8, seeds()));
}

}  // namespace
}  // namespace gtm::forecasting::domain
