#include "services/forecasting/domain/close_rates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "services/forecasting/domain/close_fit.h"

namespace gtm::forecasting::domain {
namespace {

// Events of an age bin, and bins at most.
constexpr int kBinEventsMin = 12;
constexpr int kBinCountMax = 24;
// A bin whose end is this many times as old as its begin is split.
constexpr double kBinRatioMax = 1.6;
// How fast the mix of new deals is forgotten, days.
constexpr double kMixHalfLifeDays = 180;
// The common shock before history: 15 %, worth four periods of evidence.
constexpr double kShockPrior = 0.15;
constexpr double kShockPriorPeriods = 4;
// How far back the past is read, in days.
constexpr int32_t kHistoryDaysMax = 3 * 366;
// Chance under which "no deal closed before" is taken for missing history.
constexpr double kTruncationEvidence = 6.9;  // -log(0.001)
// The level of wins before history: 1, worth one win; and its widest spread.
constexpr double kLevelPriorShape = 1;
constexpr double kSpreadMax = 1;
constexpr int kWeekDays = 7;

// Wins that the rates expect week by week, up to today, and those that happened.
struct WeeklyWins {
  std::vector<double> expected;
  std::vector<double> observed;
};

// The rate at every age, so that a deal's days add up in one sweep; constant in the last,
// open bin.
std::vector<float> RateAtAge(const CauseFit& fit, const std::vector<int32_t>& edges) {
  const auto age_end = static_cast<size_t>(edges.back());
  std::vector<float> rate_at(age_end + 1);
  for (size_t age = 0, bin = 0; age <= age_end; ++age) {
    while (bin + 1 < edges.size() && static_cast<int32_t>(age) >= edges[bin + 1]) ++bin;
    rate_at[age] = static_cast<float>(fit.rate[bin]);
  }
  return rate_at;
}

WeeklyWins CheckWeeks(const History& history, const Groups& groups, const CauseFit& won,
                      const std::vector<int32_t>& edges, DayNumber from) {
  WeeklyWins weeks;
  DayNumber first = history.today();
  for (const HistoryRow& row : history.rows()) {
    const DayNumber start = std::max(row.qualified_day, from);
    if (start <= row.closed_day) first = std::min(first, start);
  }
  const auto day_count = static_cast<size_t>(history.today() - first) + 1;
  const std::vector<float> rate_at = RateAtAge(won, edges);
  const size_t age_end = rate_at.size() - 1;
  std::vector<float> expected(day_count, 0), observed(day_count, 0);
  for (const HistoryRow& row : history.rows()) {
    const DayNumber start = std::max(row.qualified_day, from);
    const DayNumber last = std::min(row.closed_day, history.today());
    if (start > last) continue;
    const auto factor =
        static_cast<float>(won.FactorOf(groups, static_cast<size_t>(groups.Of(row))));
    const auto begin = static_cast<size_t>(start - first), end = static_cast<size_t>(last - first);
    const size_t age = static_cast<size_t>(start - row.qualified_day);
    for (size_t d = begin; d <= end; ++d) {
      expected[d] += factor * rate_at[std::min(age + d - begin, age_end)];
    }
    if (!history.is_open(row)) {
      // The day of closing counts as half a day at risk.
      const size_t age_last = static_cast<size_t>(last - row.qualified_day);
      expected[end] -= factor * rate_at[std::min(age_last, age_end)] / 2;
      observed[end] += row.won ? 1 : 0;
    }
  }
  const PositionIndex positions(history.calendar(), first, history.today());
  const size_t week_count = (day_count + kWeekDays - 1) / kWeekDays;
  weeks.expected.assign(week_count, 0);
  weeks.observed.assign(week_count, 0);
  for (size_t d = 0; d < day_count; ++d) {
    const size_t week = week_count - 1 - (day_count - 1 - d) / kWeekDays;
    const auto position = static_cast<size_t>(positions.at(first + static_cast<DayNumber>(d)));
    weeks.expected[week] += expected[d] * won.position[position];
    weeks.observed[week] += observed[d];
  }
  return weeks;
}

// What the buyers' acts say beyond the rates.
EngagementEffects LearnEngagement(const History& history, const Groups& groups, const CauseFit& won,
                                  const CauseFit& lost, const std::vector<int32_t>& edges,
                                  DayNumber from) {
  if (!history.has_engagement()) return {};
  const DayNumber today = history.today();
  const std::vector<float> won_at = RateAtAge(won, edges), lost_at = RateAtAge(lost, edges);
  const size_t age_end = won_at.size() - 1;
  const PositionIndex positions(history.calendar(), from, today);
  EngagementLearner learner;
  std::vector<double> wins, losses;
  for (const HistoryRow& row : history.rows()) {
    const auto changes = history.engagement_of(row);
    if (changes.empty()) continue;
    const DayNumber start = std::max({row.qualified_day, from, changes.front().day});
    const DayNumber last = std::min(row.closed_day, today);
    if (start > last) continue;
    const auto group = static_cast<size_t>(groups.Of(row));
    const double won_factor = won.FactorOf(groups, group);
    const double lost_factor = lost.FactorOf(groups, group);
    const bool is_open = history.is_open(row);
    wins.clear();
    losses.clear();
    for (DayNumber day = start; day <= last; ++day) {
      const auto age = std::min(static_cast<size_t>(day - row.qualified_day), age_end);
      const auto position = static_cast<size_t>(positions.at(day));
      // The day of closing counts as half a day at risk.
      const double share = day == last && !is_open ? 0.5 : 1;
      wins.push_back(won_factor * static_cast<double>(won_at[age]) * won.position[position] *
                     share);
      losses.push_back(lost_factor * static_cast<double>(lost_at[age]) * lost.position[position] *
                       share);
    }
    std::optional<Outcome> outcome;
    if (!is_open) outcome = row.won ? Outcome::kWon : Outcome::kLost;
    learner.Add(changes, start, wins, losses, outcome);
  }
  return learner.Learn();
}

// What half-quarters differ by beyond chance, shrunken toward the prior.
double LearnShock(const WeeklyWins& weeks) {
  double excess = 0, periods = 0;
  for (size_t i = 0; i + 6 <= weeks.expected.size(); i += 6) {
    double expected = 0, observed = 0;
    for (size_t j = i; j < i + 6; ++j) {
      expected += weeks.expected[j];
      observed += weeks.observed[j];
    }
    if (expected < 5) continue;
    const double ratio = observed / expected - 1;
    excess += ratio * ratio - 1 / expected;
    periods += 1;
  }
  const double variance = (kShockPrior * kShockPrior * kShockPriorPeriods + std::max(0.0, excess)) /
                          (kShockPriorPeriods + periods);
  return std::sqrt(variance);
}

}  // namespace

int PositionOf(const FiscalCalendar& calendar, absl::CivilDay day) {
  const DayRange days = calendar.DaysOf(calendar.PeriodOf(day, PeriodUnit::kQuarter));
  return static_cast<int>((day - days.start) * kPositionCount / days.day_count());
}

PositionIndex::PositionIndex(const FiscalCalendar& calendar, DayNumber first, DayNumber last)
    : first_(first) {
  DayNumber day = first;
  while (day <= last) {
    const DayRange days = calendar.DaysOf(calendar.PeriodOf(DayAt(day), PeriodUnit::kQuarter));
    const DayNumber start = NumberOf(days.start), end = NumberOf(days.end);
    for (; day < end && day <= last; ++day) {
      positions_.push_back(static_cast<int8_t>((day - start) * kPositionCount / days.day_count()));
    }
  }
}

double CloseRates::SpreadOver(double days) const {
  return std::min(kSpreadMax, std::hypot(shock, level.SpreadOver(days / kWeekDays)));
}

RiskClass CloseRates::ClassOf(const DealTable& table, const Deal& deal) const {
  const auto segment = effects.OfSegment(deal.segment);
  const auto size = effects.OfSize(static_cast<double>(deal.amount_micros.value_or(0)));
  return {table.age_days(deal), StepOf(segment.won + size.won), StepOf(segment.lost + size.lost),
          effects.engagement.Canonical(StateAt(deal.engagement, table.today))};
}

int CloseRates::BinOf(int32_t age) const {
  const auto it = std::upper_bound(age_edges.begin(), age_edges.end(), age);
  return it == age_edges.begin() ? 0 : static_cast<int>(it - age_edges.begin()) - 1;
}

namespace {

// Wide bins in two, so that rates may fall within them.
std::vector<int32_t> SplitWide(const std::vector<int32_t>& edges) {
  std::vector<int32_t> split;
  for (size_t i = 0; i < edges.size(); ++i) {
    split.push_back(edges[i]);
    if (i + 1 == edges.size()) break;
    const double low = edges[i] + 10.0, high = edges[i + 1] + 10.0;
    if (high / low < kBinRatioMax) continue;
    const auto middle = static_cast<int32_t>(std::lround(std::sqrt(low * high))) - 10;
    if (middle > edges[i] && middle < edges[i + 1]) split.push_back(middle);
  }
  return split;
}

// Whether closes that must have happened before the first one are missing.
bool IsTruncated(const History& history, const CloseRates& rates, DayNumber oldest,
                 DayNumber first_close) {
  double expected = 0;
  for (const HistoryRow& row : history.rows()) {
    for (DayNumber day = std::max(row.qualified_day, oldest); day < first_close; ++day) {
      const auto bin = static_cast<size_t>(rates.BinOf(day - row.qualified_day));
      expected += rates.won_rate[bin] + rates.lost_rate[bin];
      if (expected > kTruncationEvidence) return true;
    }
  }
  return false;
}

void KeepEffects(const History& history, const Groups& groups, const CauseFit& won,
                 const CauseFit& lost, RiskEffects* effects) {
  for (int s = 1; s < groups.segment_count(); ++s) {
    const auto at = static_cast<size_t>(s) - 1;
    const RiskEffects::Effect effect = {std::log(won.segment[at]), std::log(lost.segment[at])};
    if (effect.won == 0 && effect.lost == 0) continue;
    effects->segments.emplace_back(history.segments()[static_cast<size_t>(groups.NameOf(s))],
                                   effect);
  }
  std::sort(effects->segments.begin(), effects->segments.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < kSizeBandCount; ++i) {
    effects->sizes[i] = {std::log(won.size[i]), std::log(lost.size[i])};
  }
}

// The classes of new deals, as those of late.
std::vector<CloseRates::Share> ArrivingMix(const History& history, const CloseRates& rates) {
  if (rates.effects.is_none()) return {{{}, 1}};
  const std::vector<RiskEffects::Effect> segments = rates.effects.OfAll(history.segments());
  std::map<RiskClass, double> weights;
  double total = 0;
  for (const HistoryRow& row : history.rows()) {
    const double weight = std::exp2(-history.age_days(row) / kMixHalfLifeDays);
    weights[rates.effects.ClassOf(0, segments[row.segment], row, 0)] += weight;
    total += weight;
  }
  if (total <= 0) return {{{}, 1}};
  std::vector<CloseRates::Share> mix;
  for (const auto& [risk, weight] : weights) mix.push_back({risk, weight / total});
  return mix;
}

}  // namespace

CloseRates LearnCloseRates(const History& history, const KnownGaps& gaps) {
  CloseRates rates;
  const DayNumber today = history.today(), oldest = today - kHistoryDaysMax;
  DayNumber first_close = today, first_day = today;
  std::vector<int32_t> ages;
  for (const HistoryRow& row : history.rows()) {
    first_day = std::min(first_day, std::max(row.qualified_day, oldest));
    if (history.is_open(row) || row.closed_day < oldest) continue;
    first_close = std::min(first_close, row.closed_day);
    ages.push_back(row.closed_day - row.qualified_day);
    rates.oldest_closed_age = std::max(rates.oldest_closed_age, ages.back());
    ++(row.won ? rates.won_count : rates.lost_count);
  }
  const Calendar calendar = MakeSegments(history, first_day);
  rates.age_edges = SplitWide(stats::EdgesByEvents(ages, kBinEventsMin, kBinCountMax));
  const Groups groups(history, oldest, &rates.effects);
  CauseFit won, lost;
  const auto fit = [&](DayNumber from) {
    const Lives lives = CountGroups(history, groups, from, rates.age_edges, calendar);
    const auto quarters = QuartersSeen(calendar, from, today);
    won = FitCause(kWonCause, kPriorWins, lives, groups, quarters);
    lost = FitCause(kLostCause, kPriorLosses, lives, groups, quarters);
    rates.won_rate = won.rate;
    rates.lost_rate = lost.rate;
    rates.won_factor = won.position;
    rates.lost_factor = lost.position;
  };
  // First as if the history began with the first close. If many closes are then expected
  // before it, they are missing: the history is left-truncated.
  DayNumber from = oldest;
  if (gaps.known) {
    rates.truncated_before = gaps.truncated_before;
    if (gaps.truncated_before > 0) from = gaps.truncated_before + 1;
    fit(from);
  } else {
    if (ages.size() >= 20) {
      fit(first_close + 1);
      if (IsTruncated(history, rates, oldest, first_close)) {
        rates.truncated_before = first_close;
        from = first_close + 1;
      }
    }
    if (from == oldest) fit(from);
  }
  KeepEffects(history, groups, won, lost, &rates.effects);
  rates.effects.engagement =
      LearnEngagement(history, groups, won, lost, rates.age_edges, std::max(from, first_day));
  rates.arriving = ArrivingMix(history, rates);
  const WeeklyWins weeks = CheckWeeks(history, groups, won, rates.age_edges, from);
  rates.shock = LearnShock(weeks);
  rates.level = stats::FollowLevel(weeks.observed, weeks.expected, 1, kLevelPriorShape);
  for (double& rate : rates.won_rate) rate *= rates.level.mean;
  return rates;
}

CloseRates LearnCloseRates(const DealTable& table) { return LearnCloseRates(History(table)); }

}  // namespace gtm::forecasting::domain
