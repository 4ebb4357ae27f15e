#pragma once
// From a program, candidates and executives to explained sponsor matches (SP-12 to SP-14,
// SP-09, C09, C10). A pure function: the same input gives the same plan, whatever the
// order in which things were recorded.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/core/result.h"
#include "services/sponsorship/domain/affinity.h"
#include "services/sponsorship/domain/candidate.h"
#include "services/sponsorship/domain/capacity.h"
#include "services/sponsorship/domain/program.h"
#include "services/sponsorship/domain/ranking.h"

namespace gtm::sponsorship::domain {

// Most executives and pairs (ranked candidates x executives) that one plan weighs: margins
// cost the cube of the executives, and a pair takes about 20 bytes.
inline constexpr size_t kPlanExecutivesMax = 1'000;
inline constexpr size_t kPlanPairsMax = size_t{1} << 24;

struct PlanInput {
  std::vector<Candidate> candidates;  // by rising contact id: nominated and live
  std::vector<Executive> executives;  // by rising id
  std::vector<LiveSponsorship> live;  // by rising id
  // (contact id, executive id) pairs that must not be made.
  std::vector<std::pair<std::string, std::string>> excluded;
};

// Positions below are in PlanInput's lists.

struct PlannedPair {
  size_t candidate = 0;
  size_t executive = 0;
  int32_t rank = 0;  // from 1
  criteria::ScoreRange score;
  Affinity affinity;
  int64_t value_micropoints = 0;  // score + affinity + keep bonus
  int64_t candidate_price_micropoints = 0;
  int32_t live_sponsorship = -1;     // the live sponsorship that is kept; -1: a new pair
  int32_t runner_up_executive = -1;  // -1: no other executive is possible
  int64_t runner_up_loss_micropoints = 0;
};

// Numbers as in gtm.sponsorship.v1.MatchRun.Cut.Reason.
enum class CutReason {
  kBelowCut = 1,
  kOutbid = 2,
  kNoAllowedExecutive = 3,
  kScoreTooLow = 4,
  kNotEnoughData = 5,
};

struct PlannedCut {
  size_t candidate = 0;
  int32_t rank = 0;  // from 1; 0 where not ranked
  int64_t score_micropoints = 0;
  CutReason reason = CutReason::kBelowCut;
  // Additional score with which the candidate would have had a slot (for kScoreTooLow:
  // would have qualified); 0 where no score would have helped.
  int64_t missing_micropoints = 0;
};

// Numbers as in gtm.sponsorship.v1.Sponsorship.EndReason.
enum class TransitionReason {
  kNotQualified = 1,
  kBelowCut = 2,
  kRematched = 3,
  kExecutiveUnavailable = 4,
  kContactLeft = 5,
};

struct PlannedTransition {
  size_t live_sponsorship = 0;
  TransitionReason reason = TransitionReason::kNotQualified;
  int32_t next_executive = -1;  // where the person is matched anew
};

struct MatchPlan {
  std::vector<PlannedPair> pairs;              // by rank
  std::vector<PlannedCut> cuts;                // by rank, then those not ranked by contact id
  std::vector<PlannedTransition> transitions;  // by sponsorship id
  std::vector<Capacity> capacities;            // one an executive
  std::vector<int32_t> used_slots;             // one an executive
  // One an executive: gain in total value from one more slot.
  std::vector<int64_t> slot_prices_micropoints;
  int64_t objective_micropoints = 0;
  int32_t slot_count = 0;
  int32_t ranked_count = 0;
};

// One entry a candidate: position of the live sponsorship in input.live, or -1. Of two
// live sponsorships of one person the first by id counts.
std::vector<int32_t> LiveSponsorshipOf(const PlanInput& input);

// Scores and ranks, and cuts the list at the capacity, as PlanMatches does. Errors:
// INVALID_FIELDS where there is more to weigh than the limits above.
Result<Ranking> RankAndCut(const Program& program, const PlanInput& input);

// Decides. The proof of optimality has been checked. Errors: INVALID_FIELDS where there
// is more to weigh than the limits above, INTERNAL_ERROR where the proof fails.
Result<MatchPlan> PlanMatches(const Program& program, const PlanInput& input);

// SHA-256 (hex) over everything that PlanMatches reads of `input` and of the program,
// whose content is given by `program_sha256`.
std::string HashInput(const Program& program, std::string_view program_sha256,
                      const PlanInput& input);

}  // namespace gtm::sponsorship::domain
