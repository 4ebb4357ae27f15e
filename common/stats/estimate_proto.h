#pragma once
// From counts to gtm.type.v1.Estimate, in one way for every service (C27).

#include <cstdint>
#include <span>

#include "common/stats/intervals.h"
#include "gtm/type/v1/estimate.pb.h"

namespace gtm::stats {

// When an estimated rate may carry a verdict.
struct RateOptions {
  double confidence = kConfidence;
  // The interval may be at most this wide to either side. 0.10 asks for about 95
  // trials at a rate of one half: 70 of 100 is enough, 7 of 10 is not (D2).
  double half_width_max = 0.10;
};

// A rate with its Wilson interval: ENOUGH, NOT_ENOUGH_DATA where the interval is
// wider than allowed, NO_DATA (value and interval absent) without trials.
// 0 <= successes <= trials.
type::v1::Estimate RateEstimate(int64_t successes, int64_t trials, const RateOptions& options = {});

// Events per unit of exposure with the exact Poisson interval; sample_count is the
// count. NOT_ENOUGH_DATA where fewer than `count_min` events were seen; NO_DATA where
// exposure is 0. count >= 0, exposure >= 0.
type::v1::Estimate CountRateEstimate(int64_t count, double exposure, int64_t count_min = 10,
                                     double confidence = kConfidence);

// A number that is known and not estimated: low = value = high, method "exact".
type::v1::Estimate ExactEstimate(double value, int64_t sample_count);

// An estimate made by another method, such as "bootstrap" or "gamma-posterior".
type::v1::Estimate IntervalEstimate(double value, const Interval& interval, double confidence,
                                    const char* method, int64_t sample_count, bool enough);

// The median of a sample that rises, with its interval by order statistics. NO_DATA where it is
// empty, NOT_ENOUGH_DATA where it has fewer than `count_min`.
type::v1::Estimate MedianEstimate(std::span<const double> sorted, int64_t count_min = 10,
                                  double confidence = kConfidence);

// No data at all.
type::v1::Estimate NoDataEstimate();

}  // namespace gtm::stats
