#include "services/targeting/domain/penalized_logit.h"

#include <algorithm>
#include <cmath>

#include "Eigen/Dense"

namespace gtm::targeting::domain {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int kRoundsMax = 25;
constexpr double kStepMax = 3;        // of a coefficient in one round
constexpr double kConverged = 1e-3;   // largest change of a coefficient
constexpr double kPenaltyMin = 0.05;  // effects of more than 4 or so are not believed
constexpr double kPenaltyMax = 1e5;   // nothing is left of the block
constexpr double kPenaltyChange = 0.05;
// Every block is believed to be like all of them together, with the weight of so many
// parameters: few rows cannot tell how strongly each block of many should be drawn.
constexpr double kCommonParameters = 10;
// And it is believed beforehand that a parameter is about kPriorDeviation of log odds, with the
// weight of so many. Without that belief, few rows draw everything to 0: the less that is left of
// the effects, the more strongly are they drawn.
constexpr double kPriorParameters = 3;
constexpr double kPriorDeviation = 0.3;
// Share of the penalty that draws ordered levels to 0 and not to their neighbours.
constexpr double kLevelShare = 0.1;
constexpr double kSmall = 1e-9;

class Solver {
 public:
  Solver(const std::vector<LevelBlock>& blocks, const std::vector<uint8_t>& won,
         double penalty_factor)
      : blocks_(blocks), won_(won), penalty_factor_(penalty_factor), chance_(won.size()) {
    Eigen::Index size = 1;
    for (const LevelBlock& block : blocks_) {
      begin_.push_back(size);
      penalty_shape_.push_back(PenaltyShape(block));
      size += block.parameter_count;
    }
    beta_ = VectorXd::Zero(size);
    penalty_.assign(blocks_.size(), 1.0);
    parameters_.assign(blocks_.size(), 0.0);
    double wins = 0;
    for (const uint8_t w : won_) wins += w;
    beta_[0] = std::log(wins / (static_cast<double>(won_.size()) - wins));
  }

  LogitFit Run() {
    for (int round = 0; round < kRoundsMax; ++round) {
      const double change = NewtonStep();
      const double penalty_change = UpdatePenalties();
      if (change < kConverged && penalty_change < kPenaltyChange) break;
    }
    if (penalty_factor_ != 1) {
      // Once: a factor on every round would feed upon itself.
      for (double& penalty : penalty_) {
        penalty = std::clamp(penalty_factor_ * penalty, kPenaltyMin, kPenaltyMax);
      }
      for (int round = 0; round < kRoundsMax && NewtonStep() >= kConverged; ++round) {
      }
      CountParameters();
    }
    Predict();
    return Take();
  }

 private:
  // Roughness of the ordered levels as a random walk of variance 1 over the whole range,
  // and a ridge for the rest.
  static MatrixXd PenaltyShape(const LevelBlock& block) {
    MatrixXd shape = MatrixXd::Zero(block.parameter_count, block.parameter_count);
    const double steps = std::max(1, block.ordered_count - 1);
    for (int k = 0; k < block.parameter_count; ++k) {
      shape(k, k) += k < block.ordered_count && block.ordered_count > 1 ? kLevelShare : 1;
    }
    for (int k = 0; k + 1 < block.ordered_count; ++k) {
      shape(k, k) += steps;
      shape(k + 1, k + 1) += steps;
      shape(k, k + 1) -= steps;
      shape(k + 1, k) -= steps;
    }
    return shape;
  }

  Eigen::Index At(size_t block, size_t row) const {
    return begin_[block] + blocks_[block].parameter_of[blocks_[block].levels[row]];
  }

  void Predict() {
    for (size_t row = 0; row < won_.size(); ++row) {
      double eta = beta_[0];
      for (size_t b = 0; b < blocks_.size(); ++b) eta += beta_[At(b, row)];
      chance_[row] = 1 / (1 + std::exp(-eta));
    }
  }

