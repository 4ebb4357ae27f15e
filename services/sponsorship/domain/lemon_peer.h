#pragma once
// The same problem solved by LEMON's network simplex, for tests only. Plain numbers at
// the boundary: LEMON 1.3.1 compiles as C++17 only, this project as C++20.

#include <cstdint>

namespace gtm::sponsorship::domain {

// Largest total benefit; negative benefits stay unmatched. `benefits` is row-major
// [candidate * executive_count + executive], each within int32 range. *seconds is the
// time of building the graph and solving it.
int64_t LemonObjective(int candidate_count, int executive_count, const int32_t* benefits,
                       const int32_t* capacities, double* seconds);

}  // namespace gtm::sponsorship::domain
