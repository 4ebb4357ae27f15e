#pragma once
// What is wrong with the past of a tenant as something to learn from: attributes that give
// the outcome away, and a share won that was another before.

#include <optional>
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

// The share won of those that began in a week was another from some week on.
struct RateChange {
  int32_t first_day = 0;  // since 1970-01-01
  double before = 0;      // up to 26 weeks before and after
  double after = 0;
  double p_value = 1;
  std::string Message() const;
};

// The strongest change, if any, at a chance of a false alarm of 1 in 100. Cases that began so
// late that one in twenty of their kind would still be open at `as_of` do not count, since
// what is lost closes at another pace than what is won.
std::optional<RateChange> FindRateChange(const LearningCases& cases, int32_t as_of_day);

}  // namespace gtm::targeting::domain
