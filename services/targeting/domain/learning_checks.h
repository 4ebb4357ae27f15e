#pragma once
// Attributes of a tenant's past that give the outcome away: nothing to learn from.

#include <string>
#include <vector>

#include "services/targeting/domain/learning_cases.h"
#include "services/targeting/domain/scorecard_leaks.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.LeakyAttribute.Reason; the first four are of LeakReason.
inline constexpr int kGrowsWithWork = 5;

struct AttributeLeak {
  std::string attribute;
  int reason = 0;
  std::string explanation;
  bool refused = false;
};

// Of the cases in `rows`, by column. Only facts of accounts are looked at that are known as
// of today: ages and touches are read as of the beginning of each case, and cannot know what
// came. "account.contact_count" is refused wherever it is a column: people are recorded as
// deals are worked on.
std::vector<AttributeLeak> FindAttributeLeaks(const LearningCases& cases,
                                              const std::vector<uint32_t>& rows);

}  // namespace gtm::targeting::domain
