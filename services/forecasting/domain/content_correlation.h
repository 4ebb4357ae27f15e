#pragma once
// What goes together with winning, speed and price: a correlation, never a cause (TG-28,
// TG-29). Alike deals are compared at landmarks of their age, so that deals that live longer,
// and are touched more often for that reason alone, show nothing (no immortal time).

#include <cstdint>
#include <optional>
#include <vector>

#include "common/stats/intervals.h"

namespace gtm::forecasting::domain {

// Ages in days since pipeline entry at which touched and untouched deals are compared. A
// deal is touched at the first landmark at or after its first touch; touches behind the last
// one do not count. Touches up to kTouchDaysBefore days before the entry count at the first.
inline constexpr int32_t kLandmarks[] = {0, 14, 30, 60, 90, 180};
inline constexpr int kLandmarkCount = sizeof(kLandmarks) / sizeof(kLandmarks[0]);
inline constexpr int32_t kTouchDaysBefore = 180;
// Fewest touched accounts, and fewest touched and untouched deals, of a test.
inline constexpr int64_t kCompareMin = 10;
inline constexpr double kFalseDiscoveryRate = 0.05;

// The first touch of a deal by something.
struct Touch {
  uint32_t item = 0;  // which: 0 .. item count - 1
  int32_t age_days = 0;
};

// A closed deal.
struct ComparedDeal {
  uint32_t stratum = 0;  // deals are alike within it: segment and quarter of entry
  // Whose deal it is. Deals of one account are one buyer's: what they have in common counts
  // once (see CorrelateItems).
  uint32_t account = 0;
  int32_t close_age_days = 0;
  bool won = false;
  double amount = 0;           // above 0 where known, in any unit
  std::vector<Touch> touches;  // one an item
};

// Numbers as in CorrelationTest.Measure.
enum class CorrelationMeasure { kWinRate = 1, kCycle = 2, kPrice = 3 };
inline constexpr int kCorrelationMeasures = 3;

struct Correlation {
  int64_t touched_count = 0;
  int64_t untouched_count = 0;
  int64_t account_count = 0;  // of the touched
  bool tested = false;
  // The rest only where tested. Rates; geometric means of days and amounts.
  double touched_value = 0;
  double untouched_value = 0;
  // Difference of rates, or ratio of means, and its interval.
  double value = 0;
  stats::Interval interval;
  double p_value = 1;
  double q_value = 1;
};

struct ItemCorrelation {
  int64_t deal_count = 0;                        // closed deals that it touched
  int64_t account_count = 0;                     // whose deals these are
  Correlation by_measure[kCorrelationMeasures];  // at measure - 1
};

// For each item. Within each stratum and landmark, the touched are a sample of all that are
// open and untouched until then; what is observed in them less what is expected, and its
// variance under random sampling, add up over strata and landmarks (Mantel and Haenszel; for
// logarithms of days and amounts the same with means). Accounts are what is sampled, not deals,
// people or touches: the variance is multiplied by what the touched deals of an account have in
// common, the sum of squares by account over that by deal, at least 1 (Kish's design effect,
// estimated); it is 1 where each account has one deal. q-values by Benjamini and Hochberg
// over all that is tested.
std::vector<ItemCorrelation> CorrelateItems(const std::vector<ComparedDeal>& deals,
                                            uint32_t item_count);

// Benjamini and Hochberg's adjusted p-values, in the order given.
std::vector<double> FalseDiscoveryRates(const std::vector<double>& p_values);

}  // namespace gtm::forecasting::domain
