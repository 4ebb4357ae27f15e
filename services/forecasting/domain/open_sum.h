#pragma once
// The sum that open deals bring, given the common factors: independent deals, each of which
// brings nothing or its amount times a ratio. Its Laplace transform, E exp(-s * sum).

#include <cstdint>
#include <span>
#include <vector>

#include "services/forecasting/domain/atoms.h"
#include "services/forecasting/domain/frequencies.h"
#include "services/forecasting/domain/win_chances.h"

namespace gtm::forecasting::domain {

// Deals that share their chances.
struct OpenClass {
  NodeValues chances{};
  std::vector<double> amounts;  // each >= 0: mean of what it brings if it is won
};

// E exp(-s a r) - 1 of an amount a whose realized ratio r is one of these atoms.
Frequencies AmountTransform(double amount, const std::vector<Atom>& ratios, const Points& points);

// Deals small against the spread of the whole enter through their cumulants, which cost the
// same for any number of deals; the few large ones enter one by one; large and unlikely ones
// by powers of their chances, pooled by amount. Order and rounding do not depend on threads
// or machines. Not thread-safe.
class OpenSum {
 public:
  // `ratios`: of mean 1, by rising value. `nodes`: of z (NormalNodes), or one node where
  // chances do not depend on it. `classes` must outlive this.
  OpenSum(std::span<const OpenClass> classes, std::vector<Atom> ratios,
          const std::vector<Atom>& nodes);

  // Prepares for points with |s| * (largest factor) up to `size`. Asking for larger points is
  // less exact for deals that were taken for small.
  void PrepareFor(double size);
  // One transform for each node of z, at s * factor.
  void At(const Points& points, double factor, std::span<Frequencies> by_node) const;

  // By node of z: mean, variance, and chance that no deal with an amount is won.
  struct Moments {
    double mean = 0;
    double variance = 0;
    double nothing = 1;
  };
  const std::vector<Moments>& moments() const { return moments_; }
  double ratio_square() const { return ratio_square_; }  // mean square of the ratio
  double largest_amount() const { return largest_amount_; }
  // The atoms that stand for the ratio of large deals, after PrepareFor.
  const std::vector<Atom>& few_ratios() const { return few_ratios_; }

  static constexpr int kOrder = 12;          // cumulants
  static constexpr int kUnlikelyPowers = 4;  // of the chance of an unlikely deal

 private:
  struct Likely {
    double amount = 0;
    size_t class_index = 0;
    std::vector<double> chances;  // by node
  };
  // Unlikely deals of about the same amount.
  struct Unlikely {
    double amount = 0;
    std::vector<double> sums;  // [power * node count + node] of chances
  };
  void LearnCumulants();
  void MeasureMoments();
  void AddSmall(size_t index, double limit, double* powers);
  void ChooseOrder(const std::vector<double>& powers, double size);
  void AddCumulants(const std::vector<double>& powers);
  // From values at the points of z where chances are known to a node: quadratic between two
  // knots, which is exact for sums of chances and of their squares.
  double AtNode(const double* values, size_t node) const;
  const double* chances_of(size_t index) const { return &chances_[index * stride_]; }

  std::span<const OpenClass> classes_;
  std::vector<Atom> ratios_;
  std::vector<double> nodes_;  // of z
  size_t node_count_;
  // Points of z: the knots of NodeValues and the middles between them, or one.
  size_t point_count_;
  size_t stride_;                // of points: one, or rounded up to a multiple of 8
  std::vector<double> chances_;  // [class * stride + point]
  std::vector<Moments> moments_;
  double largest_amount_ = 0;
  double ratio_max_ = 1;
  double ratio_square_ = 1;
  // Coefficients: the k-th cumulant of a deal of amount 1, over k!, is the polynomial
  // sum of coefficient[k][j] * p^j.
  double coefficients_[kOrder + 1][kOrder + 1] = {};

  // Of PrepareFor.
  int order_ = kOrder;             // cumulants that count
  double unit_ = 1;                // amounts of small deals are told in it
  std::vector<double> cumulants_;  // [node * (kOrder + 1) + k], over k!, of the small deals
  std::vector<Likely> likely_;
  std::vector<Unlikely> unlikely_;
  std::vector<Atom> few_ratios_;  // for the large deals
};

}  // namespace gtm::forecasting::domain
