#include "services/targeting/domain/scorecard_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "services/targeting/domain/penalized_logit.h"

namespace gtm::targeting::domain {
namespace {

LevelBlock BlockOf(const LearnColumn& column, const ColumnBins& bins,
                   std::span<const uint32_t> rows) {
  LevelBlock block;
  block.levels.reserve(rows.size());
  for (const uint32_t row : rows) block.levels.push_back(bins.LevelOf(column, row));
  block.parameter_of.resize(bins.level_count());
  std::iota(block.parameter_of.begin(), block.parameter_of.end(), uint16_t{0});
  block.parameter_count = bins.level_count();
  block.ordered_count = bins.is_number ? bins.value_level_count : 0;
  return block;
}

LevelBlock BlockOf(const PairEffect& pair, const LearnTable& table,
                   std::span<const uint32_t> rows) {
  LevelBlock block;
  for (const uint32_t row : rows) block.levels.push_back(pair.CellOf(table, row));
  block.parameter_count = pair.missing_cell() + 1;
  block.parameter_of.resize(static_cast<size_t>(block.parameter_count));
  std::iota(block.parameter_of.begin(), block.parameter_of.end(), uint16_t{0});
  return block;
}

// Pools neighbouring bands that violate the trend; true where something was pooled.
bool PoolViolators(Trend trend, const std::vector<double>& coefficients, LevelBlock* block) {
  if (trend == Trend::kAny || block->ordered_count < 2) return false;
  const double sign = trend == Trend::kRising ? 1 : -1;
  std::vector<uint16_t> target(static_cast<size_t>(block->parameter_count), 0);
  uint16_t next = 0;
  bool pooled = false;
  for (int k = 1; k < block->parameter_count; ++k) {
    const auto at = static_cast<size_t>(k);
    const bool joins =
        k < block->ordered_count && sign * (coefficients[at] - coefficients[at - 1]) < 0;
    pooled = pooled || joins;
    if (!joins) ++next;
    target[at] = next;
  }
  if (!pooled) return false;
  block->ordered_count = target[static_cast<size_t>(block->ordered_count) - 1] + 1;
  block->parameter_count = next + 1;
  for (uint16_t& parameter : block->parameter_of) parameter = target[parameter];
  return true;
}

LogitFit FitWithTrends(const LearnTable& table, std::vector<LevelBlock>* blocks,
                       const std::vector<uint8_t>& won, double penalty_factor) {
  while (true) {  // every round but the last leaves fewer parameters
    LogitFit fit = FitPenalizedLogit(*blocks, won, penalty_factor);
    bool pooled = false;
    for (size_t c = 0; c < table.columns.size(); ++c) {
      pooled |= PoolViolators(table.columns[c].trend, fit.coefficients[c], &(*blocks)[c]);
    }
    if (!pooled) return fit;
  }
}

// Effects relative to the column's mean over the rows, which moves to the intercept.
ColumnEffect EffectOf(const ColumnBins& bins, const LevelBlock& block, const LogitFit& fit,
                      size_t at, double* intercept) {
  ColumnEffect effect;
  effect.bins = bins;
  effect.penalty = fit.penalties[at];
  effect.parameters = fit.parameters[at];
  const size_t level_count = block.parameter_of.size();
  effect.rows.assign(level_count, 0);
  for (const uint16_t level : block.levels) ++effect.rows[level];
  const auto n = static_cast<size_t>(block.parameter_count);
  std::vector<double> share(n, 0);
  for (size_t l = 0; l < level_count; ++l) {
    share[block.parameter_of[l]] +=
        static_cast<double>(effect.rows[l]) / static_cast<double>(block.levels.size());
  }
  const std::vector<double>& beta = fit.coefficients[at];
  const std::vector<double>& covariance = fit.covariances[at];
  const double mean = std::inner_product(beta.begin(), beta.end(), share.begin(), 0.0);
  *intercept += mean;
  std::vector<double> with_mean(n, 0);  // covariance of each with the mean
  double mean_variance = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) with_mean[i] += covariance[i * n + j] * share[j];
    mean_variance += share[i] * with_mean[i];
  }
  for (size_t l = 0; l < level_count; ++l) {
    const size_t p = block.parameter_of[l];
    effect.log_odds.push_back(beta[p] - mean);
    effect.deviation.push_back(
        std::sqrt(std::max(0.0, covariance[p * n + p] - 2 * with_mean[p] + mean_variance)));
  }
  return effect;
}

// How far the residuals in the cells of a pair exceed chance: (sum of squared score
// statistics - cells) / its standard deviation.
double PairStrength(const LevelBlock& block, const std::vector<double>& chances,
                    const std::vector<uint8_t>& won) {
  std::vector<double> residual(static_cast<size_t>(block.parameter_count), 0), weight = residual;
  for (size_t row = 0; row < won.size(); ++row) {
    residual[block.levels[row]] += won[row] - chances[row];
    weight[block.levels[row]] += chances[row] * (1 - chances[row]);
  }
  double sum = 0, cells = 0;
  for (size_t c = 0; c < residual.size(); ++c) {
    if (weight[c] < 1) continue;
    sum += residual[c] * residual[c] / weight[c];
    ++cells;
  }
  return cells > 0 ? (sum - cells) / std::sqrt(2 * cells) : 0;
}

