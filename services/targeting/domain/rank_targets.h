#pragma once
// The ranked list of targets: highest priority first, ties by rising id (TG-06).

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

struct TargetFilter {
  std::array<bool, 4> verdicts{};  // by Verdict; none set: all
  int64_t min_priority_micropoints = 0;
  bool prospects_only = false;
  std::string segment;          // "": all; without regard to case
  std::string owner_seller_id;  // "": all
};

// The last target of a page; the next page begins after it.
struct TargetPosition {
  int64_t priority_micropoints = 0;
  std::string account_id;
};

struct RankedTarget {
  book::AccountRow row;
  AccountScore score;
};

struct RankedPage {
  std::vector<RankedTarget> targets;
  bool more = false;
  int64_t total_count = 0;                  // that pass the filter
  std::array<int64_t, 4> verdict_counts{};  // by Verdict, before the filter
};

// Scores every live account and returns the `page_size` best after `after`. Asks
// `check_alive` now and then; its error ends the work. O(accounts * log(page_size)).
Result<RankedPage> RankTargets(const Definition& definition, const book::BookView& view,
                               absl::Time as_of, const TargetFilter& filter,
                               const std::optional<TargetPosition>& after, size_t page_size,
                               const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
