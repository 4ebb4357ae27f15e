#include "services/forecasting/domain/regime_change.h"

#include <algorithm>
#include <optional>

#include "common/stats/level_break.h"
#include "fmt/format.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kWeekDays = 7;
constexpr int kHistoryWeeksMax = 3 * 52;
// A quarter on either side, so that its end is not taken for a break; more than two would
// take growth for one.
constexpr stats::LevelBreakOptions kBreakOptions = {
    .side_min = 13,
    .side_max = 26,
    .count_min = 30,
    .significance = kBreakSignificance,
    .factor_min = kBreakFactorMin,
    .series_count = 2,
};

std::optional<LevelBreak> StrongestBreak(const std::vector<double>& weeks, DayNumber first) {
  const auto found = stats::StrongestLevelBreak(weeks, {}, kBreakOptions);
  if (!found) return {};
  return LevelBreak{false, first + static_cast<DayNumber>(found->at) * kWeekDays, found->before,
                    found->after, found->p_value};
}

}  // namespace

std::string LevelBreak::Message() const {
  const absl::CivilDay day = DayAt(first_day);
  return fmt::format(
      "{} changed in the week of {:04}-{:02}-{:02}: from {:.1f} a week to {:.1f}; what was "
      "learned before may mislead until the new level has lasted a year",
      of_wins ? "wins" : "new opportunities", day.year(), day.month(), day.day(), before, after);
}

std::vector<LevelBreak> FindLevelBreaks(const History& history) {
  std::vector<LevelBreak> breaks;
  if (history.rows().empty()) return breaks;
  const DayNumber span = history.today() - history.rows().front().qualified_day;
  const auto week_count = static_cast<size_t>(std::clamp(span / kWeekDays, 0, kHistoryWeeksMax));
  // Whole weeks that end today; the first arrival only starts the watch.
  const DayNumber first = history.today() + 1 - static_cast<DayNumber>(week_count) * kWeekDays;
  std::vector<double> arrivals(week_count, 0), wins(week_count, 0);
  for (const HistoryRow& row : history.rows()) {
    if (row.qualified_day >= first) {
      ++arrivals[static_cast<size_t>(row.qualified_day - first) / kWeekDays];
    }
    if (history.is_won(row) && row.closed_day >= first) {
      ++wins[static_cast<size_t>(row.closed_day - first) / kWeekDays];
    }
  }
  if (const auto found = StrongestBreak(arrivals, first)) breaks.push_back(*found);
  if (auto found = StrongestBreak(wins, first)) {
    found->of_wins = true;
    breaks.push_back(*found);
  }
  return breaks;
}

}  // namespace gtm::forecasting::domain
