#pragma once
// The cut of the ranked list (SP-13), where not everybody may be matched with everybody.

#include <cstdint>
#include <vector>

namespace gtm::sponsorship::domain {

// Who is above the cut.
struct Shortlist {
  std::vector<uint8_t> chosen;  // one a ranked candidate
  // One a ranked candidate: the last ranked of the chosen whose slot this candidate could
  // take by being ranked before it; -1 where there is none (or it is chosen itself).
  std::vector<int32_t> displaceable;
};

// Goes down the ranked list and takes everybody who can still be served together with
// those taken before; `allowed[c]` are the executives of ranked candidate c, rising.
// Where every pair is allowed these are the first sum(capacities) candidates. (Sets that
// can be served together form a matroid, so this is also the set of highest score, and
// the best possible for every prefix of the list.)
Shortlist ChooseShortlist(const std::vector<std::vector<int32_t>>& allowed,
                          const std::vector<int32_t>& capacities);

}  // namespace gtm::sponsorship::domain
