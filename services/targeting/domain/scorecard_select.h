#pragma once
// Which scorecard the rows can bear: how much more to shrink, how bold, with pairs or not.

#include <cstdint>
#include <span>

#include "services/targeting/domain/scorecard_fit.h"

namespace gtm::targeting::domain {

struct SelectOptions {
  uint64_t seed = 1;
  // Try effects of pairs of columns.
  bool may_have_pairs = false;
};

// What was tried on held-back parts of the given rows, and the log loss there.
struct Selection {
  Scorecard card;
  double penalty_factor = 1;
  double boldness = 1;  // factor on all log odds
  int pair_count = 0;
  double log_loss = 0;  // without pairs
  bool pairs_tried = false;
  double pair_gain = 0;        // by how much pairs lower it
  double pair_gain_error = 0;  // its standard error
};

// Folds of the given rows. Where most rows differ, equal ones are kept together, whatever
// their outcome: a case that was recorded twice would tell its own. [row in `rows`], 0 ..
// fold_count - 1.
std::vector<int> FoldsOf(const LearnTable& table, std::span<const uint32_t> rows, int fold_count,
                         uint64_t seed);

// Everything is chosen by three folds of the rows given: the factor on the penalty (1, 4 or 16) by
// the least log loss, boldness by logistic regression, pairs only if they lower the log loss by
// more than two standard errors. rows: at least ten won and ten lost.
Selection SelectScorecard(const LearnTable& table, std::span<const uint32_t> rows,
                          const SelectOptions& options = {});

}  // namespace gtm::targeting::domain
