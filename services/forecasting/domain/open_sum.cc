#include "services/forecasting/domain/open_sum.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "common/core/wide_lanes.h"

namespace gtm::forecasting::domain {
namespace {

// The cumulant series of one deal converges for |s a| < pi; behind kSmallSize it is given up.
constexpr double kSmallSize = 2;
// The same for a deal's largest ratio, which is rare.
constexpr double kSmallRatioSize = 4;
// Largest chance of a deal that is pooled: the next power would be 2e-6.
constexpr double kUnlikelyMax = 0.05;
// Large deals before any are pooled.
constexpr size_t kPoolFrom = 64;
// A deal that is open is never quite certain.
constexpr double kChanceMax = 1 - 1e-12;
// Amounts that are pooled differ by less than this factor.
constexpr double kPoolWidth = 1.03;
// Atoms of the ratio, for all large deals together.
constexpr size_t kRatioWork = 512;
constexpr size_t kFewRatiosMin = 8;
// A product that has become so small is nothing, and would be slow.
constexpr double kNothing = 1e-200;
// What the cumulants that are left out would add to a logarithm.
constexpr double kSeriesEnd = 1e-9;
constexpr double kPi = 3.14159265358979323846;

void DropNothing(Frequencies* f) {
  for (int i = 0; i < kLanes; ++i) {
    if (std::abs(f->re[i]) + std::abs(f->im[i]) < kNothing) f->re[i] = f->im[i] = 0;
  }
}

// Horner in eight chances at once. Inside of loops with wide lanes.
[[gnu::always_inline]] inline void AddPolynomial(const double* coefficient, int degree,
                                                 const double* __restrict factor,
                                                 const double* __restrict p,
                                                 double* __restrict sum) {
  double value[8];
  for (int i = 0; i < 8; ++i) value[i] = coefficient[degree];
  for (int j = degree - 1; j >= 1; --j) {
    for (int i = 0; i < 8; ++i) value[i] = value[i] * p[i] + coefficient[j];
  }
  for (int i = 0; i < 8; ++i) sum[i] += factor[i] * (value[i] * p[i]);
}

}  // namespace

Frequencies AmountTransform(double amount, const std::vector<Atom>& ratios, const Points& points) {
  Frequencies sum = Constant(-1);
  for (const Atom& ratio : ratios) {
    const double value = amount * ratio.value;
    const double turn = -points.step * value;
    const double size = ratio.weight * std::exp(-points.damping * value);
    double re = size * std::cos(turn * points.first), im = size * std::sin(turn * points.first);
    const double c1 = std::cos(turn), s1 = std::sin(turn);
    // Four lanes ahead at a time: they do not wait for each other.
    const double c2 = c1 * c1 - s1 * s1, s2 = 2 * c1 * s1;
    const double c4 = c2 * c2 - s2 * s2, s4 = 2 * c2 * s2;
    double x[4] = {re, re * c1 - im * s1, 0, 0}, y[4] = {im, re * s1 + im * c1, 0, 0};
    for (int i = 0; i < 2; ++i) {
      x[i + 2] = x[i] * c2 - y[i] * s2;
      y[i + 2] = x[i] * s2 + y[i] * c2;
    }
    for (int lane = 0; lane < kLanes; lane += 4) {
      for (int i = 0; i < 4; ++i) {
        sum.re[lane + i] += x[i];
        sum.im[lane + i] += y[i];
        const double next = x[i] * c4 - y[i] * s4;
        y[i] = x[i] * s4 + y[i] * c4;
        x[i] = next;
      }
    }
  }
  return sum;
}

OpenSum::OpenSum(std::span<const OpenClass> classes, std::vector<Atom> ratios,
                 const std::vector<Atom>& nodes)
    : classes_(classes),
      ratios_(std::move(ratios)),
      node_count_(nodes.size()),
      point_count_(nodes.size() == 1 ? 1 : 2 * kNodeCount - 1),
      stride_(point_count_ == 1 ? 1 : (point_count_ + 7) / 8 * 8) {
  for (const Atom& node : nodes) nodes_.push_back(node.value);
  if (ratios_.empty()) ratios_ = {{1, 1}};
  ratio_max_ = std::max(1.0, ratios_.back().value);
  ratio_square_ = 0;
  for (const Atom& ratio : ratios_) ratio_square_ += ratio.weight * ratio.value * ratio.value;
  chances_.assign(classes.size() * stride_, 0);
  for (size_t c = 0; c < classes.size(); ++c) {
    double* row = &chances_[c * stride_];
    for (size_t k = 0; k < kNodeCount && 2 * k < point_count_; ++k) {
      row[2 * k] = std::clamp(classes[c].chances[k], 0.0, kChanceMax);
    }
    for (size_t i = 1; i < point_count_; i += 2) row[i] = (row[i - 1] + row[i + 1]) / 2;
    for (const double amount : classes[c].amounts) {
      largest_amount_ = std::max(largest_amount_, amount);
    }
  }
  LearnCumulants();
  MeasureMoments();
}

double OpenSum::AtNode(const double* values, size_t node) const {
  if (point_count_ == 1) return values[0];
  const double at =
      std::clamp((nodes_[node] + kNodeSpan) / (2 * kNodeSpan), 0.0, 1.0) * (kNodeCount - 1);
  const size_t knot = std::min<size_t>(static_cast<size_t>(at), kNodeCount - 2);
  const double x = at - static_cast<double>(knot);
  const double* v = values + 2 * knot;
  return v[0] + x * ((4 * v[1] - 3 * v[0] - v[2]) + x * 2 * (v[0] - 2 * v[1] + v[2]));
}

void OpenSum::LearnCumulants() {
  double moment[kOrder + 1] = {1};
  for (int k = 1; k <= kOrder; ++k) {
    for (const Atom& ratio : ratios_) moment[k] += ratio.weight * std::pow(ratio.value, k);
  }
  // kappa_k = m_k - sum over j < k of C(k-1, j-1) kappa_j m_(k-j), where m_k = p * moment[k].
  double kappa[kOrder + 1][kOrder + 1] = {};
  double factorial = 1;
  for (int k = 1; k <= kOrder; ++k) {
    kappa[k][1] = moment[k];
    double binomial = 1;  // C(k-1, j-1)
    for (int j = 1; j < k; ++j) {
      for (int power = 1; power < k; ++power) {
        kappa[k][power + 1] -= binomial * kappa[j][power] * moment[k - j];
      }
      binomial = binomial * (k - j) / j;
    }
    factorial *= k;
    for (int power = 1; power <= k; ++power) {
      coefficients_[k][power] = kappa[k][power] / factorial;
    }
  }
}

void OpenSum::MeasureMoments() {
  std::vector<double> mean(point_count_), variance(point_count_), expected(point_count_),
      log_nothing(point_count_);
  for (size_t c = 0; c < classes_.size(); ++c) {
    double sum = 0, square = 0, count = 0;
    for (const double amount : classes_[c].amounts) {
      sum += amount;
      square += amount * amount;
      count += amount > 0;
    }
    for (size_t i = 0; i < point_count_; ++i) {
      const double p = chances_of(c)[i];
      mean[i] += p * sum;
      variance[i] += (p * ratio_square_ - p * p) * square;
      expected[i] += p * count;
    }
  }
  // exp(-40) is nothing.
  const bool may_be_nothing = *std::min_element(expected.begin(), expected.end()) < 40;
  for (size_t c = 0; c < classes_.size() && may_be_nothing; ++c) {
    const auto count = std::count_if(classes_[c].amounts.begin(), classes_[c].amounts.end(),
                                     [](double amount) { return amount > 0; });
    for (size_t i = 0; i < point_count_ && count > 0; ++i) {
      log_nothing[i] += static_cast<double>(count) * std::log1p(-chances_of(c)[i]);
    }
  }
  for (size_t node = 0; node < node_count_; ++node) {
    moments_.push_back({AtNode(mean.data(), node), AtNode(variance.data(), node),
                        may_be_nothing ? std::exp(AtNode(log_nothing.data(), node)) : 0});
  }
}

// Power sums of the small amounts of a class, in units; the large ones are set apart.
void OpenSum::AddSmall(size_t index, double limit, double* powers) {
  const std::vector<double>& amounts = classes_[index].amounts;
  const double unit = 1 / unit_;
  if (amounts.size() == 1) {
    if (amounts[0] > limit) {
      likely_.push_back({amounts[0], index, {}});
    } else {
      powers[0] = amounts[0] * unit;
      for (int k = 1; k < kOrder; ++k) powers[k] = powers[k - 1] * powers[0];
    }
    return;
  }
  double lanes[kOrder][8] = {};
  double value[8] = {};
  int filled = 0;
  const auto flush = [&] {
    double power[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    for (int k = 0; k < kOrder; ++k) {
      for (int i = 0; i < 8; ++i) lanes[k][i] += power[i] *= value[i];
    }
    for (double& v : value) v = 0;
    filled = 0;
  };
  for (const double amount : amounts) {
    if (amount > limit) {
      likely_.push_back({amount, index, {}});
      continue;
    }
    value[filled++] = amount * unit;
    if (filled == 8) flush();
  }
  if (filled > 0) flush();
  for (int k = 0; k < kOrder; ++k) {
    for (const double lane : lanes[k]) powers[k] += lane;
  }
}

// As many cumulants as it takes: those of one deal shrink like 2 / (k * pi^k).
void OpenSum::ChooseOrder(const std::vector<double>& powers, double size) {
  double sums[kOrder] = {};
  for (size_t c = 0; c < classes_.size(); ++c) {
    for (int k = 0; k < kOrder; ++k) sums[k] += powers[c * kOrder + static_cast<size_t>(k)];
  }
  order_ = 2;
  double scale = 1;
  for (int k = 1; k <= kOrder; ++k) {
    scale *= unit_ * size * ratio_max_ / kPi;
    if (sums[k - 1] * scale * 2 / k > kSeriesEnd) order_ = std::max(order_, k);
  }
}

GTM_WIDE_LANES void OpenSum::AddCumulants(const std::vector<double>& powers) {
  constexpr size_t kRow = kOrder + 1;
  cumulants_.assign(node_count_ * kRow, 0);
  if (node_count_ == 1) {  // eight classes at a time
    double sums[kRow][8] = {};
    for (size_t first = 0; first < classes_.size(); first += 8) {
      double p[8] = {}, factor[kRow][8] = {};
      const size_t count = std::min<size_t>(8, classes_.size() - first);
      for (size_t i = 0; i < count; ++i) {
        p[i] = chances_[(first + i) * stride_];
        const double* power = &powers[(first + i) * kOrder];
        for (int k = 1; k <= order_; ++k) factor[k][i] = power[k - 1];
      }
      for (int k = 1; k <= order_; ++k) {
        AddPolynomial(coefficients_[k], k, factor[k], p, sums[k]);
      }
    }
    for (size_t k = 1; k < kRow; ++k) {
      for (const double sum : sums[k]) cumulants_[k] += sum;
    }
    return;
  }
  std::vector<double> sums(kRow * stride_, 0);
  for (size_t c = 0; c < classes_.size(); ++c) {
    const double* power = &powers[c * kOrder];
    if (power[0] == 0) continue;
    for (size_t point = 0; point < stride_; point += 8) {
      for (int k = 1; k <= order_; ++k) {
        double factor[8];
        for (double& f : factor) f = power[k - 1];
        AddPolynomial(coefficients_[k], k, factor, chances_of(c) + point,
                      &sums[static_cast<size_t>(k) * stride_ + point]);
      }
    }
  }
  for (size_t node = 0; node < node_count_; ++node) {
    for (size_t k = 1; k < kRow; ++k) {
      cumulants_[node * kRow + k] = AtNode(&sums[k * stride_], node);
    }
  }
}

void OpenSum::PrepareFor(double size) {
  const double limit = std::min(kSmallSize, kSmallRatioSize / ratio_max_) / size;
  unit_ = std::min(limit, std::max(largest_amount_, 1.0));
  likely_.clear();
  unlikely_.clear();
  std::vector<double> powers(classes_.size() * kOrder, 0);
  for (size_t c = 0; c < classes_.size(); ++c) AddSmall(c, limit, &powers[c * kOrder]);
  ChooseOrder(powers, size);
  AddCumulants(powers);
  // Pools of unlikely deals, where there are many.
  std::vector<Likely> kept;
  std::map<int, Unlikely> pools;
  for (Likely& deal : likely_) {
    for (size_t node = 0; node < node_count_; ++node) {
      deal.chances.push_back(AtNode(chances_of(deal.class_index), node));
    }
    const double highest = *std::max_element(deal.chances.begin(), deal.chances.end());
    if (likely_.size() <= kPoolFrom || highest > kUnlikelyMax) {
      kept.push_back(std::move(deal));
      continue;
    }
    Unlikely& pool = pools[static_cast<int>(std::log(deal.amount) / std::log(kPoolWidth))];
    pool.sums.resize((kUnlikelyPowers + 1) * node_count_, 0);
    double expected = 0;
    for (size_t node = 0; node < node_count_; ++node) {
      double power = 1;
      for (size_t j = 1; j <= kUnlikelyPowers; ++j) {
        pool.sums[j * node_count_ + node] += power *= deal.chances[node];
      }
      expected += deal.chances[node];
    }
    // Row 0 gathers what the pool's amount is the mean by.
    pool.amount += expected * deal.amount;
    pool.sums[0] += expected;
  }
  for (auto& [key, pool] : pools) {
    if (!(pool.sums[0] > 0)) continue;
    pool.amount /= pool.sums[0];
    unlikely_.push_back(std::move(pool));
  }
  likely_ = std::move(kept);
  const size_t count = std::max<size_t>(1, likely_.size() + unlikely_.size());
  few_ratios_ = Condense(ratios_, std::max(kFewRatiosMin, kRatioWork / count));
}

GTM_WIDE_LANES void OpenSum::At(const Points& points, double factor,
                                std::span<Frequencies> by_node) const {
  // Powers of -s * factor, in units.
  Frequencies power[kOrder + 1];
  power[0] = Constant(1);
  Frequencies u;
  for (int i = 0; i < kLanes; ++i) {
    u.re[i] = -points.damping * factor * unit_;
    u.im[i] = -points.step * (points.first + i) * factor * unit_;
  }
  for (int k = 1; k <= order_; ++k) {
    power[k] = power[k - 1];
    MultiplyInto(power[k], u);
  }
  for (size_t node = 0; node < node_count_; ++node) {
    const double* cumulant = &cumulants_[node * (kOrder + 1)];
    by_node[node] = Constant(0);
    for (int k = order_; k >= 1; --k) AddInto(by_node[node], cumulant[k], power[k]);
  }
  for (const Unlikely& pool : unlikely_) {
    const Frequencies b = AmountTransform(pool.amount * factor, few_ratios_, points);
    Frequencies raised = b;
    for (size_t j = 1; j <= kUnlikelyPowers; ++j) {  // log(1 + p b), by powers of p
      if (j > 1) MultiplyInto(raised, b);
      const double share = (j % 2 == 1 ? 1.0 : -1.0) / static_cast<double>(j);
      for (size_t node = 0; node < node_count_; ++node) {
        AddInto(by_node[node], share * pool.sums[j * node_count_ + node], raised);
      }
    }
  }
  for (size_t node = 0; node < node_count_; ++node) ExpInto(by_node[node]);
  for (size_t d = 0; d < likely_.size(); ++d) {
    const Frequencies amount = AmountTransform(likely_[d].amount * factor, few_ratios_, points);
    const std::vector<double>& p = likely_[d].chances;
    for (size_t node = 0; node < node_count_; ++node) {
      MultiplyByDeal(by_node[node], p[node], amount);
      if (d % 64 == 63) DropNothing(&by_node[node]);
    }
  }
}

}  // namespace gtm::forecasting::domain
