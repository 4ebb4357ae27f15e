#pragma once
// How long after its creation a deal was first recorded, and whether that is unusual for the
// tenant: a deal that is backdated looks older than anybody can vouch for (C18).
//
// A first load of a whole history accuses nobody, and neither does a later bulk import: their
// deals are left out, and compared with nothing. Only the first record tells: a stage that is
// added to a known deal later, with a date of the past, leaves no trace in today's records.

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/fiscal_calendar.h"

namespace gtm::forecasting::domain {

// A record is late from so many days on: who enters deals once a week is not.
inline constexpr int32_t kLateRecordDays = 7;
// What was first recorded within so many days of the tenant's first deal is the first load.
inline constexpr int kFirstLoadDays = 7;
// A day on which so many late records came first is a bulk import.
inline constexpr int kBulkImportMin = 10;

// Days, in the tenant's calendar, from the day on which a deal is said to have been created
// (its velocity clock) to the day on which it was first recorded; never below 0. Absent where
// it tells nothing about how records are kept: the deal came with the first load or a bulk
// import, was recorded after the instant, or its record does not say when.
using RecordLag = std::optional<int32_t>;

class RecordLags {
 public:
  // Of all opportunities whose clock had started by the instant, Stage 0 included.
  RecordLags(const book::BookView& view, absl::Time as_of);
  RecordLag Of(book::OpportunityRow row) const;
  // Those of deals that were closed by the instant, rising: how the tenant keeps records.
  const std::vector<int32_t>& closed() const { return closed_; }

 private:
  std::vector<int32_t> by_row_;  // -1: absent; empty where all are
  std::vector<int32_t> closed_;
};

enum class LagVerdict { kUsual = 1, kBackdated = 2, kNotEnoughData = 3 };
struct LagJudgement {
  LagVerdict verdict = LagVerdict::kUsual;
  int64_t others = 0;   // other closed deals, compared with
  int64_t as_late = 0;  // of these, at least as late
};
// kBackdated where the lag is at least kLateRecordDays and at most 5 % of the tenant's other
// closed deals have one as long, with 95 % confidence (IsRare, stuck.h). Closed ones, so that
// whoever backdates much of what is open does not make it usual; the price is that a tenant
// that begins to record later is suspected until such deals close. kNotEnoughData where a lag
// is that long and there are fewer than 59 others. `closed` rises and holds the deal's own lag
// where the deal is closed.
LagJudgement JudgeLag(const std::vector<int32_t>& closed, RecordLag lag, bool is_closed);
// Whether an open deal ages from its first record rather than from its stated creation: its lag
// is as rare as that, be it a day long. Nobody is accused of anything: days that the tenant's
// own past does not vouch for count for nothing, so that dates move no forecast (C18).
bool AgesFromRecord(const std::vector<int32_t>& closed, RecordLag lag);

}  // namespace gtm::forecasting::domain
