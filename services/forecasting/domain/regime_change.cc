#include "services/forecasting/domain/regime_change.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>

#include "common/stats/intervals.h"
#include "fmt/format.h"

namespace gtm::forecasting::domain {
namespace {

constexpr int kWeekDays = 7;
constexpr int kHistoryWeeksMax = 3 * 52;
// A quarter on either side, so that its end is not taken for a break; more than two would
// take growth for one.
constexpr size_t kSideWeeksMin = 13;
constexpr size_t kSideWeeksMax = 26;
constexpr double kEventsMin = 30;  // on both sides together
constexpr double kSeriesCount = 2;

double Sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// Pearson's statistic of a side against its own mean.
double Pearson(std::span<const double> values, double mean) {
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean) / mean;
  return mean > 0 ? sum : 0;
}

// Two levels against one: chi-squared with one degree of freedom where nothing broke.
double LikelihoodRatio(std::span<const double> before, std::span<const double> after) {
  const double a = Sum(before), b = Sum(after), all = a + b;
  const auto n = static_cast<double>(before.size()), m = static_cast<double>(after.size());
  const auto term = [](double count, double due) {
    return count > 0 ? count * std::log(count / due) : 0;
  };
  const double ratio = 2 * (term(a, all * n / (n + m)) + term(b, all * m / (n + m)));
  const double dispersion = (Pearson(before, a / n) + Pearson(after, b / m)) / (n + m - 2);
  return ratio / std::max(1.0, dispersion);
}

std::optional<LevelBreak> StrongestBreak(const std::vector<double>& weeks, DayNumber first) {
  if (weeks.size() < 2 * kSideWeeksMin) return {};
  const double tried = static_cast<double>(weeks.size() - 2 * kSideWeeksMin + 1) * kSeriesCount;
  std::optional<LevelBreak> found;
  double strongest = 0;
  for (size_t at = kSideWeeksMin; at + kSideWeeksMin <= weeks.size(); ++at) {
    const size_t from = at > kSideWeeksMax ? at - kSideWeeksMax : 0;
    const std::span all(weeks);
    const auto before = all.subspan(from, at - from);
    const auto after = all.subspan(at, std::min(kSideWeeksMax, weeks.size() - at));
    if (Sum(before) + Sum(after) < kEventsMin) continue;
    const double ratio = LikelihoodRatio(before, after);
    const double p = 2 * stats::NormalCdf(-std::sqrt(std::max(0.0, ratio))) * tried;
    const double low = Sum(before) / static_cast<double>(before.size());
    const double high = Sum(after) / static_cast<double>(after.size());
    if (ratio <= strongest || p > kBreakSignificance) continue;
    if (std::max(low, high) < kBreakFactorMin * std::min(low, high)) continue;
    strongest = ratio;
    found = {false, first + static_cast<DayNumber>(at) * kWeekDays, low, high, p};
  }
  return found;
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
