#include "services/forecasting/domain/survival.h"

#include <algorithm>
#include <cmath>

namespace gtm::forecasting::domain {

Survival::Survival(const std::vector<stats::LifeSpan>& spans, int cause_count)
    : cause_count_(cause_count) {
  std::vector<int64_t> entering(kSurvivalDaysMax + 2, 0);
  std::vector<std::vector<int64_t>> events(static_cast<size_t>(cause_count),
                                           std::vector<int64_t>(kSurvivalDaysMax + 1, 0));
  for (const stats::LifeSpan& span : spans) {
    const int32_t from = std::clamp(span.first_day - span.birth_day, 0, kSurvivalDaysMax);
    const int32_t to = std::min(span.last_day - span.birth_day, kSurvivalDaysMax);
    if (to < from) continue;
    ++span_count_;
    ++entering[static_cast<size_t>(from)];
    --entering[static_cast<size_t>(to) + 1];
    if (span.cause < 0) continue;
    ++event_count_;
    ++events[static_cast<size_t>(span.cause)][static_cast<size_t>(to)];
  }
  int64_t at_risk = 0;
  double survival = 1, greenwood = 0;
  for (size_t age = 0; age <= kSurvivalDaysMax; ++age) {
    at_risk += entering[age];
    Step step;
    for (const auto& of_cause : events) {
      step.causes.push_back(static_cast<double>(of_cause[age]));
      step.left += step.causes.back();
    }
    if (step.left == 0) continue;
    step.age = static_cast<int32_t>(age);
    step.at_risk = static_cast<double>(at_risk);
    survival *= 1 - step.left / step.at_risk;
    greenwood += step.at_risk > step.left ? step.left / (step.at_risk * (step.at_risk - step.left))
                                          : 0;  // nothing is left: no more to be said
    step.survival = survival;
    step.greenwood = greenwood;
    steps_.push_back(std::move(step));
  }
}

AgeQuantile Survival::QuantileOfLeaving(double p) const {
  AgeQuantile quantile;
  quantile.event_count = event_count_;
  const double z = stats::NormalQuantile((1 + stats::kConfidence) / 2);
  for (const Step& step : steps_) {
    const double age = step.age;
    if (!quantile.value && 1 - step.survival >= p - 1e-12) quantile.value = age;
    // The interval of log(-log S) has the half-width z sqrt(greenwood) / |log S|.
    double low = 0, high = 1 - step.survival;
    if (step.survival > 0 && step.survival < 1) {
      const double log_survival = std::log(step.survival);
      const double spread = std::exp(z * std::sqrt(step.greenwood) / -log_survival);
      low = 1 - std::exp(log_survival / spread);
      high = 1 - std::exp(log_survival * spread);
    } else if (step.survival <= 0) {
      low = high = 1;
    }
    if (!quantile.low && high >= p) quantile.low = age;
    if (!quantile.high && low >= p) quantile.high = age;
  }
  return quantile;
}

std::optional<Survival::Share> Survival::ShareOf(int cause) const {
  if (steps_.empty()) return std::nullopt;
  const auto c = static_cast<size_t>(cause);
  Share share;
  std::vector<double> so_far;  // share that had left by the cause after each step
  double before = 1;
  for (const Step& step : steps_) {
    share.value += before * step.causes[c] / step.at_risk;
    share.event_count += static_cast<int64_t>(step.causes[c]);
    so_far.push_back(share.value);
    before = step.survival;
  }
  double variance = 0;
  before = 1;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const double rest = share.value - so_far[i];
    const double n = step.at_risk, mine = step.causes[c];
    if (n > step.left) variance += rest * rest * step.left / (n * (n - step.left));
    variance += before * before * (n - mine) * mine / (n * n * n);
    variance -= 2 * rest * before * mine / (n * n);
    before = step.survival;
  }
  const double binomial = share.value * (1 - share.value);
  // Where the variance says nothing (all or none), as many trials as there were events.
  const double trials = variance > 1e-12 && binomial > 1e-12
                            ? std::clamp(binomial / variance, 1.0, static_cast<double>(span_count_))
                            : static_cast<double>(std::max<int64_t>(1, event_count_));
  const auto whole = std::max<int64_t>(1, std::llround(trials));
  const auto successes =
      std::clamp<int64_t>(std::llround(share.value * static_cast<double>(whole)), 0, whole);
  share.interval = stats::WilsonInterval(successes, whole);
  share.interval.low = std::min(share.interval.low, share.value);
  share.interval.high = std::max(share.interval.high, share.value);
  return share;
}

}  // namespace gtm::forecasting::domain
