#pragma once
// How well a person fits, weighted by the buying role (TG-06, TG-10): the first entry
// contact does not weigh the same as the one who decides.

#include <string>

#include "common/book/book.h"
#include "services/targeting/domain/definition.h"

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

// `row` is live. Error: DATA_MISSING where the definition has no person criteria.
Result<ContactScore> ScoreContact(const Definition& definition, const book::BookView& view,
                                  book::ContactRow row, absl::Time as_of);

}  // namespace gtm::targeting::domain
