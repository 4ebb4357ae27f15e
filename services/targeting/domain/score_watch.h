#pragma once
// What changed among the scores of a tenant's accounts (C03): after a change of the records
// only the accounts that it touched are scored, and told where their score is another one.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

// Follows one definition, or the one in force, from view to view. Not thread-safe.
class ScoreWatch {
 public:
  // Only these accounts; all where empty.
  explicit ScoreWatch(std::vector<std::string> account_ids);

  struct Changes {
    std::vector<book::AccountRow> rows;  // whose score is another than told before, or new
    std::vector<std::string> gone;       // ids of accounts told before that are no more
    int64_t scored_count = 0;            // accounts that were looked at
  };
  // Scores what may have changed since the last update: everything at first, where the
  // definition is another, where the views cannot be compared, or where `everything` says so
  // (engagement fades with time alone). `definition` and `view` live until the next update.
  Changes Update(const Definition& definition, const book::BookView& view, absl::Time as_of,
                 bool everything);
  // What the last update read of the view's triggers, for other scorers of that view. Null where
  // nothing was.
  const std::shared_ptr<const TriggerIndex>& triggers() const { return triggers_; }

 private:
  // What was told of a row.
  struct Told {
    uint64_t digest = 0;  // of the score; 0: nothing was told
  };
  void Look(AccountScorer* scorer, const book::BookView& view, book::AccountRow row,
            Changes* changes);
  void Forget(const book::BookView& view);

  const std::vector<std::string> account_ids_;
  std::optional<book::BookView> seen_;
  std::string definition_;  // id and version
  std::shared_ptr<const TriggerIndex> triggers_;
  std::vector<Told> told_;  // by row
};

}  // namespace gtm::targeting::domain
