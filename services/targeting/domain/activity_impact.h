#pragma once
// Which marketing activities go together with more pipeline (TG-28, TG-30). A correlation in
// what was observed, never a cause and never an attribution: that an activity works is shown
// by an experiment (experiment.h).
//
// Pipeline creation. Time is cut into steps of kStepDays. At the start of a step, a target
// account without an opportunity under way is at risk; it is touched by an activity where
// that touched it in the kTouchDays before; the event is that an opportunity begins within
// the step. Touched and untouched accounts of the same step, fit band, segment and number of
// touches by other activities (none, 1 or 2, more) are compared (compare.h): the
// discrete-time form of the log-rank test (Mantel 1966) with a touch that varies in time, so
// that accounts which merely live longer, fit better or hear more of us show nothing.
//
// Win rate, cycle and price. Opportunities of targets that began in the span, touched where
// the activity touched their account in the kTouchDays before they began. Alike are those of
// the same fit band, segment and quarter of beginning; cycle (from beginning to winning) and
// price of those that were won, as logarithms.

#include <cstdint>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/activity.h"
#include "services/targeting/domain/audience.h"
#include "services/targeting/domain/compare.h"

namespace gtm::targeting::domain {

inline constexpr int kTouchDays = 90;
inline constexpr int kStepDays = 30;
inline constexpr int64_t kImpactSpanDaysMax = 3'660;
// Fewest touched and untouched cases of a test.
inline constexpr int64_t kCompareMin = 10;
inline constexpr double kFalseDiscoveryRate = 0.05;

// Numbers as in gtm.targeting.v1.ActivityImpact.Measure.
enum class ImpactMeasure { kCreation = 1, kWinRate = 2, kCycle = 3, kPrice = 4 };
inline constexpr int kImpactMeasures = 4;

struct ImpactTest {
  // Cases in strata that hold touched and untouched ones.
  int64_t touched_count = 0;
  int64_t untouched_count = 0;
  bool tested = false;
  // The rest only where tested. Rates with their difference; geometric means of days and of
  // amounts in whole units with their ratio, which `interval` is of, too.
  double touched_value = 0;
  double untouched_value = 0;
  double value = 0;
  stats::Interval interval;
  double p_value = 1;
  double q_value = 1;
};

struct ActivityImpact {
  uint32_t activity = 0;
  int64_t touched_targets = 0;             // target accounts that it touched in the span
  ImpactTest by_measure[kImpactMeasures];  // at measure - 1
  // Opportunities that began in the steps after a touch beyond what alike untouched accounts
  // had: the difference times the touched cases.
  double extra_opportunities = 0;
  stats::Interval extra_interval;
  // In pipeline at as_of, of a target that it touched in the kTouchDays before they began: did
  // it lead directly to forecast deals? The same deal counts for each activity before it.
  int64_t forecast_count = 0;
  int64_t forecast_micros = 0;
  // Of those, the ones whose record names it as where they came from.
  int64_t sourced_count = 0;

  const ImpactTest& of(ImpactMeasure measure) const {
    return by_measure[static_cast<int>(measure) - 1];
  }
};

// One entry an activity that touched a target in the span: the tested ones first, by falling
// lower end of the extra opportunities (what is sure of them), then by falling forecast
// amount, then by key. q-values over all tests (Benjamini and Hochberg).
// Errors: EXCHANGE_RATE_MISSING; those of `check_alive`. O(touches + cases * log).
Result<std::vector<ActivityImpact>> RankActivities(const Audience& audience,
                                                   const book::BookView& view,
                                                   Activities* activities, const TimeSpan& span,
                                                   const CheckAlive& check_alive);

}  // namespace gtm::targeting::domain
