#include "services/targeting/domain/audience.h"

#include <algorithm>

namespace gtm::targeting::domain {

void ByVerdict::Add(Verdict verdict, int64_t count) {
  switch (verdict) {
    case Verdict::kTarget:
      target += count;
      return;
    case Verdict::kUndecided:
      undecided += count;
      return;
    case Verdict::kNotTarget:
      other += count;
      return;
  }
}

Result<Audience> JudgeAccounts(const Definition& definition, const book::BookView& view,
                               absl::Time as_of, const CheckAlive& check_alive) {
  Audience audience;
  audience.as_of = as_of;
  audience.verdicts.resize(view.account_row_count(), Verdict{});
  audience.fit_micropoints.resize(view.account_row_count(), 0);
  AccountScorer scorer(definition, view, as_of);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (!view.is_live(row)) continue;
    const criteria::ScoreRange fit = scorer.ScoreFit(row);
    audience.verdicts[i] = VerdictOf(definition, fit);
    audience.fit_micropoints[i] = fit.micropoints;
  }
  return audience;
}

TimeSpan SpanOf(const DayRange& days, const FiscalCalendar& calendar, absl::Time as_of) {
  TimeSpan span{absl::ToUnixSeconds(calendar.StartOf(days.start)),
                absl::ToUnixSeconds(calendar.StartOf(days.end))};
  span.end_s = std::min(span.end_s, absl::ToUnixSeconds(as_of) + 1);
  return span;
}

std::span<const book::EngagementEvent> TouchesIn(std::span<const book::EngagementEvent> events,
                                                 const TimeSpan& span) {
  const auto before = [](const book::EngagementEvent& event, int64_t time_s) {
    return event.time_s < time_s;
  };
  const auto begin = std::lower_bound(events.begin(), events.end(), span.begin_s, before);
  const auto end =
      std::lower_bound(begin, events.end(), std::max(span.begin_s, span.end_s), before);
  return {begin, end};
}

}  // namespace gtm::targeting::domain
