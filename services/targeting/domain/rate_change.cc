#include "services/targeting/domain/rate_change.h"

#include <algorithm>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/stats/level_break.h"
#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

constexpr int32_t kWeekDays = 7;
constexpr int32_t kWeeksMax = 3 * 52;
constexpr double kClosedShare = 0.95;

}  // namespace

std::string RateChange::Message() const {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + first_day;
  return fmt::format(
      "the share won changed in the week of {:04}-{:02}-{:02}: from {:.1f} % of those that began "
      "before to {:.1f} %; find out why, and learn again when the new share has lasted",
      day.year(), day.month(), day.day(), 100 * before, 100 * after);
}

std::optional<RateChange> FindRateChange(const LearnTable& table, int32_t as_of_day) {
  const size_t count = table.row_count();
  if (count == 0 || table.start_day.empty()) return {};
  std::vector<int32_t> lengths;
  for (size_t row = 0; row < table.outcome_day.size(); ++row) {
    lengths.push_back(table.outcome_day[row] - table.start_day[row]);
  }
  std::sort(lengths.begin(), lengths.end());
  const int32_t patience =
      lengths.empty() ? 0
                      : lengths[static_cast<size_t>(kClosedShare * static_cast<double>(count - 1))];
  const int32_t end = as_of_day - patience;  // exclusive
  const int32_t span = end - *std::min_element(table.start_day.begin(), table.start_day.end());
  if (span < kWeekDays) return {};
  const int32_t week_count = std::min(kWeeksMax, span / kWeekDays);
  const int32_t begin = end - week_count * kWeekDays;
  std::vector<double> won(static_cast<size_t>(week_count), 0), all(won.size(), 0);
  for (size_t row = 0; row < count; ++row) {
    const int32_t day = table.start_day[row];
    if (day < begin || day >= end) continue;
    const auto week = static_cast<size_t>((day - begin) / kWeekDays);
    won[week] += table.won[row];
    all[week] += 1;
  }
  const auto found = stats::StrongestLevelBreak(won, all, {.is_binomial = true});
  if (!found) return {};
  return RateChange{begin + static_cast<int32_t>(found->at) * kWeekDays, found->before,
                    found->after, found->p_value};
}

}  // namespace gtm::targeting::domain
