#include "services/targeting/domain/sequential_comparison.h"

#include <algorithm>
#include <cmath>

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kRemainingMax = 1'000'000'000;

// Variance of one case of a rate, and of its estimate.
double CaseVariance(const Rate& rate) {
  constexpr double kAdded = 2;
  const double p = (static_cast<double>(rate.successes) + kAdded) /
                   (static_cast<double>(rate.trials) + 2 * kAdded);
  return p * (1 - p);
}

}  // namespace

double DifferenceVariance(const Rate& a, const Rate& b) {
  return CaseVariance(a) / static_cast<double>(a.trials) +
         CaseVariance(b) / static_cast<double>(b.trials);
}

double SequenceHalfWidth(double variance, const SequentialOptions& options) {
  const double mixture = options.worth_difference * options.worth_difference;
  const double both = variance + mixture;
  return std::sqrt(2 * variance * both / mixture *
                   (0.5 * std::log(both / variance) - std::log(options.alpha)));
}

void SequentialComparison::Add(int arm, bool success) {
  rates_[arm].Add(success);
  Look();
}

bool SequentialComparison::counts() const {
  const int64_t successes = rates_[0].successes + rates_[1].successes;
  const int64_t failures = rates_[0].trials + rates_[1].trials - successes;
  return std::min(rates_[0].trials, rates_[1].trials) >= kArmMin &&
         std::min(successes, failures) >= kOutcomesMin;
}

double SequentialComparison::difference() const {
  if (rates_[0].trials == 0 || rates_[1].trials == 0) return 0;
  return rates_[1].value() - rates_[0].value();
}

stats::Interval SequentialComparison::interval() const {
  if (rates_[0].trials == 0 || rates_[1].trials == 0) return {-1, 1};
  const double half = SequenceHalfWidth(DifferenceVariance(rates_[0], rates_[1]), options_);
  return {std::max(-1.0, difference() - half), std::min(1.0, difference() + half)};
}

void SequentialComparison::Look() {
  if (!counts()) return;
  const double variance = DifferenceVariance(rates_[0], rates_[1]);
  const double mixture = options_.worth_difference * options_.worth_difference;
  const double d = difference();
  const double log_ratio = 0.5 * std::log(variance / (variance + mixture)) +
                           mixture * d * d / (2 * variance * (variance + mixture));
  p_value_ = std::min(p_value_, std::exp(-log_ratio));
  if (verdict_ != SequentialVerdict::kKeepGoing) return;
  const stats::Interval now = interval();
  if (p_value_ <= options_.alpha) {
    verdict_ = SequentialVerdict::kDiffers;
  } else if (now.low > -options_.worth_difference && now.high < options_.worth_difference) {
    verdict_ = SequentialVerdict::kNoWorthwhileDifference;
  } else {
    return;
  }
  decided_at_ = rates_[0].trials + rates_[1].trials;
}

std::optional<int64_t> SequentialComparison::remaining_per_arm() const {
  if (verdict_ != SequentialVerdict::kKeepGoing) return 0;
  if (rates_[0].trials == 0 || rates_[1].trials == 0) return std::nullopt;
  const double d = std::abs(difference());
  const double wanted = std::max(d, options_.worth_difference - d);
  const double per_case = CaseVariance(rates_[0]) + CaseVariance(rates_[1]);
  const auto enough = [&](int64_t per_arm) {
    return SequenceHalfWidth(per_case / static_cast<double>(per_arm), options_) <= wanted;
  };
  int64_t low = 1;
  int64_t high = kRemainingMax;
  if (!enough(high)) return std::nullopt;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    enough(middle) ? high = middle : low = middle + 1;
  }
  const int64_t smaller = std::min(rates_[0].trials, rates_[1].trials);
  return std::max<int64_t>({1, low - smaller, kArmMin - smaller});
}

}  // namespace gtm::targeting::domain