  double NewtonStep() {
    Predict();
    const Eigen::Index size = beta_.size();
    VectorXd gradient = VectorXd::Zero(size);
    MatrixXd hessian = MatrixXd::Zero(size, size);
    std::vector<Eigen::Index> at(blocks_.size() + 1, 0);
    for (size_t row = 0; row < won_.size(); ++row) {
      for (size_t b = 0; b < blocks_.size(); ++b) at[b + 1] = At(b, row);
      const double weight = std::max(kSmall, chance_[row] * (1 - chance_[row]));
      const double residual = won_[row] - chance_[row];
      for (size_t i = 0; i < at.size(); ++i) {
        gradient[at[i]] += residual;
        double* column = hessian.col(at[i]).data();
        for (size_t j = i; j < at.size(); ++j) column[at[j]] += weight;
      }
    }
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Eigen::Index n = blocks_[b].parameter_count;
      hessian.block(begin_[b], begin_[b], n, n) += penalty_[b] * penalty_shape_[b];
      gradient.segment(begin_[b], n) -=
          penalty_[b] * (penalty_shape_[b] * beta_.segment(begin_[b], n));
    }
    hessian(0, 0) += kSmall;
    const Eigen::LLT<MatrixXd, Eigen::Lower> factor(hessian);
    VectorXd step = factor.solve(gradient);
    const double largest = step.cwiseAbs().maxCoeff();
    if (largest > kStepMax) step *= kStepMax / largest;
    beta_ += step;
    covariance_ = factor.solve(MatrixXd::Identity(size, size));
    return largest;
  }

  // Effective parameters, by what the penalty leaves.
  void CountParameters() {
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Eigen::Index n = blocks_[b].parameter_count;
      const auto covariance = covariance_.block(begin_[b], begin_[b], n, n);
      const double lost = penalty_[b] * covariance.cwiseProduct(penalty_shape_[b]).sum();
      parameters_[b] = std::max(0.0, static_cast<double>(n) - lost);
    }
  }

  // penalty = effective parameters / (coefficients' roughness): at the optimum, the
  // variance believed of the coefficients is the one they show.
  double UpdatePenalties() {
    CountParameters();
    std::vector<double> roughness(blocks_.size());
    double all_parameters = kSmall, all_roughness = kSmall;
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const auto beta = beta_.segment(begin_[b], blocks_[b].parameter_count);
      roughness[b] = beta.dot(penalty_shape_[b] * beta);
      all_parameters += parameters_[b];
      all_roughness += roughness[b];
    }
    constexpr double kPrior = kPriorParameters * kPriorDeviation * kPriorDeviation;
    double change = 0;
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const double common = kCommonParameters * all_roughness / all_parameters;
      const double next = std::clamp((parameters_[b] + kCommonParameters + kPriorParameters) /
                                         (roughness[b] + common + kPrior + kSmall),
                                     kPenaltyMin, kPenaltyMax);
      change = std::max(change, std::abs(std::log(next / penalty_[b])));
      penalty_[b] = next;
    }
    return change;
  }

  LogitFit Take() {
    LogitFit fit;
    fit.intercept = beta_[0];
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const Eigen::Index n = blocks_[b].parameter_count;
      const VectorXd beta = beta_.segment(begin_[b], n);
      const MatrixXd covariance = covariance_.block(begin_[b], begin_[b], n, n);
      fit.coefficients.emplace_back(beta.data(), beta.data() + n);
      fit.covariances.emplace_back(covariance.data(), covariance.data() + n * n);
    }
    fit.penalties = penalty_;
    fit.parameters = parameters_;
    fit.chances = std::move(chance_);
    return fit;
  }

  const std::vector<LevelBlock>& blocks_;
  const std::vector<uint8_t>& won_;
  double penalty_factor_;
  std::vector<double> chance_;
  std::vector<Eigen::Index> begin_;
  std::vector<MatrixXd> penalty_shape_;
  std::vector<double> penalty_, parameters_;
  VectorXd beta_;
  MatrixXd covariance_;
};

}  // namespace

LogitFit FitPenalizedLogit(const std::vector<LevelBlock>& blocks, const std::vector<uint8_t>& won,
                           double penalty_factor) {
  return Solver(blocks, won, penalty_factor).Run();
}

}  // namespace gtm::targeting::domain
