#pragma once
// An additive scorecard: log odds of winning = intercept + one number a column, by the
// level that the case has of it.
//
// The numbers of a column are drawn towards each other: neighbouring bands by a random walk,
// words and the missing level towards 0. How strongly is estimated for each column from the
// rows themselves, by the generalised Fellner-Schall rule (Wood and Fasiolo, 2017: empirical
// Bayes), in which each column is believed to be somewhat like all of them.
// Solved by Newton's method; a trend that was asked for is held by pooling bands that
// violate it (active set).

#include <cstdint>
#include <span>
#include <vector>

#include "services/targeting/domain/scorecard_bins.h"

namespace gtm::targeting::domain {

struct ScorecardOptions {
  BinOptions bins;
  // Pairs of columns that have an effect of their own, the strongest first; 0 for an
  // additive card. Columns with a trend have none.
  int pair_count = 0;
  // Levels of each column in a pair.
  int pair_levels_max = 5;
  // On the shrinkage that the rows suggest; SelectScorecard finds what held-back rows like.
  double penalty_factor = 1;
};

// The learned numbers of one column. All on the scale of log odds.
struct ColumnEffect {
  ColumnBins bins;
  std::vector<double> log_odds;   // [level]; their mean over the rows is 0
  std::vector<double> deviation;  // standard error of each, conditional on the shrinkage
  std::vector<int64_t> rows;      // that had the level
  double penalty = 0;             // strength of the shrinkage
  double parameters = 0;          // effective number of parameters: 0 where nothing is left
};

// A pair of columns with an effect beyond the sum of theirs.
struct PairEffect {
  uint16_t first = 0, second = 0;  // columns
  ColumnBins first_bins, second_bins;
  // [first level * second value level count + second level], then one cell for all rows of
  // which either column is missing.
  std::vector<double> log_odds;
  std::vector<int64_t> rows;  // that had the cell
  double parameters = 0;
  uint16_t missing_cell() const {
    return static_cast<uint16_t>(first_bins.value_level_count * second_bins.value_level_count);
  }
  uint16_t CellOf(const LearnTable& table, size_t row) const;
};

struct Scorecard {
  double intercept = 0;
  std::vector<ColumnEffect> columns;  // one a column of the table
  std::vector<PairEffect> pairs;

  // Log odds of a row of a table with the same columns (and dictionaries).
  double LogOdds(const LearnTable& table, size_t row) const;
  double Chance(const LearnTable& table, size_t row) const;
  // Makes every effect so many times as large, and the log odds shift + factor * log odds.
  void Rescale(double shift, double factor);
};

// rows: at least one won and one lost. Deterministic.
Scorecard FitScorecard(const LearnTable& table, std::span<const uint32_t> rows,
                       const ScorecardOptions& options = {});

}  // namespace gtm::targeting::domain
