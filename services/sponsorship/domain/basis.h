#pragma once
// Whether what a proposed matching rests on still holds when it is accepted.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/sponsorship/domain/plan.h"

namespace gtm::sponsorship::domain {

// A decided pair, as recorded.
struct DecidedPair {
  std::string contact_id;
  std::string executive_id;
  int64_t score_micropoints = 0;
  int32_t affinity_points = 0;
};

// What a recorded decision rests on.
struct Basis {
  std::vector<DecidedPair> pairs;
  std::vector<std::pair<std::string, int32_t>> slots;  // executive id, slots at the time
  std::vector<std::string> live_ids;                   // live sponsorships at the time
};

// What is no longer as it was.
struct Change {
  std::string kind;  // of the record
  std::string id;
  std::string what;
};

// The first difference that matters between the basis and the input as it is now: a
// score, an affinity, the slots of an executive in use, or the live sponsorships. What
// does not matter to the pairs, such as a new candidate, is no change.
std::optional<Change> FindChange(const Program& program, const Basis& basis,
                                 const PlanInput& input);

}  // namespace gtm::sponsorship::domain
