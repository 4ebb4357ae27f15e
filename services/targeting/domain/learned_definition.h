#pragma once
// A scorecard written as a target definition, so that people can read, change and sign it.
//
// Each column becomes a criterion: its weight is the distance between its best and its worst
// level in log odds, and a level earns the share of that distance that it lies above the
// worst. So a point is worth the same log odds in every criterion, and the weights sum to
// 100 points. Attributes of engagement become engagement criteria, and the two weights of
// the priority are the sums of the two kinds, so that the priority orders accounts as the
// scorecard does. What a missing value was worth is the criterion's missing_share_bps, within
// the rule's ends or beyond them: the ends that share out the weight are those of all levels,
// missing included. It stays a gap and widens the range (see criteria.h). A pair of columns
// becomes a criterion with a grid.

#include <span>
#include <string>
#include <vector>

#include "common/stats/scale_logit.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/learning_cases.h"
#include "services/targeting/domain/scorecard_fit.h"

namespace gtm::targeting::domain {

// Effects whose levels are nearer to each other in log odds are not worth a criterion. They are
// shrunken already; many weak ones tell together what none tells alone.
inline constexpr double kEffectRangeMin = 0.05;

// Distance between the best and the worst level that cases had.
double EffectRange(const ColumnEffect& effect);
double EffectRange(const PairEffect& effect);
bool IsWorthACriterion(const ColumnEffect& effect);
bool IsWorthACriterion(const PairEffect& effect);
// "1,000 to 5,000", "software", "other", "missing".
std::string LevelLabel(const ColumnBins& bins, const LearnColumn& column, uint16_t level);

struct LearnedDefinition {
  DefinitionSpec spec;  // without id, threshold and text
  // Points of the priority by column and level, and by pair and cell; 0 for those without a
  // criterion.
  std::vector<std::vector<double>> points, pair_points;
  // Log odds of the whole distance from 0 to 100 points of the priority.
  double range_log_odds = 0;
};

// What points of the definition mean: the line through the log odds of the card that they were
// written from, over the rows that it learned from. What became of those rows would say too much:
// points were made to fit it, and the card was made less bold for that reason. points: [row].
stats::LogitScale CurveOfCard(const Scorecard& card, const LearnTable& table,
                              std::span<const uint32_t> rows, const std::vector<double>& points);

// Criteria in falling order of weight. No criteria where no column is worth one; the
// criteria of engagement are the account's own where no other is.
LearnedDefinition DefinitionOf(const Scorecard& card, const LearningCases& cases,
                               const EngagementRule& engagement_rule);

}  // namespace gtm::targeting::domain
