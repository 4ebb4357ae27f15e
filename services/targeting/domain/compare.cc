#include "services/targeting/domain/compare.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gtm::targeting::domain {
namespace {

double TwoSided(double z) { return std::min(1.0, 2 * (1 - stats::NormalCdf(std::abs(z)))); }

double Quantile(double confidence) { return stats::NormalQuantile(1 - (1 - confidence) / 2); }

}  // namespace

stats::Interval NewcombeInterval(const Rate& a, const Rate& b, double confidence) {
  return stats::ShareGapInterval(a.successes, a.trials, b.successes, b.trials, confidence);
}

RateFinding Judge(const Rate& a, const Rate& b) {
  if (std::min(a.trials, b.trials) < kCompareTrialsMin) return RateFinding::kNotEnoughData;
  const stats::Interval difference = NewcombeInterval(a, b);
  if (difference.low > 0) return RateFinding::kAbove;
  return difference.high < 0 ? RateFinding::kBelow : RateFinding::kNotShown;
}

void PooledRates::AddStratum(const Rate& touched, const Rate& untouched) {
  if (touched.trials <= 0 || untouched.trials <= 0) return;
  sums_.touched_count += touched.trials;
  sums_.untouched_count += untouched.trials;
  const auto n1 = static_cast<double>(touched.trials);
  const auto n0 = static_cast<double>(untouched.trials);
  const auto y1 = static_cast<double>(touched.successes);
  const auto y0 = static_cast<double>(untouched.successes);
  const double n = n1 + n0;
  const double y = y1 + y0;
  const double w = n1 * n0 / n;
  weight_ += w;
  sums_.touched_value += w * y1 / n1;
  sums_.untouched_value += w * y0 / n0;
  p_sum_ += (n1 * n1 * y0 - n0 * n0 * y1 + n1 * n0 * (n0 - n1) / 2) / (n * n);
  q_sum_ += (y1 * (n0 - y0) + y0 * (n1 - y1)) / (2 * n);
  excess_ += y1 - n1 * y / n;
  excess_variance_ += w * (y / n) * (n - y) / (n - 1);
}

Pooled PooledRates::Compare(double confidence) const {
  if (weight_ <= 0) return {};
  Pooled out = sums_;
  out.touched_value /= weight_;
  out.untouched_value /= weight_;
  out.difference = out.touched_value - out.untouched_value;
  const double variance = std::max(0.0, out.difference * p_sum_ + q_sum_) / (weight_ * weight_);
  const double half = Quantile(confidence) * std::sqrt(variance);
  out.interval = {std::max(-1.0, out.difference - half), std::min(1.0, out.difference + half)};
  if (excess_variance_ > 0) out.p_value = TwoSided(excess_ / std::sqrt(excess_variance_));
  return out;
}

void Moments::Add(double value) {
  count += 1;
  sum += value;
  square += value * value;
}

void Moments::Subtract(const Moments& part) {
  count -= part.count;
  sum -= part.sum;
  square -= part.square;
}

void PooledMeans::AddStratum(const Moments& touched, const Moments& untouched) {
  const double n1 = touched.count;
  const double n0 = untouched.count;
  if (n1 < 1 || n0 < 1) return;
  sums_.touched_count += static_cast<int64_t>(n1);
  sums_.untouched_count += static_cast<int64_t>(n0);
  const double n = n1 + n0;
  const double w = n1 * n0 / n;
  const double sum = touched.sum + untouched.sum;
  weight_ += w;
  sums_.touched_value += w * touched.sum / n1;
  sums_.untouched_value += w * untouched.sum / n0;
  const double spread = touched.square + untouched.square - sum * sum / n;
  variance_ += w * std::max(0.0, spread) / (n - 1);
}

Pooled PooledMeans::Compare(double confidence) const {
  if (weight_ <= 0) return {};
  Pooled out = sums_;
  out.touched_value /= weight_;
  out.untouched_value /= weight_;
  out.difference = out.touched_value - out.untouched_value;
  const double error = std::sqrt(variance_) / weight_;
  const double half = Quantile(confidence) * error;
  out.interval = {out.difference - half, out.difference + half};
  if (error > 0) out.p_value = TwoSided(out.difference / error);
  return out;
}

std::vector<double> FalseDiscoveryRates(const std::vector<double>& p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size(), 1);
  double least = 1;
  for (size_t rank = order.size(); rank > 0; --rank) {
    const size_t at = order[rank - 1];
    // The factor first: it is 1 or more, so that no value falls below its own p.
    const double factor = static_cast<double>(order.size()) / static_cast<double>(rank);
    least = std::min(least, p_values[at] * factor);
    adjusted[at] = least;
  }
  return adjusted;
}

}  // namespace gtm::targeting::domain
