#pragma once
// Candidates scored, ranked and judged (SP-06, SP-09, SP-13).

#include <cstdint>
#include <vector>

#include "common/criteria/criteria.h"
#include "services/sponsorship/domain/candidate.h"
#include "services/sponsorship/domain/program.h"

namespace gtm::sponsorship::domain {

// Whether a candidate can have a slot at all.
enum class Verdict {
  kQualifies,
  kScoreTooLow,    // even if all that is missing were at its best (SP-09)
  kNotEnoughData,  // missing data could change the verdict, or too little is known (C27)
};

struct Standing {
  size_t candidate = 0;  // position in the list that was ranked
  criteria::ScoreRange score;
  Verdict verdict = Verdict::kQualifies;
  bool live = false;
  // Millionths of a point: the score, plus the keep bonus of a live sponsee (C09).
  int64_t rank_value = 0;
  bool above_cut = false;  // of the ranked list (SP-13); set by RankAndCut
};

struct Ranking {
  // Those who qualify: by falling rank_value, ties by rising contact id. Position + 1 is
  // the rank.
  std::vector<Standing> ranked;
  std::vector<Standing> unranked;  // the others, by rising contact id
};

// `candidates` by rising contact id, distinct; `live[i]`: candidate i is a live sponsee.
// A live sponsee is moved out on evidence only: not enough data is no reason, so such a
// one stays ranked.
Ranking RankCandidates(const Program& program, const std::vector<Candidate>& candidates,
                       const std::vector<bool>& live);

}  // namespace gtm::sponsorship::domain
