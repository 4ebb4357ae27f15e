#include "services/forecasting/domain/record_lag.h"

#include <algorithm>
#include <map>

#include "services/forecasting/domain/deals.h"
#include "services/forecasting/domain/stuck.h"

namespace gtm::forecasting::domain {
namespace {

// A deal whose first record is known.
struct Recorded {
  uint32_t row = 0;
  DayNumber day = 0;  // of the record
  int32_t lag = 0;
  bool is_closed = false;
};

LagJudgement Compare(const std::vector<int32_t>& closed, int32_t lag, bool is_closed) {
  LagJudgement judgement;
  judgement.others = static_cast<int64_t>(closed.size()) - is_closed;
  judgement.as_late =
      closed.end() - std::lower_bound(closed.begin(), closed.end(), lag) - is_closed;
  judgement.verdict = !CanBeRare(judgement.others)                  ? LagVerdict::kNotEnoughData
                      : IsRare(judgement.as_late, judgement.others) ? LagVerdict::kBackdated
                                                                    : LagVerdict::kUsual;
  return judgement;
}

}  // namespace

RecordLags::RecordLags(const book::BookView& view, absl::Time as_of) {
  const FiscalCalendar& calendar = view.settings().calendar;
  const auto day_of = [&](absl::Time time) { return NumberOf(calendar.DayOf(time)); };
  std::vector<Recorded> deals;
  DayNumber first = INT32_MAX;
  for (uint32_t row = 0; row < view.opportunity_row_count(); ++row) {
    if (!view.is_live(book::OpportunityRow{row})) continue;
    const book::OpportunityFacts facts = view.opportunity(book::OpportunityRow{row});
    const absl::Time clock = facts.stage_changes.front().time;
    if (clock > as_of || !facts.first_recorded_time || *facts.first_recorded_time > as_of) {
      continue;
    }
    const DayNumber day = day_of(*facts.first_recorded_time);
    first = std::min(first, day);
    const book::StageRole role = book::StageAt(facts, as_of)->role;
    deals.push_back({row, day, std::max(0, day - day_of(clock)),
                     role == book::StageRole::kWon || role == book::StageRole::kLost});
  }
  std::map<DayNumber, int> late_counts;
  for (const Recorded& deal : deals) {
    late_counts[deal.day] += deal.lag >= kLateRecordDays;
  }
  for (const Recorded& deal : deals) {
    if (deal.day - first < kFirstLoadDays) continue;
    if (late_counts[deal.day] >= kBulkImportMin) continue;
    if (by_row_.empty()) by_row_.assign(view.opportunity_row_count(), -1);
    by_row_[deal.row] = deal.lag;
    if (deal.is_closed) closed_.push_back(deal.lag);
  }
  std::sort(closed_.begin(), closed_.end());
}

RecordLag RecordLags::Of(book::OpportunityRow row) const {
  const auto number = static_cast<uint32_t>(row);
  if (number >= by_row_.size() || by_row_[number] < 0) return std::nullopt;
  return by_row_[number];
}

LagJudgement JudgeLag(const std::vector<int32_t>& closed, RecordLag lag, bool is_closed) {
  if (!lag || *lag < kLateRecordDays) return {};
  return Compare(closed, *lag, is_closed);
}

bool AgesFromRecord(const std::vector<int32_t>& closed, RecordLag lag) {
  return lag && *lag > 0 && Compare(closed, *lag, false).verdict == LagVerdict::kBackdated;
}

}  // namespace gtm::forecasting::domain
