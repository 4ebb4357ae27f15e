#pragma once
// Who is in the target market, and which touches of a span of days count: what every question
// about reach starts from (TG-06, TG-13).

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::domain {

// Asked now and then during long work; its error ends the work.
using CheckAlive = std::function<Status()>;
inline constexpr uint32_t kRowsBetweenChecks = 4'096;

// Every account of a view under one definition at one instant.
struct Audience {
  absl::Time as_of;
  // By account row. Rows that are not live have the verdict 0.
  std::vector<Verdict> verdicts;
  std::vector<int64_t> fit_micropoints;

  Verdict verdict(book::AccountRow row) const { return verdicts[static_cast<uint32_t>(row)]; }
  bool is_target(book::AccountRow row) const { return verdict(row) == Verdict::kTarget; }
};

// Numbers of accounts, or of people or touches in them, by the verdict on the account. What
// is undecided may be a target: it widens a range, and is never counted as either (C27).
struct ByVerdict {
  int64_t target = 0;
  int64_t undecided = 0;
  int64_t other = 0;  // not a target

  int64_t total() const { return target + undecided + other; }
  void Add(Verdict verdict, int64_t count = 1);
  friend bool operator==(const ByVerdict&, const ByVerdict&) = default;
};

// Scores every live account. O(accounts). Errors: those of `check_alive`.
Result<Audience> JudgeAccounts(const Definition& definition, const book::BookView& view,
                               absl::Time as_of, const CheckAlive& check_alive);

// A half-open span of seconds.
struct TimeSpan {
  int64_t begin_s = 0;
  int64_t end_s = 0;
  bool contains(int64_t time_s) const { return begin_s <= time_s && time_s < end_s; }
};
// The instants of civil days that are not after `as_of` (which itself counts).
TimeSpan SpanOf(const DayRange& days, const FiscalCalendar& calendar, absl::Time as_of);
// Touches within a span; `events` by rising time.
std::span<const book::EngagementEvent> TouchesIn(std::span<const book::EngagementEvent> events,
                                                 const TimeSpan& span);

// When an opportunity began: its velocity clock (TG-18).
inline int64_t BeginOf(const book::OpportunityFacts& opportunity) {
  return absl::ToUnixSeconds(opportunity.stage_changes.front().time);
}

}  // namespace gtm::targeting::domain
