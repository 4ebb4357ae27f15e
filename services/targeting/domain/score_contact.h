#pragma once
// How well a person fits, weighted by the buying role (TG-06, TG-10): the first entry
// contact does not weigh the same as the one who decides.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {

struct ContactScore {
  criteria::ExplainedScore fit;
  int32_t role_factor_bps = criteria::kFullShareBps;
  // fit times factor / 10,000, rounded half to even; and the ends of its range.
  int64_t weighted_micropoints = 0;
  int64_t weighted_low_micropoints = 0;
  int64_t weighted_high_micropoints = 0;
  std::string inputs;  // every value read, in a canonical form, for hashing
};

// Error: DATA_MISSING where the definition has no person criteria.
Status CheckScoresPeople(const Definition& definition);

// Scores people of one view under one definition, which must outlive it, at one instant. Keeps
// scratch memory. Not thread-safe.
class ContactScorer {
 public:
  // The definition has person criteria.
  ContactScorer(const Definition& definition, const book::BookView& view, absl::Time as_of);
  // `row` is live.
  ContactScore Explain(book::ContactRow row);
  // The score alone: weighted_micropoints.
  int64_t Score(book::ContactRow row);

 private:
  void Read(book::ContactRow row);
  int64_t Weigh(int64_t points) const;

  const Definition& definition_;
  const book::BookView& view_;
  EngagementMeter meter_;
  bool reads_engagement_;
  book::ContactFacts contact_;  // of the last one read
  int32_t role_factor_bps_ = criteria::kFullShareBps;
  std::vector<criteria::Value> values_;
};

// The last person of a page; the next page begins after it.
struct PersonPosition {
  int64_t weighted_micropoints = 0;
  std::string contact_id;
};

struct PeopleFilter {
  std::optional<book::AccountRow> account;  // only its people
  int64_t min_weighted_micropoints = 0;
};

struct RankedPeople {
  std::vector<book::ContactRow> people;  // by falling weighted score, then by rising id
  bool more = false;
  int64_t total_count = 0;  // that pass the filter
};

// Scores every live person that the filter names and returns the `page_size` best after
// `after`. Asks `check_alive` now and then; its error ends the work.
Result<RankedPeople> RankPeople(const Definition& definition, const book::BookView& view,
                                absl::Time as_of, const PeopleFilter& filter,
                                const std::optional<PersonPosition>& after, size_t page_size,
                                const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
