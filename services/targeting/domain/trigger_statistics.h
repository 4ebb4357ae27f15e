#pragma once
// Which triggers occur in which segment, and what they were worth (UR-13, C27).
//
// A deal is one that qualified within the window and is closed at as_of. It counts as with
// a trigger where one was active at the moment it qualified (so what was found later cannot
// explain it), as undecided where none was active but an open question was, else as
// without. Answers to the test are those known now. Correlation, never cause.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "services/targeting/domain/compare.h"
#include "services/targeting/domain/urgency.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.
enum class TriggerDimension { kSegment = 1, kIndustry = 2, kRegion = 3 };

inline constexpr int kTriggerSegmentsMax = 200;
inline constexpr int kTriggerSubtypesMax = 200;

struct TypeTally {
  int64_t event_count = 0;
  int64_t false_count = 0;
  Rate deals;  // won of closed
};
struct SegmentTriggers {
  std::string segment;
  int64_t account_count = 0;
  std::array<TypeTally, 4> types;  // by TriggerType; [0] is not used
  Rate with;
  Rate without;
  int64_t undecided_deal_count = 0;
};
// One of the tenant's own sub-types (UR-08).
struct SubtypeTally {
  TriggerType type = TriggerType::kUnknown;
  std::string subtype;  // as written first; "" for events that name none
  int64_t event_count = 0;
  int64_t false_count = 0;
  Rate deals;  // with an active trigger of it
};
struct TriggerStatistics {
  SegmentTriggers all;
  std::vector<SubtypeTally> subtypes;     // by falling event count, then type and name
  std::vector<SegmentTriggers> segments;  // by falling account count, then name
};
struct TriggerStatisticsQuestion {
  TriggerDimension dimension = TriggerDimension::kSegment;
  int window_days = 730;
  absl::Time as_of;
  absl::Time from() const { return as_of - absl::Hours(24) * window_days; }
};

// Asks `check_alive` now and then; its error ends the work.
Result<TriggerStatistics> CountTriggers(const book::BookView& view, const UrgencyRules& rules,
                                        const TriggerStatisticsQuestion& question,
                                        const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
