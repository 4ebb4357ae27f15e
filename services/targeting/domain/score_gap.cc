#include "services/targeting/domain/score_gap.h"

#include <algorithm>

namespace gtm::targeting::domain {
namespace {

// `counted` is what the threshold is compared with; missing values count with their least
// where `missing_counts_least` says so, else with what the criterion counts for a gap.
ScoreGap FindGap(const criteria::Evaluator& evaluator, std::span<const criteria::Value> values,
                 std::span<const uint32_t> outcomes, int64_t counted, int64_t threshold,
                 bool missing_counts_least) {
  ScoreGap gap;
  gap.threshold_micropoints = threshold;
  gap.gap_micropoints = std::max<int64_t>(0, threshold - counted);
  int64_t room = 0;
  std::vector<int64_t> from;  // what each lever counts with now
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const bool known = outcomes[i] != criteria::kMissingOutcome;
    const int64_t now = evaluator.micropoints(i, outcomes[i]);
    const int64_t counts = known || !missing_counts_least ? now : evaluator.least_micropoints(i);
    const int64_t best = evaluator.most_micropoints(i);
    if (best <= counts) continue;
    room += best - counts;
    ScoreLever lever{evaluator.criteria()[i].id, now, best, known, "", "", ""};
    if (known) evaluator.AppendObserved(i, outcomes[i], values, &lever.observed);
    int64_t enough = INT64_MAX;
    for (uint32_t o = 0; o < evaluator.outcome_count(i); ++o) {
      const int64_t points = evaluator.micropoints(i, o);
      if (points == best && lever.best_outcome.empty())
        lever.best_outcome = evaluator.matched(i, o);
      if (gap.gap_micropoints > 0 && points - counts >= gap.gap_micropoints && points < enough) {
        enough = points;
        lever.sufficient_outcome = evaluator.matched(i, o);
      }
    }
    gap.levers.push_back(std::move(lever));
    from.push_back(counts);
  }
  gap.reachable = room >= gap.gap_micropoints;
  std::vector<size_t> order(gap.levers.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto gain = [&](size_t i) { return gap.levers[i].best_micropoints - from[i]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return gain(a) > gain(b); });
  std::vector<ScoreLever> sorted;
  int64_t left = gap.gap_micropoints;
  for (const size_t i : order) {
    if (left > 0 && gap.reachable) {
      gap.fewest_criterion_ids.push_back(gap.levers[i].criterion_id);
      left -= gain(i);
    }
    sorted.push_back(std::move(gap.levers[i]));
  }
  gap.levers = std::move(sorted);
  return gap;
}

}  // namespace

ScoreGap FindTargetGap(const Definition& definition, const WeighedAccount& account) {
  return FindGap(definition.fit(), account.fit_values, account.fit_outcomes,
                 account.score.fit.low_micropoints, definition.target_min_micropoints(), true);
}

std::optional<ScoreGap> FindProspectGap(const Definition& definition,
                                        const WeighedAccount& account) {
  if (definition.engagement() == nullptr || !account.score.engagement) return std::nullopt;
  return FindGap(*definition.engagement(), account.engagement_values, account.engagement_outcomes,
                 account.score.engagement->micropoints,
                 std::max<int64_t>(1, definition.prospect_min_micropoints()), false);
}

}  // namespace gtm::targeting::domain
