#pragma once
// What new meetings bring, on average and beyond those of colleagues (UR-11, C07, D4, C27).
//
// A new meeting is one with an account that has no open opportunity then; several of a
// seller with one account on one day are one. An opportunity of the seller comes of them if
// it opens within `yield_days` after one. Marginal yield: opportunities beyond those of the
// colleagues who meet less, for each meeting beyond theirs. Worked example D4: 81 meetings
// and 37 opportunities against 47 and 35 are 45.7 % and 74.5 % on average, and 2 for 34
// more meetings: 5.9 %.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/stats/intervals.h"

namespace gtm::targeting::domain {

// Numbers as in gtm.targeting.v1.MeetingAdvice.
enum class MeetingAdvice { kKeep = 1, kDisqualifyEarlier = 2, kNotEnoughData = 3 };

// No advice from fewer meetings.
inline constexpr int64_t kMeetingsMin = 20;
inline constexpr int kMeetingSellersMax = 10'000;

struct MeetingQuestion {
  absl::Time as_of;
  int window_days = 365;
  int yield_days = 60;
  int week_meetings_max = 12;  // the platform's own default: more leaves no time to prepare
};

struct MeetingTally {
  int64_t meeting_count = 0;
  int64_t opportunity_count = 0;
};
struct MeetingCounts {
  std::map<std::string, MeetingTally, std::less<>> sellers;
  int64_t owner_attributed_count = 0;  // name no seller; the account's owner stands in
  int64_t unattributed_count = 0;
  DayRange days;  // of the meetings
};

struct SellerYield {
  std::string seller_id;
  MeetingTally tally;
  int compared_seller_count = 0;
  MeetingTally compared;  // of all of them together
  double extra_meetings = 0;
  double extra_opportunities = 0;
  double marginal = 0;  // where there are extra meetings
  stats::Interval marginal_interval;
  MeetingAdvice advice = MeetingAdvice::kNotEnoughData;
  int64_t avoidable_meeting_count = 0;
  double week_meetings = 0;
  bool overloaded = false;
};

// Meetings of the days that have had yield_days to show what comes of them. Asks
// `check_alive` now and then; its error ends the work.
Result<MeetingCounts> CountMeetings(const book::BookView& view, const MeetingQuestion& question,
                                    const std::function<Status()>& check_alive);

// The curve: by rising number of meetings, then rising id. The interval of the marginal
// yield is from the Wilson intervals of the two rates by the method of variance estimates
// recovery (Zou and Donner, 2008).
std::vector<SellerYield> MeetingCurve(const MeetingCounts& counts, const MeetingQuestion& question);

}  // namespace gtm::targeting::domain
