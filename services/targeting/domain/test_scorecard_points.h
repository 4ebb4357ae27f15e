#pragma once
// Tests only: what the data-set tests judge cards by. LearnTargetDefinition fits and chooses
// its card by the same SelectScorecard, and judges it by one cut in time (learn_definition.h).
//
// A scorecard as people sign it: bands and words with shares of whole weights that sum to
// 100 points (TG-04, SP-06), as common/criteria scores them.
//
// Of each column the least log odds become 0 points, and 1 point is worth the same log odds
// in every column: weight = 100 * range / sum of ranges, rounded to whole points (largest
// remainder), shares to whole percent. Neighbouring bands that differ little are joined. A
// missing value is a gap, as in every definition: it gives no points and widens the range.

#include <string>
#include <vector>

#include "common/criteria/criteria.h"
#include "services/targeting/domain/scorecard_fit.h"

namespace gtm::targeting::domain {

inline constexpr size_t kDraftBandsMax = 6;

// Of a column that has points.
struct PointColumn {
  size_t column = 0;
  int32_t weight = 0;              // points
  ColumnBins bins;                 // joined
  std::vector<int32_t> share_bps;  // [level]; 0 of the missing level
  std::vector<double> log_odds;    // [level], joined
  std::vector<double> deviation;   // [level], the largest of those joined
  std::vector<int64_t> rows;       // [level]
};

struct PointCard {
  std::vector<PointColumn> columns;  // by falling weight; empty where nothing has an effect
  // Points of a row, 0 to 100: what the criteria below give.
  double Points(const LearnTable& table, size_t row) const;
};

// Columns whose weight rounds to 0 are left out.
PointCard MakePointCard(const Scorecard& card);

// The same as criteria of a definition. Names of columns are attributes.
std::vector<criteria::Criterion> MakeCriteria(const PointCard& card, const LearnTable& table);

}  // namespace gtm::targeting::domain
