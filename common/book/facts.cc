#include "common/book/facts.h"

#include <algorithm>

namespace gtm::book {
namespace {

// The last entry at or before `as_of` of a history with rising times.
template <class Change>
const Change* LastAt(std::span<const Change> changes, absl::Time as_of) {
  const auto after =
      std::upper_bound(changes.begin(), changes.end(), as_of,
                       [](absl::Time time, const Change& change) { return time < change.time; });
  return after == changes.begin() ? nullptr : &*(after - 1);
}

// When the run of entries with this role began that lasts at `as_of`: a deal that
// moves from one won stage to another was won once.
std::optional<absl::Time> StartOfRun(const OpportunityFacts& opportunity, absl::Time as_of,
                                     StageRole role) {
  const StageChange* stage = StageAt(opportunity, as_of);
  if (stage == nullptr || stage->role != role) return std::nullopt;
  while (stage != opportunity.stage_changes.data() && (stage - 1)->role == role) --stage;
  return stage->time;
}

}  // namespace

const StageChange* StageAt(const OpportunityFacts& opportunity, absl::Time as_of) {
  return LastAt(opportunity.stage_changes, as_of);
}

const AmountChange* AmountAt(const OpportunityFacts& opportunity, absl::Time as_of) {
  return LastAt(opportunity.amount_changes, as_of);
}

const CloseDateChange* CloseDateAt(const OpportunityFacts& opportunity, absl::Time as_of) {
  return LastAt(opportunity.close_date_changes, as_of);
}

bool InPipelineAt(const OpportunityFacts& opportunity, absl::Time as_of) {
  const StageChange* stage = StageAt(opportunity, as_of);
  return stage != nullptr &&
         (stage->role == StageRole::kOpen || stage->role == StageRole::kContract);
}

std::optional<absl::Time> QualifiedTime(const OpportunityFacts& opportunity, absl::Time as_of) {
  for (const StageChange& change : opportunity.stage_changes) {
    if (change.time > as_of) return std::nullopt;
    if (change.role == StageRole::kOpen || change.role == StageRole::kContract ||
        change.role == StageRole::kWon) {
      return change.time;
    }
  }
  return std::nullopt;
}

std::optional<absl::Time> WonTime(const OpportunityFacts& opportunity, absl::Time as_of) {
  return StartOfRun(opportunity, as_of, StageRole::kWon);
}

std::optional<absl::Time> LostTime(const OpportunityFacts& opportunity, absl::Time as_of) {
  return StartOfRun(opportunity, as_of, StageRole::kLost);
}

}  // namespace gtm::book
