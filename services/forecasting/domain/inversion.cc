#include "services/forecasting/domain/inversion.h"

#include <algorithm>
#include <cmath>

namespace gtm::forecasting::domain {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Damping over the range: what lies one range further counts exp(-8) of itself, and almost
// all of that is known and taken off.
constexpr double kDamping = 8;
// Terms below this share of probability, after undoing the damping, end the series.
constexpr double kTermEnd = 2e-8;
// Width of the kernel where terms do not end: the last term is damped to exp(-14).
constexpr double kKernel = 5.3;
constexpr int kGrid = 64;
// Two chances closer than this are equal.
constexpr double kEqual = 1e-7;

}  // namespace

Inversion::Inversion(const Transform& transform, double nothing, double range, int terms_max)
    : nothing_(nothing), range_(range) {
  bool ended = false;
  const int blocks = std::max(1, terms_max / kLanes);
  for (int block = 0; block < blocks && !ended; ++block) {
    const Points points = {kDamping / range, 2 * kPi / range, block * kLanes};
    const Frequencies f = transform(points);
    ended = true;
    for (int i = 0; i < kLanes; ++i) {
      // (transform - nothing) / s / range, twice for its mirror image.
      const double a = points.damping, b = points.step * (points.first + i);
      const double scale = 2 / (range * (a * a + b * b));
      const double re = f.re[i] - nothing, im = f.im[i];
      re_.push_back((re * a + im * b) * scale);
      im_.push_back((im * a - re * b) * scale);
      if (i >= kLanes / 2) ended &= std::abs(re_.back()) + std::abs(im_.back()) < kTermEnd;
    }
  }
  first_ = re_[0] / 2;
  re_[0] = im_[0] = 0;
  if (!ended) Smooth(static_cast<int>(re_.size()));
}

void Inversion::Smooth(int terms) {
  // The kernel acts on the damped distribution, of which it makes exp((damping * width)^2 / 2)
  // times too much.
  const double width = kDamping * kKernel / (2 * kPi * terms);
  const double scale = std::exp(-width * width / 2);
  first_ *= scale;
  for (int k = 0; k < terms; ++k) {
    const double at = kKernel * k / terms;
    const double keep = scale * std::exp(-at * at / 2);
    re_[static_cast<size_t>(k)] *= keep;
    im_[static_cast<size_t>(k)] *= keep;
  }
}

double Inversion::ChanceUpTo(double x) const {
  if (x < 0) return 0;
  if (range_ <= 0) return 1;
  x = std::min(x, end());
  const double turn = 2 * kPi * x / range_;
  // Four terms at a time, each four further.
  double re[4], im[4], sum[4] = {};
  for (int i = 0; i < 4; ++i) re[i] = std::cos(turn * i), im[i] = std::sin(turn * i);
  const double c = std::cos(4 * turn), s = std::sin(4 * turn);
  for (size_t k = 0; k < re_.size(); k += 4) {
    for (size_t i = 0; i < 4; ++i) {
      sum[i] += re_[k + i] * re[i] - im_[k + i] * im[i];
      const double next = re[i] * c - im[i] * s;
      im[i] = re[i] * s + im[i] * c;
      re[i] = next;
    }
  }
  const double series = first_ + (sum[0] + sum[1]) + (sum[2] + sum[3]);
  // What lies one range further is almost all of the rest, and known.
  const double wrapped = (1 - nothing_) * std::exp(-kDamping) / -std::expm1(-kDamping);
  const double chance = nothing_ + std::exp(kDamping * x / range_) * series - wrapped;
  return std::clamp(chance, nothing_, 1.0);
}

double Inversion::Quantile(double p) const {
  if (p <= nothing_ + kEqual || range_ <= 0) return 0;
  double low = 0, below = nothing_ - p, high = end(), above = 1;
  int step = 1;
  for (; step <= kGrid; ++step) {
    high = end() * step / kGrid;
    above = ChanceUpTo(high) - p;
    if (above >= -kEqual) break;
    low = high;
    below = above;
  }
  if (step > kGrid) return end();
  // False position, halving where it does not close in (Illinois).
  int side = 0;
  for (int round = 0; round < 100 && high - low > range_ * 1e-12; ++round) {
    double middle = round % 8 == 7
                        ? (low + high) / 2
                        : low + (high - low) * (-below) / std::max(above - below, 1e-300);
    middle = std::clamp(middle, low, high);
    const double value = ChanceUpTo(middle) - p;
    if (std::abs(value) < 1e-12) return middle;
    if (value >= 0) {
      high = middle;
      above = value;
      if (side == 1) below /= 2;
      side = 1;
    } else {
      low = middle;
      below = value;
      if (side == -1) above /= 2;
      side = -1;
    }
  }
  return high;
}

}  // namespace gtm::forecasting::domain
