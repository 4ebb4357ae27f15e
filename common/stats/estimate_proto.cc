#include "common/stats/estimate_proto.h"

namespace gtm::stats {
namespace {

using type::v1::Estimate;

}  // namespace

Estimate NoDataEstimate() {
  Estimate estimate;
  estimate.set_sufficiency(type::v1::SUFFICIENCY_NO_DATA);
  return estimate;
}

Estimate IntervalEstimate(double value, const Interval& interval, double confidence,
                          const char* method, int64_t sample_count, bool enough) {
  Estimate estimate;
  estimate.set_value(value);
  estimate.set_low(interval.low);
  estimate.set_high(interval.high);
  estimate.set_confidence(confidence);
  estimate.set_method(method);
  estimate.set_sample_count(sample_count);
  estimate.set_sufficiency(enough ? type::v1::SUFFICIENCY_ENOUGH
                                  : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  return estimate;
}

Estimate RateEstimate(int64_t successes, int64_t trials, const RateOptions& options) {
  if (trials == 0) return NoDataEstimate();
  const Interval interval = WilsonInterval(successes, trials, options.confidence);
  Estimate estimate = IntervalEstimate(static_cast<double>(successes) / static_cast<double>(trials),
                                       interval, options.confidence, "wilson", trials,
                                       interval.half_width() <= options.half_width_max);
  estimate.set_success_count(successes);
  return estimate;
}

Estimate CountRateEstimate(int64_t count, double exposure, int64_t count_min, double confidence) {
  if (exposure <= 0) return NoDataEstimate();
  return IntervalEstimate(static_cast<double>(count) / exposure,
                          PoissonExactInterval(count, exposure, confidence), confidence,
                          "poisson-exact", count, count >= count_min);
}

Estimate MedianEstimate(std::span<const double> sorted, int64_t count_min, double confidence) {
  if (sorted.empty()) return NoDataEstimate();
  const Median median = MedianOf(sorted, confidence);
  const auto count = static_cast<int64_t>(sorted.size());
  return IntervalEstimate(median.value, median.interval, median.confidence, "order-statistics",
                          count, count >= count_min);
}

Estimate ExactEstimate(double value, int64_t sample_count) {
  return IntervalEstimate(value, {value, value}, 1.0, "exact", sample_count, true);
}

}  // namespace gtm::stats
