#include "services/forecasting/domain/deals.h"

#include <algorithm>
#include <cmath>

#include "common/core/sha256.h"

namespace gtm::forecasting::domain {
namespace {

constexpr double kTicksPerDay = 48;

}  // namespace

void SetToday(DealTable* table) {
  const absl::CivilDay today = table->calendar.DayOf(table->as_of);
  table->today = NumberOf(today);
  const absl::Time start = table->calendar.StartOf(today);
  const absl::Time end = table->calendar.StartOf(today + 1);
  const double left = absl::FDivDuration(end - table->as_of, end - start);
  table->today_left = std::floor(left * kTicksPerDay) / kTicksPerDay;
}

bool DealTable::Leaks(LeakField field) const {
  return std::any_of(leaks.begin(), leaks.end(),
                     [&](const FieldLeak& leak) { return leak.field == field; });
}

int64_t AddClamped(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}

int64_t RoundClamped(double micros) {
  // The largest double below 2^63.
  constexpr double kEnd = 9223372036854774784.0;
  if (!(micros < kEnd)) return INT64_MAX;
  if (!(micros > -kEnd)) return INT64_MIN;
  return std::llround(micros);
}

std::string HashOf(const DealTable& table) {
  if (!table.sha256.empty()) return table.sha256;
  Sha256 hash;
  hash.UpdateText("gtm.forecasting.deals.3").Update(table.today);
  hash.Update(static_cast<int64_t>(table.today_left * kTicksPerDay));
  hash.Update(table.calendar.year_start_month()).UpdateText(table.calendar.time_zone().name());
  hash.UpdateText(table.currency.code()).Update(static_cast<int64_t>(table.deals.size()));
  hash.Update(table.unknown_stage_count);
  for (const FieldLeak& leak : table.leaks) {
    hash.Update(static_cast<int64_t>(leak.field)).Update(leak.blank_count).Update(leak.count);
    hash.Update(leak.closed_blank_count);
  }
  for (const Deal& deal : table.deals) {
    hash.UpdateText(deal.id).UpdateText(deal.owner_seller_id).UpdateText(deal.segment);
    hash.Update(static_cast<int64_t>(deal.outcome)).Update(deal.clock_day);
    hash.UpdateText(deal.stage_id).Update(deal.stage_day);
    hash.Update(deal.qualified_day).Update(deal.closed_day);
    hash.Update(deal.amount_micros.value_or(-1));
    hash.Update(static_cast<int64_t>(deal.amount_ratio.value_or(-1) * 1e9));
    hash.Update(deal.expected_close_day.value_or(INT32_MIN));
    hash.Update(static_cast<int64_t>(deal.engagement.size()));
    for (const auto& [day, state] : deal.engagement) hash.Update(day).Update(state);
  }
  for (const StageZeroDeal& deal : table.stage_zero) {
    hash.UpdateText(deal.owner_seller_id).UpdateText(deal.segment).UpdateText(deal.stage_id);
    hash.Update(deal.clock_day).Update(deal.stage_day).Update(deal.amount_micros.value_or(-1));
  }
  return hash.HexDigest();
}

}  // namespace gtm::forecasting::domain
