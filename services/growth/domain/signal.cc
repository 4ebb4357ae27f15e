#include "services/growth/domain/signal.h"

#include <cmath>

namespace gtm::growth::domain {

Estimate ShareEstimate(int64_t successes, int64_t trials, int64_t trials_min) {
  Estimate estimate{.method = "wilson", .success_count = successes, .sample_count = trials};
  if (trials == 0) return estimate;
  const stats::Interval interval = stats::WilsonInterval(successes, trials);
  estimate.value = static_cast<double>(successes) / static_cast<double>(trials);
  estimate.low = interval.low;
  estimate.high = interval.high;
  estimate.sufficiency = trials >= trials_min ? Sufficiency::kEnough : Sufficiency::kNotEnoughData;
  return estimate;
}

Estimate KnownEstimate(double value, int64_t sample_count) {
  return {.value = value,
          .low = value,
          .high = value,
          .sample_count = sample_count,
          .sufficiency = Sufficiency::kEnough};
}

Estimate NormalEstimate(double value, double standard_deviation, std::string_view method,
                        int64_t sample_count, bool enough) {
  const double half = stats::NormalQuantile(0.5 + stats::kConfidence / 2) * standard_deviation;
  return {.value = value,
          .low = value - half,
          .high = value + half,
          .method = method,
          .sample_count = sample_count,
          .sufficiency = enough ? Sufficiency::kEnough : Sufficiency::kNotEnoughData};
}

Estimate ShareDifference(const Estimate& a, const Estimate& b) {
  Estimate estimate{.method = "newcombe", .sample_count = a.sample_count + b.sample_count};
  if (!a.value || !b.value) return estimate;
  estimate.value = *a.value - *b.value;
  estimate.low = *estimate.value - std::hypot(*a.value - *a.low, *b.high - *b.value);
  estimate.high = *estimate.value + std::hypot(*a.high - *a.value, *b.value - *b.low);
  const bool enough =
      a.sufficiency == Sufficiency::kEnough && b.sufficiency == Sufficiency::kEnough;
  estimate.sufficiency = enough ? Sufficiency::kEnough : Sufficiency::kNotEnoughData;
  return estimate;
}

SignalStatus StatusOf(const Estimate& estimate, double threshold) {
  if (!estimate.value || estimate.sufficiency != Sufficiency::kEnough) {
    return SignalStatus::kUnknown;
  }
  const bool above = threshold == 0 ? *estimate.low > 0 : *estimate.low >= threshold;
  if (above) return SignalStatus::kOk;
  const bool below = threshold == 0 ? *estimate.high <= 0 : *estimate.high < threshold;
  return below ? SignalStatus::kAct : SignalStatus::kWatch;
}

Gate MakeGate(std::string_view rule_id, std::string_view name, double threshold,
              const Estimate& value) {
  return {rule_id, name, threshold, value, StatusOf(value, threshold)};
}

}  // namespace gtm::growth::domain
