#pragma once
// A share won that was another before: what was learned from the past may not hold.

#include <cstdint>
#include <optional>
#include <string>

#include "services/targeting/domain/scorecard_table.h"

namespace gtm::targeting::domain {

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
// what is lost closes at another pace than what is won. A table without days of outcomes is
// taken to know them all.
std::optional<RateChange> FindRateChange(const LearnTable& table, int32_t as_of_day);

}  // namespace gtm::targeting::domain
