#include "services/targeting/domain/rank_targets.h"

#include <algorithm>

#include "common/criteria/criteria.h"
#include "services/targeting/domain/best_page.h"

namespace gtm::targeting::domain {
namespace {

struct Candidate {
  std::string_view id;
  RankedTarget target;
  int64_t priority() const { return target.score.priority.micropoints; }
};

bool Before(int64_t priority_a, std::string_view id_a, int64_t priority_b, std::string_view id_b) {
  return priority_a != priority_b ? priority_a > priority_b : id_a < id_b;
}
bool Before(const Candidate& a, const Candidate& b) {
  return Before(a.priority(), a.id, b.priority(), b.id);
}

bool Passes(const TargetFilter& filter, const AccountScore& score,
            const book::AccountFacts& account) {
  const bool any =
      std::none_of(filter.verdicts.begin(), filter.verdicts.end(), [](bool set) { return set; });
  if (!any && !filter.verdicts[static_cast<size_t>(score.verdict)]) return false;
  if (score.priority.micropoints < filter.min_priority_micropoints) return false;
  if (filter.prospects_only && !score.prospect) return false;
  if (!filter.segment.empty() && !criteria::SameWord(filter.segment, account.segment)) return false;
  return filter.owner_seller_id.empty() || filter.owner_seller_id == account.owner_seller_id;
}

}  // namespace

Result<RankedPage> RankTargets(const Definition& definition, const book::BookView& view,
                               absl::Time as_of, const TargetFilter& filter,
                               const std::optional<TargetPosition>& after, size_t page_size,
                               const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  AccountScorer scorer(definition, view, as_of);
  RankedPage page;
  BestPage<Candidate, Before> best(page_size);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (!view.is_live(row)) continue;
    Candidate candidate{{}, {row, scorer.Score(row)}};
    ++page.verdict_counts[static_cast<size_t>(candidate.target.score.verdict)];
    const book::AccountFacts account = view.account(row);
    if (!Passes(filter, candidate.target.score, account)) continue;
    ++page.total_count;
    candidate.id = account.id;
    if (after && !Before(after->priority_micropoints, after->account_id, candidate.priority(),
                         candidate.id)) {
      continue;
    }
    best.Add(candidate);
  }
  for (const Candidate& candidate : best.Take(&page.more)) page.targets.push_back(candidate.target);
  return page;
}

}  // namespace gtm::targeting::domain
