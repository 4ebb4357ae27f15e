#pragma once
// Accounts without a trigger that counts, by what is longest due (UR-05, UR-12, C06).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/targeting/domain/urgency.h"

namespace gtm::targeting::domain {

struct SimmerFilter {
  bool due_only = false;
  bool with_opportunities_only = false;
  std::string segment;             // "": all; without regard to case
  std::string owner_seller_id;     // "": all
  std::optional<WakeUpKind> kind;  // of the first rule
};

// The last account of a page; the next page begins after it.
struct SimmerPosition {
  absl::CivilDay due_day;
  std::string account_id;
};

struct Simmering {
  book::AccountRow row{book::kNoRow};
  absl::CivilDay due_day;  // of the first rule
  bool due = false;
  int open_opportunity_count = 0;
};

struct SimmerPage {
  std::vector<Simmering> accounts;  // by rising due day, then rising id
  bool more = false;
  int64_t total_count = 0;    // that pass the filter
  int64_t due_count = 0;      // of those
  int64_t overdue_count = 0;  // of those due, since before the day of as_of
  int64_t active_count = 0;   // with a trigger that counts, before the filter
};

// The first `page_size` after `after`; 0 counts only. Asks `check_alive` now and then; its error
// ends the work. O(accounts * log(page_size)).
Result<SimmerPage> ListSimmering(const book::BookView& view, const UrgencyReader& reader,
                                 absl::Time as_of, const SimmerFilter& filter,
                                 const std::optional<SimmerPosition>& after, size_t page_size,
                                 const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
