#pragma once
// What content moved people on, by step of the journey and role (BE-05, BE-06, BE-13, C27).
//
// The first time that a person meets a piece of content counts, at the step where the
// account stood then. It moved on where the account reached a later step within
// `outcome_days`; at the decision, where it bought. What is younger than that, or ended as
// not a fit within it, is left out. A chance is shrunken: n people of whom x moved on, and
// the prior chance p with the weight of 20 people, give (x + 20 p) / (n + 20). The prior of
// a step is the step's average, moved by the log odds that the content has over all steps;
// the prior of a role, and of a job function, at a step is the chance at that step. The role counts
// where enough people of it met the content, else the function. Correlation, never cause.

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/book/book.h"
#include "common/core/result.h"
#include "common/stats/intervals.h"
#include "services/targeting/domain/journey.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.
enum class ContentKind { kContent = 1, kCampaign = 2 };
enum class SuggestionBasis {
  kStepAndRole = 1,
  kStep = 2,
  kAll = 3,
  kNotEnoughData = 4,
  kStepAndFunction = 5
};

// Weight of a prior, and fewest people of a basis.
inline constexpr double kPriorPeople = 20;
inline constexpr int64_t kBasisPeopleMin = 20;
inline constexpr size_t kStepCount = 4;   // by JourneyStep, [0] is not used
inline constexpr size_t kRoleCount = 16;  // by gtm.crm.v1.BuyingRole

struct MovedCount {
  int64_t person_count = 0;
  int64_t moved_count = 0;
  void Add(bool moved) {
    ++person_count;
    moved_count += moved ? 1 : 0;
  }
};

// What content is chosen by: the buying role, 0 where not known, and the job function in lower
// case, "" where not known.
struct BuyerKind {
  size_t role = 0;
  std::string function;
};
BuyerKind KindOf(const book::ContactFacts& contact);

struct ContentTally {
  std::array<std::array<MovedCount, kRoleCount>, kStepCount> by_step_role;
  std::array<std::map<std::string, MovedCount>, kStepCount> by_step_function;  // of those known
  MovedCount AtStep(JourneyStep step) const;
  MovedCount All() const;
};

struct LearnQuestion {
  absl::Time as_of;
  int window_days = 730;
  int outcome_days = 60;
};

// What all people met, and what came of it. Symbols are those of the view.
struct ContentEfficacy {
  // Contents where any engagement of the window names one, else campaigns.
  ContentKind kind = ContentKind::kCampaign;
  absl::flat_hash_map<uint32_t, ContentTally> tallies;
  ContentTally any;  // all contents together
};
// Asks `check_alive` now and then; its error ends the work.
Result<ContentEfficacy> LearnContent(const book::BookView& view, const LearnQuestion& question,
                                     const std::function<Status()>& check_alive);

// The chance to move on, and what it rests on.
struct MoveChance {
  SuggestionBasis basis = SuggestionBasis::kNotEnoughData;
  bool known = false;  // false: nobody met anything
  double value = 0;
  stats::Interval interval;
  int64_t person_count = 0;  // of the basis
  int64_t moved_count = 0;
  MovedCount step_role;
  MovedCount step_function;
  MovedCount step;
};
// `tally` may be null: nobody met it. What is not known of the buyer says nothing.
MoveChance ChanceOf(const ContentTally* tally, const ContentTally& any, JourneyStep step,
                    const BuyerKind& buyer);

}  // namespace gtm::targeting::domain
