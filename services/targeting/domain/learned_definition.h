#pragma once
// A scorecard written as a target definition, so that people can read, change and sign it.
//
// Each column becomes a criterion: its weight is the distance between its best and its worst
// level in log odds, and a level earns the share of that distance that it lies above the
// worst. So a point is worth the same log odds in every criterion, and the weights sum to
// 100 points. Attributes of engagement become engagement criteria, and the two weights of
// the priority are the sums of the two kinds, so that the priority orders accounts as the
// scorecard does. A missing value has no level of its own in a criterion: it is a gap that
// adds nothing and widens the range (see criteria.h).

#include <string>
#include <vector>

#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/learning_cases.h"
#include "services/targeting/domain/scorecard_fit.h"

namespace gtm::targeting::domain {

// A column with fewer effective parameters, or with levels that are nearer to each other in
// log odds, says nothing that is worth a criterion.
inline constexpr double kEffectParametersMin = 0.5;
inline constexpr double kEffectRangeMin = 0.05;

// Distance between the best and the worst level of a value; what is missing apart.
double EffectRange(const ColumnEffect& effect);
bool IsWorthACriterion(const ColumnEffect& effect);
// "1,000 to 5,000", "software", "other", "missing".
std::string LevelLabel(const ColumnEffect& effect, const LearnColumn& column, uint16_t level);

struct LearnedDefinition {
  DefinitionSpec spec;  // without id, threshold and text
  // Points of the priority by column and level; 0 for missing and for columns without a
  // criterion.
  std::vector<std::vector<double>> points;
  // Log odds of the whole distance from 0 to 100 points of the priority.
  double range_log_odds = 0;
};

// Criteria in falling order of weight. No criteria where no column is worth one; the
// criteria of engagement are the account's own where no other is.
LearnedDefinition DefinitionOf(const Scorecard& card, const LearningCases& cases,
                               const EngagementRule& engagement_rule);

}  // namespace gtm::targeting::domain