std::vector<PairEffect> StrongestPairs(const LearnTable& table, std::span<const uint32_t> rows,
                                       const LogitFit& fit, const std::vector<uint8_t>& won,
                                       const ScorecardOptions& options) {
  BinOptions coarse = options.bins;
  coarse.bands_max = options.pair_levels_max;
  coarse.words_max = options.pair_levels_max;
  coarse.rows_min = std::max<int64_t>(coarse.rows_min, 10);
  std::vector<ColumnBins> bins;
  for (const LearnColumn& column : table.columns) bins.push_back(MakeBins(column, rows, coarse));
  std::vector<std::pair<double, PairEffect>> ranked;
  for (size_t a = 0; a < table.columns.size(); ++a) {
    for (size_t b = a + 1; b < table.columns.size(); ++b) {
      // Columns that say nothing alone are not tried: most would be chance. Nor is one that was
      // asked to have a trend: inside a pair it could break it.
      if (fit.parameters[a] < 0.5 || fit.parameters[b] < 0.5) continue;
      if (table.columns[a].trend != Trend::kAny || table.columns[b].trend != Trend::kAny) continue;
      if (bins[a].value_level_count < 2 || bins[b].value_level_count < 2) continue;
      PairEffect pair{static_cast<uint16_t>(a), static_cast<uint16_t>(b), bins[a], bins[b]};
      const double strength = PairStrength(BlockOf(pair, table, rows), fit.chances, won);
      ranked.emplace_back(strength, std::move(pair));
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& x, const auto& y) { return x.first > y.first; });
  std::vector<PairEffect> pairs;
  for (auto& [strength, pair] : ranked) {
    if (pairs.size() >= static_cast<size_t>(options.pair_count)) break;
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace

uint16_t PairEffect::CellOf(const LearnTable& table, size_t row) const {
  const uint16_t a = first_bins.LevelOf(table.columns[first], row);
  const uint16_t b = second_bins.LevelOf(table.columns[second], row);
  if (a == first_bins.missing_level() || b == second_bins.missing_level()) return missing_cell();
  return static_cast<uint16_t>(a * second_bins.value_level_count + b);
}

double Scorecard::LogOdds(const LearnTable& table, size_t row) const {
  double sum = intercept;
  for (size_t c = 0; c < columns.size(); ++c) {
    sum += columns[c].log_odds[columns[c].bins.LevelOf(table.columns[c], row)];
  }
  for (const PairEffect& pair : pairs) sum += pair.log_odds[pair.CellOf(table, row)];
  return sum;
}

double Scorecard::Chance(const LearnTable& table, size_t row) const {
  return 1 / (1 + std::exp(-LogOdds(table, row)));
}

void Scorecard::Rescale(double shift, double factor) {
  intercept = shift + factor * intercept;
  for (ColumnEffect& column : columns) {
    for (double& x : column.log_odds) x *= factor;
    for (double& x : column.deviation) x *= factor;
  }
  for (PairEffect& pair : pairs) {
    for (double& x : pair.log_odds) x *= factor;
  }
}

Scorecard FitScorecard(const LearnTable& table, std::span<const uint32_t> rows,
                       const ScorecardOptions& options) {
  std::vector<uint8_t> won;
  for (const uint32_t row : rows) won.push_back(table.won[row]);
  std::vector<ColumnBins> bins;
  std::vector<LevelBlock> blocks;
  for (const LearnColumn& column : table.columns) {
    bins.push_back(MakeBins(column, rows, options.bins));
    blocks.push_back(BlockOf(column, bins.back(), rows));
  }
  LogitFit fit = FitWithTrends(table, &blocks, won, options.penalty_factor);
  Scorecard card;
  if (options.pair_count > 0) {
    card.pairs = StrongestPairs(table, rows, fit, won, options);
    for (const PairEffect& pair : card.pairs) blocks.push_back(BlockOf(pair, table, rows));
    if (!card.pairs.empty()) fit = FitWithTrends(table, &blocks, won, options.penalty_factor);
  }
  card.intercept = fit.intercept;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    card.columns.push_back(EffectOf(bins[c], blocks[c], fit, c, &card.intercept));
  }
  for (size_t p = 0; p < card.pairs.size(); ++p) {
    const size_t at = table.columns.size() + p;
    card.pairs[p].log_odds = fit.coefficients[at];
    card.pairs[p].parameters = fit.parameters[at];
    card.pairs[p].rows.assign(card.pairs[p].log_odds.size(), 0);
    for (const uint16_t cell : blocks[at].levels) ++card.pairs[p].rows[cell];
  }
  return card;
}

}  // namespace gtm::targeting::domain
