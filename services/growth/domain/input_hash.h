#pragma once
// The hash of everything that an answer was computed from (C25).

#include <string>
#include <string_view>

#include "services/growth/domain/facts.h"

namespace gtm::growth::domain {

// SHA-256 (hex) over the facts, the rules version and `question` (what was asked, in
// any unambiguous form). Equal hashes mean equal answers.
std::string InputHash(const GrowthFacts& facts, std::string_view question);

}  // namespace gtm::growth::domain
