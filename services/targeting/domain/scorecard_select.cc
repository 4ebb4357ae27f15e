#include "services/targeting/domain/scorecard_select.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "common/core/random.h"
#include "common/stats/scale_logit.h"

namespace gtm::targeting::domain {
namespace {

constexpr int kFolds = 3;
constexpr auto kPenaltyFactors = std::to_array<double>({1, 4, 16});
constexpr int kPairs = 4;
constexpr double kPairErrors = 2;  // a harder card to read needs a clear gain
// Fewer rows are too few to tell pairs from chance.
constexpr size_t kPairRowsMin = 1'000;

uint64_t Mix(uint64_t hash, uint64_t value) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
  hash = (hash ^ value) * kOdd;
  return hash ^ (hash >> 29);
}

uint64_t HashRow(const LearnTable& table, size_t row) {
  uint64_t hash = 0;
  for (const LearnColumn& column : table.columns) {
    const bool missing = column.is_missing(row);
    hash = Mix(hash, missing              ? UINT64_MAX
                     : column.is_number() ? std::bit_cast<uint64_t>(column.numbers[row] + 0.0)
                                          : column.codes[row]);
  }
  return hash;
}

// Log odds of every row, told by a card that has not seen its fold.
std::vector<double> CrossFit(const LearnTable& table, std::span<const uint32_t> rows,
                             std::span<const int> folds, const ScorecardOptions& options) {
  std::vector<double> log_odds(rows.size(), 0);
  for (int fold = 0; fold < kFolds; ++fold) {
    std::vector<uint32_t> seen;
    size_t wins = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (folds[i] == fold) continue;
      seen.push_back(rows[i]);
      wins += table.won[rows[i]];
    }
    if (wins == 0 || wins == seen.size()) continue;  // told as even
    const Scorecard card = FitScorecard(table, seen, options);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (folds[i] == fold) log_odds[i] = card.LogOdds(table, rows[i]);
    }
  }
  return log_odds;
}

std::vector<double> Losses(const stats::LogitScale& scale, std::span<const double> log_odds,
                           const std::vector<uint8_t>& won) {
  std::vector<double> losses;
  for (size_t i = 0; i < won.size(); ++i) {
    const double eta = scale.shift + scale.factor * log_odds[i];
    losses.push_back(std::log1p(std::exp(won[i] != 0 ? -eta : eta)));
  }
  return losses;
}

struct MeanWithError {
  double mean = 0;
  double error = 0;
};
MeanWithError DifferenceOf(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double sum = 0, squares = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] - b[i];
  for (size_t i = 0; i < a.size(); ++i) squares += std::pow(a[i] - b[i] - sum / n, 2);
  return {sum / n, std::sqrt(squares / (n - 1) / n)};
}

}  // namespace

std::vector<int> FoldsOf(const LearnTable& table, std::span<const uint32_t> rows, int fold_count,
                         uint64_t seed) {
  std::map<uint64_t, int> group_of;
  std::vector<int> group;
  for (const uint32_t row : rows) {
    const auto [it, is_new] =
        group_of.emplace(HashRow(table, row), static_cast<int>(group_of.size()));
    group.push_back(it->second);
  }
  if (2 * group_of.size() < rows.size()) {  // few columns: equal rows are nothing special
    std::iota(group.begin(), group.end(), 0);
  }
  std::vector<int> fold_of(2 * group_of.size() < rows.size() ? rows.size() : group_of.size());
  for (size_t g = 0; g < fold_of.size(); ++g) fold_of[g] = static_cast<int>(g) % fold_count;
  Random random(seed);
  for (size_t g = fold_of.size(); g > 1; --g) std::swap(fold_of[g - 1], fold_of[random.Below(g)]);
  for (int& g : group) g = fold_of[static_cast<size_t>(g)];
  return group;
}

Selection SelectScorecard(const LearnTable& table, std::span<const uint32_t> rows,
                          const SelectOptions& options) {
  const std::vector<int> folds = FoldsOf(table, rows, kFolds, options.seed);
  std::vector<uint8_t> won;
  for (const uint32_t row : rows) won.push_back(table.won[row]);
  Selection best;
  ScorecardOptions card_options;
  stats::LogitScale scale;
  std::vector<double> losses;
  for (const double factor : kPenaltyFactors) {
    card_options.penalty_factor = factor;
    const std::vector<double> log_odds = CrossFit(table, rows, folds, card_options);
    const stats::LogitScale fitted = stats::FitLogitScale(log_odds, won);
    std::vector<double> here = Losses(fitted, log_odds, won);
    if (!losses.empty() && DifferenceOf(here, losses).mean >= 0) continue;
    best.penalty_factor = factor;
    scale = fitted;
    losses = std::move(here);
  }
  best.log_loss =
      std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
  card_options.penalty_factor = best.penalty_factor;
  if (options.may_have_pairs && rows.size() >= kPairRowsMin) {
    ScorecardOptions with_pairs = card_options;
    with_pairs.pair_count = kPairs;
    const std::vector<double> log_odds = CrossFit(table, rows, folds, with_pairs);
    const stats::LogitScale fitted = stats::FitLogitScale(log_odds, won);
    const std::vector<double> here = Losses(fitted, log_odds, won);
    const MeanWithError gain = DifferenceOf(losses, here);
    best.pairs_tried = true;
    best.pair_gain = gain.mean;
    best.pair_gain_error = gain.error;
    if (best.pair_gain > kPairErrors * best.pair_gain_error) {
      card_options = with_pairs;
      best.pair_count = kPairs;
      scale = fitted;
    }
  }
  best.card = FitScorecard(table, rows, card_options);
  if (scale.factor <= 0) {  // told the wrong way round: all that is known is the rate
    scale = stats::FitLogitScale(std::vector<double>(won.size(), 0.0), won);
  }
  best.boldness = scale.factor;
  best.card.Rescale(scale.shift, scale.factor);
  return best;
}

}  // namespace gtm::targeting::domain
