#pragma once
// What an executive and a person have in common, in points (SP-14).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/sponsorship/domain/candidate.h"
#include "services/sponsorship/domain/program.h"

namespace gtm::sponsorship::domain {

// Numbers as in gtm.sponsorship.v1.AffinityPart.Kind.
enum class AffinityKind {
  kInterests = 1,
  kRegion = 2,
  kPersonality = 3,
  kIndustry = 4,
  kFunction = 5,
};
inline constexpr int kAffinityKindCount = 5;

struct AffinityPart {
  AffinityKind kind;
  int32_t points = 0;
  int32_t points_max = 0;
  bool known = false;  // both sides are; else a gap, not a mismatch
  int32_t shared_count = 0;
};

// Parts sum to the points exactly. Only kinds with weight have a part.
struct Affinity {
  int32_t points = 0;
  std::vector<AffinityPart> parts;
};

// Words of both sides as numbers, compared without regard to the case of A to Z and to
// blanks at the ends. Empty words are unknown.
struct Traits {
  std::vector<int32_t> interests;   // rising, distinct
  std::vector<int32_t> industries;  // rising, distinct
  int32_t region = -1;              // -1: unknown
  int32_t personality = -1;
  int32_t job_function = -1;
};

// Gives words their numbers. Not thread-safe.
class TraitReader {
 public:
  Traits Read(const Candidate& candidate);
  Traits Read(const Executive& executive);

 private:
  int32_t NumberOf(std::string_view word);
  template <class Words>
  std::vector<int32_t> NumbersOf(const Words& words);
  absl::flat_hash_map<std::string, int32_t> numbers_;
};

// The points of a pair.
Affinity FindAffinity(const AffinityWeights& weights, const Traits& candidate,
                      const Traits& executive);
// The same without parts.
int32_t AffinityPoints(const AffinityWeights& weights, const Traits& candidate,
                       const Traits& executive);

}  // namespace gtm::sponsorship::domain
