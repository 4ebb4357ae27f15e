#pragma once
// Companies made up from a seed, with known ways: for tests of the model. Tests only.

#include <optional>
#include <string>
#include <vector>

#include "common/core/random.h"
#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {

// How a company behaves. Drawn from a seed by DrawShape, or set by a test.
struct CompanyShape {
  double arrivals_per_day = 2;
  double growth_per_quarter = 0.0;   // of arrivals, continuous
  double win_share = 0.3;            // of deals that are decided
  double cycle_days = 60;            // median to closing
  double cycle_spread = 0.7;         // of its logarithm
  double never_decided_share = 0.1;  // stay open for ever
  double quarter_end_pull = 0.0;     // share of closes moved to the last ten days
  double amount_median = 20'000;     // units
  double amount_spread = 0.8;        // of its logarithm
  double shock = 0.1;                // of wins between quarters, of the logarithm
  double ratio_spread = 0.15;        // realized over expected
  // Ways in which real companies are not so simple.
  double fast_share = 0;        // of decided deals close within about a week
  double undecided_drift = 0;   // added to never_decided_share from start to end
  double arrival_swing = 0;     // quarter position: first half up, second half down
  double arrival_step = 1;      // factor on arrivals in the last 150 days of history
  double amount_win_tilt = 0;   // larger deals are won less often (negative) or more
  int closes_missing_days = 0;  // closes of the first days are not in the history
  int history_days = 700;
  int year_start_month = 1;      // of the fiscal year, 1 to 12
  double season_swing = 0;       // of arrivals, over the quarters of the year
  int season_peak = 0;           // the quarter of the year with the most arrivals, 0 to 3
  double win_step = 1;           // factor on the chance to win in the last 100 days of history
  double tail_exponent = 0;      // amounts are Pareto with this exponent; 0: lognormal
  double large_win_tilt = 0;     // segment "large": log factor on the chance to win,
  double large_cycle_tilt = 0;   // on the days to closing
  double large_amount_tilt = 0;  // and on the amount
  double large_share = 0.3;      // of arrivals
  // What the buyers of a deal do: acts a week, by a lasting liking of the buyer's (a standard
  // normal), which also moves the chance to win.
  double acts_per_week = 0;   // 0: nobody records engagement
  double liking_on_acts = 0;  // log factor of one standard deviation
  double liking_on_wins = 0;
  double review_tilt = 0;  // 0: contract reviews say nothing; 1: most come before wins
  // Acts of a deal that will be won come ever faster, of one that will be lost ever slower:
  // log factor from the middle of its life to the end. 0: either, whatever the outcome.
  double momentum = 0;
  double share_tilt = 0;       // as review_tilt, of shares inside the buyer's team
  double trigger_tilt = 0;     // of trigger events before the deal began
  int engagement_days = 9999;  // for so long before the end of history it was recorded
};
CompanyShape DrawShape(uint64_t seed);
// The same with buyers' acts, which say something about winning, or (`telling` false) nothing.
CompanyShape WithEngagement(CompanyShape shape, uint64_t seed, bool telling);
// The groups that a shape belongs to, such as "growing" or "heavy tail": for reports.
std::vector<std::string> GroupsOf(const CompanyShape& shape);

// A whole life of a company: what is known at an instant is cut out of it.
class GeneratedCompany {
 public:
  GeneratedCompany(const CompanyShape& shape, uint64_t seed);
  // What had happened by the end of a day.
  DealTable AtEndOf(DayNumber day) const;
  // Bookings of a span of days, all knowing.
  int64_t BookingsOf(const DayRange& days) const;
  DayNumber first_day() const { return first_day_; }
  // The fiscal quarter that is forecast: history ends on its first days or before it.
  FiscalPeriod quarter() const;
  DayRange quarter_days() const { return calendar_.DaysOf(quarter()); }

 private:
  struct Life {
    Deal deal;  // as at the end of time
    int64_t expected_micros = 0;
    std::vector<BuyerAct> acts;
    std::vector<DayNumber> trigger_days;
  };
  void AddActs(const CompanyShape& shape, double liking, Random* random, Life* life) const;
  void AddTelling(const CompanyShape& shape, double tilt, TouchType type, Random* random,
                  Life* life) const;
  FiscalCalendar calendar_;
  DayNumber first_day_;
  std::optional<DayNumber> engagement_from_;  // nothing: not recorded
  std::vector<Life> lives_;
};

}  // namespace gtm::forecasting::domain
