#include "services/forecasting/domain/arrivals.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gtm::forecasting::domain {
namespace {

// Belief before any history: half a deal in 30 days.
constexpr double kPriorCount = 0.5;
constexpr double kPriorDays = 30;
// Growth of arrivals: usually little. 0.005 a week is 7 % a quarter.
constexpr stats::TrendPrior kTrendPrior = {.none = 1, .slow = 0.5, .medium = 0.2, .fast = 0};
constexpr int kWeekDays = 7;
constexpr int kHistoryWeeksMax = 3 * 52;
// As in close_rates.cc: spread of position factors over companies and over quarters.
constexpr double kPositionVariance = 0.05;
constexpr double kQuarterVariance = 0.03;

// Factors from whole quarters of history, each position against its own quarter.
std::array<double, kPositionCount> LearnFactors(const History& history,
                                                const std::vector<int>& per_day, DayNumber first) {
  std::array<double, kPositionCount> factor;
  factor.fill(1);
  std::array<double, kPositionCount> observed{}, expected{};
  int quarters = 0;
  FiscalPeriod quarter = history.calendar().PeriodOf(DayAt(first), PeriodUnit::kQuarter);
  for (;; quarter = history.calendar().Shift(quarter, 1)) {
    const DayRange range = history.calendar().DaysOf(quarter);
    const DayNumber start = NumberOf(range.start), end = NumberOf(range.end);
    if (end > history.today() + 1) break;
    if (start < first) continue;
    std::array<double, kPositionCount> counts{}, days{};
    double total = 0;
    for (DayNumber day = start; day < end; ++day) {
      const auto j = static_cast<size_t>((day - start) * kPositionCount / (end - start));
      counts[j] += per_day[static_cast<size_t>(day - first)];
      days[j] += 1;
      total += per_day[static_cast<size_t>(day - first)];
    }
    for (size_t j = 0; j < kPositionCount; ++j) {
      observed[j] += counts[j];
      expected[j] += total * days[j] / (end - start);
    }
    ++quarters;
  }
  if (quarters == 0) return factor;
  double log_sum = 0;
  for (size_t j = 0; j < kPositionCount; ++j) {
    const double noise = kQuarterVariance / quarters + 1 / (expected[j] + 0.5);
    const double keep = kPositionVariance / (kPositionVariance + noise);
    factor[j] = std::exp(keep * std::log((observed[j] + 0.5) / (expected[j] + 0.5)));
    log_sum += std::log(factor[j]) / kPositionCount;
  }
  for (double& f : factor) f /= std::exp(log_sum);
  return factor;
}

}  // namespace

double Arrivals::RateOn(int position, double days_ahead) const {
  return level.mean * level.GrowthAt(days_ahead / kWeekDays) *
         factor[static_cast<size_t>(position)];
}

double Arrivals::SpreadOver(double days) const { return level.SpreadOver(days / kWeekDays); }

Arrivals LearnArrivals(const History& history, DayNumber complete_from) {
  Arrivals arrivals;
  arrivals.factor.fill(1);
  arrivals.level = {kPriorCount / kPriorDays, kPriorCount, 0.01};
  const std::span<const HistoryRow> rows = history.rows();
  if (rows.empty()) return arrivals;
  const DayNumber today = history.today();
  // The first arrival only starts the watch: counting it would overstate a young tenant.
  const DayNumber first = std::max(
      {rows.front().qualified_day + 1, complete_from, today - kHistoryWeeksMax * kWeekDays + 1});
  if (first > today) return arrivals;
  std::vector<int> per_day(static_cast<size_t>(today - first) + 1, 0);
  for (const HistoryRow& row : rows) {
    if (row.qualified_day < first) continue;
    ++per_day[static_cast<size_t>(row.qualified_day - first)];
    ++arrivals.count;
  }
  arrivals.factor = LearnFactors(history, per_day, first);
  // Weeks back from today; days count by their position's factor.
  const PositionIndex positions(history.calendar(), first, today);
  std::vector<double> counts, days;
  for (DayNumber end = today; end >= first; end -= kWeekDays) {
    double count = 0, exposure = 0;
    for (DayNumber day = std::max(first, end - kWeekDays + 1); day <= end; ++day) {
      count += per_day[static_cast<size_t>(day - first)];
      exposure += arrivals.factor[static_cast<size_t>(positions.at(day))] *
                  (day == today ? 1 - history.today_left() : 1);
    }
    counts.push_back(count);
    days.push_back(exposure);
  }
  std::reverse(counts.begin(), counts.end());
  std::reverse(days.begin(), days.end());
  arrivals.level =
      stats::FollowLevel(counts, days, kPriorCount / kPriorDays, kPriorCount, kTrendPrior);
  return arrivals;
}

Arrivals LearnArrivals(const DealTable& table, DayNumber complete_from) {
  return LearnArrivals(History(table), complete_from);
}

}  // namespace gtm::forecasting::domain
